//! Where frames come from: capture files, standard input, a network interface. Out: one [`Frame`] at a time, in
//! the order of the source. Does not look inside a frame.

use crate::time::Timestamp;

/// A link type as registered at <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub u16);

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

/// Yields frames until the input ends.
pub trait Source {
    /// `Ok(None)` at a clean end. After an error the source is over; frames before it stay valid.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError>;
}

/// Why an input cannot be read (further). One variant per cause; the message names place and cure.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{input}: {cause}")]
    Io { input: String, cause: std::io::Error },
}
