//! The messages of one connection: both directions as state machines, joined by the pairing of requests and answers.

mod heads;
mod messages;

use super::chunk::{Chunked, Progress};
use super::gather::Gathered;
use super::head::{Recognition, recognise_in_doubt};
use super::pairing::{Pairing, PendingRequest, report};
use super::{Chunk, Context, Side};
use crate::exchange::{Answer, Loss, OrphanAnswer, Sink, Unanswered};
use crate::flow::Sequence;
use crate::time::Timestamp;

/// What one side sends, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Requests,
    Answers,
}

/// What the next byte of one side is.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Of a head, or the line ends before it.
    Head,
    /// Of a body. `is_doubtful`: the request is unknown, so the body may not be there (HEAD).
    Body {
        remaining: u64,
        is_doubtful: bool,
    },
    Chunked(Chunked),
    UntilClose,
    /// Unknown: search for a message at the starts of segments.
    Lost,
    Tunnel,
}

#[derive(Debug)]
struct Half {
    role: Option<Role>,
    state: State,
    /// The head so far, where it is split.
    gathered: Option<Box<Gathered>>,
    /// Bytes of the current message so far (requests only; an answer has its own count).
    message_bytes: u64,
    /// Bytes of it were fed.
    has_data: bool,
    /// Bytes of it were seen, even if they still wait behind a hole.
    is_seen: bool,
}

impl Half {
    const fn new() -> Self {
        Self {
            role: None,
            state: State::Head,
            gathered: None,
            message_bytes: 0,
            has_data: false,
            is_seen: false,
        }
    }
}

#[derive(Debug)]
struct CurrentAnswer {
    request: Option<PendingRequest>,
    answer: Answer,
}

/// What is known of one side after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Undecided,
    Http,
    NotHttp,
    Tunnel,
}

/// The HTTP of one connection.
#[derive(Debug)]
pub struct HttpConnection {
    halves: [Half; 2],
    pairing: Pairing,
    answer: Option<CurrentAnswer>,
    /// Bytes of the 1xx answers before the final one.
    interim_bytes: u64,
    has_requests: bool,
}

impl Default for HttpConnection {
    fn default() -> Self {
        Self {
            halves: [Half::new(), Half::new()],
            pairing: Pairing::default(),
            answer: None,
            interim_bytes: 0,
            has_requests: false,
        }
    }
}

impl HttpConnection {
    /// The next in-order bytes of `side`.
    #[inline(always)]
    pub fn feed<S: Sink>(&mut self, side: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, S>) -> Verdict {
        let half = &mut self.halves[side as usize];
        if !half.has_data {
            half.has_data = true;
            half.is_seen = true;
            if half.role == Some(Role::Answers) {
                self.pairing.note_answers_start(chunk.sequence);
            }
        }
        let mut offset = 0;
        match (&half.state, half.role) {
            (State::Head, Some(role)) if half.gathered.is_none() && !chunk.bytes.is_empty() => {
                offset = match self.begin_message(side, role, chunk.bytes, &chunk.origin(0), chunk.at, cx) {
                    Some(taken) => taken,
                    None => self.read_partial_head(side, chunk, 0, cx),
                };
            }
            (State::Lost | State::Body { is_doubtful: true, .. }, _) => self.find_again(side, chunk, cx),
            _ => {}
        }
        while offset < chunk.bytes.len() {
            offset += self.step(side, chunk, offset, cx);
        }
        let captured = chunk.bytes.len() as u32;
        if chunk.length > captured {
            self.lose(side, chunk.sequence.plus(captured), chunk.length - captured, cx);
        }
        self.verdict(side)
    }

    /// `missing` bytes of `side`, from `first` on, will never come.
    pub fn lose<S: Sink>(
        &mut self,
        side: Side,
        first: Sequence,
        missing: u32,
        cx: &mut Context<'_, S>,
    ) -> Verdict {
        self.pass_over(side, first, missing, None, cx);
        if let Some(role) = self.halves[side as usize].role {
            cx.counters.gaps += 1;
            cx.counters.missing_bytes += u64::from(missing);
            let is_request_side = role == Role::Requests;
            let (client, server) = self.client_and_server(side, role, cx);
            cx.sink.on_loss(&Loss {
                client,
                server,
                is_request_side,
                missing_bytes: u64::from(missing),
                at: cx.now,
            });
        }
        self.verdict(side)
    }

    /// `count` bytes of `side` that were captured and, being [`Self::known_body`] when they came, not kept.
    pub fn skip<S: Sink>(
        &mut self,
        side: Side,
        first: Sequence,
        count: u32,
        at: Timestamp,
        cx: &mut Context<'_, S>,
    ) {
        self.pass_over(side, first, count, Some(at), cx);
    }

