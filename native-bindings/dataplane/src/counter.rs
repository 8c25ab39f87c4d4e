//! What happened on the way from segments to exchanges, as named counters. After [`crate::engine::Engine::finish`]:
//! `requests = answered + missed + closed + evicted`.

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// Counters since the start of the engine; they only grow.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters { $($(#[$doc])* pub $field: u64,)+ }

        impl Counters {
            /// Name and value of every counter, in order of declaration. The names are stable.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field),)+].into_iter()
            }
        }
    };
}

counters! {
    /// TCP connections that were given an entry in the table.
    connections_opened,
    /// Of these, closed by FIN or RST, replaced by a new connection of the same ports, or open at the end.
    connections_closed,
    /// Idle for longer than the limit.
    connections_idle,
    /// Evicted because the table was full.
    connections_evicted,
    /// Recognised as HTTP.
    http_connections,
    /// Left alone after CONNECT or an upgrade.
    tunnels,
    /// Requests seen. Equals answered + missed + closed + evicted once the engine has finished.
    requests,
    /// Requests with a final status.
    answered,
    missed,
    closed,
    evicted,
    /// Answers whose request was not seen.
    orphan_answers,
    /// Holes in the bytes of HTTP connections that were given up.
    gaps,
    /// Bytes in those holes, bytes cut by the snap length included.
    missing_bytes,
    /// Message starts found again after bytes that could not be followed.
    resyncs,
    /// Bytes at which a message was expected and none was recognised.
    unrecognised_messages,
    /// Request bodies or answer bodies whose length is contradictory.
    ambiguous_lengths,
    /// Heads longer than the limit, or cut by a hole: used as far as they were seen.
    truncated_heads,
    /// Requests given up because too many were pending on their connection.
    pending_overflows,
    /// Segments held behind a hole.
    reordered_segments,
    /// Segments not held because a reorder bound was reached.
    reorder_overflows,
}

impl Counters {
    /// Whether every request ended in exactly one way; true after `finish`.
    pub fn reconciles(&self) -> bool {
        self.requests == self.answered + self.missed + self.closed + self.evicted
            && self.connections_opened
                == self.connections_closed + self.connections_idle + self.connections_evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_order_of_declaration() {
        let counters = Counters { connections_opened: 3, ..Counters::default() };
        assert_eq!(counters.named().next(), Some(("connections_opened", 3)));
    }

    #[test]
    fn reconciles_only_when_every_request_ended() {
        let mut counters = Counters { requests: 2, answered: 1, ..Counters::default() };
        assert!(!counters.reconciles());
        counters.closed = 1;
        assert!(counters.reconciles());
    }
}
