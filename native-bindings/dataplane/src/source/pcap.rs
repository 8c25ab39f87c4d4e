//! The classic capture format, draft-ietf-opsawg-pcap: a 24-byte header, then records.
//!
//! ```text
//! header   magic | major, minor | reserved | reserved | snap length | link type
//! record   seconds | fraction | captured length | wire length | data …
//! ```

use std::ops::ControlFlow;

use super::buffer::ReadBuffer;
use super::capture::Record;
use super::error::SourceError;
use super::{Frame, LinkType};
use crate::time::Timestamp;

const HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;
/// Records of the patched libpcap of 1999 also hold interface index, protocol and packet type.
const MODIFIED_RECORD_HEADER_BYTES: usize = 24;

/// libpcap's MAXIMUM_SNAPLEN: a longer record is damage, not data.
pub(super) const MAX_CAPTURED_BYTES: u32 = 256 << 10;

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const MAGIC_MODIFIED: u32 = 0xa1b2_cd34;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What the header says about the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    is_big_endian: bool,
    record_header_bytes: usize,
    nanos_per_fraction: u64,
    link_type: LinkType,
    /// Before format version 2.3 the two lengths of a record stood the other way round; in 2.3 either way.
    minor_version: u16,
}

/// What stands in front of the captured bytes of a record.
#[derive(Clone, Copy)]
pub(super) struct RecordHeader {
    timestamp: Timestamp,
    captured: u32,
    /// `>= captured`.
    wire_length: u32,
}

impl Pcap {
    pub(super) fn is_magic(magic: [u8; 4]) -> bool {
        Self::from_magic(magic).is_some()
    }

    fn from_magic(magic: [u8; 4]) -> Option<Self> {
        for (is_big_endian, value) in [(false, u32::from_le_bytes(magic)), (true, u32::from_be_bytes(magic))]
        {
            let (nanos_per_fraction, record_header_bytes) = match value {
                MAGIC_MICROSECONDS => (1_000, RECORD_HEADER_BYTES),
                MAGIC_NANOSECONDS => (1, RECORD_HEADER_BYTES),
                MAGIC_MODIFIED => (1_000, MODIFIED_RECORD_HEADER_BYTES),
                _ => continue,
            };
            let link_type = LinkType::NULL;
            return Some(Self {
                is_big_endian,
                record_header_bytes,
                nanos_per_fraction,
                link_type,
                minor_version: 4,
            });
        }
        None
    }

    /// Reads the file header at the start of the buffer, whose magic is known to be one of ours.
    pub(super) fn read_header(buffer: &mut ReadBuffer) -> Result<Self, SourceError> {
        if !buffer.ensure(HEADER_BYTES)? {
            return Err(buffer.truncated("file header", HEADER_BYTES));
        }
        let header = buffer.available();
        let magic = [header[0], header[1], header[2], header[3]];
        let Some(mut pcap) = Self::from_magic(magic) else {
            return Err(buffer.corrupt("the magic number is not that of a pcap file".to_owned()));
        };
        pcap.minor_version = pcap.u16_at(header, 6);
        // The upper half holds the length of the frame check sequence, which IP lengths make unnecessary.
        pcap.link_type = LinkType(pcap.u32_at(header, 20) as u16);
        buffer.consume(HEADER_BYTES);
        Ok(pcap)
    }

    #[inline]
    pub(super) fn next_record(&self, buffer: &mut ReadBuffer) -> Result<Option<Record>, SourceError> {
        let Some(header) = self.ensure_record(buffer)? else { return Ok(None) };
        let record_begin = buffer.consume(self.record_header_bytes + header.captured as usize);
        Ok(Some(Record {
            timestamp: header.timestamp,
            link_type: self.link_type,
            wire_length: header.wire_length,
            data_begin: record_begin + self.record_header_bytes,
            data_length: header.captured as usize,
        }))
    }

    /// Shows the whole records at the start of `bytes` until `visit` breaks; returns how many bytes they take.
    #[inline(always)]
    pub(super) fn visit_records(
        &self,
        bytes: &[u8],
        mut visit: impl FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> (usize, ControlFlow<()>) {
        let mut at = 0;
        while let Some(header) = bytes.get(at..).and_then(|rest| rest.first_chunk::<RECORD_HEADER_BYTES>()) {
            let header = self.parse_header(header);
            let data_begin = at + self.record_header_bytes;
            let Some(data) = bytes.get(data_begin..data_begin + header.captured as usize) else { break };
            if header.captured > MAX_CAPTURED_BYTES {
                break;
            }
            at = data_begin + data.len();
            let frame = Frame {
                timestamp: header.timestamp,
                link_type: self.link_type,
                data,
                wire_length: header.wire_length,
            };
            if visit(&frame).is_break() {
                return (at, ControlFlow::Break(()));
            }
        }
        (at, ControlFlow::Continue(()))
    }

    /// Makes the next record available as a whole; `None` at a clean end.
    pub(super) fn ensure_record(&self, buffer: &mut ReadBuffer) -> Result<Option<RecordHeader>, SourceError> {
        let header_bytes = self.record_header_bytes;
        if !buffer.ensure(header_bytes)? && buffer.available().is_empty() {
            return Ok(None);
        }
        let Some(header) = buffer.available().get(..header_bytes).and_then(|header| header.first_chunk())
        else {
            return Err(buffer.truncated("header of a record", header_bytes));
        };
        let header = self.parse_header(header);
        let captured = header.captured;
        if captured > MAX_CAPTURED_BYTES {
            return Err(buffer.corrupt(format!(
                "a record claims {captured} captured bytes, above the limit of {MAX_CAPTURED_BYTES}"
            )));
        }
        let record_bytes = header_bytes + captured as usize;
        if !buffer.ensure(record_bytes)? {
            return Err(buffer.truncated("record", record_bytes));
        }
        Ok(Some(header))
    }

    #[inline(always)]
    fn parse_header(&self, header: &[u8; RECORD_HEADER_BYTES]) -> RecordHeader {
        let seconds = self.u32_at(header, 0);
        let fraction = self.u32_at(header, 4);
        let mut captured = self.u32_at(header, 8);
        let mut wire = self.u32_at(header, 12);
        if self.minor_version < 3 || (self.minor_version == 3 && captured > wire) {
            std::mem::swap(&mut captured, &mut wire);
        }
        let nanos = u64::from(seconds) * NANOS_PER_SECOND + u64::from(fraction) * self.nanos_per_fraction;
        RecordHeader { timestamp: Timestamp(nanos), captured, wire_length: wire.max(captured) }
    }

    #[inline]
    fn u16_at(&self, bytes: &[u8], at: usize) -> u16 {
        let field = [bytes[at], bytes[at + 1]];
        if self.is_big_endian { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) }
    }

    #[inline(always)]
    fn u32_at(&self, bytes: &[u8], at: usize) -> u32 {
        let field = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self.is_big_endian { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) }
    }
}
