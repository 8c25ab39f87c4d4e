//! From bytes where a head should stand to the message that begins with it, whole or cut.

use super::super::gather::{Gathering, Origin};
use super::super::head::{Recognition, RequestHead, ResponseHead, leading_line_ends, recognise};
use super::super::{Chunk, Context, Side};
use super::{HttpConnection, Role};
use crate::exchange::Sink;
use crate::time::Timestamp;

impl HttpConnection {
    /// Reads the head, or the line ends before it, or puts what there is of it aside; returns the bytes taken.
    #[inline(never)]
    pub(super) fn read_head<S: Sink>(
        &mut self,
        side: Side,
        chunk: &Chunk<'_>,
        offset: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let bytes = &chunk.bytes[offset..];
        let half = &self.halves[side as usize];
        if half.gathered.is_some() {
            return self.gather_head(side, chunk, offset, cx);
        }
        let origin = chunk.origin(offset);
        let role = half.role.or_else(|| match recognise(bytes) {
            Recognition::Request => Some(Role::Requests),
            Recognition::Response => Some(Role::Answers),
            Recognition::Incomplete | Recognition::No => None,
        });
        if let Some(role) = role
            && let Some(taken) = self.begin_message_late(side, role, bytes, &origin, chunk.at, cx)
        {
            return taken;
        }
        self.read_partial_head(side, chunk, offset, cx)
    }

    /// As [`Self::read_head`], where no complete head follows.
    #[cold]
    pub(super) fn read_partial_head<S: Sink>(
        &mut self,
        side: Side,
        chunk: &Chunk<'_>,
        offset: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let bytes = &chunk.bytes[offset..];
        let blank = leading_line_ends(bytes);
        if blank > 0 {
            return blank;
        }
        if self.is_unrecognised(side, bytes) {
            let origin = chunk.origin(offset);
            return self.give_up_head(side, &origin, bytes.len(), chunk.at, cx);
        }
        self.gather_head(side, chunk, offset, cx)
    }

    #[cold]
    pub(super) fn gather_head<S: Sink>(
        &mut self,
        side: Side,
        chunk: &Chunk<'_>,
        offset: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let bytes = &chunk.bytes[offset..];
        let half = &mut self.halves[side as usize];
        let mut gathered = half.gathered.take().unwrap_or_else(|| cx.heads.start(chunk, offset));
        let before = gathered.bytes.len();
        let gathering = cx.heads.add(&mut gathered, bytes, cx.limits);
        let origin = gathered.origin;
        if self.is_unrecognised(side, &gathered.bytes) {
            cx.heads.release(gathered);
            return self.give_up_head(side, &origin, bytes.len(), chunk.at, cx);
        }
        match gathering {
            Gathering::More => {
                self.halves[side as usize].gathered = Some(gathered);
                bytes.len()
            }
            Gathering::Complete(taken) => {
                // What follows the head is in the chunk, from which it will be read.
                let head = &gathered.bytes[..before + taken];
                let role = self.role_of(side, head);
                let is_begun = role.is_some_and(|role| {
                    self.begin_message_late(side, role, head, &origin, chunk.at, cx).is_some()
                });
                cx.heads.release(gathered);
                if is_begun { taken } else { self.give_up_head(side, &origin, bytes.len(), chunk.at, cx) }
            }
            Gathering::Full => {
                self.halves[side as usize].gathered = Some(gathered);
                self.cut_head(side, cx);
                self.lose_track(side, origin.sequence);
                bytes.len()
            }
        }
    }

    pub(super) fn role_of(&self, side: Side, bytes: &[u8]) -> Option<Role> {
        self.halves[side as usize].role.or_else(|| match recognise(bytes) {
            Recognition::Response => Some(Role::Answers),
            Recognition::Request | Recognition::Incomplete => Some(Role::Requests),
            Recognition::No => None,
        })
    }

    pub(super) fn is_unrecognised(&self, side: Side, bytes: &[u8]) -> bool {
        let recognition = recognise(bytes);
        match self.halves[side as usize].role {
            Some(Role::Requests) => !matches!(recognition, Recognition::Request | Recognition::Incomplete),
            Some(Role::Answers) => !matches!(recognition, Recognition::Response | Recognition::Incomplete),
            None => recognition == Recognition::No,
        }
    }

    /// What should be a head is none.
    #[cold]
    pub(super) fn give_up_head<S: Sink>(
        &mut self,
        side: Side,
        origin: &Origin,
        taken: usize,
        at: Timestamp,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let role = self.halves[side as usize].role;
        if role.is_some() {
            cx.counters.unrecognised_messages += 1;
        }
        self.lose_track(side, origin.sequence);
        if role == Some(Role::Requests) {
            self.count_bytes(side, taken as u64, Some(at));
        }
        taken
    }

    /// Begins the message at the start of `bytes` if its head is complete; returns how many bytes it takes.
    #[inline(always)]
    pub(super) fn begin_message<S: Sink>(
        &mut self,
        side: Side,
        role: Role,
        bytes: &[u8],
        origin: &Origin,
        at: Timestamp,
        cx: &mut Context<'_, S>,
    ) -> Option<usize> {
        match role {
            Role::Requests => {
                let head = RequestHead::parse(bytes)?;
                let length = head.fields.end?;
                self.begin_request(side, &head, origin, length, cx);
                Some(length)
            }
            Role::Answers => {
                let head = ResponseHead::parse(bytes)?;
                let length = head.fields.end?;
                Some(self.begin_answer(side, &head, origin, at, length, bytes.len(), cx))
            }
        }
    }

    /// As [`Self::begin_message`], out of the way of a message that begins with its segment.
    #[inline(never)]
    fn begin_message_late<S: Sink>(
        &mut self,
        side: Side,
        role: Role,
        bytes: &[u8],
        origin: &Origin,
        at: Timestamp,
        cx: &mut Context<'_, S>,
    ) -> Option<usize> {
        self.begin_message(side, role, bytes, origin, at, cx)
    }

    /// The head that was gathered gets no further: what was seen of it counts.
    pub(super) fn cut_head<S: Sink>(&mut self, side: Side, cx: &mut Context<'_, S>) {
        let Some(gathered) = self.halves[side as usize].gathered.take() else { return };
        let (bytes, origin) = (&gathered.bytes[..], gathered.origin);
        match self.role_of(side, bytes) {
            Some(Role::Requests) => {
                if let Some(head) = RequestHead::parse(bytes).or_else(|| RequestHead::parse_cut_line(bytes)) {
                    cx.counters.truncated_heads += 1;
                    self.begin_request(side, &head, &origin, bytes.len(), cx);
                }
            }
            Some(Role::Answers) => {
                if let Some(head) = ResponseHead::parse(bytes) {
                    cx.counters.truncated_heads += 1;
                    self.begin_answer(side, &head, &origin, origin.start, bytes.len(), bytes.len(), cx);
                }
            }
            None => {}
        }
        cx.heads.release(gathered);
    }
}
