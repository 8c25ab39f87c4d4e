//! The messages of one connection: both directions as state machines, joined by the pairing of requests and answers.

use super::chunk::{Chunked, Progress};
use super::framing::Framing;
use super::gather::{Gathered, Gathering, Origin};
use super::head::{Recognition, RequestHead, ResponseHead, leading_line_ends, recognise, recognise_in_doubt};
use super::pairing::{Pairing, PendingRequest, report};
use super::{Chunk, Context, Side};
use crate::exchange::{Answer, Loss, OrphanAnswer, Request, Sink, Unanswered};
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
    #[inline]
    pub fn feed<S: Sink>(&mut self, side: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, S>) -> Verdict {
        let half = &mut self.halves[side as usize];
        if !half.has_data {
            half.has_data = true;
            half.is_seen = true;
            if half.role == Some(Role::Answers) {
                self.pairing.note_answers_start(chunk.sequence);
            }
        }
        self.find_again(side, chunk, cx);
        let mut offset = 0;
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
    #[inline]
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
    #[inline]
    fn find_again<S: Sink>(&mut self, side: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, S>) {
        let half = &mut self.halves[side as usize];
        let is_start = match half.state {
            State::Lost => recognise_in_doubt(chunk.bytes),
            State::Body { is_doubtful: true, .. } => recognise_in_doubt(chunk.bytes),
            _ => return,
        };
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

    /// Reads the head, or the line ends before it, or puts what there is of it aside; returns the bytes taken.
    #[inline]
    fn read_head<S: Sink>(
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
        let origin = Origin {
            start: chunk.at,
            sequence: chunk.sequence.plus(offset as u32),
            acknowledgement: chunk.acknowledgement,
        };
        let role = half.role.or_else(|| match recognise(bytes) {
            Recognition::Request => Some(Role::Requests),
            Recognition::Response => Some(Role::Answers),
            Recognition::Incomplete | Recognition::No => None,
        });
        if let Some(role) = role
            && let Some(taken) = self.begin_message(side, role, bytes, &origin, chunk.at, cx)
        {
            return taken;
        }
        let blank = leading_line_ends(bytes);
        if blank > 0 {
            return blank;
        }
        if self.is_unrecognised(side, bytes) {
            return self.give_up_head(side, &origin, bytes.len(), chunk.at, cx);
        }
        self.gather_head(side, chunk, offset, cx)
    }

    #[cold]
    fn gather_head<S: Sink>(
        &mut self,
        side: Side,
        chunk: &Chunk<'_>,
        offset: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        let bytes = &chunk.bytes[offset..];
        let half = &mut self.halves[side as usize];
        let mut gathered = half.gathered.take().unwrap_or_else(|| cx.heads.start(chunk, offset));
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
                let role = self.role_of(side, &gathered.bytes);
                let is_begun = role.is_some_and(|role| {
                    self.begin_message(side, role, &gathered.bytes, &origin, chunk.at, cx).is_some()
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

    fn role_of(&self, side: Side, bytes: &[u8]) -> Option<Role> {
        self.halves[side as usize].role.or_else(|| match recognise(bytes) {
            Recognition::Response => Some(Role::Answers),
            Recognition::Request | Recognition::Incomplete => Some(Role::Requests),
            Recognition::No => None,
        })
    }

    fn is_unrecognised(&self, side: Side, bytes: &[u8]) -> bool {
        let recognition = recognise(bytes);
        match self.halves[side as usize].role {
            Some(Role::Requests) => !matches!(recognition, Recognition::Request | Recognition::Incomplete),
            Some(Role::Answers) => !matches!(recognition, Recognition::Response | Recognition::Incomplete),
            None => recognition == Recognition::No,
        }
    }

    /// What should be a head is none.
    #[cold]
    fn give_up_head<S: Sink>(
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

    /// Begins the message at the start of `bytes` if its head is complete; returns the length of the head.
    #[inline]
    fn begin_message<S: Sink>(
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
                self.begin_answer(side, &head, origin, at, length, cx);
                Some(length)
            }
        }
    }

    /// The head that was gathered gets no further: what was seen of it counts.
    fn cut_head<S: Sink>(&mut self, side: Side, cx: &mut Context<'_, S>) {
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
                    self.begin_answer(side, &head, &origin, origin.start, bytes.len(), cx);
                }
            }
            None => {}
        }
        cx.heads.release(gathered);
    }

    #[inline]
    fn begin_request<S: Sink>(
        &mut self,
        side: Side,
        head: &RequestHead<'_>,
        origin: &Origin,
        length: usize,
        cx: &mut Context<'_, S>,
    ) {
        self.assign(side, Role::Requests, cx);
        let answers = &self.halves[side.other() as usize];
        if !answers.is_seen && !self.pairing.is_empty() {
            self.pairing.give_up_acknowledged(origin.acknowledgement, cx);
        } else if matches!(answers.state, State::Lost) {
            // The client goes on: whatever was still missing of the last answer, it has it.
            self.finish_answer(cx);
        }
        let (client, server) = self.client_and_server(side, Role::Requests, cx);
        let tag = cx.sink.on_request(&Request {
            client,
            server,
            version: head.version,
            method: head.method,
            host: head.host(),
            path: head.target.path,
            content_length: head.fields.content_length.bytes(),
            start: origin.start,
            is_first_on_connection: !self.has_requests,
        });
        self.has_requests = true;
        cx.counters.requests += 1;
        let framing = match head.fields.end {
            Some(_) => Framing::of_request(&head.fields),
            None => Framing::Ambiguous,
        };
        // A server refuses a contradictory length and closes, or takes it for none: what follows shows which.
        let is_ambiguous = framing == Framing::Ambiguous && head.fields.end.is_some();
        cx.counters.ambiguous_lengths += u64::from(is_ambiguous);
        let framing = if is_ambiguous { Framing::Length(0) } else { framing };
        let request = PendingRequest {
            tag,
            bytes: length as u64,
            sequence: origin.sequence,
            acknowledgement: origin.acknowledgement,
            method: head.kind,
            is_open: framing != Framing::Length(0),
            lost_after: None,
        };
        self.pairing.push(request, cx);
        self.halves[side as usize].message_bytes = length as u64;
        self.halves[side as usize].state = match framing {
            Framing::Length(0) => State::Head,
            Framing::Length(remaining) => State::Body { remaining, is_doubtful: false },
            Framing::Chunked => State::Chunked(Chunked::new()),
            Framing::Ambiguous | Framing::UntilClose | Framing::Tunnel => State::Lost,
        };
    }

    #[inline]
    fn begin_answer<S: Sink>(
        &mut self,
        side: Side,
        head: &ResponseHead<'_>,
        origin: &Origin,
        at: Timestamp,
        length: usize,
        cx: &mut Context<'_, S>,
    ) {
        self.assign(side, Role::Answers, cx);
        self.finish_answer(cx);
        if (100..200).contains(&head.status) && head.status != 101 {
            self.interim_bytes += length as u64;
            let is_whole = head.fields.end.is_some();
            self.halves[side as usize].state = if is_whole { State::Head } else { State::Lost };
            return;
        }
        if self.pairing.is_empty() {
            self.cut_request_answered_early(side.other(), origin, cx);
        }
        let request = self.pairing.take(origin, cx);
        self.pairing.note_answer();
        let is_orphan = request.is_none();
        let framing = match head.fields.end {
            Some(_) => Framing::of_response(head.status, request.map(|request| request.method), &head.fields),
            None => Framing::Ambiguous,
        };
        let answer = Answer {
            status: head.status,
            content_length: head.fields.content_length.bytes(),
            start: origin.start,
            end: origin.start.max(at),
            bytes: length as u64 + std::mem::take(&mut self.interim_bytes),
        };
        self.answer = Some(CurrentAnswer { request, answer });
        let state = match framing {
            Framing::Length(0) => {
                self.finish_answer(cx);
                State::Head
            }
            Framing::Length(remaining) => State::Body { remaining, is_doubtful: is_orphan },
            Framing::Chunked => State::Chunked(Chunked::new()),
            Framing::UntilClose => State::UntilClose,
            Framing::Ambiguous => {
                cx.counters.ambiguous_lengths += u64::from(head.fields.end.is_some());
                State::Lost
            }
            Framing::Tunnel => {
                self.finish_answer(cx);
                self.halves[side.other() as usize].state = State::Tunnel;
                State::Tunnel
            }
        };
        self.halves[side as usize].state = state;
    }

    /// A server may answer before the head is complete (408, 414, 431): then what was seen of it is the request.
    #[cold]
    fn cut_request_answered_early<S: Sink>(
        &mut self,
        client: Side,
        answer: &Origin,
        cx: &mut Context<'_, S>,
    ) {
        let gathered = self.halves[client as usize].gathered.as_ref();
        if gathered.is_some_and(|gathered| answer.acknowledgement.is_after(gathered.origin.sequence)) {
            self.cut_head(client, cx);
            if !self.pairing.is_empty() {
                self.halves[client as usize].state = State::Lost;
            }
        }
    }

    /// Fixes who is who, at the first message of a connection.
    #[inline]
    fn assign<S>(&mut self, side: Side, role: Role, cx: &mut Context<'_, S>) {
        if self.halves[side as usize].role.is_none() {
            cx.counters.http_connections += 1;
            self.halves[side as usize].role = Some(role);
            self.halves[side.other() as usize].role = Some(match role {
                Role::Requests => Role::Answers,
                Role::Answers => Role::Requests,
            });
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

    #[inline]
    fn finish_answer<S: Sink>(&mut self, cx: &mut Context<'_, S>) {
        let Some(CurrentAnswer { request, answer }) = self.answer.take() else { return };
        let client = if self.halves[0].role == Some(Role::Requests) { Side::Low } else { Side::High };
        match request {
            Some(mut request) => {
                if request.is_open {
                    request.bytes = self.halves[client as usize].message_bytes;
                }
                report(&request, Ok(answer), cx);
            }
            None => {
                cx.counters.orphan_answers += 1;
                let (client, server) = self.client_and_server(client, Role::Requests, cx);
                cx.sink.on_orphan_answer(&OrphanAnswer { client, server, answer });
            }
        }
    }
}
