//! From a method and a path to a [`RouteId`]: `GET /users/17/orders` → `GET /users/{id}/orders`. Templates are learned in a
//! bounded trie per application. What a path resolves to never changes while the process runs: a segment's form decides at
//! once, and a node that has too many children sends only *new* ones to `{*}`. Keeps no query strings (none arrive here), no
//! text of segments that look like personal data or tokens.

mod method;
mod segment;
mod table;
mod trie;

pub use method::Method;
pub use segment::{SegmentForm, form_of};
pub use table::{RouteCounters, RouteId, RouteTable};
