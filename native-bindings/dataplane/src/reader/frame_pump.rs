use std::ops::ControlFlow;
use std::time::Duration;

use super::input::{FrameSource, Input, OpenError};
use super::progress::{Fault, Progress};
use crate::engine::Engine;
use crate::exchange::Sink;
use crate::limits::Limits;
use crate::source::{KernelCounts, Pause, Source, SourceError};
use crate::time::Timestamp;

/// A live source that has nothing for this long lets its reader go on.
const IDLE_TIMEOUT: Duration = Duration::from_millis(500);

/// A batch of a live source spans no more packet time, however few frames come.
const MAX_LIVE_SPAN: Duration = Duration::from_millis(500);

/// When a batch ends, at the latest.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimit {
    pub max_frames: u64,
    /// Packet time between the first and the last frame of the batch.
    pub max_span: Duration,
}

/// Moves frames from a source into an engine, one batch after another.
pub(super) struct FramePump<S: Sink> {
    source: FrameSource,
    pub(super) engine: Engine<S>,
    faults_taken: usize,
    kernel_counts: KernelCounts,
    end: Option<Result<(), Fault>>,
}

enum BatchEnd {
    Limit,
    Idle,
    Over,
}

impl<S: Sink> FramePump<S> {
    pub(super) fn open(inputs: &[Input], limits: Limits, sink: S) -> Result<Self, OpenError> {
        let source = FrameSource::open(inputs)?;
        Ok(Self {
            source,
            engine: Engine::new(limits, sink),
            faults_taken: 0,
            kernel_counts: KernelCounts::default(),
            end: None,
        })
    }

    /// Feeds frames until the limit, the end, a pause of a live source, or `is_enough`. `on_gap` is called
    /// where time passed without being captured. `idle_now` is asked for the time when
    /// a live source pauses. At the end the engine is finished, once.
    pub(super) fn feed(
        &mut self,
        limit: BatchLimit,
        is_enough: impl Fn(&S) -> bool,
        on_gap: impl Fn(&mut S),
        idle_now: impl FnOnce() -> Timestamp,
    ) {
        if self.is_over() {
            return;
        }
        let end = match &mut self.source {
            FrameSource::Captures(captures) => {
                feed_from(&mut **captures, &mut self.engine, limit, is_enough, on_gap)
            }
            FrameSource::Live(live) => {
                let limit = BatchLimit { max_span: limit.max_span.min(MAX_LIVE_SPAN), ..limit };
                feed_from(&mut **live, &mut self.engine, limit, is_enough, on_gap)
            }
            FrameSource::Synth(synth) => feed_from(&mut **synth, &mut self.engine, limit, is_enough, on_gap),
        };
        match end {
            Ok(BatchEnd::Limit) => {}
            Ok(BatchEnd::Idle) => self.engine.tick(idle_now()),
            Ok(BatchEnd::Over) => self.finish(Ok(())),
            Err(error) => self.finish(Err(Fault::from(&error))),
        }
    }

    /// What the kernel counted since the last call; zeros where no kernel is asked.
    pub(super) fn take_kernel_counts(&mut self) -> KernelCounts {
        let now = self.source.kernel_counts().unwrap_or_default();
        let before = std::mem::replace(&mut self.kernel_counts, now);
        KernelCounts {
            received: now.received.saturating_sub(before.received),
            dropped: now.dropped.saturating_sub(before.dropped),
            freezes: now.freezes.saturating_sub(before.freezes),
        }
    }

    /// Name and value of the engine's counters and of the kernel's, as of the last [`Self::take_kernel_counts`].
    pub(super) fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let KernelCounts { received, dropped, freezes } = self.kernel_counts;
        let kernel =
            [("kernel_received", received), ("kernel_dropped", dropped), ("kernel_freezes", freezes)];
        self.engine.counters().named().chain(kernel)
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    fn finish(&mut self, end: Result<(), Fault>) {
        self.engine.finish();
        self.end = Some(end);
    }

    /// The faults that were not taken yet.
    pub(super) fn take_faults(&mut self) -> Vec<Fault> {
        let all = self.source.faults();
        let mut faults: Vec<Fault> = all[self.faults_taken..].iter().map(Fault::from).collect();
        self.faults_taken = all.len();
        if let Some(end @ Err(_)) = &mut self.end {
            faults.extend(std::mem::replace(end, Ok(())).err());
        }
        faults
    }

    pub(super) fn progress(&self) -> Progress {
        let input = self.source.progress();
        let account = self.engine.account();
        let frames = account.total_frames();
        Progress {
            frames,
            wire_bytes: account.total_bytes(),
            requests: self.engine.counters().requests,
            input_bytes_read: input.bytes_read,
            input_bytes_total: input.bytes_total,
            packet_time: (frames > 0).then(|| self.engine.now()),
            end_time: self.source.end_time(),
        }
    }
}

fn feed_from<S: Sink>(
    source: &mut impl Source,
    engine: &mut Engine<S>,
    limit: BatchLimit,
    is_enough: impl Fn(&S) -> bool,
    on_gap: impl Fn(&mut S),
) -> Result<BatchEnd, SourceError> {
    let span_nanos = u64::try_from(limit.max_span.as_nanos()).unwrap_or(u64::MAX);
    let (mut until, mut frames_left) = (None, limit.max_frames);
    while frames_left > 0 {
        let pause = source.visit_frames(IDLE_TIMEOUT, |frame| {
            engine.feed(frame);
            frames_left -= 1;
            let until = *until.get_or_insert(frame.timestamp.0.saturating_add(span_nanos));
            if frames_left == 0 || frame.timestamp.0 >= until || is_enough(engine.sink()) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        match pause? {
            Pause::Stopped => break,
            Pause::Gap => on_gap(engine.sink_mut()),
            Pause::Idle => return Ok(BatchEnd::Idle),
            Pause::End => return Ok(BatchEnd::Over),
        }
    }
    Ok(BatchEnd::Limit)
}
