//! Keyed hashes of a few words: nobody can steer them without knowing the numbers drawn when the process started. A folded
//! multiplication (the high half of a product on its low half) a pair of words, without the state of a general hasher.

use ahash::RandomState;

/// The secrets of one table.
#[derive(Clone, Debug)]
pub struct KeyedHash {
    secrets: [u64; 4],
}

impl KeyedHash {
    pub fn new() -> Self {
        let random = RandomState::new();
        Self { secrets: std::array::from_fn(|index| random.hash_one(index)) }
    }

    /// Of two numbers and a word that is small or a hash already.
    #[inline(always)]
    pub fn of_pair(&self, first: u128, second: u128, word: u64) -> u64 {
        let [a, b, c, d] = self.secrets;
        let low = fold(first as u64 ^ a, second as u64 ^ b);
        let [first_high, second_high] = [(first >> 64) as u64, (second >> 64) as u64];
        // Both are zero for IPv4, which the compiler sees where an address was just read from an IPv4 header.
        let high = match first_high | second_high {
            0 => 0,
            _ => fold(first_high ^ c, second_high ^ d),
        };
        fold(low ^ high.rotate_left(32) ^ word, a)
    }

    #[inline(always)]
    pub fn of_bytes(&self, bytes: &[u8], word: u64) -> u64 {
        let [a, b, c, d] = self.secrets;
        let (mut hash, mut rest) = (word ^ c, bytes);
        while rest.len() > 16
            && let Some((block, tail)) = rest.split_first_chunk::<16>()
        {
            let [first, second] = words(block);
            hash = fold(first ^ a, second ^ hash);
            rest = tail;
        }
        // The last bytes are read with those before them, or twice: their number is in the hash.
        let last = match (rest.first_chunk(), rest.last_chunk()) {
            (Some(first), Some(last)) => [u64::from_le_bytes(*first), u64::from_le_bytes(*last)],
            _ => of_few(rest),
        };
        fold(fold(last[0] ^ b, last[1] ^ hash), d ^ bytes.len() as u64)
    }
}

#[inline(always)]
fn words(block: &[u8; 16]) -> [u64; 2] {
    let number = u128::from_le_bytes(*block);
    [number as u64, (number >> 64) as u64]
}

/// Fewer than eight bytes.
#[inline(always)]
fn of_few(bytes: &[u8]) -> [u64; 2] {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            [u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))]
        }
        _ => [bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0],
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let hash = KeyedHash::new();
        let mut seen = HashSet::new();
        for length in 0..40 {
            for at in 0..length.max(1) {
                let mut bytes = vec![0; length];
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = 1);
                assert!(seen.insert(hash.of_bytes(&bytes, 0)), "{length} {at}");
            }
            assert!(length == 0 || seen.insert(hash.of_bytes(&vec![0; length], 0)), "{length}");
        }
    }

    #[test]
    fn every_part_of_a_pair_counts() {
        let hash = KeyedHash::new();
        let mut seen = HashSet::from([hash.of_pair(0, 0, 0)]);
        for bit in 0..128 {
            assert!(seen.insert(hash.of_pair(1 << bit, 0, 0)));
            assert!(seen.insert(hash.of_pair(0, 1 << bit, 0)));
        }
        for bit in 0..64 {
            assert!(seen.insert(hash.of_pair(0, 0, 1 << bit)));
        }
    }

    #[test]
    fn secrets_differ_from_table_to_table() {
        assert_ne!(KeyedHash::new().of_pair(1, 2, 3), KeyedHash::new().of_pair(1, 2, 3));
    }
}
