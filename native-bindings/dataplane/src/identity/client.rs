use ahash::RandomState;
use hashbrown::HashMap;

use super::{IdentityError, Network};
use crate::address::Address;

const MAX_NAMED_CLIENTS: usize = 10_000;

/// A client of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// Not named: the address is the client.
    Address(Address),
    /// Named by a rule; the index gives the name in [`Clients::write_name`].
    Named(u32),
    /// All clients beyond the bound of the series table.
    Other,
}

/// Names the addresses of some networks; the longest matching prefix wins.
#[derive(Clone, Debug)]
pub struct ClientRule {
    pub name: String,
    pub networks: Vec<Network>,
}

/// Resolves addresses to clients. Holds the named networks only; addresses need no table.
#[derive(Debug)]
pub struct Clients {
    names: Vec<Box<str>>,
    by_network: HashMap<Network, u32, RandomState>,
    /// Prefix lengths in use, longest first: one look-up each.
    prefix_bits: Vec<u8>,
}

impl Clients {
    pub const OTHER_NAME: &'static str = "other";

    pub fn new(rules: &[ClientRule]) -> Result<Self, IdentityError> {
        if rules.len() > MAX_NAMED_CLIENTS {
            return Err(IdentityError::TooMany(MAX_NAMED_CLIENTS));
        }
        let mut by_network = HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut prefix_bits = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            if rule.name.is_empty() {
                return Err(IdentityError::EmptyName);
            }
            for network in &rule.networks {
                by_network.entry(*network).or_insert(index as u32);
                prefix_bits.push(network.prefix_bits());
            }
        }
        prefix_bits.sort_unstable_by(|a, b| b.cmp(a));
        prefix_bits.dedup();
        let names = rules.iter().map(|rule| rule.name.as_str().into()).collect();
        Ok(Self { names, by_network, prefix_bits })
    }

    pub fn resolve(&self, address: Address) -> ClientKey {
        self.prefix_bits
            .iter()
            .find_map(|&bits| self.by_network.get(&Network::of(address, bits)))
            .map_or(ClientKey::Address(address), |&index| ClientKey::Named(index))
    }

    /// Appends the client's id: its name, its address, or `other`.
    pub fn write_name(&self, client: ClientKey, out: &mut String) {
        use std::fmt::Write;
        match client {
            ClientKey::Address(address) => {
                let _ = write!(out, "{address}");
            }
            ClientKey::Named(index) => out.push_str(&self.names[index as usize]),
            ClientKey::Other => out.push_str(Self::OTHER_NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(clients: &Clients, octets: [u8; 4]) -> String {
        let mut out = String::new();
        clients.write_name(clients.resolve(Address::from_v4(octets)), &mut out);
        out
    }

    fn rule(name: &str, networks: &[&str]) -> ClientRule {
        ClientRule {
            name: name.to_owned(),
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn an_address_is_a_client_without_rules() {
        assert_eq!(name(&Clients::new(&[]).unwrap(), [10, 0, 0, 7]), "10.0.0.7");
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rules =
            [rule("office", &["10.0.0.0/8"]), rule("printer", &["10.1.2.3"]), rule("lab", &["10.1.0.0/16"])];
        let clients = Clients::new(&rules).unwrap();
        assert_eq!(name(&clients, [10, 9, 9, 9]), "office");
        assert_eq!(name(&clients, [10, 1, 9, 9]), "lab");
        assert_eq!(name(&clients, [10, 1, 2, 3]), "printer");
        assert_eq!(name(&clients, [11, 0, 0, 1]), "11.0.0.1");
    }

    #[test]
    fn a_name_must_not_be_empty() {
        assert_eq!(Clients::new(&[rule("", &["10.0.0.1"])]).err(), Some(IdentityError::EmptyName));
    }
}
