//! The whole packet path in one value: frames in, sink calls out. Reads no clock and does no input or output.

use crate::account::{Account, FrameReason};
use crate::counter::Counters;
use crate::exchange::Sink;
use crate::flow::Flow;
use crate::limits::Limits;
use crate::source::Frame;
use crate::time::Timestamp;
use crate::wire;

/// How far packet time moves before the sink is told: 1 ms in nanoseconds.
const TIME_STEP: u64 = 1_000_000;

/// Decodes frames, follows connections and reports what HTTP they carry to its sink.
pub struct Engine<S: Sink> {
    flow: Flow,
    account: Account,
    sink: S,
    /// The latest packet time seen: never decreases.
    now: Timestamp,
    told: Timestamp,
}

impl<S: Sink> Engine<S> {
    pub fn new(limits: Limits, sink: S) -> Self {
        Self {
            flow: Flow::new(limits),
            account: Account::default(),
            sink,
            now: Timestamp::default(),
            told: Timestamp::default(),
        }
    }

    /// Takes one frame through the path and counts it under exactly one reason.
    #[inline(always)]
    pub fn feed(&mut self, frame: &Frame<'_>) {
        if frame.timestamp > self.now {
            self.now = frame.timestamp;
            if self.now.0 - self.told.0 >= TIME_STEP {
                self.tell_time();
            }
        }
        let reason = match wire::decode_plain(frame) {
            Some(Ok(segment)) => self.flow.feed(&segment, frame.timestamp, self.now, &mut self.sink),
            Some(Err(reason)) => reason,
            None => self.feed_layered(frame),
        };
        self.account.count(reason, frame.wire_length);
    }

    #[inline(never)]
    fn feed_layered(&mut self, frame: &Frame<'_>) -> FrameReason {
        match wire::decode(frame) {
            Ok(segment) => self.flow.feed(&segment, frame.timestamp, self.now, &mut self.sink),
            Err(reason) => reason,
        }
    }

    /// Packet time has reached `now` without a frame: what was to happen by then happens. For live sources that are idle.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.tell_time();
    }

    #[inline(never)]
    fn tell_time(&mut self) {
        self.told = self.now;
        self.flow.advance(self.now, &mut self.sink);
        self.sink.on_time(self.now);
    }

    /// Ends every open connection: pending requests are reported as closed. Call once, when the input is over.
    pub fn finish(&mut self) {
        self.flow.finish(self.now, &mut self.sink);
        self.sink.on_time(self.now);
    }

    /// Frames and bytes by the reason under which they ended.
    pub fn account(&self) -> &Account {
        &self.account
    }

    pub fn counters(&self) -> &Counters {
        self.flow.counters()
    }

    /// The latest packet time seen.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn sink(&self) -> &S {
        &self.sink
    }

    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    pub fn into_sink(self) -> S {
        self.sink
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Exchange, Loss, OrphanAnswer, Request, Tag};

    #[derive(Default)]
    struct Clock(Vec<u64>);

    impl Sink for Clock {
        fn on_request(&mut self, _: &Request<'_>) -> Tag {
            Tag(0)
        }
        fn on_exchange(&mut self, _: &Exchange) {}
        fn on_orphan_answer(&mut self, _: &OrphanAnswer) {}
        fn on_loss(&mut self, _: &Loss) {}
        fn on_time(&mut self, now: Timestamp) {
            self.0.push(now.0);
        }
    }

    #[test]
    fn a_tick_moves_time_and_never_back() {
        let mut engine = Engine::new(Limits::default(), Clock::default());
        [5, 3, 9].into_iter().for_each(|at| engine.tick(Timestamp(at)));
        assert_eq!((engine.now(), engine.sink().0.as_slice()), (Timestamp(9), &[5, 5, 9][..]));
    }
}
