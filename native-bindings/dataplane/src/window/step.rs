use crate::time::Timestamp;

/// A step of time all of whose windows are out. A client without a window in it made no request; a step that is never
/// reported was not captured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedStep {
    pub start: Timestamp,
    /// Share of the step during which the capture ran, times the share of frames that the kernel did not drop, times the
    /// share of request bytes that was captured, 0 to 1.
    pub coverage_ratio: f64,
}

/// A silence of more steps within one input (28 h of 10 s) is taken for a capture that paused, or for a damaged time stamp: its
/// steps are not reported. Up to there nothing captured means nothing sent.
const MAX_SILENT_STEPS: u64 = 10_000;

/// Which steps are open. At most two: the newest, and for the grace time the one before it.
#[derive(Debug)]
pub struct Steps {
    step_nanos: u64,
    grace_nanos: u64,
    open: Option<OpenSteps>,
    /// When something has to be done next: a step to open or to close.
    next_change: u64,
    is_new_input: bool,
}

#[derive(Clone, Copy, Debug)]
struct OpenSteps {
    oldest: u64,
    newest: u64,
    now: u64,
    /// Since when the capture has been running without a pause.
    captured_since: u64,
    /// The step in which it paused last, and the time of it captured before.
    captured_before_pause: (u64, u64),
}

impl Steps {
    pub fn new(step_nanos: u64, grace_nanos: u64) -> Self {
        let step_nanos = step_nanos.max(1_000_000);
        let grace_nanos = grace_nanos.min(step_nanos);
        Self { step_nanos, grace_nanos, open: None, next_change: 0, is_new_input: false }
    }

    pub fn step_nanos(&self) -> u64 {
        self.step_nanos
    }

    pub fn start_of(&self, step: u64) -> Timestamp {
        Timestamp(step * self.step_nanos)
    }

    /// The time between the last frame so far and the next one was not captured.
    pub fn begin_input(&mut self) {
        self.is_new_input = true;
        self.next_change = 0;
    }

    /// The open step to count something of time `at` in, and whether `at` is of a step that has been closed already.
    #[inline]
    pub fn step_of(&self, at: u64) -> (u64, bool) {
        let OpenSteps { oldest, newest, .. } = self.open.expect("time was advanced before");
        let newest_start = newest * self.step_nanos;
        if at >= newest_start {
            return (newest, false);
        }
        if oldest < newest && at >= newest_start - self.step_nanos { (oldest, false) } else { (oldest, true) }
    }

    /// Packet time has reached `now`. Calls `close(step, captured ratio of its time)` for each step that is over, in order.
    pub fn advance(&mut self, now: u64, close: impl FnMut(u64, f64)) {
        if !self.note_quiet(now) {
            self.change(now, close);
        }
    }

    /// Packet time has reached `now`; `false` where [`Steps::advance`] has something to do.
    #[inline(always)]
    pub fn note_quiet(&mut self, now: u64) -> bool {
        match &mut self.open {
            Some(open) if now < self.next_change => {
                open.now = open.now.max(now);
                true
            }
            _ => false,
        }
    }

    /// The capture is over: closes what is open. Nothing is open afterwards.
    pub fn finish(&mut self, mut close: impl FnMut(u64, f64)) {
        if let Some(open) = self.open.take() {
            for step in open.oldest..=open.newest {
                close(step, self.captured_ratio(&open, step));
            }
        }
        self.next_change = 0;
    }

    fn change(&mut self, now: u64, mut close: impl FnMut(u64, f64)) {
        let step = now / self.step_nanos;
        let Some(mut open) = self.open else {
            return self.restart(now);
        };
        let has_paused = std::mem::take(&mut self.is_new_input) || step > open.newest + MAX_SILENT_STEPS;
        if has_paused && step > open.newest {
            self.finish(&mut close);
            return self.restart(now);
        }
        if has_paused && step == open.newest && now > open.now {
            let captured = open.now.saturating_sub(open.captured_since.max(step * self.step_nanos));
            open.captured_before_pause = (step, self.captured_before_pause(&open, step) + captured);
            open.captured_since = now;
        }
        open.now = open.now.max(now);
        while open.oldest < step && now >= self.end_of(open.oldest).saturating_add(self.grace_nanos) {
            close(open.oldest, self.captured_ratio(&open, open.oldest));
            open.oldest += 1;
        }
        open.newest = open.newest.max(step);
        self.set_open(open);
    }

