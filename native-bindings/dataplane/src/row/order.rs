//! Holds rows until none that began earlier can still come: sorts by request time what ends in another order.

use std::collections::VecDeque;

use super::columns::{Head, RowText};
use super::text::Text;
use super::{RowLimits, RowStats};
use crate::exchange::{Exchange, Request};
use crate::time::Timestamp;

/// Memory that a slot keeps for its next row.
const MAX_IDLE_TEXT_BYTES: usize = 1 << 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    /// In the queue; its exchange has not ended.
    Open,
    /// In the queue; its text is whole.
    Ended,
    /// Out of the queue; written when it ends.
    Displaced,
    /// Written before its exchange ended, which is yet to come.
    Written,
}

#[derive(Default)]
struct Slot {
    state: State,
    head: Head,
    text: Text,
}

/// Rows in order of request time, each in a slot whose number is the tag of its exchange.
pub(super) struct ReorderBuffer {
    pub(super) now: Timestamp,
    limits: RowLimits,
    patience_nanos: u64,
    slots: Vec<Slot>,
    free: Vec<u32>,
    queue: VecDeque<(Timestamp, u32)>,
    pub(super) queue_text_bytes: usize,
    displaced_rows: usize,
    displaced_text_bytes: usize,
    last_written: Timestamp,
}

impl ReorderBuffer {
    pub(super) fn new(limits: RowLimits) -> Self {
        Self {
            now: Timestamp(0),
            limits,
            patience_nanos: u64::try_from(limits.patience.as_nanos()).unwrap_or(u64::MAX),
            slots: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            queue_text_bytes: 0,
            displaced_rows: 0,
            displaced_text_bytes: 0,
            last_written: Timestamp(0),
        }
    }

    /// Takes the request into a slot and returns its number.
    pub(super) fn hold(&mut self, request: &Request<'_>, text: &mut RowText) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.state = State::Open;
        slot.head = Head::new(request);
        text.push_request(&mut slot.text, request);
        self.queue_text_bytes += slot.text.length();
        let start = request.start;
        if self.queue.back().is_none_or(|(last, _)| *last <= start) {
            self.queue.push_back((start, index));
        } else {
            let at = self.queue.partition_point(|(other, _)| *other <= start);
            self.queue.insert(at, (start, index));
        }
        index
    }

    /// Completes the row of an exchange. Tags that were never given out are ignored.
    pub(super) fn end(
        &mut self,
        exchange: &Exchange,
        text: &mut RowText,
        output: &mut Vec<u8>,
        stats: &mut RowStats,
    ) {
        let index = exchange.tag.0 as usize;
        let Some(slot) = self.slots.get_mut(index) else { return };
        match slot.state {
            State::Open => {
                let length = slot.text.length();
                text.push_end(&mut slot.text, &slot.head, Some(exchange));
                slot.state = State::Ended;
                self.queue_text_bytes += slot.text.length() - length;
            }
            State::Displaced => {
                self.displaced_rows -= 1;
                self.displaced_text_bytes -= slot.text.length();
                text.push_end(&mut slot.text, &slot.head, Some(exchange));
                self.write(index as u32, output, stats);
                self.vacate(index as u32);
            }
            State::Written => self.vacate(index as u32),
            State::Ended | State::Free => debug_assert!(false, "an exchange ends once"),
        }
    }

    /// Writes the rows at the head of the queue for which nothing earlier is to be waited for.
    #[inline]
    pub(super) fn release(&mut self, text: &mut RowText, output: &mut Vec<u8>, stats: &mut RowStats) {
        while let Some(&(start, index)) = self.queue.front() {
            let has_ended = self.slots[index as usize].state == State::Ended;
            let may_go = if has_ended { self.is_impatient(start) } else { self.is_full() };
            if !may_go {
                return;
            }
            self.pop(index);
            if has_ended {
                self.write(index, output, stats);
                self.vacate(index);
            } else {
                self.displace(index, text, output, stats);
            }
        }
    }

    #[inline]
    fn is_impatient(&self, start: Timestamp) -> bool {
        self.queue.len() > self.limits.patient_rows
            || self.queue_text_bytes > self.limits.patient_text_bytes
            || self.now.0.saturating_sub(start.0) >= self.patience_nanos
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.queue.len() > self.limits.held_rows || self.queue_text_bytes > self.limits.held_text_bytes
    }

    #[inline]
    fn pop(&mut self, index: u32) {
        self.queue.pop_front();
        self.queue_text_bytes -= self.slots[index as usize].text.length();
    }

    /// An open request gives up its place, so that it does not hold back the others: a late answer is worth more
    /// than a row in its place without one. Only when too many do so is the row written as it stands.
    #[cold]
    fn displace(&mut self, index: u32, text: &mut RowText, output: &mut Vec<u8>, stats: &mut RowStats) {
        let slot = &mut self.slots[index as usize];
        let text_bytes = self.displaced_text_bytes + slot.text.length();
        if self.displaced_rows < self.limits.displaced_rows && text_bytes <= self.limits.displaced_text_bytes
        {
            slot.state = State::Displaced;
            self.displaced_rows += 1;
            self.displaced_text_bytes = text_bytes;
            return;
        }
        text.push_end(&mut slot.text, &slot.head, None);
        slot.state = State::Written;
        stats.unfinished_rows += 1;
        self.write(index, output, stats);
        self.slots[index as usize].text = Text::default();
    }

    #[inline]
    fn write(&mut self, index: u32, output: &mut Vec<u8>, stats: &mut RowStats) {
        let slot = &self.slots[index as usize];
        output.extend_from_slice(slot.text.as_bytes());
        stats.rows += 1;
        if slot.head.start < self.last_written {
            stats.late_rows += 1;
        } else {
            self.last_written = slot.head.start;
        }
    }

    #[inline]
    fn vacate(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.state = State::Free;
        slot.text.clear();
        if slot.text.room() > MAX_IDLE_TEXT_BYTES {
            slot.text = Text::default();
        }
        self.free.push(index);
    }

    /// Writes everything, in order; what is still open as it stands.
    pub(super) fn finish(&mut self, text: &mut RowText, output: &mut Vec<u8>, stats: &mut RowStats) {
        let displaced = (0..self.slots.len() as u32)
            .filter(|index| self.slots[*index as usize].state == State::Displaced)
            .map(|index| (self.slots[index as usize].head.start, index));
        let mut rest: Vec<(Timestamp, u32)> = displaced.chain(self.queue.iter().copied()).collect();
        rest.sort_by_key(|(start, _)| *start);
        self.queue.clear();
        (self.queue_text_bytes, self.displaced_rows, self.displaced_text_bytes) = (0, 0, 0);
        for (_, index) in rest {
            let slot = &mut self.slots[index as usize];
            let has_ended = slot.state == State::Ended;
            if !has_ended {
                text.push_end(&mut slot.text, &slot.head, None);
                slot.state = State::Written;
                stats.unfinished_rows += 1;
            }
            self.write(index, output, stats);
            if has_ended {
                self.vacate(index);
            }
        }
    }
}
