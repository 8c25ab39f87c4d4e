use std::str::FromStr;

use super::IdentityError;

/// RFC 1035 § 2.3.4.
const MAX_HOST_BYTES: usize = 253;

/// The name in an authority, lower-cased into `buffer`: without port and trailing dot. `None` where it is missing or not a
/// host name or address literal (RFC 3986 § 3.2.2; underscores are let through as they are common in practice).
pub fn host_name<'a>(authority: &[u8], buffer: &'a mut [u8; MAX_HOST_BYTES]) -> Option<&'a str> {
    let name = match authority {
        [b'[', ..] => &authority[..=authority.iter().position(|&byte| byte == b']')?],
        _ => &authority[..authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len())],
    };
    let port = &authority[name.len()..];
    if !(port.is_empty() || port[0] == b':' && port.len() <= 6 && port[1..].iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() || name.len() > MAX_HOST_BYTES {
        return None;
    }
    let is_valid = match name {
        [b'[', inner @ .., b']'] => {
            inner.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
        }
        _ => name.split(|&byte| byte == b'.').all(is_label),
    };
    if !is_valid {
        return None;
    }
    let lower = &mut buffer[..name.len()];
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).ok()
}

fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && label.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// An exact host name, or all names below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    Exact(Box<str>),
    /// `*.example.org` → `.example.org`; does not match `example.org` itself.
    Below(Box<str>),
}

impl HostPattern {
    /// `host` is lower-case and without port, as [`host_name`] gives it.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => **name == *host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
        }
    }
}

impl FromStr for HostPattern {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let mut buffer = [0; MAX_HOST_BYTES];
        let below = text.strip_prefix("*.");
        match host_name(below.unwrap_or(text).as_bytes(), &mut buffer) {
            Some(name) if below.is_some() => Ok(Self::Below(format!(".{name}").into())),
            Some(name) => Ok(Self::Exact(name.into())),
            None => Err(IdentityError::Host(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(authority: &str) -> Option<String> {
        host_name(authority.as_bytes(), &mut [0; MAX_HOST_BYTES]).map(str::to_owned)
    }

    #[test]
    fn keeps_the_name_only() {
        assert_eq!(name("Shop.Example.ORG:8080").as_deref(), Some("shop.example.org"));
        assert_eq!(name("shop.example.org.").as_deref(), Some("shop.example.org"));
        assert_eq!(name("10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(name("[2001:DB8::1]:443").as_deref(), Some("[2001:db8::1]"));
        assert_eq!(name("my_service").as_deref(), Some("my_service"));
    }

    #[test]
    fn rejects_what_is_not_a_host() {
        let long_label = "a".repeat(64);
        for text in [
            "",
            ":80",
            ".",
            "a..b",
            "user@host",
            "a b",
            "a:80x",
            "a:123456",
            "[::1",
            "é.org",
            "a/b",
            &long_label,
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn patterns_match_exactly_or_below() {
        let below: HostPattern = "*.Example.org".parse().unwrap();
        assert!(below.matches("a.example.org") && below.matches("a.b.example.org"));
        assert!(!below.matches("example.org") && !below.matches("badexample.org"));
        assert!("shop.example.org".parse::<HostPattern>().unwrap().matches("shop.example.org"));
        assert!("*.*".parse::<HostPattern>().is_err());
    }
}
