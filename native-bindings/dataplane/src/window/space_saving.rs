/// One monitored key. `count - overcount <= true count <= count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<K, V> {
    pub key: K,
    pub count: u64,
    /// What the key inherited from the one it replaced.
    pub overcount: u64,
    /// What the user keeps beside the count; starts at its default whenever the key enters.
    pub value: V,
}

impl<K, V> Counter<K, V> {
    /// Occurrences that were certainly seen.
    pub fn guaranteed(&self) -> u64 {
        self.count - self.overcount
    }
}

/// The most frequent keys of a stream with `capacity` counters (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent
/// and Top-k Elements in Data Streams, 2005). The counts sum to the length of the stream; a key with more than
/// `length / capacity` occurrences is always among them. Sorted by count, for small capacities: look-up is linear.
#[derive(Clone, Debug)]
pub struct SpaceSaving<K, V> {
    counters: Vec<Counter<K, V>>,
    capacity: usize,
}

impl<K: Copy + Eq, V: Copy + Default> SpaceSaving<K, V> {
    /// `capacity` is at least 1.
    pub fn new(capacity: usize) -> Self {
        Self { counters: Vec::new(), capacity: capacity.max(1) }
    }

    /// Counts one occurrence of `key`. Gives the value of the key that had to leave for it.
    #[inline]
    pub fn observe(&mut self, key: K) -> Option<V> {
        if let Some(position) = self.counters.iter().position(|counter| counter.key == key) {
            self.increment(position);
            return None;
        }
        if self.counters.len() < self.capacity {
            self.counters.push(Counter { key, count: 0, overcount: 0, value: V::default() });
            self.increment(self.counters.len() - 1);
            return None;
        }
        let position = self.counters.len() - 1;
        let least = &mut self.counters[position];
        let evicted = std::mem::replace(
            least,
            Counter { key, count: least.count, overcount: least.count, value: V::default() },
        );
        self.increment(position);
        Some(evicted.value)
    }

    /// The value kept beside `key`; enters it with count 0 while there is room. `None` where it is not monitored.
    pub fn value_mut(&mut self, key: K) -> Option<&mut V> {
        let position = self.counters.iter().position(|counter| counter.key == key);
        let position = match position {
            Some(position) => position,
            None if self.counters.len() < self.capacity => {
                self.counters.push(Counter { key, count: 0, overcount: 0, value: V::default() });
                self.counters.len() - 1
            }
            None => return None,
        };
        Some(&mut self.counters[position].value)
    }

    /// Most frequent first.
    pub fn counters(&self) -> &[Counter<K, V>] {
        &self.counters
    }

    pub fn clear(&mut self) {
        self.counters.clear();
    }

    /// Keeps the order: the counter goes to the front of those with the same count, then counts.
    #[inline]
    fn increment(&mut self, position: usize) {
        let count = self.counters[position].count;
        let mut front = position;
        while front > 0 && self.counters[front - 1].count == count {
            front -= 1;
        }
        self.counters.swap(front, position);
        self.counters[front].count += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replaces_the_least_frequent_and_says_by_how_much_it_may_be_wrong() {
        let mut top = SpaceSaving::<char, u32>::new(2);
        "aab".chars().for_each(|key| assert_eq!(top.observe(key), None));
        *top.value_mut('b').unwrap() = 7;
        assert_eq!(top.value_mut('c'), None);
        assert_eq!(top.observe('c'), Some(7));
        let c = top.counters()[1];
        assert_eq!((c.key, c.count, c.overcount, c.guaranteed(), c.value), ('c', 2, 1, 1, 0));
    }

    proptest! {
        #[test]
        fn bounds_of_the_paper(stream in prop::collection::vec(0u8..40, 0..400), capacity in 1usize..20) {
            let mut top = SpaceSaving::<u8, ()>::new(capacity);
            let mut truth = HashMap::<u8, u64>::new();
            for &key in &stream {
                top.observe(key);
                *truth.entry(key).or_default() += 1;
            }
            let counters = top.counters();
            prop_assert!(counters.len() <= capacity);
            prop_assert_eq!(counters.iter().map(|counter| counter.count).sum::<u64>(), stream.len() as u64);
            prop_assert!(counters.is_sorted_by(|a, b| a.count >= b.count));
            for counter in counters {
                prop_assert!(counter.guaranteed() <= truth[&counter.key] && truth[&counter.key] <= counter.count);
                prop_assert!(counter.overcount <= stream.len() as u64 / capacity as u64);
            }
            for (key, count) in truth {
                let is_frequent = count > stream.len() as u64 / capacity as u64;
                prop_assert!(!is_frequent || counters.iter().any(|counter| counter.key == key));
            }
        }
    }
}
