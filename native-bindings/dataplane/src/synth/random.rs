//! Randomness that is the same on every machine: integer generator, and logarithms from `libm` instead of the
//! platform's, whose last bit differs.

/// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by splitmix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// Streams of the same seed are independent of one another.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut seeder = split_mix(&mut { seed }) ^ split_mix(&mut { stream ^ 0x5851_f42d_4c95_7f2d });
        Self { state: std::array::from_fn(|_| split_mix(&mut seeder)) }
    }

    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..bound; the bias is below bound / 2⁶⁴.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    #[inline]
    pub fn chance(&mut self, ratio: f64) -> bool {
        ratio > 0.0 && self.unit() < ratio
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// Standard normal, by the polar method (Marsaglia and Bray, 1964).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * libm::log(square) / square).sqrt();
            }
        }
    }

    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        if sigma == 0.0 { median } else { median * libm::exp(sigma * self.normal()) }
    }

    /// Geometric on 1, 2, … with the given mean, `>= 1`; cut at 2²⁰.
    pub fn geometric(&mut self, mean: f64) -> u32 {
        if mean <= 1.0 {
            return 1;
        }
        let trials = libm::log(1.0 - self.unit()) / libm::log(1.0 - 1.0 / mean);
        1 + trials.min(f64::from(1u32 << 20)) as u32
    }
}

/// splitmix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Draws an index in proportion to its weight.
#[derive(Clone, Debug)]
pub struct WeightedChoice {
    /// Running sums of the weights.
    cumulative: Vec<f64>,
}

impl WeightedChoice {
    /// At least one weight has to be above zero.
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let cumulative = weights
            .into_iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Self { cumulative }
    }

    #[inline]
    pub fn draw(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let point = random.unit() * total;
        self.cumulative.partition_point(|sum| *sum <= point).min(self.cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_mix_is_the_published_sequence() {
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn xoshiro_is_the_published_sequence() {
        let mut random = Random { state: [1, 2, 3, 4] };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!(expected.map(|_| random.bits()), expected);
    }

    #[test]
    fn distributions_have_their_means() {
        let mut random = Random::new(1, 2);
        let draws = 200_000;
        let mut mean = |draw: &dyn Fn(&mut Random) -> f64| {
            (0..draws).map(|_| draw(&mut random)).sum::<f64>() / f64::from(draws)
        };
        assert!((mean(&|r| r.unit()) - 0.5).abs() < 0.005);
        assert!((mean(&|r| r.exponential()) - 1.0).abs() < 0.015);
        assert!(mean(&|r| r.normal()).abs() < 0.015);
        assert!((mean(&|r| f64::from(r.geometric(6.0))) - 6.0).abs() < 0.1);
        // The mean of a log-normal is median × exp(σ²/2).
        assert!((mean(&|r| r.log_normal(100.0, 0.5)) - 100.0 * libm::exp(0.125)).abs() < 1.0);
    }

    #[test]
    fn choice_never_draws_a_weight_of_zero() {
        let mut random = Random::new(3, 0);
        let choice = WeightedChoice::new([0.0, 3.0, 0.0, 1.0, 0.0]);
        let mut counts = [0; 5];
        for _ in 0..40_000 {
            counts[choice.draw(&mut random)] += 1;
        }
        assert_eq!([counts[0], counts[2], counts[4]], [0; 3]);
        assert!((f64::from(counts[1]) / f64::from(counts[3]) - 3.0).abs() < 0.2);
    }

    #[test]
    fn streams_differ() {
        assert_ne!(Random::new(1, 0).bits(), Random::new(1, 1).bits());
        assert_ne!(Random::new(1, 0).bits(), Random::new(2, 0).bits());
    }
}
