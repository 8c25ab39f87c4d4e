//! IPv6 and the extension headers that may precede the transport, RFC 8200.
//!
//! ```text
//! version, class, flow label (4) | payload length (2) | next header (1) | hop limit (1) | source (16)
//! | destination (16) | extension headers | payload
//! ```

use super::IpProtocol;
use super::remainder::Remainder;
use crate::account::FrameReason;
use crate::address::Address;

const HEADER_BYTES: usize = 40;
/// RFC 8200 § 4.1 lets each kind occur once, destination options twice; RFC 8883 § 1 lets hosts limit the count.
const MAX_EXTENSION_HEADERS: usize = 8;
const FRAGMENT_HEADER_BYTES: usize = 8;
/// The fragment offset and the more-fragments flag: both zero in an atomic fragment (RFC 6946), which is whole.
const FRAGMENT_MASK: u16 = 0xfff9;

#[derive(Clone, Copy)]
pub(super) struct Ipv6<'a> {
    header: &'a [u8; HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Ipv6<'a> {
    #[inline]
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        let header = rest.header::<HEADER_BYTES>()?;
        if header[0] >> 4 != 6 {
            return Err(FrameReason::Malformed);
        }
        let payload = rest.after(HEADER_BYTES)?;
        // Jumbograms and segments that the network card has yet to cut carry length 0: the frame's length counts.
        let payload = match u16::from_be_bytes([header[4], header[5]]) {
            0 => payload,
            length => payload.limited_to(u32::from(length)),
        };
        Ok(Self { header, payload })
    }

    #[inline]
    pub(super) fn source(&self) -> Address {
        Self::address(&self.header[8..24])
    }

    #[inline]
    pub(super) fn destination(&self) -> Address {
        Self::address(&self.header[24..40])
    }

    #[inline]
    fn address(octets: &[u8]) -> Address {
        octets.first_chunk::<16>().map_or(Address::default(), |octets| Address::from_v6(*octets))
    }

    /// The transport protocol and its bytes, behind any extension headers.
    #[inline]
    pub(super) fn upper_layer(&self) -> Result<(IpProtocol, Remainder<'a>), FrameReason> {
        let (mut protocol, mut rest) = (IpProtocol(self.header[6]), self.payload);
        for _ in 0..=MAX_EXTENSION_HEADERS {
            let header_bytes = match protocol {
                IpProtocol::HOP_BY_HOP | IpProtocol::IPV6_ROUTING | IpProtocol::IPV6_DESTINATION => {
                    8 + usize::from(rest.header::<2>()?[1]) * 8
                }
                IpProtocol::IPV6_FRAGMENT => {
                    let fragment = rest.header::<FRAGMENT_HEADER_BYTES>()?;
                    if u16::from_be_bytes([fragment[2], fragment[3]]) & FRAGMENT_MASK != 0 {
                        return Err(FrameReason::IpFragment);
                    }
                    FRAGMENT_HEADER_BYTES
                }
                _ => return Ok((protocol, rest)),
            };
            protocol = IpProtocol(rest.header::<1>()?[0]);
            rest = rest.after(header_bytes)?;
        }
        Err(FrameReason::TooDeep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2001:db8::1 → 2001:db8::2 with the given next header and payload.
    fn packet(next_header: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next_header, 64];
        for host in [1, 2] {
            bytes.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
        }
        bytes.extend(payload);
        bytes
    }

    fn upper_layer(bytes: &[u8]) -> Result<(IpProtocol, Vec<u8>), FrameReason> {
        let ip = Ipv6::parse(Remainder { captured: bytes, wire_length: bytes.len() as u32 })?;
        ip.upper_layer().map(|(protocol, rest)| (protocol, rest.captured.to_vec()))
    }

    #[test]
    fn reads_addresses_and_payload_without_padding() {
        let mut bytes = packet(6, &[1, 2, 3]);
        bytes.extend([0; 4]);
        let ip = Ipv6::parse(Remainder { captured: &bytes, wire_length: bytes.len() as u32 }).unwrap();
        assert_eq!(ip.source().to_string(), "2001:db8::1");
        assert_eq!(ip.destination().to_string(), "2001:db8::2");
        assert_eq!(upper_layer(&bytes), Ok((IpProtocol::TCP, vec![1, 2, 3])));
    }

    #[test]
    fn skips_options_routing_and_atomic_fragments() {
        let payload = [
            43, 0, 1, 4, 0, 0, 0, 0, // hop-by-hop, next: routing
            60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, // routing of 16 bytes, next: destination options
            44, 0, 1, 4, 0, 0, 0, 0, // destination options, next: fragment
            6, 0, 0, 0, 0, 0, 0, 9, // atomic fragment, next: TCP
            0xaa,
        ];
        assert_eq!(upper_layer(&packet(0, &payload)), Ok((IpProtocol::TCP, vec![0xaa])));
    }

    #[test]
    fn fragments_end_here() {
        for offset_and_flags in [[0x00, 0x01], [0x05, 0xa9], [0x05, 0xa8]] {
            let [high, low] = offset_and_flags;
            let payload = [6, 0, high, low, 0, 0, 0, 9, 0xaa];
            assert_eq!(upper_layer(&packet(44, &payload)), Err(FrameReason::IpFragment));
        }
    }

    #[test]
    fn length_zero_means_the_whole_frame() {
        let mut bytes = packet(6, &[1, 2, 3]);
        bytes[5] = 0;
        assert_eq!(upper_layer(&bytes), Ok((IpProtocol::TCP, vec![1, 2, 3])));
    }

    #[test]
    fn endless_options_are_too_deep_and_short_ones_malformed() {
        let endless = [60, 0, 1, 4, 0, 0, 0, 0].repeat(12);
        assert_eq!(upper_layer(&packet(60, &endless)), Err(FrameReason::TooDeep));
        assert_eq!(upper_layer(&packet(60, &[6, 9, 1, 4, 0, 0, 0, 0])), Err(FrameReason::Malformed));
    }
}
