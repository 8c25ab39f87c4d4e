use ahash::RandomState;
use hashbrown::HashMap;

use crate::identity::{ApplicationId, ClientKey};
use crate::route::RouteId;

/// One client on one application; valid until [`SeriesTable::evict_idle`] frees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesId(pub u32);

#[derive(Debug)]
pub struct Series {
    pub application: ApplicationId,
    pub client: ClientKey,
    /// The route of its latest request, for transitions.
    pub last_route: Option<RouteId>,
    /// Requests whose exchange has not ended; they hold the series.
    pub in_flight: u32,
    /// The latest step in which it had a window.
    pub last_step: u64,
    /// Its open windows: (step, index), at the place of the step's parity; at most two steps are open.
    pub open: [(u64, u32); 2],
}

const NO_WINDOW: (u64, u32) = (u64::MAX, u32::MAX);

/// All series, bounded: clients that find it full count under [`ClientKey::Other`] of their application.
#[derive(Debug)]
pub struct SeriesTable {
    series: Vec<Option<Series>>,
    free: Vec<u32>,
    by_key: HashMap<(ApplicationId, ClientKey), SeriesId, RandomState>,
    max_series: usize,
    overflowed: u64,
    evicted: u64,
}

impl SeriesTable {
    pub fn new(max_series: usize) -> Self {
        Self {
            series: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::with_hasher(RandomState::with_seeds(41, 42, 43, 44)),
            max_series,
            overflowed: 0,
            evicted: 0,
        }
    }

    /// The second value is false where the client had no room and `other` stands for it.
    pub fn find_or_add(&mut self, application: ApplicationId, client: ClientKey) -> (SeriesId, bool) {
        if let Some(&id) = self.by_key.get(&(application, client)) {
            return (id, true);
        }
        if self.by_key.len() >= self.max_series && client != ClientKey::Other {
            self.overflowed += 1;
            return (self.find_or_add(application, ClientKey::Other).0, false);
        }
        let series = Series {
            application,
            client,
            last_route: None,
            in_flight: 0,
            last_step: 0,
            open: [NO_WINDOW; 2],
        };
        let id = match self.free.pop() {
            Some(index) => SeriesId(index),
            None => {
                self.series.push(None);
                SeriesId(self.series.len() as u32 - 1)
            }
        };
        self.series[id.0 as usize] = Some(series);
        self.by_key.insert((application, client), id);
        (id, true)
    }

    #[inline]
    pub fn get_mut(&mut self, id: SeriesId) -> &mut Series {
        self.series[id.0 as usize]
            .as_mut()
            .expect("a series is not evicted while a window, a request or the cache holds it")
    }

    /// Whether it is time for [`SeriesTable::evict_idle`].
    pub fn is_nearly_full(&self) -> bool {
        self.by_key.len() >= self.max_series / 8 * 7
    }

    /// Frees the series without a window since `step` and without a request in flight.
    pub fn evict_idle(&mut self, step: u64) {
        let before = self.by_key.len();
        let Self { series, free, by_key, .. } = self;
        by_key.retain(|_, id| {
            let place = &mut series[id.0 as usize];
            let is_idle =
                place.as_ref().is_none_or(|series| series.last_step < step && series.in_flight == 0);
            if is_idle {
                *place = None;
                free.push(id.0);
            }
            !is_idle
        });
        self.evicted += (before - self.by_key.len()) as u64;
    }

    pub fn count(&self) -> usize {
        self.by_key.len()
    }

    /// Look-ups that found the table full.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
    }

    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn client(last_octet: u8) -> ClientKey {
        ClientKey::Address(Address::from_v4([10, 0, 0, last_octet]))
    }

    #[test]
    fn beyond_the_bound_one_series_an_application_stands_for_the_rest() {
        let mut table = SeriesTable::new(2);
        let shop = ApplicationId(1);
        let first = table.find_or_add(shop, client(1));
        assert!(first.1 && table.find_or_add(shop, client(2)).1);
        let (rest, has_room) = table.find_or_add(shop, client(3));
        assert!(!has_room);
        assert_eq!(table.find_or_add(shop, client(4)), (rest, false));
        assert_eq!(table.find_or_add(shop, client(1)), first);
        assert_eq!((table.get_mut(rest).client, table.overflowed()), (ClientKey::Other, 2));
    }

    #[test]
    fn evicts_what_nothing_holds() {
        let mut table = SeriesTable::new(8);
        let ids = [1, 2, 3].map(|octet| table.find_or_add(ApplicationId(1), client(octet)).0);
        table.get_mut(ids[1]).in_flight = 1;
        table.get_mut(ids[2]).last_step = 7;
        table.evict_idle(7);
        assert_eq!((table.count(), table.evicted()), (2, 1));
        assert_eq!(table.find_or_add(ApplicationId(1), client(9)).0, ids[0], "its place is used again");
        assert_eq!(table.get_mut(ids[0]).client, client(9));
    }
}
