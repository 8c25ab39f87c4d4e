//! The columns before the path, as text: the same from request to request of a connection.

use super::text::Padded;
use crate::address::Endpoint;
use crate::bytes::is_equal;
use crate::exchange::{Request, Version};

/// Direct-mapped; 160 KB, within a level-2 cache.
const SLOTS: usize = 512;
const MAX_NAME_BYTES: usize = 48;
pub(super) const MAX_LEAD_BYTES: usize = 192;

#[derive(Clone)]
struct Lead {
    client: Endpoint,
    server: Endpoint,
    version: Version,
    method_bytes: u8,
    host_bytes: u8,
    /// The method, then the host.
    names: [u8; MAX_NAME_BYTES],
    text: Padded<MAX_LEAD_BYTES>,
}

/// The leads of recent requests.
pub(super) struct LeadCache(Vec<Lead>);

impl LeadCache {
    pub(super) fn new() -> Self {
        let none = Endpoint::default();
        let empty = Lead {
            client: none,
            server: none,
            version: Version::Http11,
            method_bytes: u8::MAX,
            host_bytes: u8::MAX,
            names: [0; MAX_NAME_BYTES],
            text: Padded::new(""),
        };
        Self(vec![empty; SLOTS])
    }

    #[inline(always)]
    pub(super) fn get(&self, request: &Request<'_>) -> Option<&Padded<MAX_LEAD_BYTES>> {
        let lead = &self.0[place_of(request)];
        let (client, server) = (request.client, request.server);
        let addresses =
            (lead.client.address.0 ^ client.address.0) | (lead.server.address.0 ^ server.address.0);
        let ports = (lead.client.port ^ client.port) | (lead.server.port ^ server.port);
        let (method, rest) = lead.names.split_at_checked(usize::from(lead.method_bytes))?;
        let host = rest.get(..usize::from(lead.host_bytes))?;
        let is_hit = addresses | u128::from(ports) == 0
            && lead.version == request.version
            && is_equal(method, request.method)
            && is_equal(host, request.host);
        is_hit.then_some(&lead.text)
    }

    /// Long names and texts are not kept.
    pub(super) fn put(&mut self, request: &Request<'_>, text: &[u8]) {
        let method_bytes = request.method.len();
        let name_bytes = method_bytes + request.host.len();
        if name_bytes > MAX_NAME_BYTES || text.len() > MAX_LEAD_BYTES {
            return;
        }
        let lead = &mut self.0[place_of(request)];
        (lead.client, lead.server, lead.version) = (request.client, request.server, request.version);
        (lead.method_bytes, lead.host_bytes) = (method_bytes as u8, request.host.len() as u8);
        lead.names[..method_bytes].copy_from_slice(request.method);
        lead.names[method_bytes..name_bytes].copy_from_slice(request.host);
        lead.text = Padded::of(text);
    }
}

/// Who makes places collide makes rows slower to write, not wrong: no secret is needed.
#[inline(always)]
fn place_of(request: &Request<'_>) -> usize {
    let ends = (request.client.address.0 as u64).rotate_left(16) ^ u64::from(request.client.port);
    // Multiplied by 2⁶⁴ over the golden ratio, neighbouring ports lie far apart in the highest bits.
    (ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::time::Timestamp;

    fn request<'a>(method: &'a [u8], host: &'a [u8]) -> Request<'a> {
        Request {
            client: Endpoint { address: Address(1), port: 2 },
            server: Endpoint { address: Address(3), port: 80 },
            version: Version::Http11,
            method,
            host,
            path: b"/",
            content_length: None,
            start: Timestamp(0),
            is_first_on_connection: false,
        }
    }

    #[test]
    fn answers_only_for_the_same_columns() {
        let mut cache = LeadCache::new();
        let own = request(b"GET", b"a.example");
        assert!(cache.get(&own).is_none());
        cache.put(&own, b"lead");
        assert!(cache.get(&own).is_some());
        assert!(cache.get(&request(b"GETa", b".example")).is_none());
        assert!(cache.get(&request(b"GET", b"b.example")).is_none());
        assert!(cache.get(&Request { version: Version::Http10, ..own }).is_none());
        let server = Endpoint { port: 81, ..own.server };
        assert!(cache.get(&Request { server, ..own }).is_none());
        let client = Endpoint { address: Address(1 << 64 | 1), ..own.client };
        assert!(cache.get(&Request { client, ..own }).is_none());
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let mut cache = LeadCache::new();
        let own = request(b"GET", &[b'x'; 46]);
        cache.put(&own, b"lead");
        assert!(cache.get(&own).is_none());
        let own = request(b"GET", b"");
        cache.put(&own, &[b'x'; 193]);
        assert!(cache.get(&own).is_none());
    }
}
