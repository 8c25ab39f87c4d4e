//! The part of a frame that has not been decoded yet.

use super::ethernet::EtherType;
use crate::account::FrameReason;

/// What was captured of the rest of a frame, and how long that rest was on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remainder<'a> {
    pub(super) captured: &'a [u8],
    pub(super) wire_length: u32,
}

impl<'a> Remainder<'a> {
    /// The first `N` bytes.
    #[inline(always)]
    pub(super) fn header<const N: usize>(self) -> Result<&'a [u8; N], FrameReason> {
        self.captured.first_chunk::<N>().ok_or_else(|| self.too_short(N))
    }

    /// What follows the first `length` bytes.
    #[inline(always)]
    pub(super) fn after(self, length: usize) -> Result<Self, FrameReason> {
        match self.captured.get(length..) {
            Some(captured) => {
                Ok(Self { captured, wire_length: self.wire_length.saturating_sub(length as u32) })
            }
            None => Err(self.too_short(length)),
        }
    }

    /// The same start, ending after `wire_length` bytes as an inner header says. A mirror that cuts frames may not
    /// say so in the frame's length: the inner length then is the larger one and the true one.
    #[inline(always)]
    pub(super) fn limited_to(self, wire_length: u32) -> Self {
        let captured = &self.captured[..self.captured.len().min(wire_length as usize)];
        Self { captured, wire_length }
    }

    /// Which IP this is, for link layers that do not say.
    pub(super) fn ip_version(self) -> Result<EtherType, FrameReason> {
        match self.header::<1>()?[0] >> 4 {
            4 => Ok(EtherType::IPV4),
            6 => Ok(EtherType::IPV6),
            _ => Err(FrameReason::Malformed),
        }
    }

    /// Why `needed` bytes are not there: never sent, or sent and not captured.
    #[cold]
    fn too_short(self, needed: usize) -> FrameReason {
        if (self.wire_length as usize) < needed {
            FrameReason::Malformed
        } else {
            FrameReason::TruncatedHeader
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_cut_header_from_one_never_sent() {
        let cut = Remainder { captured: &[0; 10], wire_length: 60 };
        assert_eq!(cut.header::<20>().unwrap_err(), FrameReason::TruncatedHeader);
        let runt = Remainder { captured: &[0; 10], wire_length: 10 };
        assert_eq!(runt.header::<20>().unwrap_err(), FrameReason::Malformed);
        assert_eq!(runt.after(11).unwrap_err(), FrameReason::Malformed);
    }

    #[test]
    fn an_inner_length_drops_padding_and_outlives_a_cut() {
        let padded = Remainder { captured: &[0; 46], wire_length: 46 }.limited_to(40);
        assert_eq!((padded.captured.len(), padded.wire_length), (40, 40));
        let cut = Remainder { captured: &[0; 46], wire_length: 46 }.limited_to(1400);
        assert_eq!((cut.captured.len(), cut.wire_length), (46, 1400));
    }
}
