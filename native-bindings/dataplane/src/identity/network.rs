use std::net::IpAddr;
use std::str::FromStr;

use super::IdentityError;
use crate::address::Address;

/// A block of addresses of one family; a single address is a block of full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: Address,
    /// Bits of the 128-bit form: an IPv4 `/8` is 96 + 8.
    prefix_bits: u8,
}

impl Network {
    /// The block of `prefix_bits` (of the 128-bit form) that holds `address`.
    pub const fn of(address: Address, prefix_bits: u8) -> Self {
        Self { base: mask(address, prefix_bits), prefix_bits }
    }

    /// Leading bits that all members share, of the 128-bit form; more bits mean a narrower block.
    pub const fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    pub const fn contains(&self, address: Address) -> bool {
        mask(address, self.prefix_bits).0 == self.base.0
    }
}

/// The address with all but its first `prefix_bits` cleared.
const fn mask(address: Address, prefix_bits: u8) -> Address {
    match prefix_bits {
        0 => Address(0),
        bits => Address(address.0 & (u128::MAX << (128 - bits as u32))),
    }
}

impl FromStr for Network {
    type Err = IdentityError;

    /// `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`; host bits are ignored.
    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let fault = || IdentityError::Network(text.to_owned());
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().map_err(|_| fault())?)),
            None => (text, None),
        };
        let (address, offset_bits) = match address.parse::<IpAddr>().map_err(|_| fault())? {
            IpAddr::V4(v4) => (Address::from_v4(v4.octets()), 96),
            IpAddr::V6(v6) => (Address::from_v6(v6.octets()), 0),
        };
        let prefix_bits = match length {
            None => 128,
            Some(bits) if bits <= 128 - offset_bits => offset_bits + bits,
            Some(_) => return Err(fault()),
        };
        Ok(Self::of(address, prefix_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, octets: [u8; 4]) -> bool {
        network.parse::<Network>().unwrap().contains(Address::from_v4(octets))
    }

    #[test]
    fn contains_by_prefix() {
        assert!(contains("10.1.0.0/16", [10, 1, 255, 255]));
        assert!(!contains("10.1.0.0/16", [10, 2, 0, 0]));
        assert!(contains("10.1.2.3/16", [10, 1, 9, 9]), "host bits are ignored");
        assert!(contains("10.1.2.3", [10, 1, 2, 3]));
        assert!(!contains("10.1.2.3", [10, 1, 2, 4]));
        assert!(contains("0.0.0.0/0", [1, 2, 3, 4]));
    }

    #[test]
    fn families_do_not_mix() {
        let all_v4 = "0.0.0.0/0".parse::<Network>().unwrap();
        assert!(!all_v4.contains(Address::from_v6([0x20; 16])));
        assert!("::/0".parse::<Network>().unwrap().contains(Address::from_v4([1, 2, 3, 4])));
    }

    #[test]
    fn rejects_what_is_not_a_network() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "host", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(IdentityError::Network(text.to_owned())), "{text}");
        }
    }
}
