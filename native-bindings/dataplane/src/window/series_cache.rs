use super::series::SeriesId;
use crate::address::{Address, Endpoint};
use crate::bytes::is_equal;
use crate::hash::KeyedHash;

/// Direct-mapped: requests of a keep-alive connection follow each other. 128 KB, within a level-2 cache.
const SLOTS: usize = 1024;
const MAX_HOST_BYTES: usize = 56;

#[derive(Clone, Debug)]
struct Slot {
    client: Address,
    server: Endpoint,
    host_bytes: u8,
    host: [u8; MAX_HOST_BYTES],
    series: SeriesId,
}

const EMPTY: Slot = Slot {
    client: Address(0),
    server: Endpoint { address: Address(0), port: 0 },
    host_bytes: u8::MAX,
    host: [0; MAX_HOST_BYTES],
    series: SeriesId(0),
};

/// The series of recent requests, so that names are made and tables searched once a connection, not once a request.
#[derive(Debug)]
pub struct SeriesCache {
    slots: Vec<Slot>,
    hasher: KeyedHash,
}

impl Default for SeriesCache {
    fn default() -> Self {
        Self { slots: vec![EMPTY; SLOTS], hasher: KeyedHash::new() }
    }
}

impl SeriesCache {
    #[inline(always)]
    pub fn get(&self, client: Address, server: Endpoint, host: &[u8]) -> Option<SeriesId> {
        let slot = &self.slots[self.place(client, server, host)];
        let addresses = (slot.client.0 ^ client.0) | (slot.server.address.0 ^ server.address.0);
        // One branch for three comparisons.
        let is_hit = addresses | u128::from(slot.server.port ^ server.port) == 0
            && slot.host.get(..usize::from(slot.host_bytes)).is_some_and(|own| is_equal(own, host));
        is_hit.then_some(slot.series)
    }

    /// Hosts of more than 56 bytes are not cached.
    pub fn put(&mut self, client: Address, server: Endpoint, host: &[u8], series: SeriesId) {
        if host.len() <= MAX_HOST_BYTES {
            let place = self.place(client, server, host);
            let slot = &mut self.slots[place];
            (slot.client, slot.server, slot.series, slot.host_bytes) =
                (client, server, series, host.len() as u8);
            slot.host[..host.len()].copy_from_slice(host);
        }
    }

    /// Must follow every eviction of series.
    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
    }

    /// The addresses of one series of traffic differ in their low halves mostly; the host has the rest.
    #[inline(always)]
    fn place(&self, client: Address, server: Endpoint, host: &[u8]) -> usize {
        let ends = client.0 as u64 ^ (server.address.0 as u64).rotate_left(24) ^ u64::from(server.port) << 48;
        self.hasher.of_bytes(host, ends) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_only_for_the_very_same_request() {
        let mut cache = SeriesCache::default();
        let (client, server) = (Address(1), Endpoint { address: Address(2), port: 80 });
        cache.put(client, server, b"a.example", SeriesId(7));
        assert_eq!(cache.get(client, server, b"a.example"), Some(SeriesId(7)));
        assert_eq!(cache.get(client, server, b"b.example"), None);
        assert_eq!(cache.get(client, Endpoint { port: 81, ..server }, b"a.example"), None);
        cache.put(client, server, &[b'x'; 57], SeriesId(8));
        assert_eq!(cache.get(client, server, &[b'x'; 57]), None);
        cache.clear();
        assert_eq!(cache.get(client, server, b"a.example"), None);
    }
}
