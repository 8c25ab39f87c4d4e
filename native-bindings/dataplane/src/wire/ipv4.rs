//! IPv4, RFC 791.
//!
//! ```text
//! version, header length (1) | service (1) | total length (2) | identification (2) | flags, fragment offset (2)
//! | time to live (1) | protocol (1) | checksum (2) | source (4) | destination (4) | options | payload
//! ```

use super::IpProtocol;
use super::remainder::Remainder;
use crate::account::FrameReason;
use crate::address::Address;

const MIN_HEADER_BYTES: usize = 20;
/// The more-fragments flag and the fragment offset: both zero in a packet that is whole.
const FRAGMENT_MASK: u16 = 0x3fff;

#[derive(Clone, Copy)]
pub(super) struct Ipv4<'a> {
    header: &'a [u8; MIN_HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Ipv4<'a> {
    #[inline(always)]
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        let header = rest.header::<MIN_HEADER_BYTES>()?;
        let header_bytes = usize::from(header[0] & 0x0f) * 4;
        if header[0] >> 4 != 4 || header_bytes < MIN_HEADER_BYTES {
            return Err(FrameReason::Malformed);
        }
        // A host that lets its network card cut segments captures them with length 0.
        let total_length = match u16::from_be_bytes([header[2], header[3]]) {
            0 => rest.wire_length,
            length => u32::from(length),
        };
        if (total_length as usize) < header_bytes {
            return Err(FrameReason::Malformed);
        }
        Ok(Self { header, payload: rest.limited_to(total_length).after(header_bytes)? })
    }

    #[inline(always)]
    pub(super) fn is_fragment(&self) -> bool {
        u16::from_be_bytes([self.header[6], self.header[7]]) & FRAGMENT_MASK != 0
    }

    #[inline(always)]
    pub(super) fn protocol(&self) -> IpProtocol {
        IpProtocol(self.header[9])
    }

    #[inline(always)]
    pub(super) fn source(&self) -> Address {
        Address::from_v4([self.header[12], self.header[13], self.header[14], self.header[15]])
    }

    #[inline(always)]
    pub(super) fn destination(&self) -> Address {
        Address::from_v4([self.header[16], self.header[17], self.header[18], self.header[19]])
    }

    #[inline(always)]
    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10.0.0.1 → 10.0.0.2, TCP, total length 24, with 4 payload bytes and 2 bytes of padding.
    const PACKET: [u8; 26] =
        [0x45, 0, 0, 24, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0xaa, 0xbb, 0xcc, 0xdd, 0, 0];

    fn parse(bytes: &[u8]) -> Result<Ipv4<'_>, FrameReason> {
        Ipv4::parse(Remainder { captured: bytes, wire_length: bytes.len() as u32 })
    }

    #[test]
    fn reads_fields_and_drops_padding() {
        let ip = parse(&PACKET).unwrap();
        assert_eq!(ip.source(), Address::from_v4([10, 0, 0, 1]));
        assert_eq!(ip.destination(), Address::from_v4([10, 0, 0, 2]));
        assert_eq!(ip.protocol(), IpProtocol::TCP);
        assert!(!ip.is_fragment());
        assert_eq!((ip.payload().captured, ip.payload().wire_length), (&[0xaa, 0xbb, 0xcc, 0xdd][..], 4));
    }

    #[test]
    fn skips_options() {
        let mut packet = PACKET;
        packet[0] = 0x46;
        assert_eq!(parse(&packet).unwrap().payload().captured, &[] as &[u8]);
    }

    #[test]
    fn length_zero_means_the_whole_frame() {
        let mut packet = PACKET;
        packet[3] = 0;
        assert_eq!(parse(&packet).unwrap().payload().wire_length, 6);
    }

    #[test]
    fn first_and_later_fragments_are_fragments() {
        for flags in [[0x20, 0x00], [0x20, 0x10], [0x00, 0x10]] {
            let mut packet = PACKET;
            packet[6..8].copy_from_slice(&flags);
            assert!(parse(&packet).unwrap().is_fragment());
        }
    }

    #[test]
    fn rejects_contradictions() {
        for (at, value) in [(0, 0x65), (0, 0x44), (3, 19)] {
            let mut packet = PACKET;
            packet[at] = value;
            assert_eq!(parse(&packet).err(), Some(FrameReason::Malformed), "byte {at} = {value}");
        }
        assert_eq!(parse(&PACKET[..19]).err(), Some(FrameReason::Malformed));
        let cut = Ipv4::parse(Remainder { captured: &PACKET[..19], wire_length: 26 });
        assert_eq!(cut.err(), Some(FrameReason::TruncatedHeader));
    }
}
