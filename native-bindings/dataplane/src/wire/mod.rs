//! From a frame to the TCP segment inside it. Headers are views on the captured bytes; nothing is copied.

use crate::account::FrameReason;
use crate::address::Endpoint;
use crate::source::Frame;

/// TCP flags, low byte of RFC 9293 § 3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;

    #[inline]
    pub const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// One TCP segment of the innermost flow.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: TcpFlags,
    /// The captured part of the payload.
    pub payload: &'a [u8],
    /// Payload bytes on the wire (from the IP length), `>= payload.len()` where the snap length cut.
    pub payload_length: u32,
}

/// Finds the TCP segment in a frame, or says under which reason the frame ends.
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Segment<'a>, FrameReason> {
    let _ = frame;
    Err(FrameReason::UnsupportedEncapsulation)
}