    fn restart(&mut self, now: u64) {
        let step = now / self.step_nanos;
        self.is_new_input = false;
        self.set_open(OpenSteps {
            oldest: step,
            newest: step,
            now,
            captured_since: now,
            captured_before_pause: (0, 0),
        });
    }

    fn set_open(&mut self, open: OpenSteps) {
        let grace_nanos = if open.oldest < open.newest { self.grace_nanos } else { 0 };
        self.next_change = self.end_of(open.oldest).saturating_add(grace_nanos);
        self.open = Some(open);
    }

    fn end_of(&self, step: u64) -> u64 {
        (step + 1).saturating_mul(self.step_nanos)
    }

    fn captured_ratio(&self, open: &OpenSteps, step: u64) -> f64 {
        let until = open.now.min(self.end_of(step));
        let since_pause = until.saturating_sub(open.captured_since.max(step * self.step_nanos));
        (since_pause + self.captured_before_pause(open, step)) as f64 / self.step_nanos as f64
    }

    fn captured_before_pause(&self, open: &OpenSteps, step: u64) -> u64 {
        let (paused_step, nanos) = open.captured_before_pause;
        if paused_step == step { nanos } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Ten-second steps, one second of grace.
    fn closed_at(steps: &mut Steps, seconds: f64) -> Vec<(u64, f64)> {
        let mut closed = vec![];
        steps.advance((seconds * SECOND as f64) as u64, |step, ratio| closed.push((step, ratio)));
        closed
    }

    fn finished(steps: &mut Steps) -> Vec<(u64, f64)> {
        let mut closed = vec![];
        steps.finish(|step, ratio| closed.push((step, ratio)));
        closed
    }

    #[test]
    fn a_step_closes_after_its_grace_and_silence_counts_as_captured() {
        let mut steps = Steps::new(10 * SECOND, SECOND);
        assert_eq!(closed_at(&mut steps, 105.0), []);
        assert_eq!(closed_at(&mut steps, 110.5), []);
        assert_eq!(steps.step_of(109 * SECOND), (10, false), "still open");
        assert_eq!(steps.step_of(110 * SECOND), (11, false));
        assert_eq!(steps.step_of(95 * SECOND), (10, true), "never open: late");
        assert_eq!(closed_at(&mut steps, 111.0), [(10, 0.5)]);
        assert_eq!(steps.step_of(109 * SECOND), (11, true));
        assert_eq!(closed_at(&mut steps, 142.0), [(11, 1.0), (12, 1.0), (13, 1.0)]);
        assert_eq!(finished(&mut steps), [(14, 0.2)]);
        assert_eq!(finished(&mut steps), []);
    }

    #[test]
    fn time_between_inputs_and_very_long_silence_are_not_captured() {
        let mut steps = Steps::new(10 * SECOND, SECOND);
        closed_at(&mut steps, 100.0);
        closed_at(&mut steps, 104.0);
        steps.begin_input();
        assert_eq!(closed_at(&mut steps, 108.0), [], "a pause within a step");
        assert_eq!(closed_at(&mut steps, 111.0), [(10, 0.6)]);
        steps.begin_input();
        assert_eq!(closed_at(&mut steps, 145.0), [(11, 0.1)], "nothing for 12 and 13");
        assert_eq!(closed_at(&mut steps, 200_000.0), [(14, 0.0)]);
    }

    #[test]
    fn the_last_representable_time_does_not_overflow() {
        let mut steps = Steps::new(10 * SECOND, SECOND);
        steps.advance(u64::MAX, |_, _| ());
        assert_eq!(finished(&mut steps).len(), 1);
    }
}
