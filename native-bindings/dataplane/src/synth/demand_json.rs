//! From the `demand` of a client's JSON to a [`Demand`].

use std::path::Path;
use std::time::Duration;

use super::csv::{self, EpochUnit};
use super::demand::{Demand, FlashCrowd, Interpolation, Series, Shape};
use super::json_reader::{ObjectReader, set};

const MAX_REQUESTS_PER_SECOND: f64 = 1e6;

/// How a client's series lies in time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// At its own timestamps (shapes count as such).
    Absolute,
    /// Its first row at the start of the capture.
    Start,
}

/// The demand of a client; series are looked for in `folder`. `None` if faults were found that leave none.
pub fn read_demand(object: &mut ObjectReader<'_>, folder: &Path) -> Option<(Demand, Alignment)> {
    if object.value("demand").is_none() {
        object.fault("demand", "is missing: { \"shape\": … } or { \"csv\": path }");
        return None;
    }
    let mut demand = object.object("demand")?;
    if let Some(file) = demand.text("csv") {
        let series = read_series(&mut demand, file, folder);
        demand.finish();
        return series;
    }
    let Some(shape) = demand.object("shape") else {
        if demand.value("shape").is_none() {
            demand.fault("shape", "is missing (or \"csv\")");
        }
        demand.finish();
        return None;
    };
    demand.finish();
    Some((Demand::Shape(read_shape(shape)), Alignment::Absolute))
}

fn read_shape(mut object: ObjectReader<'_>) -> Shape {
    let mut shape = Shape::default();
    if object.value("mean").is_none() {
        object.fault("mean", "is missing: requests per second");
    }
    set(&mut shape.mean_requests_per_second, object.number("mean", 0.0..=MAX_REQUESTS_PER_SECOND));
    if let Some(mut daily) = object.object("daily") {
        set(&mut shape.daily_amplitude_ratio, daily.ratio("amplitudeRatio"));
        set(&mut shape.peak_hour, daily.number("peakHour", 0.0..=24.0));
        daily.finish();
    }
    set(&mut shape.weekend_factor, object.number("weekendFactor", 0.0..=1_000.0));
    set(&mut shape.growth_per_day_ratio, object.number("growthPerDayRatio", -0.99..=10.0));
    set(&mut shape.noise_ratio, object.ratio("noiseRatio"));
    for (path, value) in object.list("flashCrowds") {
        let Some(mut crowd) = ObjectReader::new(&path, value, object.faults()) else { continue };
        if crowd.value("start").is_none() {
            crowd.fault("start", "is missing: the time after the start of the capture, such as \"1d14h\"");
        }
        shape.flash_crowds.push(FlashCrowd {
            start: crowd.duration("start").unwrap_or_default(),
            ramp: crowd.duration("ramp").unwrap_or(Duration::from_secs(600)),
            hold: crowd.duration("hold").unwrap_or(Duration::from_secs(1_800)),
            decay: crowd.duration("decay").unwrap_or(Duration::from_secs(2_700)),
            factor: crowd.number("factor", 0.0..=10_000.0).unwrap_or(5.0),
        });
        crowd.finish();
    }
    object.finish();
    shape
}

fn read_series(demand: &mut ObjectReader<'_>, file: &str, folder: &Path) -> Option<(Demand, Alignment)> {
    let mut choose = |key: &'static str, first: &'static str, second: &'static str| {
        let text = demand.text(key).unwrap_or(first);
        if text != first && text != second {
            demand.fault(key, format!("\"{text}\" is neither \"{first}\" nor \"{second}\""));
        }
        text == second
    };
    let interpolation =
        if choose("interpolation", "step", "linear") { Interpolation::Linear } else { Interpolation::Step };
    let unit = if choose("epochUnit", "s", "ms") { EpochUnit::Milliseconds } else { EpochUnit::Seconds };
    let alignment = if choose("align", "absolute", "start") { Alignment::Start } else { Alignment::Absolute };
    let scale = demand.number("scale", 0.0..=1e9).unwrap_or(1.0);
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .map_err(|cause| demand.fault("csv", format!("{}: {cause}", path.display())));
    match csv::read(&text.ok()?, unit) {
        Ok(rows) => {
            let series = Series {
                start: rows.start,
                step: rows.step,
                requests_per_step: rows.values.into(),
                interpolation,
                scale,
            };
            Some((Demand::Series(series), alignment))
        }
        Err(messages) => {
            messages.iter().for_each(|message| demand.fault("csv", format!("{file} {message}")));
            None
        }
    }
}
