//! Why an input cannot be read. Every message says which input, where in it, and what to do.

use std::io;

/// Whose fault it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The command line asks for something that cannot be (exit code 2).
    Usage,
    /// The input is missing, not readable or damaged (exit code 3).
    Unreadable,
    /// Listening failed while it ran (exit code 1).
    Failed,
}

/// Why an input cannot be read (further). One variant per cause; the message names place and cure.
///
/// Offsets count bytes from the start of the capture, after decompression.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("standard input (`-`) is named twice; it can be read once")]
    StandardInputTwice,

    #[error("{input}: cannot open: {cause}; check the path and its permissions")]
    Open { input: String, cause: io::Error },

    #[error("{input}: reading failed at byte {offset}: {cause}; what came before it was used")]
    Io { input: String, offset: u64, cause: io::Error },

    #[error("{input}: is empty; expected a pcap or pcapng capture")]
    Empty { input: String },

    #[error(
        "{input}: not a capture: starts with {magic}; expected pcap or pcapng, plain or compressed by gzip or \
         zstd (`editcap -F pcapng` converts other formats)"
    )]
    NotACapture { input: String, magic: String },

    #[error(
        "{input}: cut off at byte {offset}: the {part} lacks {missing_bytes} bytes; what came before it was used \
         (copy the file again, or end the capturing program cleanly)"
    )]
    Truncated { input: String, offset: u64, part: &'static str, missing_bytes: u64 },

    #[error(
        "{input}: damaged at byte {offset}: {fault}; what came before it was used (copy the file again, or repair \
         it with `pcapfix`)"
    )]
    Corrupt { input: String, offset: u64, fault: String },

    #[error(
        "{input}: its compressed data is damaged or cut off after {offset} uncompressed bytes: {cause}; what came \
         before it was used (copy the file again)"
    )]
    CorruptCompression { input: String, offset: u64, cause: io::Error },

    #[error("no interface is called {interface}; there are: {available}")]
    UnknownInterface { interface: String, available: String },

    #[error(
        "{interface}: frames of hardware type {hardware_type} (ARPHRD) are not read; listen on an Ethernet, loopback \
         or raw IP interface"
    )]
    UnsupportedInterface { interface: String, hardware_type: String },

    #[error(
        "{interface}: no permission to listen; run as root, or grant the right once with `setcap cap_net_raw+ep` on \
         the program"
    )]
    NoPermission { interface: String },

    #[error(
        "{interface}: listening failed: {cause}; check that the interface is up (`ip link show {interface}`)"
    )]
    Listen { interface: String, cause: io::Error },
}

impl SourceError {
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::StandardInputTwice | Self::UnknownInterface { .. } | Self::UnsupportedInterface { .. } => {
                ErrorClass::Usage
            }
            Self::Listen { .. } => ErrorClass::Failed,
            Self::Open { .. }
            | Self::Io { .. }
            | Self::Empty { .. }
            | Self::NotACapture { .. }
            | Self::Truncated { .. }
            | Self::Corrupt { .. }
            | Self::CorruptCompression { .. }
            | Self::NoPermission { .. } => ErrorClass::Unreadable,
        }
    }
}
