//! Ethernet II, IEEE 802.3.
//!
//! ```text
//! destination (6) | source (6) | type (2) | payload
//! ```

use super::remainder::Remainder;
use crate::account::FrameReason;

const HEADER_BYTES: usize = 14;

/// A protocol number of the link layer, <https://www.iana.org/assignments/ieee-802-numbers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EtherType(pub(super) u16);

impl EtherType {
    pub(super) const IPV4: Self = Self(0x0800);
    pub(super) const TRANSPARENT_BRIDGING: Self = Self(0x6558);
    pub(super) const VLAN: Self = Self(0x8100);
    pub(super) const IPV6: Self = Self(0x86dd);
    pub(super) const MPLS: Self = Self(0x8847);
    pub(super) const MPLS_MULTICAST: Self = Self(0x8848);
    pub(super) const PPPOE_SESSION: Self = Self(0x8864);
    pub(super) const QINQ: Self = Self(0x88a8);
    pub(super) const PROVIDER_BACKBONE: Self = Self(0x88e7);
    pub(super) const NETWORK_SERVICE_HEADER: Self = Self(0x894f);
    /// Q-in-Q of before the standard.
    pub(super) const QINQ_9100: Self = Self(0x9100);
    pub(super) const QINQ_9200: Self = Self(0x9200);

    /// Whether IP may lie inside, below a header that is not read.
    pub(super) const fn is_encapsulation(self) -> bool {
        matches!(
            self,
            Self::TRANSPARENT_BRIDGING
                | Self::MPLS
                | Self::MPLS_MULTICAST
                | Self::PPPOE_SESSION
                | Self::PROVIDER_BACKBONE
                | Self::NETWORK_SERVICE_HEADER
        )
    }
}

#[derive(Clone, Copy)]
pub(super) struct Ethernet<'a> {
    header: &'a [u8; HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Ethernet<'a> {
    #[inline(always)]
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        Ok(Self { header: rest.header()?, payload: rest.after(HEADER_BYTES)? })
    }

    #[inline(always)]
    pub(super) fn ether_type(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.header[12], self.header[13]]))
    }

    /// Includes the padding to the minimum frame and, in some captures, the frame check sequence.
    #[inline(always)]
    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARP: [u8; 16] =
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x01];

    #[test]
    fn reads_type_and_payload() {
        let ethernet = Ethernet::parse(Remainder { captured: &ARP, wire_length: 60 }).unwrap();
        assert_eq!(ethernet.ether_type(), EtherType(0x0806));
        assert_eq!((ethernet.payload().captured, ethernet.payload().wire_length), (&ARP[14..], 46));
    }

    #[test]
    fn rejects_a_short_header() {
        let result = Ethernet::parse(Remainder { captured: &ARP[..13], wire_length: 60 });
        assert_eq!(result.err(), Some(FrameReason::TruncatedHeader));
    }
}