    /// `side` has sent its last byte (FIN).
    pub fn end<S: Sink>(&mut self, side: Side, cx: &mut Context<'_, S>) {
        self.cut_head(side, cx);
        match self.halves[side as usize].role {
            Some(Role::Requests) => self.finish_request(side),
            Some(Role::Answers) => {
                self.finish_answer(cx);
                self.pairing.give_up_all(Unanswered::Closed, cx);
            }
            None => {}
        }
    }

    /// The connection is over: everything open ends, requests without an answer as `why`.
    pub fn close<S: Sink>(&mut self, why: Unanswered, cx: &mut Context<'_, S>) {
        let first = if self.halves[1].role == Some(Role::Requests) { Side::High } else { Side::Low };
        for side in [first, first.other()] {
            self.cut_head(side, cx);
        }
        self.finish_answer(cx);
        self.pairing.give_up_all(why, cx);
    }

    /// Bytes from the next one on that are surely of a body, so that none of them has to be kept.
    pub fn known_body(&self, side: Side) -> u64 {
        match &self.halves[side as usize].state {
            State::Body { remaining, is_doubtful: false } => *remaining,
            State::Chunked(chunked) => chunked.known_data(),
            State::UntilClose | State::Tunnel => u64::MAX,
            State::Head | State::Lost | State::Body { is_doubtful: true, .. } => 0,
        }
    }

    /// Whether the next byte of `side` is the first of a message, as far as known.
    #[inline]
    pub fn is_between_messages(&self, side: Side) -> bool {
        let half = &self.halves[side as usize];
        matches!(half.state, State::Head | State::Lost) && half.gathered.is_none()
    }

    /// Whether `side` was recognised as the client.
    pub fn is_client(&self, side: Side) -> bool {
        self.halves[side as usize].role == Some(Role::Requests)
    }

    /// The first bytes of the connection, or of a side of it, were not seen.
    pub fn note_unknown_start(&mut self) {
        self.pairing.note_unknown_start();
    }

    /// An answer acknowledges bytes of `side` that were not seen, from `first` on, and will not wait for them.
    pub fn note_unseen_requests<S: Sink>(&mut self, side: Side, first: Sequence, cx: &mut Context<'_, S>) {
        if self.halves[side as usize].role == Some(Role::Requests) {
            if self.halves[side as usize].gathered.is_some() {
                self.cut_head(side, cx);
                self.halves[side as usize].state = State::Lost;
            }
            self.pairing.note_lost_requests(first);
        }
    }

    /// Bytes of `side` are in the capture, and wait for others.
    pub fn note_waiting(&mut self, side: Side) {
        self.halves[side as usize].is_seen = true;
    }

    /// `side` is picked up in the middle of something.
    pub fn lose_place(&mut self, side: Side) {
        self.halves[side as usize].state = State::Lost;
    }

    fn verdict(&self, side: Side) -> Verdict {
        match (self.halves[side as usize].role, &self.halves[side as usize].state) {
            (_, State::Tunnel) => Verdict::Tunnel,
            (None, State::Lost) => Verdict::NotHttp,
            (None, _) => Verdict::Undecided,
            (Some(_), _) => Verdict::Http,
        }
    }

    /// Takes some bytes of the chunk, at least one; returns how many.
    #[inline(always)]
    fn step<S: Sink>(
        &mut self,
        side: Side,
        chunk: &Chunk<'_>,
        offset: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let bytes = &chunk.bytes[offset..];
        match &mut self.halves[side as usize].state {
            State::Head => self.read_head(side, chunk, offset, cx),
            State::Body { remaining, .. } => {
                let taken = (*remaining).min(bytes.len() as u64);
                *remaining -= taken;
                let is_over = *remaining == 0;
                self.count_bytes(side, taken, Some(chunk.at));
                if is_over {
                    self.finish_message(side, cx);
                }
                taken as usize
            }
            State::Chunked(chunked) => {
                let progress = chunked.feed(bytes);
                let taken = match progress {
                    Progress::Done(taken) => taken,
                    // What follows belongs to nobody knows what.
                    Progress::More | Progress::Broken(_) => bytes.len(),
                };
                self.count_bytes(side, taken as u64, Some(chunk.at));
                match progress {
                    Progress::Done(_) => self.finish_message(side, cx),
                    Progress::Broken(_) => {
                        cx.counters.ambiguous_lengths += 1;
                        self.lose_track(side, chunk.sequence.plus(offset as u32));
                    }
                    Progress::More => {}
                }
                taken
            }
            State::UntilClose | State::Lost => {
                self.count_bytes(side, bytes.len() as u64, Some(chunk.at));
                bytes.len()
            }
            State::Tunnel => bytes.len(),
        }
    }

