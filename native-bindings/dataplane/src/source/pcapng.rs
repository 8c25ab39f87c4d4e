//! The block format, draft-ietf-opsawg-pcapng: sections of blocks, each framed by its length on both ends.
//!
//! ```text
//! block      type | total length | body … | total length
//! section    0a0d0d0a | length | byte-order magic | version | section length | options …
//! interface  1 | length | link type (2), reserved (2) | snap length | options …
//! packet     6 | length | interface | timestamp high | timestamp low | captured length | wire length | data …
//! ```

use super::LinkType;
use super::buffer::ReadBuffer;
use super::capture::Record;
use super::error::SourceError;
use super::pcapng_interface::Interface;
use crate::time::Timestamp;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
/// Replaced by the enhanced packet block, still written by some tools.
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
/// Type and total length in front of the body.
const BLOCK_HEAD_BYTES: usize = 8;
/// The total length again, behind the body.
const BLOCK_TAIL_BYTES: usize = 4;
const MIN_BLOCK_BYTES: usize = BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES;
const SECTION_BODY_BYTES: usize = 16;
const INTERFACE_BODY_BYTES: usize = 8;
/// The fixed part of enhanced and obsolete packet blocks.
const PACKET_BODY_BYTES: usize = 20;
const SIMPLE_PACKET_BODY_BYTES: usize = 4;

/// As libpcap: a longer block is damage, not data.
const MAX_BLOCK_BYTES: u32 = 16 << 20;
/// Interfaces in one section; the largest machines have some thousands.
const MAX_INTERFACES: usize = 65_536;

/// The state of the current section.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    is_big_endian: bool,
    interfaces: Vec<Interface>,
    /// Simple packets carry no time: they are given that of the packet before.
    last_timestamp: Timestamp,
}

/// Integers of a block's body, in the section's byte order.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) is_big_endian: bool,
}

impl Fields<'_> {
    #[inline]
    pub(super) fn u16_at(&self, at: usize) -> u16 {
        let field = [self.bytes[at], self.bytes[at + 1]];
        if self.is_big_endian { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) }
    }

    #[inline]
    pub(super) fn u32_at(&self, at: usize) -> u32 {
        let field = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]];
        if self.is_big_endian { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) }
    }
}

impl Pcapng {
    pub(super) fn is_magic(magic: [u8; 4]) -> bool {
        u32::from_le_bytes(magic) == SECTION_HEADER
    }

    /// Reads blocks up to the next packet.
    #[inline]
    pub(super) fn next_record(&mut self, buffer: &mut ReadBuffer) -> Result<Option<Record>, SourceError> {
        loop {
            if !buffer.ensure(MIN_BLOCK_BYTES)? {
                if buffer.available().is_empty() {
                    return Ok(None);
                }
                return Err(buffer.truncated("header of a block", MIN_BLOCK_BYTES));
            }
            let mut head = self.fields(buffer.available());
            let block_type = head.u32_at(0);
            if block_type == SECTION_HEADER {
                self.begin_section(buffer)?;
                head = self.fields(buffer.available());
            }
            let block_bytes = Self::block_bytes(buffer, head.u32_at(4))?;
            if !buffer.ensure(block_bytes)? {
                return Err(buffer.truncated("block", block_bytes));
            }
            let block = self.fields(&buffer.available()[..block_bytes]);
            if block.u32_at(block_bytes - BLOCK_TAIL_BYTES) != block.u32_at(4) {
                return Err(buffer.corrupt("a block gives two different lengths".to_owned()));
            }
            let body = self.fields(&block.bytes[BLOCK_HEAD_BYTES..block_bytes - BLOCK_TAIL_BYTES]);
            let packet = match block_type {
                ENHANCED_PACKET => Some(self.packet(body, body_u32(body, 0))),
                OBSOLETE_PACKET => Some(self.packet(body, body_u16(body, 0).map(u32::from))),
                SIMPLE_PACKET => Some(self.simple_packet(body)),
                INTERFACE_DESCRIPTION => {
                    let interface = Self::interface(body, self.interfaces.len());
                    self.interfaces.push(interface.map_err(|fault| buffer.corrupt(fault))?);
                    None
                }
                // Statistics, name resolution, secrets, custom blocks and those yet to be invented.
                _ => None,
            };
            match packet {
                Some(Ok(mut record)) => {
                    let block_begin = buffer.consume(block_bytes);
                    record.data_begin += block_begin + BLOCK_HEAD_BYTES;
                    self.last_timestamp = record.timestamp;
                    return Ok(Some(record));
                }
                Some(Err(fault)) => return Err(buffer.corrupt(fault)),
                None => buffer.consume(block_bytes),
            };
        }
    }

