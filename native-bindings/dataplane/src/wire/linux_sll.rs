//! Linux cooked captures, LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2: the `any` interface.
//!
//! ```text
//! v1   packet type (2) | ARPHRD type (2) | address length (2) | address (8) | protocol (2) | payload
//! v2   protocol (2) | reserved (2) | interface (4) | ARPHRD type (2) | packet type (1) | address length (1)
//!      | address (8) | payload
//! ```

use super::ethernet::EtherType;
use super::remainder::Remainder;
use crate::account::FrameReason;

const V1_HEADER_BYTES: usize = 16;
const V2_HEADER_BYTES: usize = 20;

#[derive(Clone, Copy)]
pub(super) struct LinuxSll<'a> {
    header: &'a [u8; V1_HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> LinuxSll<'a> {
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        Ok(Self { header: rest.header()?, payload: rest.after(V1_HEADER_BYTES)? })
    }

    pub(super) fn ether_type(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.header[14], self.header[15]]))
    }

    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[derive(Clone, Copy)]
pub(super) struct LinuxSll2<'a> {
    header: &'a [u8; V2_HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> LinuxSll2<'a> {
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        Ok(Self { header: rest.header()?, payload: rest.after(V2_HEADER_BYTES)? })
    }

    pub(super) fn ether_type(&self) -> EtherType {
        EtherType(u16::from_be_bytes([self.header[0], self.header[1]]))
    }

    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_version_1() {
        let bytes = [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd, 0x60];
        let sll = LinuxSll::parse(Remainder { captured: &bytes, wire_length: 76 }).unwrap();
        assert_eq!(sll.ether_type(), EtherType::IPV6);
        assert_eq!((sll.payload().captured, sll.payload().wire_length), (&[0x60][..], 60));
    }

    #[test]
    fn reads_version_2() {
        let bytes = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x45];
        let sll = LinuxSll2::parse(Remainder { captured: &bytes, wire_length: 60 }).unwrap();
        assert_eq!(sll.ether_type(), EtherType::IPV4);
        assert_eq!((sll.payload().captured, sll.payload().wire_length), (&[0x45][..], 40));
    }

    #[test]
    fn rejects_short_headers() {
        let rest = Remainder { captured: &[0; 15], wire_length: 60 };
        assert_eq!(LinuxSll::parse(rest).err(), Some(FrameReason::TruncatedHeader));
        assert_eq!(LinuxSll2::parse(rest).err(), Some(FrameReason::TruncatedHeader));
    }
}
