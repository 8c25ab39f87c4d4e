//! The demand curve of one client: from a shape or a series to requests per second, slot by slot. Deterministic but for
//! the shape's noise; says nothing of when a single request comes (see `arrival.rs`).

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use super::random::Random;
use crate::time::Timestamp;

/// Length of the slots on which the rate is constant.
pub const SLOT: Duration = Duration::from_secs(1);
const SECONDS_PER_DAY: f64 = 86_400.0;
/// How long one value of the noise lasts, in slots.
const NOISE_HOLD_SLOTS: u64 = 60;
/// Correlation of the noise from one hold to the next: half of a disturbance is gone after 6.6 minutes.
const NOISE_PERSISTENCE: f64 = 0.9;

/// What one client asks for over time.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    Shape(Shape),
    Series(Series),
}

/// A curve built from parts; all factors multiply the mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Mean over a weekday at the start of the capture, before crowds.
    pub mean_requests_per_second: f64,
    /// Height of the daily cosine, 0–1.
    pub daily_amplitude_ratio: f64,
    /// Hour of the day (UTC) at which the cosine peaks, 0–24.
    pub peak_hour: f64,
    /// Factor on Saturdays and Sundays (UTC).
    pub weekend_factor: f64,
    /// Compound growth: 0.05 is 5 % a day.
    pub growth_per_day_ratio: f64,
    /// Standard deviation of the logarithm of a slow multiplicative noise of mean 1.
    pub noise_ratio: f64,
    pub flash_crowds: Vec<FlashCrowd>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            mean_requests_per_second: 1.0,
            daily_amplitude_ratio: 0.0,
            peak_hour: 12.0,
            weekend_factor: 1.0,
            growth_per_day_ratio: 0.0,
            noise_ratio: 0.0,
            flash_crowds: Vec::new(),
        }
    }
}

/// Demand rises linearly to `factor` times itself, holds, and falls linearly back.
#[derive(Clone, Debug, PartialEq)]
pub struct FlashCrowd {
    /// From the start of the capture.
    pub start: Duration,
    pub ramp: Duration,
    pub hold: Duration,
    pub decay: Duration,
    pub factor: f64,
}

/// A measured curve: requests per step, from `start` on.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub start: Timestamp,
    pub step: Duration,
    pub requests_per_step: Arc<[f64]>,
    pub interpolation: Interpolation,
    /// Factor on every value.
    pub scale: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The rate is constant over a step; a step's expected count is its value.
    Step,
    /// The rate runs straight from the middle of one step to the middle of the next.
    Linear,
}

impl Series {
    /// Requests per second at an offset from the series' start; the first and last value extend outwards.
    fn rate(&self, offset_seconds: f64) -> f64 {
        let step_seconds = self.step.as_secs_f64();
        let last = self.requests_per_step.len() - 1;
        let value = match self.interpolation {
            Interpolation::Step => {
                self.requests_per_step[((offset_seconds / step_seconds) as usize).min(last)]
            }
            Interpolation::Linear => {
                let position = (offset_seconds / step_seconds - 0.5).clamp(0.0, last as f64);
                let (index, fraction) = (position as usize, position - position.floor());
                let next = self.requests_per_step[(index + 1).min(last)];
                self.requests_per_step[index] * (1.0 - fraction) + next * fraction
            }
        };
        value * self.scale / step_seconds
    }

    /// The end of the last step.
    pub fn end(&self) -> Timestamp {
        let nanos = self.step.as_nanos() as u64 * self.requests_per_step.len() as u64;
        Timestamp::from_nanos(self.start.as_nanos().saturating_add(nanos))
    }
}

impl FlashCrowd {
    fn factor_at(&self, offset_seconds: f64) -> f64 {
        let mut since = offset_seconds - self.start.as_secs_f64();
        let (ramp, hold, decay) =
            (self.ramp.as_secs_f64(), self.hold.as_secs_f64(), self.decay.as_secs_f64());
        if since < 0.0 {
            return 1.0;
        }
        if since < ramp {
            return 1.0 + (self.factor - 1.0) * since / ramp;
        }
        since -= ramp;
        if since < hold {
            return self.factor;
        }
        since -= hold;
        if since < decay { 1.0 + (self.factor - 1.0) * (1.0 - since / decay) } else { 1.0 }
    }
}

impl Shape {
    /// Requests per second without the noise.
    fn rate(&self, start_seconds: f64, offset_seconds: f64) -> f64 {
        let absolute = start_seconds + offset_seconds;
        let mut rate = self.mean_requests_per_second;
        if self.daily_amplitude_ratio != 0.0 {
            let day_ratio = (absolute / SECONDS_PER_DAY).fract() - self.peak_hour / 24.0;
            rate *= 1.0 + self.daily_amplitude_ratio * libm::cos(TAU * day_ratio);
        }
        // 1970-01-01 was a Thursday: days 2 and 3 of the cycle are Saturday and Sunday.
        if matches!((absolute / SECONDS_PER_DAY) as u64 % 7, 2 | 3) {
            rate *= self.weekend_factor;
        }
        if self.growth_per_day_ratio != 0.0 {
            rate *= libm::exp(libm::log1p(self.growth_per_day_ratio) * offset_seconds / SECONDS_PER_DAY);
        }
        self.flash_crowds.iter().fold(rate, |rate, crowd| rate * crowd.factor_at(offset_seconds))
    }
}

