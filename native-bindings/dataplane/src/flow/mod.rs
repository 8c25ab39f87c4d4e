//! TCP segments in, the in-order bytes of each connection out, to `http`. Puts segments in order, drops copies, and
//! declares holes lost, but never on an acknowledgement alone: a mirror may show the ACK before its data. Does not
//! look at payload except to leave alone what is not HTTP.

mod connection;
#[cfg(test)]
pub(crate) mod conversation;
mod follow;
#[cfg(test)]
mod property;
mod reorder;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod wheel;

use std::collections::VecDeque;

pub use sequence::Sequence;

use self::connection::Connection;
use self::follow::Follower;
use self::table::{Key, Table};
use crate::account::FrameReason;
use crate::counter::Counters;
use crate::exchange::{Sink, Unanswered};
use crate::http::{HeadStore, Side};
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::wire::{Segment, TcpFlags};

/// How far data seen before its SYN may lie from it, for the SYN to be late and not that of a new connection.
const LATE_SYN_BYTES: i32 = 1 << 20;

/// All TCP connections.
pub struct Flow {
    table: Table,
    shared: Shared,
}

/// What the connections share.
struct Shared {
    limits: Limits,
    counters: Counters,
    heads: HeadStore,
    pending_total: u64,
    reorder_bytes: u64,
    /// Holes to look at, soonest first.
    checks: VecDeque<HoleCheck>,
}

struct HoleCheck {
    due: Timestamp,
    entry: u32,
    generation: u32,
    side: Side,
}

impl Flow {
    pub fn new(limits: Limits) -> Self {
        Self {
            table: Table::new(),
            shared: Shared {
                limits,
                counters: Counters::default(),
                heads: HeadStore::default(),
                pending_total: 0,
                reorder_bytes: 0,
                checks: VecDeque::new(),
            },
        }
    }

    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Takes one segment, captured at `at`; `now` is the latest packet time, `>= at`.
    #[inline(always)]
    pub fn feed<S: Sink>(
        &mut self,
        segment: &Segment<'_>,
        at: Timestamp,
        now: Timestamp,
        sink: &mut S,
    ) -> FrameReason {
        let (low, high, side) = if segment.source <= segment.destination {
            (segment.source, segment.destination, Side::Low)
        } else {
            (segment.destination, segment.source, Side::High)
        };
        let is_syn = segment.flags.has(TcpFlags::SYN);
        let entry = match self.table.find(low, high) {
            Some(entry) if is_syn && self.is_new_connection(entry, side, segment) => {
                self.close(entry, Unanswered::Closed, now, sink);
                self.shared.counters.connections_closed += 1;
                self.open([low, high], now, sink)
            }
            Some(entry) => entry,
            // Whatever has no payload tells nothing of a connection that is not followed.
            None if segment.payload_length == 0 && !is_syn => return FrameReason::TcpControl,
            None => self.open([low, high], now, sink),
        };
        let Self { table, shared } = self;
        let connection = table.get_mut(entry);
        connection.last_seen = now;
        let is_plain = segment.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) == 0;
        let mut follower = Follower { connection, shared, sink, now, entry };
        if is_plain {
            return follower.plain_segment(side, segment, at);
        }
        let reason = follower.flagged_segment(side, segment, at);
        if connection.is_closed() {
            let deadline = connection.deadline(&shared.limits);
            table.wheel.schedule(entry, deadline);
        }
        reason
    }

    /// Packet time is `now`: ends what was idle for too long and gives up holes that will not fill.
    pub fn advance<S: Sink>(&mut self, now: Timestamp, sink: &mut S) {
        while self.shared.checks.front().is_some_and(|check| check.due <= now) {
            if let Some(check) = self.shared.checks.pop_front() {
                self.check_hole(&check, now, sink);
            }
        }
        while let Some(entry) = self.table.wheel.take_due(now) {
            let connection = self.table.get_mut(entry);
            let deadline = connection.deadline(&self.shared.limits);
            if deadline > now {
                self.table.wheel.schedule(entry, deadline);
                continue;
            }
            if connection.is_closed() {
                self.shared.counters.connections_closed += 1;
                self.close(entry, Unanswered::Closed, now, sink);
            } else {
                self.shared.counters.connections_idle += 1;
                self.close(entry, Unanswered::Evicted, now, sink);
            }
        }
    }

    /// Ends every connection.
    pub fn finish<S: Sink>(&mut self, now: Timestamp, sink: &mut S) {
        for entry in self.table.open_entries() {
            self.shared.counters.connections_closed += 1;
            self.close(entry, Unanswered::Closed, now, sink);
        }
    }

    #[inline(never)]
    fn open<S: Sink>(&mut self, key: Key, now: Timestamp, sink: &mut S) -> u32 {
        while self.table.len() >= self.shared.limits.max_connections.max(1) as usize {
            self.evict_one(now, sink);
        }
        self.shared.counters.connections_opened += 1;
        let connection = Connection::new(key, now);
        let deadline = connection.deadline(&self.shared.limits);
        self.table.insert(connection, deadline)
    }

    /// Ends the connection whose deadline is nearest, to the tick of the wheel.
    #[cold]
    fn evict_one<S: Sink>(&mut self, now: Timestamp, sink: &mut S) {
        let Some(mut entry) = self.table.wheel.take_nearest() else { return };
        // Those that were active since they were put into the wheel are put back; a few are enough to find an idle one,
        // and a bound keeps the cost of a new connection constant.
        for _ in 0..64 {
            let connection = self.table.get_mut(entry);
            if connection.is_closed() || now.saturating_since(connection.last_seen).as_millis() > 500 {
                break;
            }
            let deadline = connection.deadline(&self.shared.limits);
            self.table.wheel.schedule(entry, deadline);
            match self.table.wheel.take_nearest() {
                Some(next) => entry = next,
                None => return,
            }
        }
        self.shared.counters.connections_evicted += 1;
        self.close(entry, Unanswered::Evicted, now, sink);
    }

    #[inline(never)]
    fn close<S: Sink>(&mut self, entry: u32, why: Unanswered, now: Timestamp, sink: &mut S) {
        let Self { table, shared } = self;
        let connection = table.get_mut(entry);
        Follower { connection, shared, sink, now, entry }.close(why);
        table.remove(entry);
    }

    #[cold]
    fn check_hole<S: Sink>(&mut self, check: &HoleCheck, now: Timestamp, sink: &mut S) {
        let Self { table, shared } = self;
        let connection = table.get_mut(check.entry);
        if connection.is_open && connection.generation == check.generation {
            Follower { connection, shared, sink, now, entry: check.entry }.check_hole(check.side);
        }
    }

    /// Whether a SYN begins another connection of the same endpoints, rather than being a copy or late.
    #[cold]
    fn is_new_connection(&mut self, entry: u32, side: Side, segment: &Segment<'_>) -> bool {
        let half = self.table.get_mut(entry).half(side);
        let first = Sequence(segment.sequence).plus(1);
        if half.has_syn {
            return half.start != first;
        }
        half.is_started && !(0..LATE_SYN_BYTES).contains(&half.start.since(first))
    }
}
