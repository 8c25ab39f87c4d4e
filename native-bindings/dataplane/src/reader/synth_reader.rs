use super::input::OpenError;
use super::progress::Progress;
use crate::source::{Frame, Source, SourceError};
use crate::synth::{LINK_TYPE, PcapChunks, SynthSource, SynthSpec, TimestampResolution};
use crate::time::Timestamp;

/// The next bytes of a synthetic capture.
#[derive(Clone, Debug, Default)]
pub struct SynthChunk {
    /// Of a pcap file with nanoseconds; ends with a whole record.
    pub bytes: Vec<u8>,
    pub progress: Progress,
    /// Nothing follows.
    pub is_done: bool,
}

/// Remembers the time of the latest frame.
struct Timed {
    source: SynthSource,
    latest: Option<Timestamp>,
}

impl Source for Timed {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let frame = self.source.next_frame()?;
        self.latest = frame.map(|frame| frame.timestamp).or(self.latest);
        Ok(frame)
    }
}

/// Streams the capture that a spec of synthetic demand describes.
pub struct SynthReader {
    chunks: PcapChunks<Timed>,
    is_done: bool,
}

impl SynthReader {
    /// `spec` is a preset, a JSON text or the path of a file: see [`SynthSpec::parse`].
    pub fn open(spec: &str) -> Result<Self, OpenError> {
        let source = Timed { source: SynthSource::new(SynthSpec::parse(spec)?), latest: None };
        Ok(Self {
            chunks: PcapChunks::new(source, TimestampResolution::Nanoseconds, LINK_TYPE),
            is_done: false,
        })
    }

    /// About `target_bytes` more; empty once it was [done](SynthChunk::is_done).
    pub fn next_chunk(&mut self, target_bytes: usize) -> Result<SynthChunk, SourceError> {
        let mut bytes = Vec::new();
        if !self.is_done {
            bytes.reserve(target_bytes + 65_536);
            self.is_done = !self.chunks.append_chunk(target_bytes, &mut bytes)?;
        }
        let Timed { source, latest } = self.chunks.source();
        let truth = source.truth();
        let progress = Progress {
            frames: truth.packets,
            wire_bytes: truth.frame_bytes,
            requests: truth.requests(),
            packet_time: *latest,
            end_time: Some(source.spec().end()),
            ..Progress::default()
        };
        Ok(SynthChunk { bytes, progress, is_done: self.is_done })
    }

    /// What was generated so far, as JSON: the counts of every client by name.
    pub fn truth_json(&self) -> String {
        let source = &self.chunks.source().source;
        source.truth().to_json(source.spec()).to_string()
    }
}
