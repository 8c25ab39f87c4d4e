//! Header fields (RFC 9112 § 5) → the three that matter here: Host, Content-Length, Transfer-Encoding. All others are
//! passed over by their first byte and never copied.

use super::line::LineEnds;

/// The Content-Length of a message (RFC 9112 § 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentLength {
    #[default]
    Absent,
    Bytes(u64),
    /// Not a number, out of range, or several values that differ.
    Contradictory,
}

impl ContentLength {
    pub const fn bytes(self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Absent | Self::Contradictory => None,
        }
    }

    /// Joins the value of one more field line. RFC 9110 § 8.6: a list of equal values counts as one.
    #[inline]
    fn join(self, value: &[u8]) -> Self {
        match (self, parse_decimal(value)) {
            (Self::Absent, Some(bytes)) => Self::Bytes(bytes),
            _ => self.join_list(value),
        }
    }

    #[cold]
    fn join_list(self, value: &[u8]) -> Self {
        let mut joined = self;
        for member in value.split(|&byte| byte == b',') {
            joined = match (joined, parse_decimal(trim(member))) {
                (Self::Absent, Some(bytes)) => Self::Bytes(bytes),
                (Self::Bytes(before), Some(bytes)) if before == bytes => joined,
                _ => Self::Contradictory,
            };
        }
        joined
    }
}

/// The final transfer coding, which decides where the body ends (RFC 9112 § 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferEncoding {
    #[default]
    Absent,
    /// `chunked` is the final coding.
    Chunked,
    /// Present, and the final coding is another.
    Other,
}

impl TransferEncoding {
    /// Joins the value of one more field line: the last coding of the last line is the final one.
    #[inline(never)]
    fn join(value: &[u8]) -> Self {
        let last = value.rsplit(|&byte| byte == b',').map(trim).find(|coding| !coding.is_empty());
        match last {
            Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => Self::Chunked,
            _ => Self::Other,
        }
    }
}

/// The fields of a head that matter, as far as they were seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'a> {
    pub host: Option<&'a [u8]>,
    pub content_length: ContentLength,
    pub transfer_encoding: TransferEncoding,
    /// Offset of the first byte after the empty line; `None` while the head is not complete.
    pub end: Option<usize>,
}

impl<'a> Fields<'a> {
    /// Reads the field lines of `bytes` from `start` on; `line_ends` gives their ends. LF alone ends a line too
    /// (RFC 9112 § 2.2).
    #[inline(always)]
    pub fn parse(bytes: &'a [u8], mut start: usize, mut line_ends: LineEnds<'a>) -> Self {
        let mut fields = Self::default();
        while let Some(mut end) = line_ends.next() {
            if MATTERS[bytes[start] as usize] {
                if end - start < 2 && matches!(bytes[start], b'\r' | b'\n') {
                    fields.end = Some(end + 1);
                    break;
                }
                if let Some(name) = Name::at(bytes, start) {
                    if matches!(bytes.get(end + 1), Some(b' ' | b'\t')) {
                        let Some(unfolded) = unfold(bytes, end, line_ends) else { break };
                        (end, line_ends) = unfolded;
                    }
                    fields.join(name, trim(&bytes[start + name.length() + 1..end]));
                }
            }
            start = end + 1;
        }
        fields
    }

    /// Joins the value of one more field line.
    #[inline(always)]
    fn join(&mut self, name: Name, value: &'a [u8]) {
        match name {
            Name::Host => {
                self.host.get_or_insert(value);
            }
            Name::ContentLength => self.content_length = self.content_length.join(value),
            Name::TransferEncoding => self.transfer_encoding = TransferEncoding::join(value),
        }
    }
}

/// The end of the field line that ends at `end`, with the lines that continue its value: they begin with white space (RFC
/// 9112 § 5.2). `None`: not seen.
#[cold]
fn unfold<'a>(bytes: &[u8], mut end: usize, mut line_ends: LineEnds<'a>) -> Option<(usize, LineEnds<'a>)> {
    while matches!(bytes.get(end + 1), Some(b' ' | b'\t')) {
        end = line_ends.next()?;
    }
    Some((end, line_ends))
}

/// By the first byte of a line: whether it can be the empty line, or a field that matters.
static MATTERS: [bool; 256] = {
    let mut table = [false; 256];
    let first_bytes = b"\r\nhHcCtT";
    let mut index = 0;
    while index < first_bytes.len() {
        table[first_bytes[index] as usize] = true;
        index += 1;
    }
    table
};

#[derive(Clone, Copy)]
enum Name {
    Host,
    ContentLength,
    TransferEncoding,
}

impl Name {
    /// The name of the field line at `start`, if it is one of these: decided by its first eight bytes, and by the rest
    /// of the name only where those match.
    #[inline(always)]
    fn at(bytes: &[u8], start: usize) -> Option<Self> {
        let line = &bytes[start..];
        let first = match line.first_chunk() {
            Some(first) => lower(first),
            None => lower_of_few(line),
        };
        if first & HOST_MASK == HOST {
            return Some(Self::Host);
        }
        match first {
            CONTENT => {
                let rest = line[6..].first_chunk()?;
                let is_found = lower(rest) == CONTENT_LENGTH_END && line.get(14) == Some(&b':');
                is_found.then_some(Self::ContentLength)
            }
            TRANSFER => {
                let rest = line.get(9..)?.first_chunk()?;
                let is_found = lower(rest) == TRANSFER_ENCODING_END && line.get(17) == Some(&b':');
                is_found.then_some(Self::TransferEncoding)
            }
            _ => None,
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Host => b"host".len(),
            Self::ContentLength => b"content-length".len(),
            Self::TransferEncoding => b"transfer-encoding".len(),
        }
    }
}

