//! Frames to the bytes of a pcap file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html>), in chunks of
//! bounded size. Writes no file itself.

use crate::source::{Frame, LinkType, Source, SourceError};

/// Magic numbers of little-endian files.
const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
/// More than any Ethernet frame here; what tcpdump writes.
const SNAP_LENGTH: u32 = 262_144;

/// Resolution of the timestamps in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampResolution {
    Microseconds,
    Nanoseconds,
}

/// Appends pcap bytes to a vector: the file header once, then one record a frame. Little-endian.
#[derive(Clone, Copy, Debug)]
pub struct PcapWriter {
    resolution: TimestampResolution,
    link_type: LinkType,
}

impl PcapWriter {
    pub const fn new(resolution: TimestampResolution, link_type: LinkType) -> Self {
        Self { resolution, link_type }
    }

    /// The 24 bytes at the beginning of the file.
    pub fn append_header(&self, out: &mut Vec<u8>) {
        let magic = match self.resolution {
            TimestampResolution::Microseconds => MAGIC_MICROS,
            TimestampResolution::Nanoseconds => MAGIC_NANOS,
        };
        out.extend_from_slice(&magic.to_le_bytes());
        out.extend_from_slice(&[2, 0, 4, 0]);
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&SNAP_LENGTH.to_le_bytes());
        out.extend_from_slice(&u32::from(self.link_type.0).to_le_bytes());
    }

    /// A record: 16 bytes and the captured ones. Seconds beyond 2106 wrap; the frame's link type has to be the file's.
    pub fn append_frame(&self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let nanos = frame.timestamp.as_nanos();
        let fraction = match self.resolution {
            TimestampResolution::Microseconds => nanos % 1_000_000_000 / 1_000,
            TimestampResolution::Nanoseconds => nanos % 1_000_000_000,
        };
        let fields =
            [(nanos / 1_000_000_000) as u32, fraction as u32, frame.data.len() as u32, frame.wire_length];
        let mut record = [0; 16];
        for (bytes, field) in record.chunks_exact_mut(4).zip(fields) {
            bytes.copy_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&record);
        out.extend_from_slice(frame.data);
    }
}

/// A whole capture in chunks, each ending at a record's end.
pub struct PcapChunks<S> {
    source: S,
    writer: PcapWriter,
    is_begun: bool,
}

impl<S: Source> PcapChunks<S> {
    /// All frames of `source` have to be of `link_type`.
    pub const fn new(source: S, resolution: TimestampResolution, link_type: LinkType) -> Self {
        Self { source, writer: PcapWriter::new(resolution, link_type), is_begun: false }
    }

    /// Appends about `target_bytes` (at most one record more) to `out`; `false` once the source had nothing left.
    pub fn append_chunk(&mut self, target_bytes: usize, out: &mut Vec<u8>) -> Result<bool, SourceError> {
        let end = out.len() + target_bytes;
        if !self.is_begun {
            self.is_begun = true;
            self.writer.append_header(out);
        }
        while out.len() < end {
            let Some(frame) = self.source.next_frame()? else { return Ok(false) };
            self.writer.append_frame(&frame, out);
        }
        Ok(true)
    }

    pub const fn source(&self) -> &S {
        &self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    struct Frames(u8);

    impl Source for Frames {
        fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
            self.0 += 1;
            let timestamp = Timestamp::from_nanos(1_000_000_000 * u64::from(self.0) + 2_003);
            let frame = Frame { timestamp, link_type: LinkType(1), data: &[1, 2, 3], wire_length: 60 };
            Ok((self.0 <= 3).then_some(frame))
        }
    }

    #[test]
    fn a_file_byte_for_byte() {
        for (resolution, magic, fraction) in [
            (TimestampResolution::Nanoseconds, [0x4d, 0x3c, 0xb2, 0xa1], [0xd3, 7, 0, 0]),
            (TimestampResolution::Microseconds, [0xd4, 0xc3, 0xb2, 0xa1], [2, 0, 0, 0]),
        ] {
            let mut out = Vec::new();
            let mut chunks = PcapChunks::new(Frames(0), resolution, LinkType(1));
            assert!(!chunks.append_chunk(1_000, &mut out).unwrap());
            assert_eq!(out[..4], magic);
            assert_eq!(out[4..24], [2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
            assert_eq!(out[24..28], [1, 0, 0, 0]);
            assert_eq!(out[28..32], fraction);
            assert_eq!(out[32..43], [3, 0, 0, 0, 60, 0, 0, 0, 1, 2, 3]);
            assert_eq!(out.len(), 24 + 3 * 19);
        }
    }

    #[test]
    fn chunks_end_at_records_and_join_to_the_whole() {
        let mut chunks = PcapChunks::new(Frames(0), TimestampResolution::Nanoseconds, LinkType(1));
        let mut sizes = Vec::new();
        loop {
            let mut out = Vec::new();
            let has_more = chunks.append_chunk(30, &mut out).unwrap();
            sizes.push(out.len());
            if !has_more {
                break;
            }
        }
        assert_eq!(sizes, [43, 38, 0]);
    }
}
