//! Addresses of both IP families in one fixed-size value, so that flow keys compare as integers.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address (kept as `::ffff:a.b.c.d`, RFC 4291 § 2.5.5.2) or an IPv6 address, as a big-endian integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u128);

impl Address {
    const V4_PREFIX: u128 = 0xffff_0000_0000;

    pub const fn from_v4(octets: [u8; 4]) -> Self {
        Self(Self::V4_PREFIX | u32::from_be_bytes(octets) as u128)
    }

    pub const fn from_v6(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }

    pub fn to_ip(self) -> IpAddr {
        Ipv6Addr::from(self.0).to_canonical()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

/// One side of a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub address: Address,
    pub port: u16,
}
