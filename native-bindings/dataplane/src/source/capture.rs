//! One capture, whatever its format and compression.

use std::ops::ControlFlow;
use std::time::Duration;

use super::buffer::{DEFAULT_BUFFER_BYTES, ReadBuffer};
use super::error::SourceError;
use super::input::{Input, SourceProgress, display_name};
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::{Frame, LinkType, Pause, Source};
use crate::time::Timestamp;

/// A record as its format's parser found it; the data still lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) timestamp: Timestamp,
    pub(super) link_type: LinkType,
    pub(super) wire_length: u32,
    pub(super) data_begin: usize,
    pub(super) data_length: usize,
}

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// Reads the frames of one capture file, in the file's order.
pub struct CaptureReader {
    buffer: ReadBuffer,
    format: Format,
    current: Record,
    is_over: bool,
}

/// Opens a capture, `-` for standard input, and reads its header. The format and the compression are told by the
/// first bytes, never by the name.
pub fn open(path: &str) -> Result<CaptureReader, SourceError> {
    CaptureReader::open(path, DEFAULT_BUFFER_BYTES)
}

impl CaptureReader {
    pub(super) fn open(path: &str, buffer_bytes: usize) -> Result<Self, SourceError> {
        let mut buffer = ReadBuffer::new(display_name(path), Input::open(path)?, buffer_bytes);
        let format = Self::detect(&mut buffer)?;
        let current = Record {
            timestamp: Timestamp(0),
            link_type: LinkType::NULL,
            wire_length: 0,
            data_begin: 0,
            data_length: 0,
        };
        Ok(Self { buffer, format, current, is_over: false })
    }

    fn detect(buffer: &mut ReadBuffer) -> Result<Format, SourceError> {
        buffer.ensure(4)?;
        let available = buffer.available();
        let magic = available.first_chunk::<4>().copied();
        if magic.is_some_and(Pcap::is_magic) {
            return Ok(Format::Pcap(Pcap::read_header(buffer)?));
        }
        if magic.is_some_and(Pcapng::is_magic) {
            return Ok(Format::Pcapng(Pcapng::default()));
        }
        let input = buffer.name().to_owned();
        if available.is_empty() {
            return Err(SourceError::Empty { input });
        }
        let shown: Vec<String> = available.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Err(SourceError::NotACapture { input, magic: shown.join(" ") })
    }

    /// As [`Source::visit_frames`], a call a frame.
    fn visit_singly(
        &mut self,
        visit: &mut dyn FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Pause, SourceError> {
        while self.advance()? {
            if visit(&self.current()).is_break() {
                return Ok(Pause::Stopped);
            }
        }
        Ok(Pause::End)
    }

    /// What messages call this input.
    pub fn name(&self) -> &str {
        self.buffer.name()
    }

    pub fn progress(&self) -> SourceProgress {
        self.buffer.input().progress()
    }

    /// Moves to the next frame; `false` at the end. After an error the capture is over.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<bool, SourceError> {
        if self.is_over {
            return Ok(false);
        }
        let next = match &mut self.format {
            Format::Pcap(pcap) => pcap.next_record(&mut self.buffer),
            Format::Pcapng(pcapng) => pcapng.next_record(&mut self.buffer),
        };
        match next {
            Ok(Some(record)) => {
                self.current = record;
                Ok(true)
            }
            Ok(None) => {
                self.is_over = true;
                Ok(false)
            }
            Err(error) => {
                self.is_over = true;
                Err(error)
            }
        }
    }

    /// The frame that the last successful `advance` moved to.
    #[inline]
    pub(super) fn current(&self) -> Frame<'_> {
        let record = &self.current;
        Frame {
            timestamp: record.timestamp,
            link_type: record.link_type,
            data: self.buffer.slice(record.data_begin, record.data_length),
            wire_length: record.wire_length,
        }
    }
}

impl Source for CaptureReader {
    #[inline]
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        Ok(if self.advance()? { Some(self.current()) } else { None })
    }

    #[inline]
    fn visit_frames(
        &mut self,
        _: Duration,
        mut visit: impl FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Pause, SourceError> {
        while !self.is_over {
            let Format::Pcap(pcap) = &self.format else { return self.visit_singly(&mut visit) };
            let (taken, flow) = pcap.visit_records(self.buffer.available(), &mut visit);
            self.buffer.consume(taken);
            if flow.is_break() {
                return Ok(Pause::Stopped);
            }
            let next = pcap.ensure_record(&mut self.buffer);
            self.is_over = !matches!(next, Ok(Some(_)));
            next?;
        }
        Ok(Pause::End)
    }
}
