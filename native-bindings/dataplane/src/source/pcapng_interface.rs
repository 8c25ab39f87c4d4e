//! What a pcapng interface description says of the packets that name it: link type, snap length, time scale.

use super::LinkType;
use super::pcapng::Fields;
use crate::time::Timestamp;

const OPTION_END: u16 = 0;
const OPTION_TIME_RESOLUTION: u16 = 9;
const OPTION_TIME_OFFSET: u16 = 14;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
/// if_tsresol where the option is absent: microseconds.
const DEFAULT_RESOLUTION: u8 = 6;
/// The bit of if_tsresol that makes the other seven a power of two.
const BINARY_RESOLUTION: u8 = 0x80;

/// How many nanoseconds a unit of the timestamp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeUnit {
    /// So many nanoseconds: 10⁻⁹ s and coarser powers of ten.
    Nanos(u64),
    /// So many to a nanosecond: finer powers of ten.
    PerNano(u64),
    /// 2⁻ⁿ s.
    BinaryFraction(u8),
}

#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) link_type: LinkType,
    /// 0 means no limit.
    pub(super) snap_length: u32,
    unit: TimeUnit,
    offset_nanos: i128,
}

impl Interface {
    pub(super) fn new(link_type: LinkType, snap_length: u32, options: Fields<'_>) -> Self {
        let mut interface =
            Self { link_type, snap_length, unit: TimeUnit::from_option(DEFAULT_RESOLUTION), offset_nanos: 0 };
        interface.read_options(options);
        interface
    }

    /// Options that are cut short end the list; the interface itself stays usable.
    fn read_options(&mut self, mut options: Fields<'_>) {
        while options.bytes.len() >= 4 {
            let (code, length) = (options.u16_at(0), usize::from(options.u16_at(2)));
            let Some(value) = options.bytes.get(4..4 + length) else { return };
            match (code, value) {
                (OPTION_END, _) => return,
                (OPTION_TIME_RESOLUTION, [resolution, ..]) => self.unit = TimeUnit::from_option(*resolution),
                (OPTION_TIME_OFFSET, value) => {
                    if let Some(seconds) = value.first_chunk::<8>() {
                        let seconds = if options.is_big_endian {
                            i64::from_be_bytes(*seconds)
                        } else {
                            i64::from_le_bytes(*seconds)
                        };
                        self.offset_nanos = i128::from(seconds) * NANOS_PER_SECOND;
                    }
                }
                _ => {}
            }
            let padded = 4 + length.next_multiple_of(4);
            options.bytes = options.bytes.get(padded..).unwrap_or(&[]);
        }
    }

    /// Times outside the range of [`Timestamp`] become its nearest end.
    #[inline]
    pub(super) fn timestamp(&self, units: u64) -> Timestamp {
        if let TimeUnit::Nanos(nanos) = self.unit
            && self.offset_nanos == 0
        {
            return Timestamp(units.saturating_mul(nanos));
        }
        self.scaled_timestamp(units)
    }

    fn scaled_timestamp(&self, units: u64) -> Timestamp {
        let nanos = match self.unit {
            TimeUnit::Nanos(nanos) => i128::from(units) * i128::from(nanos),
            TimeUnit::PerNano(units_per_nano) => i128::from(units / units_per_nano),
            // 64 bits of units and 30 of the factor fit 127; shifting by up to 127 leaves 0.
            TimeUnit::BinaryFraction(power) => (i128::from(units) * NANOS_PER_SECOND) >> power,
        };
        Timestamp((nanos + self.offset_nanos).clamp(0, i128::from(u64::MAX)) as u64)
    }
}

impl TimeUnit {
    fn from_option(resolution: u8) -> Self {
        let power = resolution & !BINARY_RESOLUTION;
        if resolution & BINARY_RESOLUTION != 0 {
            return Self::BinaryFraction(power);
        }
        match u32::from(power) {
            power @ 0..=9 => Self::Nanos(10_u64.pow(9 - power)),
            // Finer than 10⁻²⁸ s, 64 bits of units are less than a nanosecond.
            power => Self::PerNano(10_u64.checked_pow(power - 9).unwrap_or(u64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(options: &[u8], is_big_endian: bool) -> Interface {
        Interface::new(LinkType::ETHERNET, 0, Fields { bytes: options, is_big_endian })
    }

    #[test]
    fn microseconds_are_the_default() {
        assert_eq!(
            interface(&[], false).timestamp(1_700_000_000_123_456),
            Timestamp(1_700_000_000_123_456_000)
        );
    }

    #[test]
    fn reads_powers_of_ten() {
        for (resolution, units, nanos) in [
            (0, 3, 3_000_000_000),
            (3, 1_500, 1_500_000_000),
            (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
            (12, 1_700_000_000_123_456, 1_700_000_000_123),
            (28, 10_000_000_000_000_000_000, 1),
            (127, 1 << 63, 0),
        ] {
            let found = interface(&[9, 0, 1, 0, resolution, 0, 0, 0, 0, 0, 0, 0], false).timestamp(units);
            assert_eq!(found, Timestamp(nanos), "resolution {resolution}");
        }
    }

    #[test]
    fn reads_powers_of_two() {
        for (resolution, units, nanos) in [
            (0x80, 5, 5_000_000_000),
            (0x80 | 10, 1_536, 1_500_000_000),
            (0x80 | 32, 3 << 31, 1_500_000_000),
            (0x80 | 127, u64::MAX, 0),
        ] {
            let found = interface(&[9, 0, 1, 0, resolution, 0, 0, 0], false).timestamp(units);
            assert_eq!(found, Timestamp(nanos), "resolution {resolution}");
        }
    }

    #[test]
    fn adds_the_offset_in_either_byte_order() {
        let little =
            [2, 0, 3, 0, b'l', b'a', b'n', 0, 14, 0, 8, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(interface(&little, false).timestamp(5_000_000), Timestamp(3_000_000_000));
        assert_eq!(interface(&little, false).timestamp(1_000_000), Timestamp(0));
        let big = [0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 10];
        assert_eq!(interface(&big, true).timestamp(1), Timestamp(10_000_001_000));
    }

    #[test]
    fn cut_options_are_ignored() {
        assert_eq!(interface(&[9, 0, 200, 0, 3, 0, 0, 0], false).timestamp(1), Timestamp(1_000));
        assert_eq!(interface(&[9, 0, 1], false).timestamp(1), Timestamp(1_000));
    }

    #[test]
    fn times_beyond_the_range_saturate() {
        assert_eq!(interface(&[], false).timestamp(u64::MAX), Timestamp(u64::MAX));
    }
}
