//! Heads that are split over segments: their bytes, gathered until the empty line. Bounded per head and over all
//! connections; buffers are used again.

use memchr::memchr;

use super::Chunk;
use crate::flow::Sequence;
use crate::limits::Limits;
use crate::time::Timestamp;

/// Buffers kept for the next head.
const MAX_SPARE_BUFFERS: usize = 64;
/// A buffer that grew beyond this is given back to the allocator.
const MAX_SPARE_BYTES: usize = 16 << 10;

/// Where and when a message began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub start: Timestamp,
    pub sequence: Sequence,
    pub acknowledgement: Sequence,
}

/// The bytes of a head so far.
#[derive(Debug)]
pub struct Gathered {
    pub bytes: Vec<u8>,
    pub origin: Origin,
    /// Bytes that were searched for the empty line.
    searched: usize,
}

/// What adding bytes to a gathered head did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gathering {
    /// The head is complete with this many of the added bytes.
    Complete(usize),
    More,
    /// A bound is reached.
    Full,
}

/// The buffers of all gathered heads.
#[derive(Debug, Default)]
pub struct HeadStore {
    // Boxed where it is used: a connection has room for a pointer only, and buffers move between both.
    #[expect(clippy::vec_box)]
    spare: Vec<Box<Gathered>>,
    bytes: u64,
}

impl HeadStore {
    pub fn start(&mut self, chunk: &Chunk<'_>, offset: usize) -> Box<Gathered> {
        let origin = chunk.origin(offset);
        match self.spare.pop() {
            Some(mut gathered) => {
                gathered.origin = origin;
                gathered.searched = 0;
                gathered
            }
            None => Box::new(Gathered { bytes: Vec::with_capacity(2048), origin, searched: 0 }),
        }
    }

    pub fn add(&mut self, gathered: &mut Gathered, bytes: &[u8], limits: &Limits) -> Gathering {
        let before = gathered.bytes.len();
        let room = (limits.max_head_bytes as usize - before)
            .min(limits.max_head_bytes_total.saturating_sub(self.bytes) as usize);
        let taken = &bytes[..bytes.len().min(room)];
        gathered.bytes.extend_from_slice(taken);
        self.bytes += taken.len() as u64;
        match gathered.find_end() {
            Some(end) => Gathering::Complete(end - before),
            None if taken.len() < bytes.len() => Gathering::Full,
            None => Gathering::More,
        }
    }

    pub fn release(&mut self, mut gathered: Box<Gathered>) {
        self.bytes -= gathered.bytes.len() as u64;
        gathered.bytes.clear();
        if self.spare.len() < MAX_SPARE_BUFFERS && gathered.bytes.capacity() <= MAX_SPARE_BYTES {
            self.spare.push(gathered);
        }
    }
}

impl Gathered {
    /// Offset after the first empty line, which is LF LF or LF CR LF.
    fn find_end(&mut self) -> Option<usize> {
        let mut at = self.searched;
        while let Some(offset) = memchr(b'\n', &self.bytes[at..]) {
            let line_end = at + offset;
            match self.bytes[line_end + 1..] {
                [b'\n', ..] => return Some(line_end + 2),
                [b'\r', b'\n', ..] => return Some(line_end + 3),
                [] | [b'\r'] => {
                    self.searched = line_end;
                    return None;
                }
                _ => at = line_end + 1,
            }
        }
        self.searched = self.bytes.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: Chunk<'static> = Chunk {
        bytes: b"",
        length: 0,
        sequence: Sequence(7),
        acknowledgement: Sequence(9),
        at: Timestamp(1),
    };

    #[test]
    fn ends_at_the_empty_line_in_any_segmentation() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nBODY";
        for size in 1..head.len() {
            let mut store = HeadStore::default();
            let mut gathered = store.start(&CHUNK, 3);
            assert_eq!(gathered.origin.sequence, Sequence(10));
            let mut total = 0;
            for piece in head.chunks(size) {
                match store.add(&mut gathered, piece, &Limits::default()) {
                    Gathering::Complete(taken) => {
                        total += taken;
                        break;
                    }
                    Gathering::More => total += piece.len(),
                    Gathering::Full => panic!("full"),
                }
            }
            assert_eq!(total, head.len() - 4, "pieces of {size}");
            store.release(gathered);
            assert_eq!(store.bytes, 0);
        }
    }

    #[test]
    fn is_bounded_per_head_and_over_all() {
        let limits = Limits { max_head_bytes: 10, max_head_bytes_total: 15, ..Limits::default() };
        let mut store = HeadStore::default();
        let mut first = store.start(&CHUNK, 0);
        assert_eq!(store.add(&mut first, b"0123456789x", &limits), Gathering::Full);
        let mut second = store.start(&CHUNK, 0);
        assert_eq!(store.add(&mut second, b"012345", &limits), Gathering::Full);
        assert_eq!(store.bytes, 15);
    }
}