const HOST: u64 = lower(b"host:\0\0\0") & HOST_MASK;
const HOST_MASK: u64 = 0xff_ffff_ffff;
const CONTENT: u64 = lower(b"content-");
const CONTENT_LENGTH_END: u64 = lower(b"t-length");
const TRANSFER: u64 = lower(b"transfer");
const TRANSFER_ENCODING_END: u64 = lower(b"encoding");

/// Eight bytes with the bit set that makes letters lower case. It also takes two control bytes for "-" and ":", which no
/// line that anybody sends holds there.
#[inline(always)]
const fn lower(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes) | 0x2020_2020_2020_2020
}

/// As [`lower`], where fewer than eight bytes were seen.
#[cold]
fn lower_of_few(bytes: &[u8]) -> u64 {
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    lower(&padded)
}

#[inline]
fn parse_decimal(digits: &[u8]) -> Option<u64> {
    // Up to 19 digits cannot overflow.
    if (1..=19).contains(&digits.len()) {
        let mut value = 0;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
        return Some(value);
    }
    parse_long_decimal(digits)
}

#[cold]
fn parse_long_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Without the white space and line ends around it. Nearly all values have one space before them and one CR after.
#[inline(always)]
fn trim(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b' ', value @ .., b'\r'] if matches!(value, [b'!'..=b'~', .., b'!'..=b'~']) => value,
        _ => trim_all(bytes),
    }
}

fn trim_all(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Fields<'_> {
        Fields::parse(bytes, 0, LineEnds::new(bytes))
    }

    #[test]
    fn finds_the_three_fields_in_any_case() {
        let bytes = b"Accept: */*\r\nHOST:  example.org \r\ncontent-LENGTH: 12\r\nTransfer-Encoding: gzip, Chunked\r\n\r\nbody";
        let fields = parse(bytes);
        assert_eq!(fields.host, Some(&b"example.org"[..]));
        assert_eq!(fields.content_length, ContentLength::Bytes(12));
        assert_eq!(fields.transfer_encoding, TransferEncoding::Chunked);
        assert_eq!(fields.end, Some(bytes.len() - 4));
    }

    #[test]
    fn the_line_end_may_be_lf_alone() {
        let fields = parse(b"Host: a\nContent-Length: 1\n\n");
        assert_eq!(
            (fields.host, fields.content_length, fields.end),
            (Some(&b"a"[..]), ContentLength::Bytes(1), Some(27))
        );
    }

    #[test]
    fn an_incomplete_head_keeps_what_was_seen() {
        let fields = parse(b"Host: a\r\nContent-Length: 1");
        assert_eq!(
            (fields.host, fields.content_length, fields.end),
            (Some(&b"a"[..]), ContentLength::Absent, None)
        );
    }

    #[test]
    fn folded_lines_belong_to_their_field() {
        let bytes = b"X: a\r\n Host: no\r\nTransfer-Encoding:\r\n\tchunked\r\nHost:\r\n b\r\n\r\n";
        let fields = parse(bytes);
        assert_eq!(fields.transfer_encoding, TransferEncoding::Chunked);
        assert_eq!((fields.host, fields.end), (Some(&b"b"[..]), Some(bytes.len())));
    }

    #[test]
    fn content_lengths_join() {
        let length = |bytes: &'static [u8]| parse(bytes).content_length;
        assert_eq!(length(b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), ContentLength::Bytes(5));
        assert_eq!(length(b"Content-Length: 5, 5\r\n\r\n"), ContentLength::Bytes(5));
        assert_eq!(length(b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), ContentLength::Contradictory);
        for bad in
            [&b"Content-Length: -1\r\n\r\n"[..], b"Content-Length: +1\r\n\r\n", b"Content-Length:\r\n\r\n"]
        {
            assert_eq!(parse(bad).content_length, ContentLength::Contradictory);
        }
        assert_eq!(length(b"Content-Length: 18446744073709551615\r\n\r\n"), ContentLength::Bytes(u64::MAX));
        assert_eq!(length(b"Content-Length: 18446744073709551616\r\n\r\n"), ContentLength::Contradictory);
    }

    #[test]
    fn only_a_final_chunked_counts() {
        let coding = |bytes: &'static [u8]| parse(bytes).transfer_encoding;
        assert_eq!(coding(b"Transfer-Encoding: chunked, gzip\r\n\r\n"), TransferEncoding::Other);
        assert_eq!(
            coding(b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"),
            TransferEncoding::Chunked
        );
    }

    #[test]
    fn other_names_with_a_colon_at_the_same_place_are_not_taken() {
        let fields = parse(b"Hose: a\r\nContent-Lengte: 1\r\ntransfer-encodinG2: chunked\r\n\r\n");
        assert_eq!((fields.host, fields.content_length), (None, ContentLength::Absent));
        assert_eq!(fields.transfer_encoding, TransferEncoding::Absent);
    }
}
