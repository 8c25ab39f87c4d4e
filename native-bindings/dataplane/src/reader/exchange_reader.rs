use super::frame_pump::{BatchLimit, FramePump};
use super::input::{Input, OpenError};
use super::progress::{Fault, Progress, Statistics};
use crate::limits::Limits;
use crate::row::{RowFormat, RowSink};
use crate::time::Timestamp;

/// Rows that became ready by one batch of frames.
#[derive(Clone, Debug, Default)]
pub struct ExchangeBatch {
    /// Whole rows; the very first ones begin with the header line where the format has one.
    pub rows: Vec<u8>,
    pub faults: Vec<Fault>,
    pub progress: Progress,
    /// Nothing follows.
    pub is_done: bool,
}

/// Reads inputs into one row an exchange, in order of request time.
pub struct ExchangeReader {
    pump: FramePump<RowSink>,
    has_finished: bool,
}

impl ExchangeReader {
    /// Fails on wrong usage only; inputs that cannot be read are faults of the first batch.
    pub fn open(inputs: &[Input], format: RowFormat, limits: Limits) -> Result<Self, OpenError> {
        Ok(Self { pump: FramePump::open(inputs, limits, RowSink::new(format))?, has_finished: false })
    }

    /// The next batch, which ends early once it has `target_bytes`; empty once it was [done](ExchangeBatch::is_done).
    pub fn next_batch(
        &mut self,
        target_bytes: usize,
        limit: BatchLimit,
        idle_now: impl FnOnce() -> Timestamp,
    ) -> ExchangeBatch {
        self.pump.feed(limit, |rows| rows.ready_bytes() >= target_bytes, |_| (), idle_now);
        if self.pump.is_over() && !self.has_finished {
            self.has_finished = true;
            self.pump.engine.sink_mut().finish();
        }
        ExchangeBatch {
            rows: self.pump.engine.sink_mut().take(),
            faults: self.pump.take_faults(),
            progress: self.pump.progress(),
            is_done: self.has_finished,
        }
    }

    pub fn statistics(&self) -> Statistics {
        let engine = &self.pump.engine;
        let rows = engine.sink().stats();
        let counters = engine.counters().named().chain([
            ("rows", rows.rows),
            ("late_rows", rows.late_rows),
            ("unfinished_rows", rows.unfinished_rows),
        ]);
        Statistics { account: engine.account().clone(), counters: counters.collect() }
    }
}
