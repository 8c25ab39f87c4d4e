//! Segments of one direction that came ahead of a hole, in order of sequence, without overlap: the first copy of a byte
//! wins. Body bytes of known length are kept as a length only.

use std::collections::VecDeque;

use super::Sequence;
use crate::time::Timestamp;
use crate::wire::Segment;

/// What one piece costs besides its bytes, for the bound on bytes.
const PIECE_OVERHEAD_BYTES: usize = 64;

/// A run of bytes from one segment.
#[derive(Debug)]
pub struct Piece {
    pub sequence: Sequence,
    /// Bytes on the wire.
    pub length: u32,
    /// How many of them, at the start, are body bytes that were not kept.
    pub skipped: u32,
    /// What was captured after them.
    pub bytes: Box<[u8]>,
    pub acknowledgement: Sequence,
    pub at: Timestamp,
}

impl Piece {
    fn end(&self) -> Sequence {
        self.sequence.plus(self.length)
    }

    fn cost(&self) -> usize {
        self.bytes.len() + PIECE_OVERHEAD_BYTES
    }
}

/// The pieces behind a hole.
#[derive(Debug, Default)]
pub struct Reorder {
    pieces: VecDeque<Piece>,
    cost: usize,
}

/// What came of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    Kept,
    /// Every byte was there already.
    Duplicate,
}

impl Reorder {
    pub fn first(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    pub fn segments(&self) -> usize {
        self.pieces.len()
    }

    /// Memory in use, for the bounds.
    pub fn cost(&self) -> usize {
        self.cost
    }

    pub fn take_first(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.cost -= piece.cost();
        Some(piece)
    }

    /// Keeps what is new of the payload that begins at `sequence >= next`. Of the bytes before `next + known_body`
    /// only the number is kept.
    pub fn insert(
        &mut self,
        segment: &Segment<'_>,
        sequence: Sequence,
        next: Sequence,
        known_body: u64,
        at: Timestamp,
    ) -> Insertion {
        let offset = |sequence: Sequence| u64::from(sequence.0.wrapping_sub(next.0));
        let (begin, end) = (offset(sequence), offset(sequence) + u64::from(segment.payload_length));
        let mut start = begin;
        let mut index =
            self.pieces.partition_point(|piece| offset(piece.sequence) + u64::from(piece.length) <= start);
        let mut insertion = Insertion::Duplicate;
        while start < end {
            let occupied = self.pieces.get(index).map(|piece| {
                let first = offset(piece.sequence);
                (first, first + u64::from(piece.length))
            });
            let stop = occupied.map_or(end, |(first, _)| first.min(end));
            if start < stop {
                insertion = Insertion::Kept;
                let captured = (begin + segment.payload.len() as u64).min(stop);
                let kept_from = known_body.clamp(start, stop);
                let from = (kept_from.min(captured).max(start) - begin) as usize;
                let to = captured.max(start) - begin;
                let bytes = segment.payload.get(from..to as usize).unwrap_or(&[]);
                self.put(
                    index,
                    Piece {
                        sequence: next.plus(start as u32),
                        length: (stop - start) as u32,
                        skipped: (kept_from - start) as u32,
                        bytes: bytes.into(),
                        acknowledgement: Sequence(segment.acknowledgement),
                        at,
                    },
                );
                // The piece may have been joined to the one before it.
                index = self.pieces.partition_point(|piece| offset(piece.sequence) < stop);
            }
            match occupied {
                Some((_, piece_end)) => {
                    start = piece_end;
                    index += 1;
                }
                None => break,
            }
        }
        insertion
    }

    fn put(&mut self, index: usize, piece: Piece) {
        if piece.skipped == piece.length
            && let Some(before) = index.checked_sub(1).and_then(|before| self.pieces.get_mut(before))
            && before.skipped == before.length
            && before.end() == piece.sequence
        {
            before.length += piece.length;
            before.skipped = before.length;
            before.at = before.at.max(piece.at);
            return;
        }
        self.cost += piece.cost();
        self.pieces.insert(index, piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Endpoint;
    use crate::wire::TcpFlags;

    fn segment(payload: &[u8]) -> Segment<'_> {
        Segment {
            source: Endpoint::default(),
            destination: Endpoint::default(),
            sequence: 0,
            acknowledgement: 0,
            flags: TcpFlags::default(),
            payload,
            payload_length: payload.len() as u32,
        }
    }

    /// Base 4 bytes before the wrap.
    const NEXT: Sequence = Sequence(0xffff_fffc);

    fn insert(reorder: &mut Reorder, offset: u32, payload: &[u8], known_body: u64) -> Insertion {
        reorder.insert(&segment(payload), NEXT.plus(offset), NEXT, known_body, Timestamp(0))
    }

    fn drain(reorder: &mut Reorder) -> Vec<(u32, u32, u32, Vec<u8>)> {
        std::iter::from_fn(|| reorder.take_first())
            .map(|piece| {
                (piece.sequence.0.wrapping_sub(NEXT.0), piece.length, piece.skipped, piece.bytes.into_vec())
            })
            .collect()
    }

    #[test]
    fn orders_pieces_and_the_first_copy_wins() {
        let mut reorder = Reorder::default();
        assert_eq!(insert(&mut reorder, 6, b"GH", 0), Insertion::Kept);
        assert_eq!(insert(&mut reorder, 2, b"CD", 0), Insertion::Kept);
        assert_eq!(insert(&mut reorder, 1, b"xxxxxxxxx", 0), Insertion::Kept);
        assert_eq!(insert(&mut reorder, 2, b"yyy", 0), Insertion::Duplicate);
        let bytes: Vec<_> = drain(&mut reorder).into_iter().flat_map(|piece| piece.3).collect();
        assert_eq!(bytes, b"xCDxxGHxx");
        assert_eq!(reorder.cost(), 0);
    }

    #[test]
    fn body_bytes_are_counted_and_joined() {
        let mut reorder = Reorder::default();
        insert(&mut reorder, 2, b"bodybody", 12);
        insert(&mut reorder, 10, b"..HTTP", 12);
        insert(&mut reorder, 1, b"b", 12);
        assert_eq!(drain(&mut reorder), [(1, 1, 1, vec![]), (2, 8, 8, vec![]), (10, 6, 2, b"HTTP".to_vec())]);
        insert(&mut reorder, 1, b"aa", 12);
        insert(&mut reorder, 3, b"aa", 12);
        assert_eq!(drain(&mut reorder), [(1, 4, 4, vec![])]);
    }

    #[test]
    fn what_the_snap_length_cut_stays_missing() {
        let mut reorder = Reorder::default();
        let cut = Segment { payload_length: 10, ..segment(b"abc") };
        reorder.insert(&cut, NEXT.plus(1), NEXT, 0, Timestamp(0));
        assert_eq!(drain(&mut reorder), [(1, 10, 0, b"abc".to_vec())]);
        reorder.insert(&cut, NEXT.plus(1), NEXT, 6, Timestamp(0));
        assert_eq!(drain(&mut reorder), [(1, 10, 5, vec![])]);
    }
}
