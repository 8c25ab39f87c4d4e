//! BSD loopback, LINKTYPE_NULL and LINKTYPE_LOOP: the address family in the byte order of whichever machine
//! captured.
//!
//! ```text
//! address family (4) | payload
//! ```

use super::ethernet::EtherType;
use super::remainder::Remainder;
use crate::account::FrameReason;

const HEADER_BYTES: usize = 4;

#[derive(Clone, Copy)]
pub(super) struct Loopback<'a> {
    header: &'a [u8; HEADER_BYTES],
    payload: Remainder<'a>,
}

impl<'a> Loopback<'a> {
    pub(super) fn parse(rest: Remainder<'a>) -> Result<Self, FrameReason> {
        Ok(Self { header: rest.header()?, payload: rest.after(HEADER_BYTES)? })
    }

    /// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24 on NetBSD and OpenBSD, 28 on FreeBSD,
    /// 30 on Darwin.
    pub(super) fn ether_type(&self) -> Result<EtherType, FrameReason> {
        let family = u32::from_be_bytes(*self.header);
        // Families are small, so a value above 16 bits was written the other way round.
        let family = if family > 0xffff { family.swap_bytes() } else { family };
        match family {
            2 => Ok(EtherType::IPV4),
            10 | 23 | 24 | 28 | 30 => Ok(EtherType::IPV6),
            _ => Err(FrameReason::NotIp),
        }
    }

    pub(super) fn payload(&self) -> Remainder<'a> {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ether_type(header: [u8; 4]) -> Result<EtherType, FrameReason> {
        Loopback::parse(Remainder { captured: &header, wire_length: 44 }).unwrap().ether_type()
    }

    #[test]
    fn reads_the_family_in_both_byte_orders() {
        assert_eq!(ether_type([2, 0, 0, 0]), Ok(EtherType::IPV4));
        assert_eq!(ether_type([0, 0, 0, 2]), Ok(EtherType::IPV4));
        assert_eq!(ether_type([30, 0, 0, 0]), Ok(EtherType::IPV6));
        assert_eq!(ether_type([0, 0, 0, 24]), Ok(EtherType::IPV6));
        assert_eq!(ether_type([7, 0, 0, 0]), Err(FrameReason::NotIp));
    }

    #[test]
    fn rejects_a_short_header() {
        let result = Loopback::parse(Remainder { captured: &[2, 0, 0], wire_length: 44 });
        assert_eq!(result.err(), Some(FrameReason::TruncatedHeader));
    }
}
