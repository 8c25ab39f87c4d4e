//! A segment of one connection: in order it goes straight to `http`, else it waits behind its hole.

use super::connection::{Connection, Mode};
use super::reorder::{Insertion, Piece};
use super::{HoleCheck, Sequence, Shared};
use crate::account::FrameReason;
use crate::exchange::{Sink, Unanswered};
use crate::http::{
    Chunk, Context, HttpConnection, Recognition, Side, Verdict, leading_line_ends, recognise,
    recognise_in_doubt,
};
use crate::time::Timestamp;
use crate::wire::{Segment, TcpFlags};

/// The largest window of TCP is 2³⁰ bytes (RFC 7323 § 2.3): what lies further back is no retransmission, what was
/// acknowledged further ahead is nonsense.
const MAX_WINDOW: i32 = 1 << 30;
/// An answer that acknowledges no more than this beyond the requests seen waits for them.
const MAX_REQUEST_LAG: i32 = 1 << 20;

/// A connection with everything that following it needs.
pub struct Follower<'a, S> {
    pub connection: &'a mut Connection,
    pub shared: &'a mut Shared,
    pub sink: &'a mut S,
    pub now: Timestamp,
    pub entry: u32,
}

impl<S: Sink> Follower<'_, S> {
    /// A segment without SYN, FIN and RST.
    #[inline(always)]
    pub fn plain_segment(&mut self, side: Side, segment: &Segment<'_>, at: Timestamp) -> FrameReason {
        if segment.flags.has(TcpFlags::ACK) {
            self.note_acknowledgement(side.other(), Sequence(segment.acknowledgement));
        }
        if segment.payload_length == 0 {
            return FrameReason::TcpControl;
        }
        self.payload(side, segment, Sequence(segment.sequence), at)
    }

    /// A segment with SYN, FIN or RST.
    #[cold]
    pub fn flagged_segment(&mut self, side: Side, segment: &Segment<'_>, at: Timestamp) -> FrameReason {
        let mut first = Sequence(segment.sequence);
        if segment.flags.has(TcpFlags::RST) {
            self.connection.is_reset = true;
            return FrameReason::TcpControl;
        }
        if segment.flags.has(TcpFlags::SYN) {
            first = first.plus(1);
            let half = self.connection.half(side);
            half.has_syn = true;
            if !half.is_started {
                half.start_at(first);
            }
        }
        if segment.flags.has(TcpFlags::ACK) {
            self.note_acknowledgement(side.other(), Sequence(segment.acknowledgement));
        }
        let reason = match segment.payload_length {
            0 => FrameReason::TcpControl,
            _ => self.payload(side, segment, first, at),
        };
        if segment.flags.has(TcpFlags::FIN) {
            let fin = first.plus(segment.payload_length);
            let half = self.connection.half(side);
            half.has_fin = true;
            half.fin = fin;
            if !half.is_started {
                half.start_at(fin);
            }
            self.end_if_reached(side);
        }
        reason
    }

    /// A hole, or an answer ahead of its request, has waited: is it to be given up?
    pub fn check_hole(&mut self, side: Side) {
        self.connection.half(side).is_check_queued = false;
        let limits = self.shared.limits;
        while let Some((first, at)) = self.first_waiting(side) {
            let half = self.connection.half(side);
            let is_certain = first == half.next || half.is_acknowledged(first);
            let patience = if is_certain { limits.acknowledged_hole_timeout } else { limits.hole_timeout };
            if self.now.saturating_since(at) < patience {
                break;
            }
            self.give_up_hole(side);
        }
        self.queue_check(side);
    }

    /// Delivers what waits, hole or not, and ends the HTTP of the connection.
    pub fn close(&mut self, why: Unanswered) {
        let client = match &self.connection.http {
            Some(http) if http.is_client(Side::High) => Side::High,
            _ => Side::Low,
        };
        while let Some(side) =
            [client, client.other()].into_iter().find(|&side| self.first_waiting(side).is_some())
        {
            self.give_up_hole(side);
        }
        if self.connection.is_http {
            for side in [client, client.other()] {
                self.lose_tail(side);
            }
        }
        self.with_http(|http, cx| http.close(why, cx));
        self.connection.http = None;
    }

    #[inline(always)]
    fn note_acknowledgement(&mut self, of: Side, acknowledgement: Sequence) {
        let half = self.connection.half(of);
        if !half.has_acknowledged {
            half.has_acknowledged = true;
            half.acknowledged = acknowledgement;
            if !half.is_started {
                half.next = acknowledgement;
            }
        } else if acknowledgement.is_after(half.acknowledged) {
            half.acknowledged = acknowledgement;
        }
    }

    #[inline(always)]
    fn payload(&mut self, side: Side, segment: &Segment<'_>, first: Sequence, at: Timestamp) -> FrameReason {
        self.connection.has_payload = true;
        let half = self.connection.half(side);
        if half.mode == Mode::Following
            && half.is_started
            && first == half.next
            && half.reorder.is_none()
            && !self.is_ahead_of_request(side, Sequence(segment.acknowledgement), segment.payload)
        {
            let chunk = Chunk {
                bytes: segment.payload,
                length: segment.payload_length,
                sequence: first,
                acknowledgement: Sequence(segment.acknowledgement),
                at,
            };
            let reason = self.deliver(side, &chunk);
            if self.connection.half(side.other()).reorder.is_some() {
                self.deliver_waiting();
            }
            return reason;
        }
        self.irregular_payload(side, segment, first, at)
    }

    /// Payload that is not simply the next of a direction that is followed.
    fn irregular_payload(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        first: Sequence,
        at: Timestamp,
    ) -> FrameReason {
        let half = self.connection.half(side);
        match half.mode {
            Mode::Ignored => return FrameReason::OtherProtocol,
            Mode::Tunnel => return FrameReason::Tunnelled,
            Mode::Searching(left) => {
                if recognise_in_doubt(segment.payload) == Recognition::No {
                    half.mode = if left > 1 { Mode::Searching(left - 1) } else { Mode::Ignored };
                    return FrameReason::OtherProtocol;
                }
                half.mode = Mode::Following;
                half.continue_at(first);
            }
            Mode::Following if !half.is_started => {
                half.start_at(first);
                if recognise_in_doubt(segment.payload) == Recognition::No {
                    if !self.connection.is_http {
                        self.search(side);
                        return FrameReason::OtherProtocol;
                    }
                    self.with_http(|http, _| http.lose_place(side));
                }
                self.with_http(|http, _| http.note_unknown_start());
            }
            Mode::Following => {}
        }
        let next = self.connection.half(side).next;
        let offset = first.since(next);
        if !(-MAX_WINDOW..0).contains(&offset) {
            return self.keep(side, segment, first, at);
        }
        let known = offset.unsigned_abs();
        if known >= segment.payload_length {
            return FrameReason::Retransmission;
        }
        let rest = Segment {
            payload: segment.payload.get(known as usize..).unwrap_or(&[]),
            payload_length: segment.payload_length - known,
            ..*segment
        };
        self.keep(side, &rest, next, at)
    }

    /// Puts a segment at or ahead of the next byte in its place, and delivers what has become deliverable.
    fn keep(&mut self, side: Side, segment: &Segment<'_>, first: Sequence, at: Timestamp) -> FrameReason {
        if self.shared.reorder_bytes >= self.shared.limits.max_reorder_bytes_total {
            self.shared.counters.reorder_overflows += 1;
            return FrameReason::Shed;
        }
        let known_body = self.connection.http.as_ref().map_or(0, |http| http.known_body(side));
        let half = self.connection.half(side);
        let next = half.next;
        let reorder = half.reorder.get_or_insert_default();
        let cost = reorder.cost();
        let insertion = reorder.insert(segment, first, next, known_body, at);
        self.shared.reorder_bytes += (reorder.cost() - cost) as u64;
        if insertion == Insertion::Duplicate {
            return FrameReason::Retransmission;
        }
        self.deliver_waiting();
        if !self.connection.half(side).next.is_after(first)
            && self.connection.half(side).mode == Mode::Following
        {
            self.shared.counters.reordered_segments += 1;
            self.with_http(|http, _| http.note_waiting(side));
            self.queue_check(side);
            self.bound(side);
            return FrameReason::OutOfOrder;
        }
        self.reason(side)
    }

    /// Gives holes up as long as more waits behind them than is allowed.
    fn bound(&mut self, side: Side) {
        let limits = self.shared.limits;
        loop {
            let half = self.connection.half(side);
            let Some((reorder, first)) =
                half.reorder.as_ref().and_then(|reorder| Some((reorder, reorder.first()?)))
            else {
                break;
            };
            let is_certain = half.is_acknowledged(first.sequence);
            let segments = reorder.segments() as u32;
            let is_beyond = segments > limits.max_reorder_segments
                || reorder.cost() > limits.max_reorder_bytes as usize
                || (is_certain && segments > limits.max_segments_behind_acknowledged_hole);
            if !is_beyond {
                break;
            }
            self.give_up_hole(side);
        }
    }

    /// Delivers what waits and has no hole before it, on both sides: the one may have waited for the other.
    fn deliver_waiting(&mut self) {
        while self.deliver_one(Side::Low, false) || self.deliver_one(Side::High, false) {}
    }

    /// Delivers the first piece that waits on `side`, if its turn has come; `is_forced`: even ahead of its request.
    fn deliver_one(&mut self, side: Side, is_forced: bool) -> bool {
        let half = &self.connection.halves[side as usize];
        let Some(reorder) = half.reorder.as_ref() else { return false };
        let is_deliverable = match (half.mode, reorder.first()) {
            (_, None) => false,
            (Mode::Following, Some(piece)) => {
                piece.sequence == half.next
                    && (is_forced || !self.is_ahead_of_request(side, piece.acknowledgement, &piece.bytes))
            }
            _ => true,
        };
        if !is_deliverable {
            return false;
        }
        let Some(piece) = self.take_first(side) else { return false };
        match self.connection.half(side).mode {
            Mode::Following => self.deliver_piece(side, &piece),
            Mode::Searching(_) if recognise_in_doubt(&piece.bytes) != Recognition::No => {
                let half = self.connection.half(side);
                half.mode = Mode::Following;
                half.continue_at(piece.sequence);
                self.deliver_piece(side, &piece);
            }
            Mode::Searching(_) | Mode::Ignored | Mode::Tunnel => {}
        }
        true
    }

    fn deliver_piece(&mut self, side: Side, piece: &Piece) {
        if piece.skipped > 0 {
            self.with_http(|http, cx| http.skip(side, piece.sequence, piece.skipped, piece.at, cx));
            self.connection.half(side).next = piece.sequence.plus(piece.skipped);
        }
        if piece.length > piece.skipped {
            let chunk = Chunk {
                bytes: &piece.bytes,
                length: piece.length - piece.skipped,
                sequence: piece.sequence.plus(piece.skipped),
                acknowledgement: piece.acknowledgement,
                at: piece.at,
            };
            self.deliver_late(side, &chunk);
        }
        self.end_if_reached(side);
    }

    /// As [`Self::deliver`], out of the way of what comes in order.
    #[cold]
    fn deliver_late(&mut self, side: Side, chunk: &Chunk<'_>) {
        self.deliver(side, chunk);
    }

    /// Hands the next bytes of a followed side to `http`.
    #[inline(always)]
    fn deliver(&mut self, side: Side, chunk: &Chunk<'_>) -> FrameReason {
        self.connection.half(side).next = chunk.sequence.plus(chunk.length);
        self.connection.is_reset = false;
        if self.connection.http.is_none() && !self.begin_http(side, chunk) {
            self.search(side);
            return FrameReason::OtherProtocol;
        }
        let Some(verdict) = self.with_http(|http, cx| http.feed(side, chunk, cx)) else {
            return FrameReason::OtherProtocol;
        };
        if verdict == Verdict::Http && self.connection.is_http {
            return FrameReason::Http;
        }
        self.apply(side, verdict);
        // The segment that brings a tunnel about still carries HTTP.
        if verdict == Verdict::Tunnel { FrameReason::Http } else { self.reason(side) }
    }

    /// Makes room for the HTTP of a connection if these can be its first bytes.
    #[cold]
    fn begin_http(&mut self, side: Side, chunk: &Chunk<'_>) -> bool {
        let start = &chunk.bytes[leading_line_ends(chunk.bytes)..];
        if recognise(start) == Recognition::No {
            return false;
        }
        let mut http = Box::<HttpConnection>::default();
        let half = self.connection.half(side);
        if !half.has_syn || half.start != chunk.sequence {
            http.note_unknown_start();
        }
        if self.connection.half(side.other()).mode != Mode::Following {
            http.lose_place(side.other());
        }
        if self.connection.half(side.other()).reorder.is_some() {
            http.note_waiting(side.other());
        }
        self.connection.http = Some(http);
        true
    }

    #[cold]
    fn apply(&mut self, side: Side, verdict: Verdict) {
        match verdict {
            Verdict::Undecided => {}
            Verdict::Http => {
                self.connection.is_http = true;
                let other = self.connection.half(side.other());
                if matches!(other.mode, Mode::Searching(_) | Mode::Ignored) {
                    other.mode = Mode::Following;
                    other.is_started = false;
                }
            }
            Verdict::NotHttp => self.search(side),
            Verdict::Tunnel => {
                self.shared.counters.tunnels += 1;
                self.with_http(|http, cx| http.close(Unanswered::Closed, cx));
                self.connection.http = None;
                for side in [Side::Low, Side::High] {
                    self.connection.half(side).mode = Mode::Tunnel;
                    while self.take_first(side).is_some() {}
                }
            }
        }
    }

    /// `side` is not HTTP here; it may become so.
    #[cold]
    fn search(&mut self, side: Side) {
        let limits = self.shared.limits;
        let half = self.connection.half(side);
        let is_start_known = half.has_syn;
        half.mode = Mode::Searching(if is_start_known {
            limits.max_search_segments_after_syn
        } else {
            limits.max_search_segments
        });
        if self.connection.half(side.other()).mode != Mode::Following && !self.connection.is_http {
            self.with_http(|http, cx| http.close(Unanswered::Closed, cx));
            self.connection.http = None;
        }
    }

    /// Whether this is an answer that acknowledges requests not seen yet: late on the mirror, or behind a hole.
    #[inline(always)]
    fn is_ahead_of_request(&self, side: Side, acknowledgement: Sequence, bytes: &[u8]) -> bool {
        self.acknowledges_unseen(side, acknowledgement)
            && starts_like_answer(bytes)
            && self.connection.http.as_ref().is_none_or(|http| http.is_between_messages(side))
    }

    /// Whether `side` has received bytes of the other side that were not seen.
    #[inline(always)]
    fn acknowledges_unseen(&self, side: Side, acknowledgement: Sequence) -> bool {
        let other = &self.connection.halves[side.other() as usize];
        let lag = acknowledgement.since(other.next);
        (1..=MAX_REQUEST_LAG).contains(&lag) && other.is_started && other.mode == Mode::Following
    }

    /// Gives up the bytes before the first piece that waits on `side`, and delivers that piece.
    fn give_up_hole(&mut self, side: Side) {
        self.settle_requests_before(side);
        self.give_up_hole_alone(side);
    }

    fn give_up_hole_alone(&mut self, side: Side) {
        let Some((first, _)) = self.first_waiting(side) else { return };
        let half = self.connection.half(side);
        let (lost_from, missing) = (half.next, first.0.wrapping_sub(half.next.0));
        if missing > 0 && half.mode == Mode::Following {
            half.next = first;
            match self.with_http(|http, cx| http.lose(side, lost_from, missing, cx)) {
                Some(verdict) => self.apply(side, verdict),
                None => self.search(side),
            }
        }
        self.deliver_one(side, true);
        self.deliver_waiting();
    }

    /// Before an answer that waits on `side` is delivered: the requests it acknowledges will not come either.
    fn settle_requests_before(&mut self, side: Side) {
        let is_ahead = |follower: &Self| {
            let piece = follower.connection.halves[side as usize]
                .reorder
                .as_ref()
                .and_then(|reorder| reorder.first());
            piece.is_some_and(|piece| {
                starts_like_answer(&piece.bytes) && follower.acknowledges_unseen(side, piece.acknowledgement)
            })
        };
        while is_ahead(self) && self.first_waiting(side.other()).is_some() {
            self.give_up_hole_alone(side.other());
        }
        if is_ahead(self) {
            let unseen = self.connection.half(side.other()).next;
            self.with_http(|http, cx| http.note_unseen_requests(side.other(), unseen, cx));
        }
    }

    /// What the receiver acknowledged and we never saw, at the end of a connection.
    fn lose_tail(&mut self, side: Side) {
        let half = self.connection.half(side);
        let missing = half.acknowledged.since(half.next);
        // One byte may be a FIN that was missed.
        if half.has_acknowledged && half.mode == Mode::Following && (2..MAX_WINDOW).contains(&missing) {
            let lost_from = half.next;
            self.with_http(|http, cx| http.lose(side, lost_from, missing as u32, cx));
        }
    }

    fn end_if_reached(&mut self, side: Side) {
        let half = self.connection.half(side);
        if !half.has_fin || half.is_ended {
            return;
        }
        if half.mode != Mode::Following {
            half.is_ended = true;
        } else if half.next == half.fin && half.reorder.is_none() {
            half.is_ended = true;
            half.next = half.fin.plus(1);
            self.with_http(|http, cx| http.end(side, cx));
        }
    }

    fn first_waiting(&self, side: Side) -> Option<(Sequence, Timestamp)> {
        let piece = self.connection.halves[side as usize].reorder.as_ref()?.first()?;
        Some((piece.sequence, piece.at))
    }

    fn take_first(&mut self, side: Side) -> Option<Piece> {
        let half = self.connection.half(side);
        let reorder = half.reorder.as_mut()?;
        let cost = reorder.cost();
        let piece = reorder.take_first();
        self.shared.reorder_bytes -= (cost - reorder.cost()) as u64;
        if reorder.first().is_none() {
            half.reorder = None;
        }
        piece
    }

    fn queue_check(&mut self, side: Side) {
        let half = self.connection.half(side);
        if half.reorder.is_some() && !half.is_check_queued {
            half.is_check_queued = true;
            let patience = self.shared.limits.acknowledged_hole_timeout.as_nanos() as u64;
            self.shared.checks.push_back(HoleCheck {
                due: Timestamp(self.now.0.saturating_add(patience)),
                entry: self.entry,
                generation: self.connection.generation,
                side,
            });
        }
    }

    fn reason(&self, side: Side) -> FrameReason {
        match self.connection.halves[side as usize].mode {
            Mode::Following if self.connection.is_http => FrameReason::Http,
            Mode::Following => FrameReason::Undecided,
            Mode::Searching(_) | Mode::Ignored => FrameReason::OtherProtocol,
            Mode::Tunnel => FrameReason::Tunnelled,
        }
    }

    #[inline]
    fn with_http<R>(&mut self, act: impl FnOnce(&mut HttpConnection, &mut Context<'_, S>) -> R) -> Option<R> {
        let http = self.connection.http.as_mut()?;
        let mut context = Context {
            sink: self.sink,
            counters: &mut self.shared.counters,
            limits: &self.shared.limits,
            heads: &mut self.shared.heads,
            pending_total: &mut self.shared.pending_total,
            endpoints: &self.connection.key,
            now: self.now,
        };
        Some(act(http, &mut context))
    }
}

/// Bytes that can be the start of a status line, however few.
#[inline(never)]
fn starts_like_answer(bytes: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    let length = bytes.len().min(START.len());
    bytes[..length] == START[..length]
}
