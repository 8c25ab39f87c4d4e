//! The beginning of a message: what its head says of pairing and framing.

use super::super::chunk::Chunked;
use super::super::framing::Framing;
use super::super::gather::Origin;
use super::super::head::{RequestHead, ResponseHead};
use super::super::pairing::PendingRequest;
use super::super::{Context, Side};
use super::{CurrentAnswer, HttpConnection, Role, State};
use crate::exchange::{Answer, Request, Sink};
use crate::time::Timestamp;

impl HttpConnection {
    #[inline(always)]
    pub(super) fn begin_request<S: Sink>(
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

    /// `length` bytes of the `available` ones are the head; returns how many are taken: a body that is wholly there is
    /// taken with its head.
    #[inline(always)]
    #[expect(clippy::too_many_arguments)]
    pub(super) fn begin_answer<S: Sink>(
        &mut self,
        side: Side,
        head: &ResponseHead<'_>,
        origin: &Origin,
        at: Timestamp,
        length: usize,
        available: usize,
        cx: &mut Context<'_, S>,
    ) -> usize {
        self.assign(side, Role::Answers, cx);
        self.finish_answer(cx);
        if (100..200).contains(&head.status) && head.status != 101 {
            self.interim_bytes += length as u64;
            let is_whole = head.fields.end.is_some();
            self.halves[side as usize].state = if is_whole { State::Head } else { State::Lost };
            return length;
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
        let mut answer = Answer {
            status: head.status,
            content_length: head.fields.content_length.bytes(),
            start: origin.start,
            end: origin.start.max(at),
            bytes: length as u64 + std::mem::take(&mut self.interim_bytes),
        };
        if let (Framing::Length(body), Some(request)) = (framing, request)
            && body <= (available - length) as u64
        {
            answer.bytes += body;
            self.halves[side as usize].state = State::Head;
            self.report_answer(request, answer, cx);
            return length + body as usize;
        }
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
        length
    }

    /// A server may answer before the head is complete (408, 414, 431): then what was seen of it is the request.
    #[cold]
    pub(super) fn cut_request_answered_early<S: Sink>(
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
    pub(super) fn assign<S>(&mut self, side: Side, role: Role, cx: &mut Context<'_, S>) {
        if self.halves[side as usize].role.is_none() {
            cx.counters.http_connections += 1;
            self.halves[side as usize].role = Some(role);
            self.halves[side.other() as usize].role = Some(match role {
                Role::Requests => Role::Answers,
                Role::Answers => Role::Requests,
            });
        }
    }
}
