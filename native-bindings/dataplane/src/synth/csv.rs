//! A demand curve from `timestamp,value` lines with a constant step. Out: the series, or every bad line with its cure.

use std::time::Duration;

use super::civil_time::{format_instant, parse_instant};
use crate::time::Timestamp;

/// Faults named before the rest is summed up.
const MAX_FAULTS: usize = 10;
/// Ten years of minutes.
const MAX_ROWS: usize = 5_300_000;

/// The unit of timestamps that are plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    Seconds,
    Milliseconds,
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub start: Timestamp,
    pub step: Duration,
    pub values: Vec<f64>,
}

/// Reads a header line and `timestamp,value` lines; timestamps are ISO 8601 or epoch numbers. On failure: one
/// message for each bad line.
pub fn read(text: &str, unit: EpochUnit) -> Result<Rows, Vec<String>> {
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
    let header = lines.next().map_or("", |(_, line)| line.trim());
    if !header.eq_ignore_ascii_case("timestamp,value") {
        return Err(vec![format!(
            "line 1: \"{header}\" is not the header line: make it \"timestamp,value\""
        )]);
    }
    let mut reader = Reader::default();
    for (index, line) in lines {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if reader.values.len() == MAX_ROWS {
            reader
                .faults
                .push(format!("line {}: more than {MAX_ROWS} rows: aggregate to a longer step", index + 1));
            break;
        }
        if let Err(message) = reader.row(line, unit) {
            reader.faults.push(format!("line {}: {message}", index + 1));
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    start_nanos: u64,
    previous_nanos: u64,
    step_nanos: u64,
    values: Vec<f64>,
    faults: Vec<String>,
}

impl Reader {
    fn row(&mut self, line: &str, unit: EpochUnit) -> Result<(), String> {
        let (timestamp, value) = line
            .split_once(',')
            .filter(|(_, value)| !value.contains(','))
            .ok_or_else(|| format!("\"{line}\" has not two fields: write timestamp,value"))?;
        let nanos = parse_timestamp(timestamp.trim(), unit).inspect_err(|_| {
            // Taken for the row that was due, so that one bad time is one fault.
            self.previous_nanos += self.step_nanos;
            self.values.push(0.0);
        })?;
        // Place in the series is settled before the value, so that one bad value is one fault.
        let place = self.place(nanos);
        let value: f64 = match value.trim().parse() {
            Ok(value) if f64::is_finite(value) && value >= 0.0 => value,
            _ => {
                let value = value.trim();
                self.values.push(0.0);
                return Err(format!("value \"{value}\" is not a number >= 0: fill or remove the step"));
            }
        };
        self.values.push(value);
        place
    }

    fn place(&mut self, nanos: u64) -> Result<(), String> {
        let previous = std::mem::replace(&mut self.previous_nanos, nanos);
        match self.values.len() {
            0 => self.start_nanos = nanos,
            1 => {
                self.step_nanos = nanos.saturating_sub(previous);
                if self.step_nanos == 0 {
                    return Err(
                        "not later than the line before: sort the lines by time, one a step".to_owned()
                    );
                }
            }
            _ if nanos.saturating_sub(previous) != self.step_nanos => {
                let expected = format_instant(Timestamp::from_nanos(previous + self.step_nanos));
                return Err(format!(
                    "the step is not constant: {expected} expected ({} after the line before): fill or resample",
                    seconds_text(self.step_nanos)
                ));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Rows, Vec<String>> {
        if self.faults.is_empty() && self.values.len() < 2 {
            self.faults.push(format!("{} rows: two are the least that make a step", self.values.len()));
        }
        if self.faults.is_empty() {
            return Ok(Rows {
                start: Timestamp::from_nanos(self.start_nanos),
                step: Duration::from_nanos(self.step_nanos),
                values: self.values,
            });
        }
        let more = self.faults.len().saturating_sub(MAX_FAULTS);
        self.faults.truncate(MAX_FAULTS);
        if more > 0 {
            self.faults.push(format!("and {more} more lines like these"));
        }
        Err(self.faults)
    }
}

fn parse_timestamp(text: &str, unit: EpochUnit) -> Result<u64, String> {
    let cure = "write ISO 8601 (2026-03-02T08:30:00Z) or an epoch number";
    let Ok(number) = text.parse::<f64>() else {
        let instant = parse_instant(text).ok_or_else(|| format!("\"{text}\" is not a time: {cure}"))?;
        return Ok(instant.as_nanos());
    };
    let (nanos_per_unit, other) = match unit {
        EpochUnit::Seconds => (1e9, "ms"),
        EpochUnit::Milliseconds => (1e6, "s"),
    };
    let nanos = number * nanos_per_unit;
    if !(0.0..=f64::from(u32::MAX) * 1e9).contains(&nanos) {
        return Err(format!(
            "{text} is not between 1970 and 2106: {cure}, or set \"epochUnit\": \"{other}\""
        ));
    }
    // Whole milliseconds: a float of this size is not exact to the nanosecond.
    Ok((nanos / 1e6).round() as u64 * 1_000_000)
}

fn seconds_text(nanos: u64) -> String {
    format!("{} s", nanos as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        read(text, EpochUnit::Seconds).unwrap_err().join("\n")
    }

    #[test]
    fn reads_iso_and_epoch_alike() {
        let rows = Rows {
            start: Timestamp::from_nanos(1_396_310_400_000_000_000),
            step: Duration::from_secs(300),
            values: vec![1.0, 2.5, 0.0],
        };
        let iso = "\u{feff}timestamp,value\r\n2014-04-01 00:00:00,1\r\n2014-04-01 00:05:00,2.5\r\n2014-04-01 00:10:00,0\r\n\r\n";
        assert_eq!(read(iso, EpochUnit::Seconds), Ok(rows.clone()));
        let seconds = "timestamp,value\n1396310400,1\n1396310700,2.5\n1396311000,0";
        assert_eq!(read(seconds, EpochUnit::Seconds), Ok(rows.clone()));
        let millis = "timestamp,value\n1396310400000,1\n1396310700000,2.5\n1396311000000,0";
        assert_eq!(read(millis, EpochUnit::Milliseconds), Ok(rows));
        assert!(faults(millis).contains("line 2: 1396310400000 is not between 1970 and 2106"));
        assert!(faults(millis).contains("\"epochUnit\": \"ms\""));
    }

    #[test]
    fn names_every_bad_line_and_its_cure() {
        let found = faults("timestamp,value\n0,1\n60,x\n120,-1\nnoon,4\n240,5\n360,6\n420,7,8\n");
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!(lines.len(), 5, "{found}");
        assert!(lines[0].starts_with("line 3: value \"x\" is not a number"));
        assert!(lines[1].starts_with("line 4: value \"-1\""));
        assert!(lines[2].starts_with("line 5: \"noon\" is not a time"));
        assert!(lines[3].starts_with("line 7: the step is not constant: 1970-01-01T00:05:00Z expected"));
        assert!(lines[4].starts_with("line 8: \"420,7,8\" has not two fields"));
    }

    #[test]
    fn sums_up_long_lists() {
        let text = format!("timestamp,value\n{}", "0,x\n".repeat(50));
        assert!(faults(&text).ends_with("and 40 more lines like these"));
    }

    #[test]
    fn wants_a_header_and_two_rows() {
        assert!(faults("0,1\n60,2\n").starts_with("line 1: \"0,1\" is not the header line"));
        assert!(faults("").starts_with("line 1"));
        assert!(faults("timestamp,value\n0,1\n").contains("two are the least"));
        assert!(faults("timestamp,value\n0,1\n0,2\n").contains("line 3: not later"));
    }
}
