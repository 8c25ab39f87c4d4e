use std::fmt::Write;

use ahash::RandomState;
use hashbrown::HashMap;

use super::host::host_name;
use super::{HostPattern, IdentityError, Network};
use crate::address::Endpoint;

/// A protected service, as a small number that stays the same while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId(pub u16);

impl ApplicationId {
    /// All applications beyond the bound.
    pub const OTHER: Self = Self(0);
}

/// Names an application; every condition that is given must hold, and the first rule that matches wins.
#[derive(Clone, Debug, Default)]
pub struct ApplicationRule {
    pub name: String,
    /// Any of these holds the server's address; empty: any address.
    pub servers: Vec<Network>,
    /// Any of these is the server's port; empty: any port.
    pub ports: Vec<u16>,
    /// Any of these matches the Host header; empty: any host.
    pub hosts: Vec<HostPattern>,
}

impl ApplicationRule {
    fn matches(&self, server: Endpoint, host: Option<&str>) -> bool {
        (self.servers.is_empty() || self.servers.iter().any(|network| network.contains(server.address)))
            && (self.ports.is_empty() || self.ports.contains(&server.port))
            && (self.hosts.is_empty()
                || host.is_some_and(|host| self.hosts.iter().any(|pattern| pattern.matches(host))))
    }
}

/// Requests that found the application table full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApplicationCounters {
    /// Their host was ignored: they count under `address:port`.
    pub by_server_only: u64,
    /// Not even that had room: they count under `other`.
    pub other: u64,
}

/// The applications seen so far, and those named by rules. Never forgets one, so ids are stable; made-up Host headers
/// fill at most three quarters of the table, then requests are told apart by server only.
#[derive(Debug)]
pub struct Applications {
    rules: Vec<(ApplicationRule, ApplicationId)>,
    names: Vec<Box<str>>,
    by_name: HashMap<Box<str>, ApplicationId, RandomState>,
    /// The application last seen on a server, for answers and losses that carry no Host header.
    last_by_server: HashMap<Endpoint, ApplicationId, RandomState>,
    max_applications: usize,
    counters: ApplicationCounters,
    scratch: String,
}

impl Applications {
    pub const DEFAULT_MAX: usize = 1024;
    pub const OTHER_NAME: &'static str = "other";

    /// `max_applications` is at least 4 and at most 65 535; named applications count.
    pub fn new(rules: Vec<ApplicationRule>, max_applications: usize) -> Result<Self, IdentityError> {
        let max_applications = max_applications.clamp(4, usize::from(u16::MAX));
        let mut applications = Self {
            rules: Vec::with_capacity(rules.len()),
            names: vec![Self::OTHER_NAME.into()],
            by_name: HashMap::with_hasher(RandomState::with_seeds(5, 6, 7, 8)),
            last_by_server: HashMap::with_hasher(RandomState::with_seeds(9, 10, 11, 12)),
            max_applications,
            counters: ApplicationCounters::default(),
            scratch: String::new(),
        };
        for rule in rules {
            if rule.name.is_empty() {
                return Err(IdentityError::EmptyName);
            }
            let id = applications
                .intern(&rule.name, max_applications / 2)
                .ok_or(IdentityError::TooMany(max_applications / 2))?;
            applications.rules.push((rule, id));
        }
        Ok(applications)
    }

    /// The application of a request to `server` with this raw Host header (empty where unknown).
    pub fn resolve(&mut self, server: Endpoint, authority: &[u8]) -> ApplicationId {
        let id = self.find(server, authority);
        if self.last_by_server.len() < self.max_applications || self.last_by_server.contains_key(&server) {
            self.last_by_server.insert(server, id);
        }
        id
    }

    /// The application last seen on `server`, for traffic without a Host header.
    pub fn resolve_server(&mut self, server: Endpoint) -> ApplicationId {
        match self.last_by_server.get(&server) {
            Some(&id) => id,
            None => self.find(server, b""),
        }
    }

    pub fn name(&self, id: ApplicationId) -> &str {
        &self.names[usize::from(id.0)]
    }

