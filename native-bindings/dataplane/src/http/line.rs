//! Finds line ends, 8 bytes at a time: a head has some ten short lines, and one search for all of them costs less than
//! one search a line.

/// The offsets of the LFs of some bytes, in order.
#[derive(Clone, Debug)]
pub struct LineEnds<'a> {
    bytes: &'a [u8],
    /// Where the word after the current one begins.
    next_word: usize,
    /// The LFs of the current word that were not given out: the high bit of their byte, the first byte lowest.
    mask: u64,
    origin: usize,
}

const WORD: usize = 8;

impl<'a> LineEnds<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next_word: 0, mask: 0, origin: 0 }
    }

    /// The last bytes, fewer than a word.
    #[inline]
    fn load_rest(&mut self) {
        let rest = &self.bytes[self.next_word..];
        let mut word = [0; WORD];
        for (to, from) in word.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mask = line_feeds(word);
        self.origin = self.next_word;
        self.next_word = self.bytes.len();
    }
}

impl Iterator for LineEnds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            match self.bytes.get(self.next_word..).and_then(|rest| rest.first_chunk::<WORD>()) {
                Some(word) => {
                    self.mask = line_feeds(*word);
                    self.origin = self.next_word;
                    self.next_word += WORD;
                }
                None if self.next_word < self.bytes.len() => self.load_rest(),
                None => return None,
            }
        }
        let offset = self.mask.trailing_zeros() as usize / 8;
        self.mask &= self.mask - 1;
        Some(self.origin + offset)
    }
}

/// The high bit of every byte that is LF. Exact: adding to seven bits cannot carry into the next byte.
#[inline]
fn line_feeds(word: [u8; WORD]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differences = u64::from_le_bytes(word) ^ u64::from_le_bytes([b'\n'; WORD]);
    !(((differences & LOW) + LOW) | differences | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_line_end_at_every_length() {
        for length in 0..100 {
            for step in [1, 2, 7, 8, 9, 31] {
                for other in [b'x', b'\x0b', b'\x09', b'\x8a', 0] {
                    let bytes: Vec<u8> =
                        (0..length).map(|at| if at % step == 0 { b'\n' } else { other }).collect();
                    let expected: Vec<usize> = (0..length).step_by(step).collect();
                    assert_eq!(
                        LineEnds::new(&bytes).collect::<Vec<_>>(),
                        expected,
                        "{length} {step} {other}"
                    );
                }
            }
        }
    }
}
