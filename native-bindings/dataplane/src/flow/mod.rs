//! TCP segments in, the in-order bytes of HTTP connections out, to `http`.

use crate::account::FrameReason;
use crate::counter::Counters;
use crate::exchange::Sink;
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::wire::Segment;

/// The table of connections.
pub struct Flow {
    counters: Counters,
}

impl Flow {
    pub fn new(_limits: Limits) -> Self {
        Self { counters: Counters::default() }
    }

    pub fn feed<S: Sink>(
        &mut self,
        _segment: &Segment<'_>,
        _at: Timestamp,
        _now: Timestamp,
        _sink: &mut S,
    ) -> FrameReason {
        FrameReason::Undecided
    }

    pub fn advance<S: Sink>(&mut self, _now: Timestamp, _sink: &mut S) {}

    pub fn finish<S: Sink>(&mut self, _now: Timestamp, _sink: &mut S) {}

    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}