    /// Applications known, `other` included.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    pub fn counters(&self) -> ApplicationCounters {
        self.counters
    }

    fn find(&mut self, server: Endpoint, authority: &[u8]) -> ApplicationId {
        let mut buffer = [0; 253];
        let host = host_name(authority, &mut buffer);
        if let Some((_, id)) = self.rules.iter().find(|(rule, _)| rule.matches(server, host)) {
            return *id;
        }
        let mut name = std::mem::take(&mut self.scratch);
        let mut id = None;
        if let Some(host) = host {
            name.clear();
            let _ = write!(name, "{host}:{}", server.port);
            id = self.intern(&name, self.max_applications / 4 * 3);
            self.counters.by_server_only += u64::from(id.is_none());
        }
        let id = id.or_else(|| {
            name.clear();
            let _ = write!(name, "{}", std::net::SocketAddr::new(server.address.to_ip(), server.port));
            self.intern(&name, self.max_applications)
        });
        self.counters.other += u64::from(id.is_none());
        self.scratch = name;
        id.unwrap_or(ApplicationId::OTHER)
    }

    fn intern(&mut self, name: &str, max: usize) -> Option<ApplicationId> {
        if let Some(&id) = self.by_name.get(name) {
            return Some(id);
        }
        if self.names.len() > max {
            return None;
        }
        let id = ApplicationId(self.names.len() as u16);
        self.names.push(name.into());
        self.by_name.insert(name.into(), id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn server(last_octet: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::from_v4([10, 0, 0, last_octet]), port }
    }

    fn resolve(applications: &mut Applications, server: Endpoint, host: &str) -> String {
        let id = applications.resolve(server, host.as_bytes());
        applications.name(id).to_owned()
    }

    #[test]
    fn discovers_by_host_and_port_else_by_server() {
        let mut applications = Applications::new(vec![], 16).unwrap();
        assert_eq!(resolve(&mut applications, server(1, 80), "Shop.example"), "shop.example:80");
        assert_eq!(resolve(&mut applications, server(2, 80), "shop.example:80"), "shop.example:80");
        assert_eq!(resolve(&mut applications, server(1, 8080), "shop.example"), "shop.example:8080");
        assert_eq!(resolve(&mut applications, server(1, 80), "bad host"), "10.0.0.1:80");
        let v6 = Endpoint { address: Address::from_v6([0x20; 16]), port: 80 };
        assert_eq!(resolve(&mut applications, v6, ""), "[2020:2020:2020:2020:2020:2020:2020:2020]:80");
    }

    #[test]
    fn the_first_matching_rule_names_it() {
        let rules = vec![
            ApplicationRule {
                name: "admin".into(),
                hosts: vec!["admin.shop.example".parse().unwrap()],
                ..Default::default()
            },
            ApplicationRule {
                name: "shop".into(),
                hosts: vec!["*.shop.example".parse().unwrap()],
                ..Default::default()
            },
            ApplicationRule {
                name: "backend".into(),
                servers: vec!["10.0.0.8/29".parse().unwrap()],
                ports: vec![9000],
                ..Default::default()
            },
        ];
        let mut applications = Applications::new(rules, 16).unwrap();
        assert_eq!(resolve(&mut applications, server(1, 80), "admin.shop.example"), "admin");
        assert_eq!(resolve(&mut applications, server(1, 80), "www.shop.example"), "shop");
        assert_eq!(resolve(&mut applications, server(9, 9000), "anything"), "backend");
        assert_eq!(resolve(&mut applications, server(9, 9001), "anything"), "anything:9001");
    }

    #[test]
    fn made_up_hosts_leave_room_for_servers() {
        let mut applications = Applications::new(vec![], 8).unwrap();
        for index in 0..6 {
            assert_eq!(
                resolve(&mut applications, server(1, 80), &format!("h{index}")),
                format!("h{index}:80")
            );
        }
        assert_eq!(resolve(&mut applications, server(1, 80), "h6"), "10.0.0.1:80");
        assert_eq!(resolve(&mut applications, server(2, 80), "h7"), "10.0.0.2:80");
        assert_eq!(resolve(&mut applications, server(3, 80), "h8"), "other");
        assert_eq!(resolve(&mut applications, server(1, 80), "h0"), "h0:80", "known ones stay");
        assert_eq!(applications.counters(), ApplicationCounters { by_server_only: 3, other: 1 });
    }

    #[test]
    fn answers_without_a_host_follow_the_last_application_of_their_server() {
        let mut applications = Applications::new(vec![], 8).unwrap();
        let id = applications.resolve(server(1, 80), b"shop.example");
        assert_eq!(applications.resolve_server(server(1, 80)), id);
        let unknown = applications.resolve_server(server(2, 80));
        assert_eq!(applications.name(unknown), "10.0.0.2:80");
    }
}
