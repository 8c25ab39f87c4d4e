//! Short byte strings (names of hosts, methods and paths) compared without a call: most are shorter than what a call costs.

/// Whether both are the same.
#[inline(always)]
pub fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let length = a.len();
    if length != b.len() {
        return false;
    }
    // Two blocks that overlap are the whole of it.
    match length {
        0 => true,
        1..4 => a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1],
        4..8 => ends::<4>(a).map(u32::from_le_bytes) == ends::<4>(b).map(u32::from_le_bytes),
        8..=16 => ends::<8>(a).map(u64::from_le_bytes) == ends::<8>(b).map(u64::from_le_bytes),
        17..=32 => ends::<16>(a).map(u128::from_le_bytes) == ends::<16>(b).map(u128::from_le_bytes),
        _ => a == b,
    }
}

/// The first and the last `N` bytes; zeros where there are fewer.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> [[u8; N]; 2] {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => [*first, *last],
        _ => [[0; N]; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts_at_every_length() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).collect();
            assert!(is_equal(&bytes, &bytes.clone()));
            assert!(!is_equal(&bytes, &[&bytes[..], b"x"].concat()));
            for at in 0..usize::from(length) {
                let mut other = bytes.clone();
                other[at] ^= 0x80;
                assert!(!is_equal(&bytes, &other), "{at} of {length}");
            }
        }
    }
}
