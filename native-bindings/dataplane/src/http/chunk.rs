//! The chunked transfer coding (RFC 9112 § 7.1), over any segmentation: bytes in, the offset after the body out.
//! Chunk data is skipped by arithmetic; extensions and trailers are passed over.

use memchr::memchr;

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// In the digits of a chunk size; `digits` of them were seen.
    Size {
        value: u64,
        digits: u8,
    },
    /// After the size: extension, up to the line end.
    Extension {
        size: u64,
    },
    Data {
        remaining: u64,
    },
    /// The line end after chunk data.
    DataEnd {
        is_after_cr: bool,
    },
    /// The trailer section; `is_line_empty` where only a CR, or nothing, was seen of the line.
    Trailer {
        is_line_empty: bool,
    },
}

/// A reader of one chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunked {
    phase: Phase,
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The body ended after this many bytes of the input.
    Done(usize),
    /// The whole input belongs to the body.
    More,
    /// What stands after this many bytes is not a chunked body.
    Broken(usize),
}

impl Chunked {
    pub const fn new() -> Self {
        Self { phase: Phase::Size { value: 0, digits: 0 } }
    }

    /// Bytes from here on that are surely chunk data.
    pub const fn known_data(&self) -> u64 {
        match self.phase {
            Phase::Data { remaining } => remaining,
            _ => 0,
        }
    }

    pub fn feed(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while at < bytes.len() {
            match self.step(&bytes[at..]) {
                Step::Took(count) => at += count,
                Step::Done(count) => return Progress::Done(at + count),
                Step::Broken => return Progress::Broken(at),
            }
        }
        Progress::More
    }

    /// Passes over `count` bytes that were not captured. `false`: they hold more than chunk data, and the place in the
    /// body is unknown from here on.
    pub fn skip(&mut self, count: u64) -> bool {
        match &mut self.phase {
            Phase::Data { remaining } if *remaining >= count => {
                *remaining -= count;
                if *remaining == 0 {
                    self.phase = Phase::DataEnd { is_after_cr: false };
                }
                true
            }
            _ => count == 0,
        }
    }

    #[inline]
    fn step(&mut self, bytes: &[u8]) -> Step {
        let byte = bytes[0];
        match self.phase {
            Phase::Size { value, digits } => return self.step_size(byte, value, digits),
            Phase::Extension { size } => match memchr(b'\n', bytes) {
                None => return Step::Took(bytes.len()),
                Some(end) => {
                    self.start_chunk(size);
                    return Step::Took(end + 1);
                }
            },
            Phase::Data { remaining } => {
                let count = remaining.min(bytes.len() as u64);
                self.skip(count);
                return Step::Took(count as usize);
            }
            Phase::DataEnd { is_after_cr } => match byte {
                b'\r' if !is_after_cr => self.phase = Phase::DataEnd { is_after_cr: true },
                b'\n' => self.phase = Phase::Size { value: 0, digits: 0 },
                _ => return Step::Broken,
            },
            Phase::Trailer { is_line_empty } => match (byte, is_line_empty) {
                (b'\n', true) => return Step::Done(1),
                (b'\r', true) => {}
                _ => match memchr(b'\n', bytes) {
                    None => {
                        self.phase = Phase::Trailer { is_line_empty: false };
                        return Step::Took(bytes.len());
                    }
                    Some(end) => {
                        self.phase = Phase::Trailer { is_line_empty: true };
                        return Step::Took(end + 1);
                    }
                },
            },
        }
        Step::Took(1)
    }

    #[inline]
    fn step_size(&mut self, byte: u8, value: u64, digits: u8) -> Step {
        match (byte as char).to_digit(16) {
            // 2⁶⁰ bytes and more are no size but an attack; leading zeros are harmless.
            Some(_) if value >> 56 != 0 => return Step::Broken,
            Some(digit) => {
                self.phase =
                    Phase::Size { value: value << 4 | u64::from(digit), digits: digits.saturating_add(1) };
            }
            None if digits == 0 => return Step::Broken,
            None => match byte {
                b'\n' => self.start_chunk(value),
                b'\r' | b';' | b' ' | b'\t' => self.phase = Phase::Extension { size: value },
                _ => return Step::Broken,
            },
        }
        Step::Took(1)
    }

    fn start_chunk(&mut self, size: u64) {
        self.phase =
            if size == 0 { Phase::Trailer { is_line_empty: true } } else { Phase::Data { remaining: size } };
    }
}

enum Step {
    Took(usize),
    Done(usize),
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"4;name=\"v\"\r\nWiki\r\n05\r\npedia\r\n0\r\nExpires: never\r\n\r\nHTTP";

    #[test]
    fn ends_after_the_trailer_in_any_segmentation() {
        let end = BODY.len() - 4;
        for size in 1..BODY.len() {
            let mut chunked = Chunked::new();
            let mut at = 0;
            let found = BODY.chunks(size).find_map(|piece| match chunked.feed(piece) {
                Progress::Done(count) => Some(at + count),
                Progress::More => {
                    at += piece.len();
                    None
                }
                Progress::Broken(_) => panic!("broken at {at} with pieces of {size}"),
            });
            assert_eq!(found, Some(end));
        }
    }

    #[test]
    fn lf_alone_ends_lines() {
        assert_eq!(Chunked::new().feed(b"1\na\n0\n\n"), Progress::Done(7));
    }

    #[test]
    fn holes_in_chunk_data_are_skipped_and_no_others() {
        let mut chunked = Chunked::new();
        assert_eq!(chunked.feed(b"a\r\n01"), Progress::More);
        assert_eq!(chunked.known_data(), 8);
        assert!(chunked.skip(8));
        assert_eq!(chunked.feed(b"\r\n0\r\n\r\n"), Progress::Done(7));
        let mut chunked = Chunked::new();
        chunked.feed(b"a\r\n01");
        assert!(!chunked.skip(9));
    }

    #[test]
    fn refuses_what_is_no_chunk_size() {
        assert_eq!(Chunked::new().feed(b"xyz"), Progress::Broken(0));
        assert_eq!(Chunked::new().feed(b"10000000000000000\r\n"), Progress::Broken(15));
        assert_eq!(Chunked::new().feed(b"1\r\nab"), Progress::Broken(4));
    }
}
