//! The head of a message, in place → its start line and the fields that matter. Also says quickly whether bytes can be
//! the start of a message at all; that, not the port, makes a connection HTTP.

use memchr::memchr;

use super::field::Fields;
use super::line::LineEnds;
use super::target::Target;
use crate::exchange::Version;

/// Method tokens longer than this are not taken for HTTP; the longest registered one has 16 bytes.
const MAX_METHOD_BYTES: usize = 32;

/// What a prefix of a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    Request,
    Response,
    /// Compatible with a start line, which is not complete.
    Incomplete,
    No,
}

/// The methods that change how the answer is read (RFC 9112 § 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Head,
    Connect,
    Other,
}

/// A request line (RFC 9112 § 3) and its fields.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    pub method: &'a [u8],
    pub kind: Method,
    pub target: Target<'a>,
    pub version: Version,
    pub fields: Fields<'a>,
}

/// A status line (RFC 9112 § 4) and its fields.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    pub status: u16,
    pub fields: Fields<'a>,
}

/// Number of CR and LF at the start; RFC 9112 § 2.2 tolerates them before a request line.
#[inline]
pub fn leading_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Says what `bytes` (without leading line ends) are the start of. Reads no further than the first line.
pub fn recognise(bytes: &[u8]) -> Recognition {
    match recognise_status(bytes) {
        Recognition::No => recognise_request(bytes),
        found => found,
    }
}

/// As [`recognise`], for bytes at an unknown place in a stream: an incomplete line counts only where it can hardly be
/// anything else.
pub fn recognise_in_doubt(bytes: &[u8]) -> Recognition {
    match recognise(bytes) {
        Recognition::Incomplete if !is_evident_request(bytes) => Recognition::No,
        found => found,
    }
}

#[inline(always)]
fn recognise_status(bytes: &[u8]) -> Recognition {
    if let Some(line) = bytes.first_chunk::<13>() {
        let [.., minor, b' ', first, second, third, end] = line else { return Recognition::No };
        if !line.starts_with(b"HTTP/1.") {
            return Recognition::No;
        }
        let is_status = [minor, first, second, third].iter().all(|digit| digit.is_ascii_digit())
            && matches!(end, b' ' | b'\r' | b'\n');
        return if is_status { Recognition::Response } else { Recognition::No };
    }
    let is_prefix = bytes.iter().zip(b"HTTP/1.d ddd").all(|(byte, pattern)| match pattern {
        b'd' => byte.is_ascii_digit(),
        pattern => byte == pattern,
    });
    if is_prefix { Recognition::Incomplete } else { Recognition::No }
}

fn recognise_request(bytes: &[u8]) -> Recognition {
    let method_length = bytes.iter().take(MAX_METHOD_BYTES + 1).take_while(|byte| is_token(**byte)).count();
    match bytes.get(method_length) {
        None => {
            return if method_length <= MAX_METHOD_BYTES { Recognition::Incomplete } else { Recognition::No };
        }
        Some(b' ') if (1..=MAX_METHOD_BYTES).contains(&method_length) => {}
        Some(_) => return Recognition::No,
    }
    match memchr(b'\n', bytes) {
        Some(end) if split_version(&bytes[..end]).is_some() => Recognition::Request,
        Some(_) => Recognition::No,
        // A binary protocol shows itself by control bytes long before a line would end.
        None if bytes.iter().take(64).any(|byte| *byte < b' ' && *byte != b'\r') => Recognition::No,
        None => Recognition::Incomplete,
    }
}

/// An upper-case method and an origin-form, absolute-form or asterisk target.
fn is_evident_request(bytes: &[u8]) -> bool {
    let method_length = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    (3..=MAX_METHOD_BYTES).contains(&method_length)
        && matches!(&bytes[method_length..], [b' ', b'/' | b'*', ..] | [b' ', b'h', b't', b't', b'p', ..])
}

/// Splits a request line without its LF into what stands before the version, and the version.
#[inline(always)]
fn split_version(line: &[u8]) -> Option<(&[u8], Version)> {
    let mut line = line.strip_suffix(b"\r").unwrap_or(line);
    while let [rest @ .., b'\r' | b' '] = line {
        line = rest;
    }
    let (before, version) = line.split_at_checked(line.len().checked_sub(b" HTTP/1.1".len())?)?;
    let minor = version.strip_prefix(b" HTTP/1.")?.first().filter(|minor| minor.is_ascii_digit())?;
    Some((before, if *minor == b'0' { Version::Http10 } else { Version::Http11 }))
}

