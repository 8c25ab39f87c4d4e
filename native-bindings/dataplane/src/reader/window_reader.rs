use super::frame_pump::{BatchLimit, FramePump};
use super::input::{Input, OpenError};
use super::progress::{Fault, Progress, Statistics};
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::window::{Closed, WindowAggregator, WindowOptions, write_step_json, write_window_json};

/// How to read windows.
#[derive(Clone, Debug, Default)]
pub struct WindowReaderOptions {
    pub window: WindowOptions,
    pub limits: Limits,
}

/// Windows and steps of one batch at most: what a host makes of them stays small.
const MAX_CLOSED_PER_BATCH: usize = 4_096;

/// What became known by one batch of frames.
#[derive(Clone, Debug, Default)]
pub struct WindowBatch {
    /// A JSON array of `ClientWindow` objects. All windows of a step come before or with the step.
    pub windows: String,
    /// A JSON array of `ClosedStep` objects.
    pub closed_steps: String,
    pub faults: Vec<Fault>,
    pub progress: Progress,
    /// Nothing follows.
    pub is_done: bool,
}

/// Reads inputs into windows.
pub struct WindowReader {
    pump: FramePump<WindowAggregator>,
    has_finished: bool,
    step_ms: u64,
}

impl WindowReader {
    /// Fails on wrong usage only; inputs that cannot be read are faults of the first batch.
    pub fn open(inputs: &[Input], options: WindowReaderOptions) -> Result<Self, OpenError> {
        let aggregator = WindowAggregator::new(options.window)?;
        let step_ms = aggregator.step().as_millis() as u64;
        Ok(Self { pump: FramePump::open(inputs, options.limits, aggregator)?, has_finished: false, step_ms })
    }

    /// The next batch; empty once it was [done](WindowBatch::is_done).
    pub fn next_batch(&mut self, limit: BatchLimit, idle_now: impl FnOnce() -> Timestamp) -> WindowBatch {
        let has_backlog = |aggregator: &WindowAggregator| aggregator.closed_count() >= MAX_CLOSED_PER_BATCH;
        if !has_backlog(self.pump.engine.sink()) {
            self.pump.feed(limit, has_backlog, idle_now);
        }
        if self.pump.is_over() && !self.has_finished {
            self.has_finished = true;
            self.pump.engine.sink_mut().finish();
        }
        let mut batch =
            WindowBatch { windows: "[".to_owned(), closed_steps: "[".to_owned(), ..Default::default() };
        let step_ms = self.step_ms;
        self.pump.engine.sink_mut().drain_closed(MAX_CLOSED_PER_BATCH, |names, closed| match closed {
            Closed::Window(window) => {
                separate(&mut batch.windows);
                write_window_json(window, names, step_ms, &mut batch.windows);
            }
            Closed::Step(step) => {
                separate(&mut batch.closed_steps);
                write_step_json(step, step_ms, &mut batch.closed_steps);
            }
        });
        batch.windows.push(']');
        batch.closed_steps.push(']');
        batch.faults = self.pump.take_faults();
        batch.progress = self.pump.progress();
        batch.is_done = self.has_finished && self.pump.engine.sink().closed_count() == 0;
        batch
    }

    pub fn statistics(&self) -> Statistics {
        let engine = &self.pump.engine;
        let counters = engine.counters().named().chain(engine.sink().counters().named()).collect();
        Statistics { account: engine.account().clone(), counters }
    }
}

fn separate(array: &mut String) {
    if array.len() > 1 {
        array.push(',');
    }
}
