/// Buckets an octave is cut into, as a power of two.
pub const SCALE: u32 = 3;

/// `2^(63 + k/8)`, rounded up, for k = 1…7: a value whose top bit is bit 63 is in sub-bucket k when it is not below the k-th.
const SUB_BUCKET_FLOORS: [u64; 7] = [
    0x8b95_c1e3_ea8b_d6e7,
    0x9837_f051_8db8_a970,
    0xa5fe_d6a9_b151_38eb,
    0xb504_f333_f9de_6485,
    0xc567_2a11_5506_dade,
    0xd744_fcca_d69d_6af5,
    0xeac0_c6e7_dd24_392f,
];

/// The sub-bucket of the smallest value whose first eight bits are 1 and those of the index.
const LEAST_SUB_BUCKETS: [u8; 128] = {
    let mut least = [0; 128];
    let mut index = 0;
    while index < least.len() {
        let value = (0x80 | index as u64) << 56;
        while (least[index] as usize) < SUB_BUCKET_FLOORS.len()
            && value >= SUB_BUCKET_FLOORS[least[index] as usize]
        {
            least[index] += 1;
        }
        index += 1;
    }
    least
};

/// An exponential histogram of integers (OpenTelemetry metrics data model, scale 3): bucket `i` counts values in
/// `(2^(i/8), 2^((i+1)/8)]`, so a bucket is 9 % wide and a quantile at most 4.5 % off. Zeros are counted apart. At most 513
/// buckets, all of `u64`; memory only for the span in use. Adding, merging and `clear` keep the allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    zero_count: u64,
    offset: i32,
    counts: Vec<u64>,
}

impl Histogram {
    #[inline]
    pub fn add(&mut self, value: u64) {
        if value == 0 {
            self.zero_count += 1;
        } else {
            *self.bucket(index_of(value)) += 1;
        }
    }

    /// Afterwards `self` is what it had been, had it seen the values of both.
    pub fn merge(&mut self, other: &Self) {
        self.zero_count += other.zero_count;
        if let (Some(first), Some(last)) = (other.counts.first(), other.counts.last()) {
            debug_assert!(*first > 0 && *last > 0, "the span in use has no empty ends");
            self.bucket(other.offset + other.counts.len() as i32 - 1);
            self.bucket(other.offset);
            let start = (other.offset - self.offset) as usize;
            self.counts[start..].iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    pub fn clear(&mut self) {
        self.zero_count = 0;
        self.offset = 0;
        self.counts.clear();
    }

    pub fn count(&self) -> u64 {
        self.zero_count + self.counts.iter().sum::<u64>()
    }

    pub fn zero_count(&self) -> u64 {
        self.zero_count
    }

    /// The index of the first of [`Histogram::counts`]; 0 where there is none.
    pub fn offset(&self) -> i32 {
        self.offset
    }

    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The value below which `ratio` (0 to 1) of the values lie: the geometric middle of its bucket. `None` when empty.
    pub fn quantile(&self, ratio: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = ((ratio.clamp(0.0, 1.0) * count as f64).ceil() as u64).max(1);
        let mut seen = self.zero_count;
        if seen >= rank {
            return Some(0.0);
        }
        for (index, bucket) in (self.offset..).zip(&self.counts) {
            seen += bucket;
            if seen >= rank {
                return Some(((f64::from(index) + 0.5) / f64::from(1 << SCALE)).exp2());
            }
        }
        None
    }

    /// The counter of a bucket; widens the span in use where needed.
    #[inline]
    fn bucket(&mut self, index: i32) -> &mut u64 {
        let position = index.wrapping_sub(self.offset) as usize;
        if position >= self.counts.len() {
            self.widen(index);
        }
        &mut self.counts[(index - self.offset) as usize]
    }

    #[cold]
    fn widen(&mut self, index: i32) {
        if self.counts.is_empty() {
            self.offset = index;
        }
        if index < self.offset {
            let missing = (self.offset - index) as usize;
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
            self.offset = index;
        }
        let length = (index - self.offset) as usize + 1;
        if length > self.counts.len() {
            self.counts.resize(length, 0);
        }
    }
}

/// `⌈8·log2(value)⌉ − 1` for `value` ≥ 1, in integers: 1 → −1, 2 → 7, 3 → 12.
#[inline(always)]
fn index_of(value: u64) -> i32 {
    if value < SMALL_INDEXES.len() as u64 {
        i32::from(SMALL_INDEXES[value as usize])
    } else {
        large_index_of(value)
    }
}

/// The indexes of sizes and microseconds that most exchanges have; 8 KB. The one of zero is not used.
static SMALL_INDEXES: [i16; 4_096] = {
    let mut indexes = [0; 4_096];
    let mut value = 1;
    while value < indexes.len() {
        indexes[value] = large_index_of(value as u64) as i16;
        value += 1;
    }
    indexes
};

const fn large_index_of(value: u64) -> i32 {
    let shift = value.leading_zeros();
    let normalized = value << shift;
    // The seven bits after the first tell the sub-bucket, or that it is one of two.
    let least = LEAST_SUB_BUCKETS[(normalized >> 56 & 0x7f) as usize] as usize;
    let is_above = least < SUB_BUCKET_FLOORS.len() && normalized >= SUB_BUCKET_FLOORS[least];
    // Only powers of two lie on a bound (the other bounds are irrational); they belong to the bucket below.
    (63 - shift as i32) * (1 << SCALE) + least as i32 + is_above as i32 - value.is_power_of_two() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|&value| histogram.add(value));
        histogram
    }

    #[test]
    fn bounds_are_those_of_the_data_model() {
        assert_eq!([1, 2, 3, 4, 5, 8, 1000].map(index_of), [-1, 7, 12, 15, 18, 23, 79]);
        assert_eq!((index_of(1 << 63), index_of((1 << 63) + 1), index_of(u64::MAX)), (503, 504, 511));
    }

    #[test]
    fn clear_keeps_nothing() {
        let mut histogram = of(&[0, 7, 9]);
        histogram.clear();
        assert_eq!(histogram, Histogram::default());
        assert_eq!(histogram.quantile(0.5), None);
    }

    #[test]
    fn span_grows_both_ways() {
        let histogram = of(&[1000, 3, 1000, 0]);
        assert_eq!((histogram.zero_count(), histogram.offset(), histogram.counts().len()), (1, 12, 68));
        assert_eq!((histogram.counts()[0], histogram.counts()[67], histogram.count()), (1, 2, 4));
    }

    proptest! {
        #[test]
        fn index_agrees_with_floating_point(value in 1..(1u64 << 52)) {
            let bound = |index: i32| (f64::from(index) / 8.0).exp2();
            let index = index_of(value);
            prop_assert!(bound(index) <= value as f64 * (1.0 + 1e-12) && value as f64 <= bound(index + 1) * (1.0 + 1e-12));
        }

        #[test]
        fn merged_equals_union(a in prop::collection::vec(any::<u64>(), 0..50), b in prop::collection::vec(0u64..5000, 0..50)) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged, of(&[a, b].concat()));
        }

        #[test]
        fn quantiles_are_within_a_bucket(mut values in prop::collection::vec(1u64..1_000_000_000, 1..200), ratio in 0.0..=1.0) {
            let estimate = of(&values).quantile(ratio).unwrap();
            values.sort_unstable();
            let rank = ((ratio * values.len() as f64).ceil() as usize).max(1);
            let exact = values[rank - 1] as f64;
            prop_assert!((estimate / exact - 1.0).abs() < 0.0906, "{} for {}", estimate, exact);
        }
    }
}
