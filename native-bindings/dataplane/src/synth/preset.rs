//! Specs by name: one cast of eight clients (`cast.json`, an example of the JSON form too), staged four ways. In: a name and
//! `key=value` parameters. Out: a [`SynthSpec`].

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::civil_time::parse_instant;
use super::demand::{Demand, FlashCrowd, Shape};
use super::json_reader::Faults;
use super::spec::{SynthError, SynthSpec};
use super::spec_json;

const CAST: &str = include_str!("cast.json");

/// Several days of growing daily patterns, and on the last day a flash crowd of the first client at 14:00.
pub const DEMO: &str = "demo";
/// Daily patterns that neither grow nor know weekends.
pub const DAILY: &str = "daily";
/// Daily patterns with weekends.
pub const WEEKLY: &str = "weekly";
/// Daily patterns, and on the last day a flash crowd of every second client, 20 minutes apart.
pub const FLASH_CROWD: &str = "flash-crowd";
/// Every preset.
pub const NAMES: [&str; 4] = [DEMO, DAILY, WEEKLY, FLASH_CROWD];

const MAX_DAYS: f64 = 3_660.0;
/// Clients beyond the cast repeat it at other addresses, up to here.
const MAX_PRESET_CLIENTS: usize = 2_000;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Builds a preset; `parameters` are `days`, `clients`, `seed`, `rate` (a factor on every demand) and `start`, joined by `&`.
pub fn build(name: &str, parameters: &str) -> Result<SynthSpec, SynthError> {
    let mut spec = spec_json::read(CAST_NAME, CAST, Path::new("."))?;
    let parameters = Parameters::read(name, parameters)?;
    let default_days = match name {
        WEEKLY => 14.0,
        DAILY => 3.0,
        FLASH_CROWD => 2.0,
        _ => 5.0,
    };
    let days = parameters.days.unwrap_or(default_days);
    spec.duration = Duration::from_secs_f64(days * SECONDS_PER_DAY);
    spec.seed = parameters.seed.unwrap_or(spec.seed);
    spec.start = parameters.start.unwrap_or(spec.start);
    cast_clients(&mut spec, parameters.clients);
    for (index, client) in spec.clients.iter_mut().enumerate() {
        let Demand::Shape(shape) = &mut client.demand else { continue };
        shape.mean_requests_per_second *= parameters.rate;
        stage(name, shape, index, days);
    }
    Ok(spec)
}

const CAST_NAME: &str = "cast.json";

fn stage(name: &str, shape: &mut Shape, index: usize, days: f64) {
    if name != DEMO {
        shape.growth_per_day_ratio = 0.0;
    }
    if name == DAILY || name == FLASH_CROWD {
        shape.weekend_factor = 1.0;
    }
    let has_crowd = match name {
        DEMO => index == 0,
        FLASH_CROWD => index.is_multiple_of(2),
        _ => false,
    };
    if has_crowd {
        // A crowd at 14:00 of the last day begun; of captures shorter than that, at their middle.
        let last_midnight_seconds = (days.ceil() - 1.0).max(0.0) * SECONDS_PER_DAY;
        let delay_seconds = if name == DEMO { 0.0 } else { (index as f64 / 2.0 * 1_200.0) % 14_400.0 };
        let at_seconds = last_midnight_seconds + 14.0 * 3_600.0 + delay_seconds;
        let length_seconds = days * SECONDS_PER_DAY;
        let start_seconds =
            if at_seconds + 3_600.0 < length_seconds { at_seconds } else { length_seconds / 2.0 };
        shape.flash_crowds.push(FlashCrowd {
            start: Duration::from_secs_f64(start_seconds),
            ramp: Duration::from_secs(900),
            hold: Duration::from_secs(1_800),
            decay: Duration::from_secs(2_700),
            factor: 5.0,
        });
    }
}

/// Takes the first clients of the cast, or repeats it with other names, addresses, peaks and rates.
fn cast_clients(spec: &mut SynthSpec, count: Option<usize>) {
    let cast = spec.clients.clone();
    let count = count.unwrap_or(cast.len());
    spec.clients = (0..count)
        .map(|index| {
            let mut client = cast[index % cast.len()].clone();
            let round = index / cast.len();
            if round > 0 {
                client.name = format!("{}-{}", client.name, round + 1);
                client.address =
                    IpAddr::from([10, 64 + (index >> 16) as u8, (index >> 8) as u8, index as u8]);
                if let Demand::Shape(shape) = &mut client.demand {
                    shape.peak_hour = (shape.peak_hour + 1.7 * round as f64) % 24.0;
                    shape.mean_requests_per_second *= [1.0, 0.6, 1.5][round % 3];
                }
            }
            client
        })
        .collect();
}

