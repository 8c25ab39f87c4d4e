//! The bounds of every table in the packet path. What overflows one of them is named in [`crate::counter::Counters`].

use std::time::Duration;

/// Bounds of memory and of patience. Every field has a default that suits a tap of some 100 000 connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections followed at once; beyond it the idlest is evicted. Default 262 144: some 40 MB when full.
    pub max_connections: u32,
    /// A connection without a segment for this long is over. Default 5 min, above the keep-alive of common servers.
    pub idle_timeout: Duration,
    /// As `idle_timeout`, for a connection that has carried no payload (port scans, SYN floods). Default 30 s.
    pub handshake_timeout: Duration,
    /// How long a connection is kept after FIN from both sides or RST, for late copies. Default 1 s.
    pub close_linger: Duration,
    /// A hole that the receiver has acknowledged is lost to us after this long: no retransmission will
    /// come. Default 500 ms, above the reordering of a mirror of two queues.
    pub acknowledged_hole_timeout: Duration,
    /// A hole that nobody acknowledged is lost after this long. Default 10 s: several retransmission timeouts (RFC 6298).
    pub hole_timeout: Duration,
    /// Segments held behind an acknowledged hole before it is lost. Default 32.
    pub max_segments_behind_acknowledged_hole: u32,
    /// Segments held behind a hole, per direction. Default 1 024.
    pub max_reorder_segments: u32,
    /// Bytes copied behind a hole, per direction. Default 1 MiB. Body bytes of known length are never copied.
    pub max_reorder_bytes: u32,
    /// Bytes copied behind holes over all connections. Default 32 MiB.
    pub max_reorder_bytes_total: u64,
    /// Bytes of a message head that is split over segments. Default 64 KiB; servers reject above 8 to 64 KiB.
    pub max_head_bytes: u32,
    /// Bytes of split heads over all connections. Default 32 MiB.
    pub max_head_bytes_total: u64,
    /// Requests of a connection waiting for an answer. Default 1 024.
    pub max_pending_requests: u32,
    /// Requests waiting for an answer over all connections. Default 1 048 576: some 40 MB when full.
    pub max_pending_requests_total: u64,
    /// Segments looked at for a message start, after the first, where the start of the connection was not captured.
    /// Default 256.
    pub max_search_segments: u16,
    /// As `max_search_segments`, where the start was captured and is not HTTP. Default 16: a SOCKS greeting fits.
    pub max_search_segments_after_syn: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 262_144,
            idle_timeout: Duration::from_secs(300),
            handshake_timeout: Duration::from_secs(30),
            close_linger: Duration::from_secs(1),
            acknowledged_hole_timeout: Duration::from_millis(500),
            hole_timeout: Duration::from_secs(10),
            max_segments_behind_acknowledged_hole: 32,
            max_reorder_segments: 1_024,
            max_reorder_bytes: 1 << 20,
            max_reorder_bytes_total: 32 << 20,
            max_head_bytes: 64 << 10,
            max_head_bytes_total: 32 << 20,
            max_pending_requests: 1_024,
            max_pending_requests_total: 1 << 20,
            max_search_segments: 256,
            max_search_segments_after_syn: 16,
        }
    }
}
