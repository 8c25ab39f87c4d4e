use crate::account::{Account, FrameReason};
use crate::source::{ErrorClass, SourceError};
use crate::time::Timestamp;

/// An input that could not be read, or not to its end. What came before was used, and so are the other inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub class: ErrorClass,
    /// Names the input, the place in it and the cure.
    pub message: String,
}

impl From<&SourceError> for Fault {
    fn from(error: &SourceError) -> Self {
        Self { class: error.class(), message: error.to_string() }
    }
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub frames: u64,
    /// Bytes of those frames on the wire.
    pub wire_bytes: u64,
    pub requests: u64,
    /// Bytes taken from files and pipes, before decompression.
    pub input_bytes_read: u64,
    /// Unknown for pipes, synthetic demand and live sources.
    pub input_bytes_total: Option<u64>,
    /// The latest time of a frame; `None` before the first.
    pub packet_time: Option<Timestamp>,
    /// The packet time at which the input will be over, where that is known (synthetic demand).
    pub end_time: Option<Timestamp>,
}

/// Where every frame ended and what was met on the way.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    pub account: Account,
    /// Name and value; names are stable and unique.
    pub counters: Vec<(&'static str, u64)>,
}

impl Statistics {
    /// Reason, frames and bytes, in order of declaration, those without frames included.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, u64, u64)> + '_ {
        let Self { account, .. } = self;
        FrameReason::ALL.iter().map(|&reason| (reason.name(), account.frames(reason), account.bytes(reason)))
    }
}
