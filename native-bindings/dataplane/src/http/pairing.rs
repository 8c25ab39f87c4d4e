//! Which request an answer belongs to. In order on a connection without loss; after a loss anchored on sequence and
//! acknowledgement numbers, and rather no request than a wrong one: a wrong pair is a false latency.

use std::collections::VecDeque;

use super::Context;
use super::gather::Origin;
use super::head::Method;
use crate::exchange::{Answer, Exchange, Sink, Tag, Unanswered};
use crate::flow::Sequence;

/// Requests that stay pending where no answer was ever seen: the answers may only be late on the mirror.
const MAX_LATE_ANSWERS: usize = 8;

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub struct PendingRequest {
    pub tag: Tag,
    pub bytes: u64,
    /// Of the first byte of the head.
    pub sequence: Sequence,
    /// How far the client had received the answers when it sent this request.
    pub acknowledgement: Sequence,
    pub method: Method,
    /// The body is not complete.
    pub is_open: bool,
    /// The first byte missed of the requests after this one, where some were missed before the next.
    pub lost_after: Option<Sequence>,
}

/// The requests of one connection that wait, oldest first.
#[derive(Debug, Default)]
pub struct Pairing {
    pending: VecDeque<PendingRequest>,
    /// Requests given up before their answer came: that many answers belong to nobody.
    given_up: u32,
    /// Bytes were missed in either direction: order alone proves nothing.
    is_lossy: bool,
    /// The first byte missed of the answers since the last answer that was whole.
    lost_from: Option<Sequence>,
}

impl Pairing {
    #[inline(always)]
    pub fn push<S: Sink>(&mut self, request: PendingRequest, cx: &mut Context<'_, S>) {
        let is_full = self.pending.len() >= cx.limits.max_pending_requests as usize
            || *cx.pending_total >= cx.limits.max_pending_requests_total;
        if is_full {
            self.evict_oldest(cx);
        }
        self.pending.push_back(request);
        *cx.pending_total += 1;
    }

    #[cold]
    fn evict_oldest<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if let Some(oldest) = self.pop(cx) {
            cx.counters.pending_overflows += 1;
            self.given_up += 1;
            report(&oldest, Err(Unanswered::Evicted), cx);
        }
    }

    pub fn newest_mut(&mut self) -> Option<&mut PendingRequest> {
        self.pending.back_mut()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// What came before is unknown.
    pub fn note_unknown_start(&mut self) {
        self.is_lossy = true;
    }

    /// Bytes are missing among the answers, from `first` on.
    pub fn note_lost_answers(&mut self, first: Sequence) {
        self.is_lossy = true;
        self.lost_from = self.lost_from.or(Some(first));
    }

    /// Bytes are missing among the requests, from `first` on.
    pub fn note_lost_requests(&mut self, first: Sequence) {
        self.is_lossy = true;
        if let Some(newest) = self.pending.back_mut() {
            newest.lost_after = newest.lost_after.or(Some(first));
        }
    }

    /// The answers begin at `first` without a SYN: what the client had acknowledged before is missing.
    pub fn note_answers_start(&mut self, first: Sequence) {
        if let Some(oldest) = self.pending.front()
            && first.is_after(oldest.acknowledgement)
        {
            self.note_lost_answers(oldest.acknowledgement);
        }
    }

    /// An answer was found: what was missed before it is accounted for.
    pub fn note_answer(&mut self) {
        self.lost_from = None;
    }

    /// Takes the request that an answer beginning at `origin` belongs to; reports those that it proves missed.
    #[inline(always)]
    pub fn take<S: Sink>(&mut self, origin: &Origin, cx: &mut Context<'_, S>) -> Option<PendingRequest> {
        if self.given_up == 0 && !self.is_lossy { self.pop(cx) } else { self.take_in_doubt(origin, cx) }
    }

    #[cold]
    fn take_in_doubt<S: Sink>(&mut self, origin: &Origin, cx: &mut Context<'_, S>) -> Option<PendingRequest> {
        if self.given_up > 0 {
            self.given_up -= 1;
            return None;
        }
        while self.is_lossy {
            let front = self.pending.front()?;
            // The server had not seen this request, or the client had received more than this before it asked: the
            // answer is that of an earlier request, which was missed.
            if !origin.acknowledgement.is_after(front.sequence)
                || front.acknowledgement.is_after(origin.sequence)
            {
                return None;
            }
            let Some(lost_from) = self.lost_from else { break };
            // The client went on to its next request with bytes that we missed, and this answer comes after them.
            let is_passed_by = self.pending.get(1).is_some_and(|next| {
                next.acknowledgement.is_after(lost_from) && !next.acknowledgement.is_after(origin.sequence)
            });
            // Answers were missed, and so were requests that the server had seen when it answered: this may be the
            // answer to one of those, unless it begins where the client stood when it asked.
            let is_uncertain = origin.sequence.is_after(front.acknowledgement)
                && front.lost_after.is_some_and(|lost_after| origin.acknowledgement.is_after(lost_after));
            if !is_passed_by && !is_uncertain {
                break;
            }
            let missed = self.pop(cx)?;
            report(&missed, Err(Unanswered::Missed), cx);
        }
        self.pop(cx)
    }

    /// With answers never seen: gives up the requests whose answers the client had received at `acknowledgement`.
    pub fn give_up_acknowledged<S: Sink>(&mut self, acknowledgement: Sequence, cx: &mut Context<'_, S>) {
        while self.pending.len() > MAX_LATE_ANSWERS
            && self.pending.front().is_some_and(|front| acknowledgement.is_after(front.acknowledgement))
        {
            if let Some(missed) = self.pop(cx) {
                report(&missed, Err(Unanswered::Missed), cx);
            }
        }
    }

    /// Reports all that wait as ended without an answer: as missed where bytes of answers are missing, else as `why`.
    pub fn give_up_all<S: Sink>(&mut self, why: Unanswered, cx: &mut Context<'_, S>) {
        let why = if self.lost_from.is_some() { Unanswered::Missed } else { why };
        while let Some(request) = self.pop(cx) {
            report(&request, Err(why), cx);
        }
    }

    #[inline(always)]
    fn pop<S>(&mut self, cx: &mut Context<'_, S>) -> Option<PendingRequest> {
        let request = self.pending.pop_front()?;
        *cx.pending_total -= 1;
        if self.pending.capacity() > 64 && self.pending.is_empty() {
            self.pending.shrink_to(8);
        }
        Some(request)
    }
}

/// Tells the sink how a request ended.
pub fn report<S: Sink>(
    request: &PendingRequest,
    outcome: Result<Answer, Unanswered>,
    cx: &mut Context<'_, S>,
) {
    match outcome {
        Ok(_) => cx.counters.answered += 1,
        Err(Unanswered::Missed) => cx.counters.missed += 1,
        Err(Unanswered::Closed) => cx.counters.closed += 1,
        Err(Unanswered::Evicted) => cx.counters.evicted += 1,
    }
    cx.sink.on_exchange(&Exchange { tag: request.tag, request_bytes: request.bytes, outcome, ended: cx.now });
}