    #[inline]
    fn fields<'a>(&self, bytes: &'a [u8]) -> Fields<'a> {
        Fields { bytes, is_big_endian: self.is_big_endian }
    }

    /// Some writers forget to pad the packet data, so a length need not be a multiple of 4.
    #[inline]
    fn block_bytes(buffer: &ReadBuffer, total_length: u32) -> Result<usize, SourceError> {
        if !(MIN_BLOCK_BYTES as u32..=MAX_BLOCK_BYTES).contains(&total_length) {
            return Err(buffer.corrupt(format!(
                "a block claims {total_length} bytes, outside {MIN_BLOCK_BYTES} to {MAX_BLOCK_BYTES}"
            )));
        }
        Ok(total_length as usize)
    }

    /// Learns the byte order of the section whose header begins here, and forgets the interfaces of the one before.
    #[cold]
    fn begin_section(&mut self, buffer: &mut ReadBuffer) -> Result<(), SourceError> {
        let Some([_, _, _, _, _, _, _, _, magic @ ..]) = buffer.available().first_chunk::<12>() else {
            return Err(buffer.truncated("section header", MIN_BLOCK_BYTES + SECTION_BODY_BYTES));
        };
        self.is_big_endian = match u32::from_le_bytes(*magic) {
            BYTE_ORDER_MAGIC => false,
            value if value.swap_bytes() == BYTE_ORDER_MAGIC => true,
            value => {
                return Err(buffer.corrupt(format!("a section header has the byte-order magic {value:08x}")));
            }
        };
        let total_length = self.fields(buffer.available()).u32_at(4);
        if (total_length as usize) < MIN_BLOCK_BYTES + SECTION_BODY_BYTES {
            return Err(buffer.corrupt(format!("a section header claims {total_length} bytes")));
        }
        self.interfaces.clear();
        Ok(())
    }

    #[cold]
    fn interface(body: Fields<'_>, index: usize) -> Result<Interface, String> {
        if body.bytes.len() < INTERFACE_BODY_BYTES {
            return Err(format!("the description of interface {index} has {} bytes", body.bytes.len()));
        }
        if index >= MAX_INTERFACES {
            return Err(format!("a section describes more than {MAX_INTERFACES} interfaces"));
        }
        let options = Fields { bytes: &body.bytes[INTERFACE_BODY_BYTES..], ..body };
        Ok(Interface::new(LinkType(body.u16_at(0)), body.u32_at(4), options))
    }

    /// An enhanced or obsolete packet block: they differ only in the width of the interface number.
    #[inline]
    fn packet(&self, body: Fields<'_>, interface_index: Option<u32>) -> Result<Record, String> {
        if body.bytes.len() < PACKET_BODY_BYTES {
            return Err(format!("a packet block has a body of {} bytes", body.bytes.len()));
        }
        let interface = self.interface_at(interface_index.unwrap_or(0))?;
        let captured = body.u32_at(12);
        if captured as usize > body.bytes.len() - PACKET_BODY_BYTES {
            return Err(format!("a packet of {captured} bytes does not fit its block"));
        }
        let units = u64::from(body.u32_at(4)) << 32 | u64::from(body.u32_at(8));
        Ok(Record {
            timestamp: interface.timestamp(units),
            link_type: interface.link_type,
            wire_length: body.u32_at(16).max(captured),
            data_begin: PACKET_BODY_BYTES,
            data_length: captured as usize,
        })
    }

    fn simple_packet(&self, body: Fields<'_>) -> Result<Record, String> {
        let Some(wire_length) = body_u32(body, 0) else {
            return Err("a simple packet block has no length".to_owned());
        };
        let interface = self.interface_at(0)?;
        let snap_length = if interface.snap_length == 0 { u32::MAX } else { interface.snap_length };
        let data_length =
            (body.bytes.len() - SIMPLE_PACKET_BODY_BYTES).min(wire_length.min(snap_length) as usize);
        Ok(Record {
            timestamp: self.last_timestamp,
            link_type: interface.link_type,
            wire_length,
            data_begin: SIMPLE_PACKET_BODY_BYTES,
            data_length,
        })
    }

    #[inline]
    fn interface_at(&self, index: u32) -> Result<&Interface, String> {
        self.interfaces.get(index as usize).ok_or_else(|| {
            format!("a packet names interface {index}, of {} described so far", self.interfaces.len())
        })
    }
}

#[inline]
fn body_u32(body: Fields<'_>, at: usize) -> Option<u32> {
    (body.bytes.len() >= at + 4).then(|| body.u32_at(at))
}

#[inline]
fn body_u16(body: Fields<'_>, at: usize) -> Option<u16> {
    (body.bytes.len() >= at + 2).then(|| body.u16_at(at))
}
