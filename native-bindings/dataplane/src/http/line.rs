//! Finds line ends, 64 bytes at a time: a head has some ten short lines, and one search for all of them costs less than
//! one search a line.

use wide::{CmpEq, i8x16};

/// The offsets of the LFs of some bytes, in order.
#[derive(Clone, Debug)]
pub struct LineEnds<'a> {
    bytes: &'a [u8],
    /// Where the bytes begin that were not searched.
    next_block: usize,
    /// The LFs of the current block that were not given out, from bit 0 on, which is at `origin`.
    mask: u64,
    origin: usize,
}

const BLOCK: usize = 64;

impl<'a> LineEnds<'a> {
    #[inline(always)]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next_block: 0, mask: 0, origin: 0 }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            if self.next_block >= self.bytes.len() {
                return None;
            }
            // The last block is read with bytes before it that were searched already.
            let Some(last) = self.bytes.len().checked_sub(BLOCK) else {
                (self.mask, self.next_block) = (line_feeds_of_few(self.bytes), self.bytes.len());
                continue;
            };
            self.origin = self.next_block.min(last);
            let block = self.bytes[self.origin..].first_chunk()?;
            self.mask = line_feeds(block) & (u64::MAX << (self.next_block - self.origin));
            self.next_block = self.origin + BLOCK;
        }
        let offset = self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(self.origin + offset)
    }
}

/// As [`line_feeds`], of fewer bytes than a block.
#[inline(never)]
fn line_feeds_of_few(bytes: &[u8]) -> u64 {
    let mut padded = [0; BLOCK];
    padded[..bytes.len()].copy_from_slice(bytes);
    line_feeds(&padded)
}

/// A bit for every byte that is LF.
#[inline(always)]
fn line_feeds(block: &[u8; BLOCK]) -> u64 {
    let line_feed = i8x16::splat(b'\n' as i8);
    let quarter = |at: usize| {
        let bytes: [i8; 16] = std::array::from_fn(|index| block[at + index] as i8);
        u64::from(i8x16::new(bytes).cmp_eq(line_feed).move_mask() as u16)
    };
    quarter(0) | quarter(16) << 16 | quarter(32) << 32 | quarter(48) << 48
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_line_end_at_every_length() {
        for length in 0..200 {
            for step in [1, 2, 7, 63, 64, 65] {
                let bytes: Vec<u8> =
                    (0..length).map(|at| if at % step == 0 { b'\n' } else { b'x' }).collect();
                let expected: Vec<usize> = (0..length).step_by(step).collect();
                assert_eq!(LineEnds::new(&bytes).collect::<Vec<_>>(), expected, "{length} {step}");
            }
        }
    }
}
