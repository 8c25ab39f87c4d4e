//! A lazy timer wheel: holds the indices of connections by the time at which to look at them again. A segment does not
//! touch it; whoever takes an index out decides by the connection's last segment whether its time has come.

use crate::time::Timestamp;

/// One tick is 2²⁸ ns, some 0.27 s.
const TICK_BITS: u32 = 28;
/// 2 048 ticks span 550 s; what lies further ahead is looked at early, and put back.
const SLOTS: usize = 2048;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
    slot: u32,
}

const UNLINKED: Link = Link { previous: NONE, next: NONE, slot: NONE };

/// Indices in doubly linked lists, one list a slot.
#[derive(Debug)]
pub struct Wheel {
    heads: Vec<u32>,
    links: Vec<Link>,
    /// A bit for each slot that is not empty.
    occupied: [u64; SLOTS / 64],
    /// The tick that is being emptied.
    tick: u64,
    count: u32,
}

impl Wheel {
    pub fn new() -> Self {
        Self { heads: vec![NONE; SLOTS], links: Vec::new(), occupied: [0; SLOTS / 64], tick: 0, count: 0 }
    }

    /// Puts `index` where `deadline` is looked at, or moves it there.
    pub fn schedule(&mut self, index: u32, deadline: Timestamp) {
        self.remove(index);
        if self.links.len() <= index as usize {
            self.links.resize(index as usize + 1, UNLINKED);
        }
        let tick = (deadline.0 >> TICK_BITS).clamp(self.tick + 1, self.tick + SLOTS as u64 - 1);
        let slot = (tick % SLOTS as u64) as usize;
        let next = self.heads[slot];
        self.links[index as usize] = Link { previous: NONE, next, slot: slot as u32 };
        if next != NONE {
            self.links[next as usize].previous = index;
        }
        self.heads[slot] = index;
        self.occupied[slot / 64] |= 1 << (slot % 64);
        self.count += 1;
    }

    pub fn remove(&mut self, index: u32) {
        let Some(&link) = self.links.get(index as usize).filter(|link| link.slot != NONE) else { return };
        self.links[index as usize] = UNLINKED;
        match link.previous {
            NONE => self.heads[link.slot as usize] = link.next,
            previous => self.links[previous as usize].next = link.next,
        }
        if link.next != NONE {
            self.links[link.next as usize].previous = link.previous;
        }
        if self.heads[link.slot as usize] == NONE {
            self.occupied[link.slot as usize / 64] &= !(1 << (link.slot % 64));
        }
        self.count -= 1;
    }

    /// Takes out one index whose tick is over at `now`.
    pub fn take_due(&mut self, now: Timestamp) -> Option<u32> {
        let target = now.0 >> TICK_BITS;
        while self.tick < target {
            if self.count == 0 {
                self.tick = target;
                return None;
            }
            match self.heads[(self.tick % SLOTS as u64) as usize] {
                NONE => self.tick += 1,
                index => {
                    self.remove(index);
                    return Some(index);
                }
            }
        }
        None
    }

    /// Takes out the index with the nearest deadline.
    pub fn take_nearest(&mut self) -> Option<u32> {
        let start = (self.tick % SLOTS as u64) as usize;
        let words = SLOTS / 64;
        // The first word is visited twice: from the current slot on, and at the end what lies before it.
        let slot = (0..=words).find_map(|step| {
            let word = (start / 64 + step) % words;
            let mask = match step {
                0 => u64::MAX << (start % 64),
                last if last == words => !(u64::MAX << (start % 64)),
                _ => u64::MAX,
            };
            let bits = self.occupied[word] & mask;
            (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
        })?;
        let index = self.heads[slot];
        self.remove(index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    #[test]
    fn gives_indices_back_after_their_deadline_and_not_before() {
        let mut wheel = Wheel::new();
        assert_eq!(wheel.take_due(at(1000)), None);
        wheel.schedule(0, at(1010));
        wheel.schedule(1, at(1005));
        wheel.schedule(2, at(1005));
        wheel.remove(2);
        assert_eq!(wheel.take_due(at(1004)), None);
        assert_eq!(wheel.take_due(at(1006)), Some(1));
        assert_eq!(wheel.take_due(at(1006)), None);
        wheel.schedule(0, at(1020));
        assert_eq!(wheel.take_due(at(1011)), None);
        assert_eq!(wheel.take_due(at(1021)), Some(0));
    }

    #[test]
    fn takes_the_nearest_across_the_wrap() {
        let mut wheel = Wheel::new();
        wheel.schedule(9, at(0));
        wheel.take_due(at(400));
        wheel.schedule(0, at(900));
        wheel.schedule(1, at(600));
        wheel.schedule(2, at(500));
        assert_eq!(
            [wheel.take_nearest(), wheel.take_nearest(), wheel.take_nearest()],
            [Some(2), Some(1), Some(0)]
        );
        assert_eq!(wheel.take_nearest(), None);
    }

    #[test]
    fn survives_leaps_of_years() {
        let mut wheel = Wheel::new();
        wheel.schedule(0, at(10));
        assert_eq!(wheel.take_due(at(3_000_000_000)), Some(0));
        assert_eq!(wheel.take_due(at(3_000_000_000)), None);
    }
}
