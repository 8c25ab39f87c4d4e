//! Whose demand on what: from the addresses and the Host header of a request to an [`ApplicationId`] and a [`ClientKey`].
//! Works without configuration (application = `host:port`, client = address); rules name and join them.
//! Does not count anything but its own overflows, and never keeps a host that is not a valid name.

mod application;
mod client;
mod host;
mod network;

pub use application::{ApplicationCounters, ApplicationId, ApplicationRule, Applications};
pub use client::{ClientKey, ClientRule, Clients};
pub use host::{HostPattern, host_name};
pub use network::Network;

/// A rule of the identity configuration that cannot be used; the message names the value and the cure.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdentityError {
    #[error("\"{0}\" is not a network; write an address or a CIDR block: 10.0.0.0/8, 2001:db8::/32")]
    Network(String),
    #[error("\"{0}\" is not a host name; write a name, or *.example.org for all names below it")]
    Host(String),
    #[error("an application or client has an empty name; give it one")]
    EmptyName,
    #[error("more than {0} named applications or clients; join some of them")]
    TooMany(usize),
}
