//! One TCP connection: what is expected next in each direction, and what waits behind a hole.

use super::Sequence;
use super::reorder::Reorder;
use super::table::Key;
use crate::address::Endpoint;
use crate::http::{HttpConnection, Side};
use crate::limits::Limits;
use crate::time::Timestamp;

/// What is done with the payload of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its bytes go to `http` in order.
    Following,
    /// Its segments are looked at for a message start, this many more.
    Searching(u16),
    /// It is not HTTP.
    Ignored,
    Tunnel,
}

/// One direction.
#[derive(Debug)]
pub struct Half {
    /// The first byte not seen yet.
    pub next: Sequence,
    /// The first byte of the connection, as far as seen.
    pub start: Sequence,
    /// How far the other side has acknowledged.
    pub acknowledged: Sequence,
    /// The position of the FIN.
    pub fin: Sequence,
    pub reorder: Option<Box<Reorder>>,
    pub mode: Mode,
    pub has_syn: bool,
    /// `next` is known.
    pub is_started: bool,
    pub has_acknowledged: bool,
    pub has_fin: bool,
    /// The FIN is reached.
    pub is_ended: bool,
    /// A check of the hole is due at some time.
    pub is_check_queued: bool,
}

impl Half {
    const fn new() -> Self {
        Self {
            next: Sequence(0),
            start: Sequence(0),
            acknowledged: Sequence(0),
            fin: Sequence(0),
            reorder: None,
            mode: Mode::Following,
            has_syn: false,
            is_started: false,
            has_acknowledged: false,
            has_fin: false,
            is_ended: false,
            is_check_queued: false,
        }
    }

    /// The first byte after the SYN is `first`.
    pub fn start_at(&mut self, first: Sequence) {
        self.next = first;
        self.start = first;
        self.is_started = true;
    }

    /// Bytes before `next` are of no interest, seen or not.
    pub fn continue_at(&mut self, next: Sequence) {
        self.next = next;
        self.is_started = true;
    }

    /// Whether the other side has received all bytes before `sequence`.
    pub fn is_acknowledged(&self, sequence: Sequence) -> bool {
        self.has_acknowledged && !sequence.is_after(self.acknowledged)
    }
}

/// An entry of the table.
#[derive(Debug)]
pub struct Connection {
    pub key: Key,
    /// Indexed by [`Side`].
    pub halves: [Half; 2],
    pub http: Option<Box<HttpConnection>>,
    pub last_seen: Timestamp,
    /// Tells the entry's connections apart.
    pub generation: u32,
    /// The entry is in use.
    pub is_open: bool,
    pub is_http: bool,
    pub has_payload: bool,
    pub is_reset: bool,
}

impl Connection {
    pub fn new(key: Key, now: Timestamp) -> Self {
        Self {
            key,
            halves: [Half::new(), Half::new()],
            http: None,
            last_seen: now,
            generation: 0,
            is_open: true,
            is_http: false,
            has_payload: false,
            is_reset: false,
        }
    }

    #[inline(always)]
    pub fn is_between(&self, low: Endpoint, high: Endpoint) -> bool {
        let [own_low, own_high] = &self.key;
        let addresses = (own_low.address.0 ^ low.address.0) | (own_high.address.0 ^ high.address.0);
        let ports = (own_low.port ^ low.port) | (own_high.port ^ high.port);
        // One branch: a comparison field by field takes four.
        addresses | u128::from(ports) == 0
    }

    #[inline]
    pub fn half(&mut self, side: Side) -> &mut Half {
        &mut self.halves[side as usize]
    }

    pub fn is_closed(&self) -> bool {
        self.is_reset || (self.halves[0].is_ended && self.halves[1].is_ended)
    }

    /// When the connection is over unless another segment comes.
    pub fn deadline(&self, limits: &Limits) -> Timestamp {
        let patience = match self {
            _ if self.is_closed() => limits.close_linger,
            Self { has_payload: true, .. } => limits.idle_timeout,
            // Never the longer one: the wheel can put a deadline off, not bring it forward.
            _ => limits.handshake_timeout.min(limits.idle_timeout),
        };
        Timestamp(self.last_seen.0.saturating_add(patience.as_nanos() as u64))
    }
}
