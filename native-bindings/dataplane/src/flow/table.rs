//! The table of connections: found by the pair of endpoints, whichever of them sent. Bounded; the one whose deadline
//! is nearest goes first.

use hashbrown::HashTable;

use super::connection::Connection;
use super::wheel::Wheel;
use crate::address::Endpoint;
use crate::hash::KeyedHash;
use crate::time::Timestamp;

/// Both ends of a connection, the lower endpoint first.
pub type Key = [Endpoint; 2];

/// 4 KiB of the level-1 cache.
const RECENT: usize = 1024;

/// Connections in a slab, with an index by key and a wheel of deadlines.
pub struct Table {
    entries: Vec<Connection>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: KeyedHash,
    /// By hash, the entry found there last: the search of the index is for connections that are not busy.
    recent: Box<[u32; RECENT]>,
    pub wheel: Wheel,
}

impl Table {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: KeyedHash::new(),
            recent: Box::new([0; RECENT]),
            wheel: Wheel::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    #[inline]
    pub fn get_mut(&mut self, entry: u32) -> &mut Connection {
        &mut self.entries[entry as usize]
    }

    #[inline(always)]
    pub fn find(&mut self, low: Endpoint, high: Endpoint) -> Option<u32> {
        let hash = hash(&self.hasher, low, high);
        let recent = self.recent[hash as usize % RECENT];
        if let Some(connection) = self.entries.get(recent as usize)
            && connection.is_between(low, high)
            && connection.is_open
        {
            return Some(recent);
        }
        self.search(hash, low, high)
    }

    #[inline(never)]
    fn search(&mut self, hash: u64, low: Endpoint, high: Endpoint) -> Option<u32> {
        let found = *self.index.find(hash, |&entry| self.entries[entry as usize].is_between(low, high))?;
        self.recent[hash as usize % RECENT] = found;
        Some(found)
    }

    /// Adds a connection that is not in the table.
    pub fn insert(&mut self, connection: Connection, deadline: Timestamp) -> u32 {
        let [low, high] = connection.key;
        let hash = hash(&self.hasher, low, high);
        let entry = match self.free.pop() {
            Some(entry) => {
                let generation = self.entries[entry as usize].generation.wrapping_add(1);
                self.entries[entry as usize] = Connection { generation, ..connection };
                entry
            }
            None => {
                self.entries.push(connection);
                self.entries.len() as u32 - 1
            }
        };
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, entry, |&entry| {
            let [low, high] = entries[entry as usize].key;
            self::hash(hasher, low, high)
        });
        self.wheel.schedule(entry, deadline);
        entry
    }

    /// Takes a connection out of the table; what it held must have been flushed.
    pub fn remove(&mut self, entry: u32) {
        let connection = &mut self.entries[entry as usize];
        connection.is_open = false;
        let [low, high] = connection.key;
        let hash = hash(&self.hasher, low, high);
        if let Ok(found) = self.index.find_entry(hash, |&candidate| candidate == entry) {
            found.remove();
        }
        self.wheel.remove(entry);
        self.free.push(entry);
    }

    /// The entries in use, oldest slot first.
    pub fn open_entries(&self) -> impl Iterator<Item = u32> + use<> {
        let open: Vec<u32> =
            (0..self.entries.len() as u32).filter(|&entry| self.entries[entry as usize].is_open).collect();
        open.into_iter()
    }
}

#[inline(always)]
fn hash(hasher: &KeyedHash, low: Endpoint, high: Endpoint) -> u64 {
    let ports = u64::from(low.port) << 16 | u64::from(high.port);
    hasher.of_pair(low.address.0, high.address.0, ports)
}