struct Parameters {
    days: Option<f64>,
    clients: Option<usize>,
    seed: Option<u64>,
    start: Option<crate::time::Timestamp>,
    rate: f64,
}

impl Parameters {
    fn read(preset: &str, text: &str) -> Result<Self, SynthError> {
        let faults = Faults::default();
        let mut read = Self { days: None, clients: None, seed: None, start: None, rate: 1.0 };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let number = value.parse::<f64>().ok();
            let is_read = match key {
                "days" => {
                    read.days = number.filter(|days| *days > 0.0 && *days <= MAX_DAYS);
                    read.days.is_some()
                }
                "clients" => {
                    read.clients =
                        value.parse().ok().filter(|count| (1..=MAX_PRESET_CLIENTS).contains(count));
                    read.clients.is_some()
                }
                "seed" => {
                    read.seed = value.parse().ok();
                    read.seed.is_some()
                }
                "start" => {
                    read.start = parse_instant(value);
                    read.start.is_some()
                }
                "rate" => {
                    read.rate = number.unwrap_or(-1.0);
                    (0.0..=10_000.0).contains(&read.rate)
                }
                _ => {
                    faults.push(key, "unknown parameter: known are days, clients, seed, start, rate");
                    true
                }
            };
            if !is_read {
                faults.push(
                    key,
                    format!(
                        "\"{value}\" does not fit: days is above 0 and at most {MAX_DAYS}, clients 1 to \
                         {MAX_PRESET_CLIENTS}, seed a whole number, start like 2026-03-02, rate 0 to 10000"
                    ),
                );
            }
        }
        let faults = faults.into_inner();
        if faults.is_empty() {
            return Ok(read);
        }
        Err(SynthError::Invalid { input: format!("preset {preset}"), faults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(spec: &SynthSpec) -> Vec<&Shape> {
        let shapes = spec.clients.iter().filter_map(|client| match &client.demand {
            Demand::Shape(shape) => Some(shape),
            Demand::Series(_) => None,
        });
        shapes.collect()
    }

    #[test]
    fn the_demo_grows_and_ends_in_a_crowd_of_one_client() {
        let spec = SynthSpec::parse("demo").unwrap();
        assert_eq!(
            (spec.duration, spec.applications.len(), spec.clients.len()),
            (Duration::from_secs(432_000), 2, 8)
        );
        assert!(shapes(&spec).iter().all(|shape| shape.growth_per_day_ratio > 0.0));
        let crowds: Vec<usize> = shapes(&spec).iter().map(|shape| shape.flash_crowds.len()).collect();
        assert_eq!(crowds, [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(shapes(&spec)[0].flash_crowds[0].start, Duration::from_secs(4 * 86_400 + 14 * 3_600));
    }

    #[test]
    fn parameters_change_the_cast() {
        let spec = SynthSpec::parse("flash-crowd?days=3&clients=20&seed=7&rate=2&start=2026-06-01").unwrap();
        assert_eq!((spec.duration, spec.clients.len(), spec.seed), (Duration::from_secs(3 * 86_400), 20, 7));
        assert_eq!(spec.clients[8].name, "mobile-2");
        assert_ne!(spec.clients[8].address, spec.clients[0].address);
        assert_eq!(shapes(&spec)[0].mean_requests_per_second, 2.4);
        assert_eq!(shapes(&spec).iter().filter(|shape| !shape.flash_crowds.is_empty()).count(), 10);
    }

    #[test]
    fn a_crowd_lies_within_short_captures() {
        for text in ["demo?days=0.5", "demo?days=1", "demo?days=2.6"] {
            let spec = SynthSpec::parse(text).unwrap();
            assert!(shapes(&spec)[0].flash_crowds[0].start < spec.duration, "{text}");
        }
    }

    #[test]
    fn weeks_keep_their_weekends_and_days_do_not() {
        let weekly = SynthSpec::parse("weekly").unwrap();
        assert!(shapes(&weekly).iter().any(|shape| shape.weekend_factor != 1.0));
        let daily = SynthSpec::parse("daily").unwrap();
        assert!(shapes(&daily).iter().all(|shape| shape.weekend_factor == 1.0));
    }

    #[test]
    fn bad_parameters_are_all_named() {
        let error = SynthSpec::parse("daily?days=-1&clients=x&colour=red").unwrap_err().to_string();
        for text in ["preset daily:", "days: \"-1\"", "clients: \"x\"", "colour: unknown parameter"] {
            assert!(error.contains(text), "{text} not in {error}");
        }
        let error = SynthSpec::parse("hourly").unwrap_err().to_string();
        assert_eq!(
            error,
            "\"hourly\" is neither a preset (demo, daily, weekly, flash-crowd), nor a JSON text, nor a file"
        );
    }
}