impl<'a> RequestHead<'a> {
    /// Parses `bytes` (without leading line ends). `None`: no complete request line. `fields.end` tells whether the head
    /// is complete.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut line_ends = LineEnds::new(bytes);
        let line_end = line_ends.next()?;
        let line = &bytes[..line_end];
        let (before, version) = split_version(line)?;
        let mut head = Self::parse_line(line, before.len(), version)?;
        head.fields = Fields::parse(bytes, line_end + 1, line_ends);
        Some(head)
    }

    /// A request of whose line only a part was seen: the path is what there is of it.
    #[cold]
    pub fn parse_cut_line(bytes: &'a [u8]) -> Option<Self> {
        is_evident_request(bytes).then(|| Self::parse_line(bytes, bytes.len(), Version::Http11))?
    }

    /// `length` bytes of `line` stand before the space and the version.
    #[inline(always)]
    fn parse_line(line: &'a [u8], length: usize, version: Version) -> Option<Self> {
        // "GET HTTP/1.1" has a method and no target.
        let method_length = match line {
            _ if line.starts_with(b"GET ") => 3,
            _ => line[..length].iter().position(|byte| !is_token(*byte)).unwrap_or(length),
        };
        let method = &line[..method_length];
        let is_method = (1..=MAX_METHOD_BYTES).contains(&method_length)
            && (method_length == length || line[method_length] == b' ');
        if !is_method {
            return None;
        }
        let kind = match method {
            b"HEAD" => Method::Head,
            b"CONNECT" => Method::Connect,
            _ => Method::Other,
        };
        let mut begin = method_length;
        while begin < length && line[begin] == b' ' {
            begin += 1;
        }
        // The target ends at its first space: it needs no cut before the version.
        let target = if begin < length { &line[begin..] } else { b"" };
        let target = Target::parse(target, kind == Method::Connect);
        Some(Self { method, kind, target, version, fields: Fields::default() })
    }

    /// The authority of the target, else the Host field.
    #[inline]
    pub fn host(&self) -> &'a [u8] {
        if self.target.authority.is_empty() { self.fields.host.unwrap_or(b"") } else { self.target.authority }
    }
}

impl<'a> ResponseHead<'a> {
    /// Parses `bytes`. `None`: no complete status line. `fields.end` tells whether the head is complete.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if recognise_status(bytes) != Recognition::Response {
            return None;
        }
        let digit = |index: usize| u16::from(bytes[index] - b'0');
        let status = digit(9) * 100 + digit(10) * 10 + digit(11);
        let mut line_ends = LineEnds::new(bytes);
        let start = line_ends.next()? + 1;
        Some(Self { status, fields: Fields::parse(bytes, start, line_ends) })
    }
}

/// `tchar` of RFC 9110 § 5.6.2.
#[inline]
fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_requests_by_their_line() {
        for line in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"QUERY /x HTTP/1.0\n",
            b"M-SEARCH * HTTP/1.1\r\n",
            b"get / HTTP/1.1\r\n",
            b"GET /a b c HTTP/1.1\r\n",
            b"GET HTTP/1.1\r\n",
            b"GET / HTTP/1.1 \r\n",
        ] {
            assert_eq!(recognise(line), Recognition::Request, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn is_not_fooled_by_other_protocols() {
        for line in [
            &b"\x16\x03\x01\x02\x00\x01\x00"[..],
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"EHLO example.org\r\n",
            b"USER anonymous\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /\r\n",
            b"INVITE sip:a@b SIP/2.0\r\n",
            b"GET\x00/ HTTP/1.1\r\n",
            b" GET / HTTP/1.1\r\n",
            b"HTTP/1.0 2XX OK\r\n",
            b"HTTP/2 200\r\n",
            b"HTTP/1.1 2000 OK\r\n",
            b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(recognise(line), Recognition::No, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn every_prefix_of_a_start_line_stays_possible() {
        for line in [&b"GET /a?b HTTP/1.1\r\n"[..], b"HTTP/1.1 200 OK\r\n"] {
            for length in 0..12 {
                assert_eq!(recognise(&line[..length]), Recognition::Incomplete);
            }
        }
        assert_eq!(recognise(b"HTTP/1.1 200\r\n"), Recognition::Response);
    }

    #[test]
    fn in_doubt_an_incomplete_line_must_be_evident() {
        assert_eq!(recognise_in_doubt(b"hello world"), Recognition::No);
        assert_eq!(recognise_in_doubt(b"GET /a/long/pa"), Recognition::Incomplete);
        assert_eq!(recognise_in_doubt(b"PROPFIND http://h/"), Recognition::Incomplete);
    }

    #[test]
    fn parses_a_request_head() {
        let bytes = b"POST http://a:1/x?y HTTP/1.0\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc";
        let head = RequestHead::parse(bytes).unwrap();
        assert_eq!((head.method, head.kind, head.version), (&b"POST"[..], Method::Other, Version::Http10));
        assert_eq!((head.host(), head.target.path), (&b"a:1"[..], &b"/x"[..]));
        assert_eq!(head.fields.end, Some(bytes.len() - 3));
    }

    #[test]
    fn a_request_without_a_target_has_an_empty_path() {
        let head = RequestHead::parse(b"GET HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((head.method, head.target.path), (&b"GET"[..], &b""[..]));
    }

    #[test]
    fn a_target_ends_at_the_first_space() {
        let head = RequestHead::parse(b"CONNECT a:25 / HTTP/1.0\r\n\r\n").unwrap();
        assert_eq!((head.host(), head.target.path), (&b"a:25"[..], &b""[..]));
        let head = RequestHead::parse(b"GET /a b HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(head.target.path, b"/a");
    }

    #[test]
    fn a_cut_line_still_gives_method_and_path() {
        let head = RequestHead::parse_cut_line(b"GET /very/long?secret").unwrap();
        assert_eq!((head.method, head.target.path), (&b"GET"[..], &b"/very/long"[..]));
        assert!(RequestHead::parse_cut_line(b"hello /x").is_none());
    }

    #[test]
    fn parses_a_response_head() {
        let head = ResponseHead::parse(b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n").unwrap();
        assert_eq!((head.status, head.fields.end), (204, Some(38)));
        assert!(ResponseHead::parse(b"HTTP/1.1 204 No").is_none());
    }
}
