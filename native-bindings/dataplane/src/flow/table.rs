//! The table of connections: found by the pair of endpoints, whichever of them sent. Bounded; the one whose deadline
//! is nearest goes first.

use ahash::RandomState;
use hashbrown::HashTable;

use super::connection::Connection;
use super::wheel::Wheel;
use crate::address::Endpoint;
use crate::time::Timestamp;

/// Both ends of a connection, the lower endpoint first.
pub type Key = [Endpoint; 2];

/// Connections in a slab, with an index by key and a wheel of deadlines.
pub struct Table {
    entries: Vec<Connection>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: RandomState,
    /// The entry of the last segment: bursts of one connection are common.
    last: u32,
    pub wheel: Wheel,
}

impl Table {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::new(),
            last: 0,
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

    #[inline]
    pub fn find(&mut self, low: &Endpoint, high: &Endpoint) -> Option<u32> {
        if let Some(connection) = self.entries.get(self.last as usize)
            && connection.is_open
            && connection.is_between(low, high)
        {
            return Some(self.last);
        }
        let hash = hash(&self.hasher, low, high);
        let found = *self.index.find(hash, |&entry| self.entries[entry as usize].is_between(low, high))?;
        self.last = found;
        Some(found)
    }

    /// Adds a connection that is not in the table.
    pub fn insert(&mut self, connection: Connection, deadline: Timestamp) -> u32 {
        let [low, high] = &connection.key;
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
            let [low, high] = &entries[entry as usize].key;
            self::hash(hasher, low, high)
        });
        self.wheel.schedule(entry, deadline);
        self.last = entry;
        entry
    }

    /// Takes a connection out of the table; what it held must have been flushed.
    pub fn remove(&mut self, entry: u32) {
        let connection = &mut self.entries[entry as usize];
        connection.is_open = false;
        let [low, high] = &connection.key;
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

#[inline]
fn hash(hasher: &RandomState, low: &Endpoint, high: &Endpoint) -> u64 {
    hasher.hash_one((low.address.0, high.address.0, u32::from(low.port) << 16 | u32::from(high.port)))
}
