macro_rules! methods {
    ($($name:literal,)+) => {
        const NAMES: &[&str] = &["OTHER", $($name,)+];
    };
}

// RFC 9110 § 9, RFC 5789, WebDAV (RFC 4918, RFC 3253, RFC 5323), UPnP and cache purging.
methods! {
    "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE",
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
    "M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PURGE", "QUERY", "PRI",
}

/// A request method out of a fixed list; everything else is [`Method::OTHER`], so that made-up methods make no series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Method(pub(super) u8);

impl Method {
    pub const OTHER: Self = Self(0);

    pub const CONNECT: Self = Self(8);

    /// Methods are case-sensitive (RFC 9110 § 9.1).
    #[inline]
    pub fn from_bytes(text: &[u8]) -> Self {
        match text {
            b"GET" => Self(1),
            b"POST" => Self(2),
            _ => Self(
                NAMES
                    .iter()
                    .skip(1)
                    .position(|name| name.as_bytes() == text)
                    .map_or(0, |index| index as u8 + 1),
            ),
        }
    }

    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_fixed_list() {
        for name in NAMES.iter().skip(1) {
            assert_eq!(Method::from_bytes(name.as_bytes()).name(), *name);
        }
        assert_eq!(Method::CONNECT.name(), "CONNECT");
        for text in ["get", "OTHER", "", "G\u{e9}T", "BREW"] {
            assert_eq!(Method::from_bytes(text.as_bytes()), Method::OTHER, "{text}");
        }
    }
}
