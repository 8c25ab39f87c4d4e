/// Longer segments are not kept as text.
pub const MAX_SEGMENT_BYTES: usize = 48;

/// What a path segment is, by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentForm<'a> {
    /// Kept as it is: printable ASCII, at most 48 bytes.
    Literal(&'a str),
    /// Replaced by `{name}`; the extension (`.json`, else empty) is kept.
    Parameter { name: &'static str, extension: &'a str },
}

/// Decides the form of one segment (without slashes).
///
/// | form | template |
/// |---|---|
/// | number, mostly digits, or an e-mail address | `{id}` |
/// | 8-4-4-4-12 hex digits (RFC 9562) | `{uuid}` |
/// | 8 or more hex digits with a decimal one among them | `{hash}` |
/// | `2026-03-01`, `20260301` is a number | `{date}` |
/// | 20 or more of the base64url alphabet with digits and both cases | `{token}` |
/// | not printable ASCII, too long, `=`, `&`, `{`, `}` | `{*}` |
///
/// Whatever follows a `;` (RFC 3986 § 3.3 parameters, often session ids) is dropped.
pub fn form_of(segment: &[u8]) -> SegmentForm<'_> {
    let segment = &segment[..memchr::memchr(b';', segment).unwrap_or(segment.len())];
    let (stem, extension) = split_extension(segment);
    let parameter = |name| SegmentForm::Parameter { name, extension };
    if let Some(name) = parameter_name(stem) {
        return parameter(name);
    }
    if is_address(segment) {
        return SegmentForm::Parameter { name: "{id}", extension: "" };
    }
    let is_plain = segment.len() <= MAX_SEGMENT_BYTES
        && segment.iter().all(|&byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b'&' | b'{' | b'}'));
    match std::str::from_utf8(segment) {
        Ok(text) if is_plain => SegmentForm::Literal(text),
        _ => SegmentForm::Parameter { name: "{*}", extension: "" },
    }
}

fn parameter_name(stem: &[u8]) -> Option<&'static str> {
    let mut class = Classes::default();
    stem.iter().for_each(|&byte| class.count(byte));
    if class.digits == 0 {
        return None; // every other form has a digit in it
    }
    let length = stem.len();
    if class.digits == length {
        return Some("{id}");
    }
    if class.is_hex_or_dash && is_uuid(stem) {
        return Some("{uuid}");
    }
    if class.is_hex_or_dash && class.dashes == 0 && length >= 8 {
        return Some("{hash}");
    }
    if class.dashes == 2 && class.digits == 8 && length == 10 && stem[4] == b'-' && stem[7] == b'-' {
        return Some("{date}");
    }
    if class.is_base64url && length >= 20 && class.upper > 0 && class.lower > 0 {
        return Some("{token}");
    }
    let is_version =
        matches!(stem[0], b'v' | b'V') && stem[1..].iter().all(|&b| b.is_ascii_digit() || b == b'.');
    (class.is_base64url && length >= 4 && class.digits * 2 >= length && !is_version).then_some("{id}")
}

#[derive(Debug)]
struct Classes {
    digits: usize,
    upper: usize,
    lower: usize,
    dashes: usize,
    is_hex_or_dash: bool,
    is_base64url: bool,
}

impl Default for Classes {
    fn default() -> Self {
        Self { digits: 0, upper: 0, lower: 0, dashes: 0, is_hex_or_dash: true, is_base64url: true }
    }
}

impl Classes {
    #[inline]
    fn count(&mut self, byte: u8) {
        self.digits += usize::from(byte.is_ascii_digit());
        self.upper += usize::from(byte.is_ascii_uppercase());
        self.lower += usize::from(byte.is_ascii_lowercase());
        self.dashes += usize::from(byte == b'-');
        self.is_hex_or_dash &= byte.is_ascii_hexdigit() || byte == b'-';
        self.is_base64url &= byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(index, &byte)| (byte == b'-') == matches!(index, 8 | 13 | 18 | 23))
}

/// An `@`, also percent-encoded: an e-mail address or a user name.
fn is_address(segment: &[u8]) -> bool {
    memchr::memchr(b'@', segment).is_some() || memchr::memmem::find(segment, b"%40").is_some()
}

/// `17.json` → (`17`, `.json`). An extension is 1 to 5 letters and digits, the first of them a letter.
fn split_extension(segment: &[u8]) -> (&[u8], &str) {
    let Some(dot) = memchr::memrchr(b'.', segment).filter(|&dot| dot > 0) else {
        return (segment, "");
    };
    let (stem, extension) = segment.split_at(dot);
    let is_extension = (2..=6).contains(&extension.len())
        && extension[1].is_ascii_alphabetic()
        && extension[1..].iter().all(u8::is_ascii_alphanumeric);
    match std::str::from_utf8(extension) {
        Ok(text) if is_extension => (stem, text),
        _ => (segment, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(segment: &str) -> String {
        match form_of(segment.as_bytes()) {
            SegmentForm::Literal(text) => text.to_owned(),
            SegmentForm::Parameter { name, extension } => format!("{name}{extension}"),
        }
    }

    #[test]
    fn words_stay() {
        for text in [
            "users",
            "v1",
            "v1.2",
            "api",
            "index.html",
            "oauth2",
            "app.min.js",
            "deadbeef",
            "s3",
            "a-b_c~d",
            ".env",
            "2fa",
        ] {
            assert_eq!(template(text), text);
        }
    }

    #[test]
    fn identifiers_become_parameters() {
        for (text, expected) in [
            ("17", "{id}"),
            ("20260301", "{id}"),
            ("17.json", "{id}.json"),
            ("A1234", "{id}"),
            ("2026-03-01", "{date}"),
            ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "{uuid}"),
            ("3F2504E0-4F89-11D3-9A0C-0305E82C3301.png", "{uuid}.png"),
            ("9e107d9d372bb6826bd81d3542a419d6", "{hash}"),
            ("deadbee1", "{hash}"),
            ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "{token}"),
            ("x@example.org", "{id}"),
            ("x%40example.org", "{id}"),
        ] {
            assert_eq!(template(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_text_is_not_kept() {
        for text in ["a=b", "a&b", "{id}", "na\u{ef}ve", "a b", "\u{1}", &"x".repeat(49)] {
            assert_eq!(template(text), "{*}", "{text}");
        }
        assert_eq!(template("cart;jsessionid=0A1B2C3D"), "cart");
    }
}
