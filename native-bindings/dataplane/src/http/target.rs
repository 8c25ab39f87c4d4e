//! The request target (RFC 9112 § 3.2) → host and path. Drops scheme, user information, query and fragment, so that
//! no credential and no query string gets further than this file.

use memchr::{memchr, memchr2, memmem, memrchr};
use wide::{CmpEq, i8x16};

/// Authority (of absolute-form and CONNECT targets, else empty) and path of a request target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    pub authority: &'a [u8],
    pub path: &'a [u8],
}

impl<'a> Target<'a> {
    /// A target holds no space: what follows one is not part of it.
    #[inline(always)]
    pub fn parse(target: &'a [u8], is_connect: bool) -> Self {
        if target.first() == Some(&b'/') && !is_connect {
            let end = path_end(target);
            return Self { authority: b"", path: &target[..end] };
        }
        Self::parse_other(target, is_connect)
    }

    /// All but origin-form.
    #[cold]
    fn parse_other(target: &'a [u8], is_connect: bool) -> Self {
        let target = &target[..memchr(b' ', target).unwrap_or(target.len())];
        if is_connect {
            return Self { authority: without_userinfo(without_query(target)), path: b"" };
        }
        match split_scheme(target) {
            Some(rest) => {
                let end =
                    rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
                let path = without_query(&rest[end..]);
                // RFC 9110 § 4.2.3: an empty path is "/".
                let path = if path.is_empty() { b"/" } else { path };
                Self { authority: without_userinfo(&rest[..end]), path }
            }
            None => Self { authority: b"", path: without_query(target) },
        }
    }
}

/// Where the path of an origin-form target ends. Paths are short: a call of a search library costs more than the search.
#[inline]
fn path_end(target: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = target[at..].first_chunk::<16>() {
        let bytes = i8x16::new(block.map(|byte| byte as i8));
        let is_end = |byte: u8| bytes.cmp_eq(i8x16::splat(byte as i8));
        let mask = (is_end(b'?') | is_end(b'#') | is_end(b' ')).move_mask();
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += block.len();
    }
    let rest = &target[at..];
    at + rest.iter().position(|byte| matches!(byte, b'?' | b'#' | b' ')).unwrap_or(rest.len())
}

fn without_query(target: &[u8]) -> &[u8] {
    &target[..memchr2(b'?', b'#', target).unwrap_or(target.len())]
}

fn without_userinfo(authority: &[u8]) -> &[u8] {
    &authority[memrchr(b'@', authority).map_or(0, |at| at + 1)..]
}

/// What follows `scheme://`, where the target begins with one.
fn split_scheme(target: &[u8]) -> Option<&[u8]> {
    let colon = memchr(b':', target)?;
    let is_scheme = target[..colon].iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    (colon > 0 && is_scheme && memmem::find(&target[colon..], b"://") == Some(0))
        .then(|| &target[colon + 3..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str) -> (&str, &str) {
        let Target { authority, path } = Target::parse(target.as_bytes(), false);
        (std::str::from_utf8(authority).unwrap(), std::str::from_utf8(path).unwrap())
    }

    #[test]
    fn keeps_the_path_only() {
        assert_eq!(parse("/a/b?token=1"), ("", "/a/b"));
        assert_eq!(parse("/a#top"), ("", "/a"));
        assert_eq!(parse("*"), ("", "*"));
        assert_eq!(parse("a.html?x"), ("", "a.html"));
        assert_eq!(parse("/go?to=http://u:p@h/"), ("", "/go"));
        assert_eq!(parse("?q"), ("", ""));
    }

    #[test]
    fn takes_absolute_form_apart_and_drops_userinfo() {
        assert_eq!(parse("http://user:secret@example.org:8080/p?q#f"), ("example.org:8080", "/p"));
        assert_eq!(parse("https://example.org"), ("example.org", "/"));
        assert_eq!(parse("http://example.org?q=a@b"), ("example.org", "/"));
    }

    #[test]
    fn connect_has_an_authority_and_no_path() {
        let target = Target::parse(b"u:p@example.org:443", true);
        assert_eq!(target, Target { authority: b"example.org:443", path: b"" });
    }
}
