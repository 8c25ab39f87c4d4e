//! What the HTTP layer tells the layers after it: a request as soon as its head is seen, the exchange when
//! it is over. Demand is counted at the request, outcomes at the exchange.

use crate::address::Endpoint;
use crate::time::Timestamp;

/// The version of the request line, or of the connection for HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
    Http2,
}

/// A request head, at the moment it is complete. The slices live only for the call.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub client: Endpoint,
    pub server: Endpoint,
    pub version: Version,
    pub method: &'a [u8],
    /// The authority: of an absolute-form or CONNECT target, else the Host header. Empty where unknown. Raw bytes.
    pub host: &'a [u8],
    /// The request target without scheme, authority, query string and fragment. Raw bytes. `*` for `OPTIONS *`,
    /// empty for CONNECT and where unknown.
    pub path: &'a [u8],
    /// The Content-Length header, where there is one.
    pub content_length: Option<u64>,
    /// Packet time of the first byte of the head.
    pub start: Timestamp,
    /// Whether this is the first request seen on its connection.
    pub is_first_on_connection: bool,
}

/// Whatever the sink wants to remember of a request until its exchange ends (ids of application, client, route).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag(pub u64);

/// Why an exchange ended without a final status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The answer was not in the capture: a gap, a one-sided mirror, or the next request proves it was missed.
    Missed,
    /// The connection closed, or the capture ended, before an answer.
    Closed,
    /// Idle for too long, or evicted by a bound.
    Evicted,
}

/// The final answer: never a 1xx other than 101.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_length: Option<u64>,
    /// Packet time of the first byte of the answer (of the final one, after any 1xx).
    pub start: Timestamp,
    /// Packet time of the last byte seen of the answer.
    pub end: Timestamp,
    /// Bytes of head and body on the wire, interim answers included.
    pub bytes: u64,
}

/// A request that is over, for better or worse. One for every [`Request`], in order of ending.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    pub tag: Tag,
    /// Bytes of head and body of the request on the wire.
    pub request_bytes: u64,
    pub outcome: Result<Answer, Unanswered>,
    /// Packet time at which the exchange was declared over.
    pub ended: Timestamp,
}

/// An answer whose request was never seen.
#[derive(Clone, Copy, Debug)]
pub struct OrphanAnswer {
    pub client: Endpoint,
    pub server: Endpoint,
    pub answer: Answer,
}

/// Bytes of an HTTP connection that passed the mirror without being captured.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    pub client: Endpoint,
    pub server: Endpoint,
    /// Lost from client to server (else from server to client).
    pub is_request_side: bool,
    pub missing_bytes: u64,
    pub at: Timestamp,
}

/// Consumes what the HTTP layer finds. `Tag` is chosen by the sink in `on_request` and handed back in `on_exchange`.
pub trait Sink {
    fn on_request(&mut self, request: &Request<'_>) -> Tag;
    fn on_exchange(&mut self, exchange: &Exchange);
    fn on_orphan_answer(&mut self, orphan: &OrphanAnswer);
    fn on_loss(&mut self, loss: &Loss);
    /// Packet time has reached `now`; called at least once a frame batch, never decreasing.
    fn on_time(&mut self, now: Timestamp);
}
