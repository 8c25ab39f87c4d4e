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
            self.pump.feed(limit, has_backlog, WindowAggregator::begin_input, idle_now);
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::reader::SynthReader;
    use crate::source::ErrorClass;

    const SPEC: &str = "daily?days=1&clients=3&rate=0.2";
    const ALL: BatchLimit = BatchLimit { max_frames: u64::MAX, max_span: Duration::MAX };

    fn read(inputs: &[Input], limit: BatchLimit) -> (Vec<Value>, Vec<Value>, Vec<Fault>, WindowReader) {
        let mut reader = WindowReader::open(inputs, WindowReaderOptions::default()).unwrap();
        let (mut windows, mut steps, mut faults) = (vec![], vec![], vec![]);
        loop {
            let batch = reader.next_batch(limit, || unreachable!("files are never idle"));
            windows.append(&mut serde_json::from_str(&batch.windows).unwrap());
            steps.append(&mut serde_json::from_str(&batch.closed_steps).unwrap());
            faults.extend(batch.faults);
            if batch.is_done {
                return (windows, steps, faults, reader);
            }
        }
    }

    fn sums(windows: &[Value], keys: &[&str]) -> HashMap<String, Vec<u64>> {
        let mut sums = HashMap::<String, Vec<u64>>::new();
        for window in windows {
            let client = window["client"].as_str().unwrap().to_owned();
            let sum = sums.entry(client).or_insert_with(|| vec![0; keys.len()]);
            sum.iter_mut().zip(keys).for_each(|(sum, key)| *sum += window[*key].as_u64().unwrap());
        }
        sums
    }

    #[test]
    fn finds_what_was_generated_client_by_client() {
        let mut synth = SynthReader::open(SPEC).unwrap();
        while !synth.next_chunk(1 << 20).unwrap().is_done {}
        let truth: Value = serde_json::from_str(&synth.truth_json()).unwrap();

        let (windows, steps, faults, reader) = read(&[Input::Synth(SPEC.to_owned())], ALL);
        assert_eq!(faults, []);
        let sums = sums(&windows, &["requests", "requestBytes", "responseBytes", "newConnections"]);
        for client in truth["clients"].as_array().unwrap() {
            let keys = ["requests", "requestBytes", "responseBytes", "connections"];
            let expected: Vec<u64> = keys.iter().map(|key| client[*key].as_u64().unwrap()).collect();
            assert_eq!(sums[client["clientAddress"].as_str().unwrap()], expected, "{client}");
        }
        assert!(steps.len() >= 8640, "a day of ten-second steps: {}", steps.len());
        let statistics = reader.statistics();
        let frames: u64 = statistics.reasons().map(|(_, frames, _)| frames).sum();
        assert_eq!(frames, truth["packets"].as_u64().unwrap());
    }

    #[test]
    fn batches_of_any_size_give_the_same() {
        let input = [Input::Synth("daily?days=0.1&clients=2".to_owned())];
        let (windows, steps, ..) = read(&input, ALL);
        let small = BatchLimit { max_frames: 7, max_span: Duration::from_secs(3) };
        let (small_windows, small_steps, ..) = read(&input, small);
        assert_eq!((windows, steps), (small_windows, small_steps));
    }

    #[test]
    fn wrong_usage_is_refused_and_unreadable_inputs_are_faults() {
        let open =
            |inputs: &[Input]| WindowReader::open(inputs, WindowReaderOptions::default()).err().unwrap();
        let (capture, synth) = (Input::Capture("absent.pcap".to_owned()), Input::Synth(SPEC.to_owned()));
        assert!(matches!(open(&[]), OpenError::NoInput));
        assert!(matches!(open(&[synth, capture.clone()]), OpenError::MixedInputs));
        assert_eq!(open(&[Input::Synth("{}".to_owned())]).class(), ErrorClass::Usage);
        let (windows, _, faults, _) = read(&[capture], ALL);
        assert_eq!((windows.len(), faults.len(), faults[0].class), (0, 1, ErrorClass::Unreadable));
    }
}
