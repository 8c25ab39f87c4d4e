//! The in-order bytes of both directions of a connection, holes included → requests, exchanges and orphan answers
//! (HTTP/1.0 and 1.1). Bodies are passed over by arithmetic. Knows nothing of packets, ports or reordering, and
//! keeps no byte beyond a head that is split over segments.

mod chunk;
mod connection;
mod field;
mod framing;
mod gather;
mod head;
mod line;
mod pairing;
mod target;
#[cfg(test)]
mod tests;

pub use connection::{HttpConnection, Verdict};
pub use gather::HeadStore;
pub use head::{Recognition, leading_line_ends, recognise, recognise_in_doubt};

use self::gather::Origin;
use crate::address::Endpoint;
use crate::counter::Counters;
use crate::flow::Sequence;
use crate::limits::Limits;
use crate::time::Timestamp;

/// One of the two ends of a connection, in the order of their endpoints: which of them is the client is known
/// only once a request or an answer was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Low = 0,
    High = 1,
}

impl Side {
    #[inline]
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// The next in-order bytes that one side sent.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// What was captured of them, from the first byte on.
    pub bytes: &'a [u8],
    /// How many there were on the wire, `>= bytes.len()`.
    pub length: u32,
    pub sequence: Sequence,
    /// How far the sender had received the other side when it sent these bytes.
    pub acknowledgement: Sequence,
    pub at: Timestamp,
}

impl Chunk<'_> {
    /// Of a message that begins `offset` bytes into the chunk.
    #[inline(always)]
    fn origin(&self, offset: usize) -> Origin {
        Origin {
            start: self.at,
            sequence: self.sequence.plus(offset as u32),
            acknowledgement: self.acknowledgement,
        }
    }
}

/// What every call into this layer needs: the sink, and the state that all connections share.
pub struct Context<'a, S> {
    pub sink: &'a mut S,
    pub counters: &'a mut Counters,
    pub limits: &'a Limits,
    pub heads: &'a mut HeadStore,
    pub pending_total: &'a mut u64,
    /// The endpoints of the connection, indexed by [`Side`].
    pub endpoints: &'a [Endpoint; 2],
    pub now: Timestamp,
}