/// A demand curve laid over the capture's slots.
#[derive(Clone, Debug)]
pub struct RateCurve {
    demand: Demand,
    start: Timestamp,
    noise: Random,
    noise_state: f64,
    noise_factor: f64,
}

impl RateCurve {
    pub fn new(demand: Demand, start: Timestamp, mut noise: Random) -> Self {
        let noise_state = noise.normal();
        Self { demand, start, noise, noise_state, noise_factor: 1.0 }
    }

    /// Mean requests per second over a slot, slot 0 beginning at the capture's start. Slots have to be asked for
    /// once each, in order: the noise moves on.
    pub fn slot_rate(&mut self, slot: u64) -> f64 {
        let middle_seconds = (slot as f64 + 0.5) * SLOT.as_secs_f64();
        let start_nanos = self.start.as_nanos();
        match &self.demand {
            Demand::Series(series) => {
                let shift_seconds = (start_nanos as f64 - series.start.as_nanos() as f64) / 1e9;
                series.rate((shift_seconds + middle_seconds).max(0.0))
            }
            Demand::Shape(shape) => {
                if shape.noise_ratio > 0.0 && slot.is_multiple_of(NOISE_HOLD_SLOTS) {
                    let fresh = (1.0 - NOISE_PERSISTENCE * NOISE_PERSISTENCE).sqrt();
                    self.noise_state = NOISE_PERSISTENCE * self.noise_state + fresh * self.noise.normal();
                    let sigma = shape.noise_ratio;
                    // Minus σ²/2: the mean of the log-normal is then 1.
                    self.noise_factor = libm::exp(sigma * self.noise_state - sigma * sigma / 2.0);
                }
                shape.rate(start_nanos as f64 / 1e9, middle_seconds) * self.noise_factor
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2026-03-02T00:00:00Z.
    const MONDAY: Timestamp = Timestamp::from_nanos(1_772_409_600_000_000_000);

    fn rates(demand: Demand, slots: u64) -> Vec<f64> {
        let mut curve = RateCurve::new(demand, MONDAY, Random::new(1, 1));
        (0..slots).map(|slot| curve.slot_rate(slot)).collect()
    }

    #[test]
    fn a_day_peaks_at_its_hour_and_keeps_its_mean() {
        let shape = Shape {
            mean_requests_per_second: 2.0,
            daily_amplitude_ratio: 0.5,
            peak_hour: 14.0,
            ..Shape::default()
        };
        let rates = rates(Demand::Shape(shape), 86_400);
        assert!((rates[14 * 3_600] - 3.0).abs() < 1e-6);
        assert!((rates[2 * 3_600] - 1.0).abs() < 1e-6);
        assert!((rates.iter().sum::<f64>() / 86_400.0 - 2.0).abs() < 1e-6);
    }

    #[test]
    fn weekends_and_growth_multiply() {
        let shape = Shape { weekend_factor: 0.5, growth_per_day_ratio: 0.1, ..Shape::default() };
        let day = 86_400;
        let rates = rates(Demand::Shape(shape), 7 * day + 1);
        assert!((rates[day as usize] - 1.1).abs() < 1e-4, "Tuesday");
        assert!((rates[5 * day as usize] - 0.5 * 1.1f64.powi(5)).abs() < 1e-4, "Saturday");
        assert!((rates[7 * day as usize] - 1.1f64.powi(7)).abs() < 1e-4, "Monday");
    }

    #[test]
    fn a_crowd_ramps_holds_and_leaves() {
        let crowd = FlashCrowd {
            start: Duration::from_secs(100),
            ramp: Duration::from_secs(10),
            hold: Duration::from_secs(20),
            decay: Duration::from_secs(40),
            factor: 5.0,
        };
        let factors = [99.0, 100.0, 105.0, 110.0, 129.0, 150.0, 170.0].map(|at| crowd.factor_at(at));
        assert_eq!(factors, [1.0, 1.0, 3.0, 5.0, 5.0, 3.0, 1.0]);
    }

    #[test]
    fn noise_has_mean_one_and_is_slow() {
        let shape = Shape { noise_ratio: 0.3, ..Shape::default() };
        let rates = rates(Demand::Shape(shape), 200 * 3_600);
        assert!((rates.iter().sum::<f64>() / rates.len() as f64 - 1.0).abs() < 0.05);
        assert_eq!(rates[0], rates[59]);
        assert_ne!(rates[59], rates[60]);
    }

    #[test]
    fn a_series_keeps_its_counts_by_step_and_runs_straight_by_line() {
        let mut series = Series {
            start: MONDAY,
            step: Duration::from_secs(10),
            requests_per_step: Arc::from([10.0, 30.0, 20.0]),
            interpolation: Interpolation::Step,
            scale: 2.0,
        };
        let steps = rates(Demand::Series(series.clone()), 30);
        assert_eq!([steps[0], steps[9], steps[10], steps[29]], [2.0, 2.0, 6.0, 4.0]);
        assert_eq!(steps[10..20].iter().sum::<f64>(), 60.0);
        series.interpolation = Interpolation::Linear;
        let line = rates(Demand::Series(series.clone()), 30);
        assert_eq!([line[0], line[29]], [2.0, 4.0]);
        assert!((line[9] - 3.8).abs() < 1e-9 && (line[10] - 4.2).abs() < 1e-9);
        assert_eq!(series.end().as_nanos() - MONDAY.as_nanos(), 30_000_000_000);
    }
}
