//! Packet time: integer nanoseconds since the Unix epoch. The only clock in this crate.

use std::time::Duration;

/// Nanoseconds since 1970-01-01T00:00:00Z, as the capture says. Range: to the year 2554.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Zero if `earlier` is later: captures of several queues are not strictly ordered.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
