//! TCP, RFC 9293 § 3.1.
//!
//! ```text
//! source port (2) | destination port (2) | sequence (4) | acknowledgement (4) | data offset, flags (2)
//! | window (2) | checksum (2) | urgent (2) | options | payload
//! ```

use super::remainder::Remainder;
use crate::account::FrameReason;

const MIN_HEADER_BYTES: usize = 20;

/// TCP flags, low byte of RFC 9293 § 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;

    #[inline]
    pub const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

#[derive(Clone, Copy)]
pub(super) struct Tcp<'a> {
    header: &'a [u8; MIN_HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Tcp<'a> {
    #[inline(always)]
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        let header = rest.header::<MIN_HEADER_BYTES>()?;
        let header_bytes = usize::from(header[12] >> 4) * 4;
        if header_bytes < MIN_HEADER_BYTES {
            return Err(FrameReason::Malformed);
        }
        Ok(Self { header, payload: rest.after(header_bytes)? })
    }

    #[inline(always)]
    pub(super) fn source_port(&self) -> u16 {
        u16::from_be_bytes([self.header[0], self.header[1]])
    }

    #[inline(always)]
    pub(super) fn destination_port(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    #[inline(always)]
    pub(super) fn sequence(&self) -> u32 {
        u32::from_be_bytes([self.header[4], self.header[5], self.header[6], self.header[7]])
    }

    #[inline(always)]
    pub(super) fn acknowledgement(&self) -> u32 {
        u32::from_be_bytes([self.header[8], self.header[9], self.header[10], self.header[11]])
    }

    #[inline(always)]
    pub(super) fn flags(&self) -> TcpFlags {
        TcpFlags(self.header[13])
    }

    #[inline(always)]
    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40000 → 80, sequence 1, acknowledgement 2, PSH ACK, 4 bytes of options, payload "GET".
    const SEGMENT: [u8; 27] = [
        0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x18, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, b'G', b'E', b'T',
    ];

    fn parse(bytes: &[u8], wire_length: u32) -> Result<Tcp<'_>, FrameReason> {
        Tcp::parse(Remainder { captured: bytes, wire_length })
    }

    #[test]
    fn reads_fields_and_payload() {
        let tcp = parse(&SEGMENT, 27).unwrap();
        assert_eq!((tcp.source_port(), tcp.destination_port()), (40_000, 80));
        assert_eq!((tcp.sequence(), tcp.acknowledgement()), (1, 2));
        assert!(tcp.flags().has(TcpFlags::ACK) && tcp.flags().has(TcpFlags::PSH));
        assert!(!tcp.flags().has(TcpFlags::SYN));
        assert_eq!((tcp.payload().captured, tcp.payload().wire_length), (&b"GET"[..], 3));
    }

    #[test]
    fn keeps_the_wire_length_where_the_snap_length_cut() {
        let tcp = parse(&SEGMENT, 1_424).unwrap();
        assert_eq!((tcp.payload().captured.len(), tcp.payload().wire_length), (3, 1_400));
    }

    #[test]
    fn rejects_contradictions_and_cuts() {
        assert_eq!(parse(&SEGMENT[..19], 27).err(), Some(FrameReason::TruncatedHeader));
        assert_eq!(parse(&SEGMENT[..22], 27).err(), Some(FrameReason::TruncatedHeader));
        assert_eq!(parse(&SEGMENT[..22], 22).err(), Some(FrameReason::Malformed));
        let mut segment = SEGMENT;
        segment[12] = 0x40;
        assert_eq!(parse(&segment, 27).err(), Some(FrameReason::Malformed));
    }
}
