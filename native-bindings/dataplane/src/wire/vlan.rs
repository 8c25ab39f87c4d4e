//! The VLAN tag, IEEE 802.1Q and 802.1ad. Tags nest.
//!
//! ```text
//! priority, VLAN id (2) | type (2) | payload
//! ```

use super::ethernet::EtherType;
use super::remainder::Remainder;
use crate::account::FrameReason;

const HEADER_BYTES: usize = 4;

#[derive(Clone, Copy)]
pub(super) struct Vlan<'a> {
    header: &'a [u8; HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Vlan<'a> {
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        Ok(Self { header: rest.header()?, payload: rest.after(HEADER_BYTES)? })
    }

    pub(super) fn ether_type(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.header[2], self.header[3]]))
    }

    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_inner_type() {
        let vlan =
            Vlan::parse(Remainder { captured: &[0x20, 0x0a, 0x08, 0x00, 0x45], wire_length: 50 }).unwrap();
        assert_eq!(vlan.ether_type(), EtherType::IPV4);
        assert_eq!((vlan.payload().captured, vlan.payload().wire_length), (&[0x45][..], 46));
    }

    #[test]
    fn rejects_a_short_tag() {
        let result = Vlan::parse(Remainder { captured: &[0x20, 0x0a, 0x08], wire_length: 3 });
        assert_eq!(result.err(), Some(FrameReason::Malformed));
    }
}
