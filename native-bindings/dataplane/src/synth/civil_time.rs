//! Civil dates and durations as people write them, to and from integer time. Proleptic Gregorian calendar, UTC.

use std::time::Duration;

use crate::time::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01 of a civil date (H. Hinnant, "chrono-compatible low-level date algorithms", 2013).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month (1–12) and day (1–31) of a number of days since 1970-01-01 (same source).
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// Reads `2026-03-02`, `2026-03-02T08:30`, `2026-03-02 08:30:00.25Z` or `…+02:00` (ISO 8601). No zone means UTC.
/// `None` if it is not that, or not between 1970 and the end of [`Timestamp`].
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let mut fields = date.split('-');
    let (year, month, day) =
        (digits(fields.next()?, 4)?, digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    if fields.next().is_some() || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let (second_of_day, nanos, offset) = match rest.strip_prefix(['T', 't', ' ']) {
        None if rest.is_empty() => (0, 0, 0),
        None => return None,
        Some(clock) => parse_clock(clock)?,
    };
    let seconds = u64::try_from(days * SECONDS_PER_DAY + second_of_day - offset).ok()?;
    Some(Timestamp::from_nanos(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// `08:30[:00[.25]][Z|±hh[:]mm]` as second of the day, nanoseconds and offset from UTC in seconds.
fn parse_clock(text: &str) -> Option<(i64, u64, i64)> {
    let zone_at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone_at);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut fields = clock.split(':');
    let hour = digits(fields.next()?, 2)?;
    let minute = digits(fields.next()?, 2)?;
    let second = fields.next().map_or(Some(0), |text| digits(text, 2))?;
    if fields.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    let offset = match zone.as_bytes() {
        [] | [b'Z' | b'z'] => 0,
        [sign, ..] => {
            let compact = zone[1..].replace(':', "");
            let (hours, minutes) = compact.split_at_checked(2)?;
            let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
            let seconds = digits(hours, 2)? * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
    };
    Some((hour * 3_600 + minute * 60 + second, nanos, offset))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Reads `250us`, `20ms`, `30s`, `5m`, `4d13h30m`: whole or decimal numbers with the units d, h, m, s, ms, us, ns,
/// largest first. `None` if it is not that or exceeds 100 years.
pub fn parse_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 7] =
        [("d", 86_400e9), ("h", 3_600e9), ("m", 60e9), ("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1.0)];
    const MAX_NANOS: f64 = 100.0 * 366.0 * 86_400e9;
    let mut rest = text.trim();
    let mut smallest_unit = None;
    let mut nanos = 0.0;
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let index = UNITS.iter().position(|(name, _)| *name == unit)?;
        if smallest_unit.is_some_and(|smallest| index <= smallest) {
            return None;
        }
        smallest_unit = Some(index);
        nanos += number.parse::<f64>().ok()? * UNITS[index].1;
        rest = after;
    }
    (smallest_unit.is_some() && nanos <= MAX_NANOS).then(|| Duration::from_nanos(nanos.round() as u64))
}

/// Writes `2026-03-02T08:30:00Z`, dropping what is below a second.
pub fn format_instant(instant: Timestamp) -> String {
    let seconds = (instant.as_nanos() / 1_000_000_000) as i64;
    let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY);
    let (hour, minute, second) = clock_of(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes the IMF-fixdate of RFC 9110 § 5.6.7: `Mon, 02 Mar 2026 08:30:00 GMT`.
pub fn format_http_date(seconds: u64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = seconds as i64;
    let days = seconds / SECONDS_PER_DAY;
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = clock_of(seconds);
    let (weekday, month) = (WEEKDAYS[(days % 7) as usize], MONTHS[(month - 1) as usize]);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

const fn clock_of(seconds: i64) -> (i64, i64, i64) {
    (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        parse_instant(text).map(|instant| (instant.as_nanos() / 1_000_000) as f64 / 1e3)
    }

    #[test]
    fn reads_the_iso_8601_forms_that_exports_use() {
        assert_eq!(seconds("1970-01-01"), Some(0.0));
        assert_eq!(seconds("2014-04-01 00:00:00"), Some(1_396_310_400.0));
        assert_eq!(seconds("2026-03-02T08:30Z"), Some(1_772_440_200.0));
        assert_eq!(seconds("2026-03-02T10:30:00.250+02:00"), Some(1_772_440_200.25));
        assert_eq!(seconds("2024-02-29T00:00:00-0130"), Some(1_709_170_200.0));
    }

    #[test]
    fn rejects_dates_that_do_not_exist() {
        for text in [
            "2023-02-29",
            "2026-13-01",
            "2026-03-02T24:00",
            "2026-3-2",
            "1969-12-31",
            "yesterday",
            "",
            "2026-03-02X",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn reads_durations_in_falling_units_only() {
        assert_eq!(parse_duration("4d13h30m"), Some(Duration::from_secs(4 * 86_400 + 13 * 3_600 + 1_800)));
        assert_eq!(parse_duration("1.5ms"), Some(Duration::from_micros(1_500)));
        assert_eq!(parse_duration("0"), Some(Duration::ZERO));
        for text in ["", "5", "5m4h", "5 m", "-5s", "5w", "5m5m", "40000d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["2026-03-02T08:30:09Z", "2000-02-29T23:59:59Z", "2100-03-01T00:00:00Z"] {
            assert_eq!(parse_instant(text).map(format_instant).as_deref(), Some(text));
        }
        assert_eq!(format_http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