    /// Looks for a message start where the place in the stream is unknown.
    #[cold]
    fn find_again<S: Sink>(&mut self, side: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, S>) {
        let half = &mut self.halves[side as usize];
        let is_start = recognise_in_doubt(chunk.bytes);
        let is_wanted = match half.role {
            Some(Role::Requests) => matches!(is_start, Recognition::Request | Recognition::Incomplete),
            Some(Role::Answers) => is_start == Recognition::Response,
            None => is_start != Recognition::No,
        };
        if is_wanted {
            if matches!(half.state, State::Lost) {
                cx.counters.resyncs += 1;
            }
            self.finish_message(side, cx);
        }
    }

    fn client_and_server<S>(
        &self,
        side: Side,
        role: Role,
        cx: &Context<'_, S>,
    ) -> (crate::address::Endpoint, crate::address::Endpoint) {
        let client = if role == Role::Requests { side } else { side.other() };
        (cx.endpoints[client as usize], cx.endpoints[client.other() as usize])
    }

    #[inline]
    fn count_bytes(&mut self, side: Side, bytes: u64, at: Option<Timestamp>) {
        let half = &mut self.halves[side as usize];
        if half.role == Some(Role::Requests) {
            half.message_bytes += bytes;
        } else if let Some(CurrentAnswer { answer, .. }) = &mut self.answer {
            answer.bytes = answer.bytes.saturating_add(bytes);
            answer.end = answer.end.max(at.unwrap_or_default());
        }
    }

    /// Moves on by bytes that are not there, lost or not kept.
    fn pass_over<S: Sink>(
        &mut self,
        side: Side,
        first: Sequence,
        count: u32,
        at: Option<Timestamp>,
        cx: &mut Context<'_, S>,
    ) {
        let count = u64::from(count);
        match &mut self.halves[side as usize].state {
            State::Body { remaining, is_doubtful: false } => {
                let taken = (*remaining).min(count);
                *remaining -= taken;
                let is_over = *remaining == 0;
                self.count_bytes(side, taken, at);
                if is_over {
                    self.finish_message(side, cx);
                }
                if taken < count {
                    self.lose_track(side, first.plus(taken as u32));
                }
            }
            State::Chunked(chunked) => {
                let is_followed = chunked.skip(count);
                self.count_bytes(side, count, at);
                if !is_followed {
                    self.lose_track(side, first);
                }
            }
            State::Head => {
                self.cut_head(side, cx);
                self.lose_track(side, first);
            }
            State::UntilClose => self.count_bytes(side, count, at),
            State::Lost | State::Body { is_doubtful: true, .. } => {
                self.count_bytes(side, count, at);
                self.lose_track(side, first);
            }
            State::Tunnel => {}
        }
    }

    /// From `first` on, messages of `side` may have been missed.
    fn lose_track(&mut self, side: Side, first: Sequence) {
        let half = &mut self.halves[side as usize];
        half.state = State::Lost;
        match half.role {
            Some(Role::Requests) => self.pairing.note_lost_requests(first),
            Some(Role::Answers) => self.pairing.note_lost_answers(first),
            None => {}
        }
    }

    #[inline]
    fn finish_message<S: Sink>(&mut self, side: Side, cx: &mut Context<'_, S>) {
        self.halves[side as usize].state = State::Head;
        match self.halves[side as usize].role {
            Some(Role::Requests) => self.finish_request(side),
            Some(Role::Answers) => self.finish_answer(cx),
            None => {}
        }
    }

    #[inline(always)]
    fn report_answer<S: Sink>(&self, mut request: PendingRequest, answer: Answer, cx: &mut Context<'_, S>) {
        if request.is_open {
            let client = if self.halves[0].role == Some(Role::Requests) { Side::Low } else { Side::High };
            request.bytes = self.halves[client as usize].message_bytes;
        }
        report(&request, Ok(answer), cx);
    }

    #[inline]
    fn finish_request(&mut self, side: Side) {
        let bytes = self.halves[side as usize].message_bytes;
        // Only the newest request can be open; an early answer has taken it out of the queue.
        let newest = match self.pairing.newest_mut() {
            Some(newest) => Some(newest),
            None => self.answer.as_mut().and_then(|current| current.request.as_mut()),
        };
        if let Some(request) = newest
            && request.is_open
        {
            request.bytes = bytes;
            request.is_open = false;
        }
    }

    #[inline(always)]
    fn finish_answer<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        if self.answer.is_some() {
            self.finish_open_answer(cx);
        }
    }

    #[inline(never)]
    fn finish_open_answer<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let Some(CurrentAnswer { request, answer }) = self.answer.take() else { return };
        match request {
            Some(request) => self.report_answer(request, answer, cx),
            None => {
                let client = if self.halves[0].role == Some(Role::Requests) { Side::Low } else { Side::High };
                cx.counters.orphan_answers += 1;
                let (client, server) = self.client_and_server(client, Role::Requests, cx);
                cx.sink.on_orphan_answer(&OrphanAnswer { client, server, answer });
            }
        }
    }
}
