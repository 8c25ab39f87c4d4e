//! When a client's requests (or sessions) begin: a nonhomogeneous Poisson process over a demand curve.

use super::demand::{RateCurve, SLOT};
use super::random::Random;

/// Arrival times by inversion of the cumulative rate: unit-exponential gaps, mapped through the integral of the rate
/// (E. Çinlar, "Introduction to Stochastic Processes", 1975, § 4.7; Lewis and Shedler, 1979, § 1.2). Exact for
/// a rate that is constant within a slot.
#[derive(Clone, Debug)]
pub struct Arrivals {
    curve: RateCurve,
    random: Random,
    duration_seconds: f64,
    requests_per_arrival: f64,
    slot: u64,
    slot_rate: f64,
    /// Where in the slot the last arrival was.
    position_seconds: f64,
    expected_requests: f64,
}

impl Arrivals {
    /// The curve counts requests; an arrival stands for `requests_per_arrival` of them on average.
    pub fn new(
        mut curve: RateCurve,
        random: Random,
        duration_seconds: f64,
        requests_per_arrival: f64,
    ) -> Self {
        let slot_rate = curve.slot_rate(0);
        let mut arrivals = Self {
            curve,
            random,
            duration_seconds,
            requests_per_arrival,
            slot: 0,
            slot_rate,
            position_seconds: 0.0,
            expected_requests: 0.0,
        };
        arrivals.expected_requests = slot_rate * arrivals.slot_seconds();
        arrivals
    }

    /// Requests that the curve promises, summed over the slots reached so far.
    pub fn expected_requests(&self) -> f64 {
        self.expected_requests
    }

    /// The next arrival in nanoseconds after the capture's start; `None` once the duration is over.
    pub fn next_offset_nanos(&mut self) -> Option<u64> {
        let mut mass = self.random.exponential();
        loop {
            let slot_seconds = self.slot_seconds();
            let rate = self.slot_rate / self.requests_per_arrival;
            let available = rate * (slot_seconds - self.position_seconds);
            if mass < available {
                self.position_seconds += mass / rate;
                let slot_start_nanos = self.slot * SLOT.as_nanos() as u64;
                return Some(slot_start_nanos + (self.position_seconds * 1e9) as u64);
            }
            mass -= available.max(0.0);
            let next_start_seconds = (self.slot + 1) as f64 * SLOT.as_secs_f64();
            if next_start_seconds >= self.duration_seconds {
                self.position_seconds = slot_seconds;
                return None;
            }
            self.slot += 1;
            self.position_seconds = 0.0;
            self.slot_rate = self.curve.slot_rate(self.slot);
            self.expected_requests += self.slot_rate * self.slot_seconds();
        }
    }

    /// Seconds of the current slot that lie within the duration.
    fn slot_seconds(&self) -> f64 {
        let slot_start_seconds = self.slot as f64 * SLOT.as_secs_f64();
        SLOT.as_secs_f64().min(self.duration_seconds - slot_start_seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::synth::demand::{Demand, FlashCrowd, Shape};
    use crate::time::Timestamp;

    fn arrivals(shape: Shape, seconds: f64, per_arrival: f64) -> Arrivals {
        let curve = RateCurve::new(Demand::Shape(shape), Timestamp::default(), Random::new(5, 0));
        Arrivals::new(curve, Random::new(5, 1), seconds, per_arrival)
    }

    #[test]
    fn counts_follow_the_curve_within_poisson_bounds() {
        let crowd = FlashCrowd {
            start: Duration::from_secs(3_600),
            ramp: Duration::ZERO,
            hold: Duration::from_secs(3_600),
            decay: Duration::ZERO,
            factor: 4.0,
        };
        let shape = Shape { mean_requests_per_second: 3.0, flash_crowds: vec![crowd], ..Shape::default() };
        let mut process = arrivals(shape, 10_800.0, 1.0);
        let mut counts = [0u32; 3];
        let mut previous = 0;
        while let Some(at) = process.next_offset_nanos() {
            assert!(at >= previous);
            previous = at;
            counts[(at / 3_600_000_000_000) as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([10_800.0, 43_200.0, 10_800.0f64]) {
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt(), "{count} for {expected}");
        }
        assert!((process.expected_requests() - 64_800.0).abs() < 1e-6);
        assert_eq!(process.next_offset_nanos(), None);
    }

    #[test]
    fn gaps_are_exponential() {
        let mut process =
            arrivals(Shape { mean_requests_per_second: 20.0, ..Shape::default() }, 10_000.0, 1.0);
        let times: Vec<u64> = std::iter::from_fn(|| process.next_offset_nanos()).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // For an exponential, standard deviation = mean.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn arrivals_thin_out_when_each_brings_several_requests() {
        let mut process = arrivals(Shape::default(), 20_000.5, 5.0);
        let count = std::iter::from_fn(|| process.next_offset_nanos()).count() as f64;
        assert!((count - 4_000.0).abs() < 5.0 * 4_000f64.sqrt());
        assert!((process.expected_requests() - 20_000.5).abs() < 1e-6);
    }

    #[test]
    fn no_demand_is_no_arrival() {
        let mut process = arrivals(Shape { mean_requests_per_second: 0.0, ..Shape::default() }, 100.0, 1.0);
        assert_eq!(process.next_offset_nanos(), None);
    }
}
