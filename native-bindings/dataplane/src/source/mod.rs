//! Where frames come from: capture files, standard input, a network interface. Out: one [`Frame`] after another, in
//! the order of the source. Does not look inside a frame.

mod af_packet;
mod buffer;
mod capture;
mod error;
mod input;
mod merge;
mod pcap;
mod pcapng;
mod pcapng_interface;

pub use af_packet::{KernelCounts, LiveCapture, LiveOptions, listen};
pub use capture::{CaptureReader, open};
pub use error::{ErrorClass, SourceError};
pub use input::SourceProgress;
pub use merge::{MergedCaptures, open_all};

use std::ops::ControlFlow;
use std::time::Duration;

use crate::time::Timestamp;

/// A link type as registered at <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a 4-byte address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    pub const ETHERNET: Self = Self(1);
    /// Raw IP as some systems number it (DLT_RAW).
    pub const RAW_DLT_12: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_DLT_14: Self = Self(14);
    /// Raw IPv4 or IPv6, told apart by the version nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: as [`LinkType::NULL`], big-endian.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    pub const IPV4: Self = Self(228);
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// One captured frame; `data` lives until the next one is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub timestamp: Timestamp,
    pub link_type: LinkType,
    /// The captured bytes: at most the snap length.
    pub data: &'a [u8],
    /// Bytes of the frame on the wire, `>= data.len()`.
    pub wire_length: u32,
}

/// What a source has to offer now.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    Frame(Frame<'a>),
    /// Nothing was captured between the frame before and the one that follows: one capture ended before the next began.
    Gap,
    /// Nothing arrived in time; more may come.
    Idle,
    End,
}

/// Why [`Source::visit_frames`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The visitor has had enough.
    Stopped,
    /// As [`Next::Gap`].
    Gap,
    /// As [`Next::Idle`].
    Idle,
    /// As [`Next::End`].
    End,
}

/// Yields frames until the input ends.
pub trait Source {
    /// `Ok(None)` at a clean end. After an error the source is over; frames before it stay valid.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError>;

    /// As [`Source::next_frame`], but a live source gives up after `timeout`, so that its reader can do what time
    /// demands. A file is never idle.
    #[inline]
    fn poll_frame(&mut self, timeout: Duration) -> Result<Next<'_>, SourceError> {
        let _ = timeout;
        Ok(self.next_frame()?.map_or(Next::End, Next::Frame))
    }

    /// Shows frame after frame to `visit`, as [`Source::poll_frame`] gives them: one loop over what lies in the buffer
    /// costs a fraction of a call a frame.
    #[inline]
    fn visit_frames(
        &mut self,
        timeout: Duration,
        mut visit: impl FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Pause, SourceError>
    where
        Self: Sized,
    {
        loop {
            match self.poll_frame(timeout)? {
                Next::Frame(frame) if visit(&frame).is_continue() => {}
                Next::Frame(_) => return Ok(Pause::Stopped),
                Next::Gap => return Ok(Pause::Gap),
                Next::Idle => return Ok(Pause::Idle),
                Next::End => return Ok(Pause::End),
            }
        }
    }
}

#[cfg(test)]
mod tests;
