//! The bytes of one input, from a file or standard input, decompressed where their first bytes say so.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;

use flate2::bufread::MultiGzDecoder;

use super::error::SourceError;

/// The name that means standard input.
pub(super) const STDIN: &str = "-";

/// Bytes asked of the kernel at once for compressed input.
const COMPRESSED_READ_BYTES: usize = 128 << 10;

/// How far an input has been read, for a progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceProgress {
    /// Bytes taken from the file or pipe, before decompression.
    pub bytes_read: u64,
    /// The size of the file; unknown for a pipe.
    pub bytes_total: Option<u64>,
}

/// An opened file or pipe that hands out its peeked first bytes again and counts what it has read.
pub(super) struct RawInput {
    file: File,
    prefix: [u8; 4],
    prefix_length: usize,
    prefix_taken: usize,
    progress: SourceProgress,
}

impl RawInput {
    fn open(path: &str) -> io::Result<Self> {
        let file = if path == STDIN {
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let bytes_total = metadata.is_file().then_some(metadata.len());
        Ok(Self {
            file,
            prefix: [0; 4],
            prefix_length: 0,
            prefix_taken: 0,
            progress: SourceProgress { bytes_read: 0, bytes_total },
        })
    }

    fn peek(&mut self) -> io::Result<&[u8]> {
        while self.prefix_length < self.prefix.len() {
            match self.file.read(&mut self.prefix[self.prefix_length..]) {
                Ok(0) => break,
                Ok(count) => self.prefix_length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.progress.bytes_read = self.prefix_length as u64;
        Ok(&self.prefix[..self.prefix_length])
    }
}

impl Read for RawInput {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let prefix = &self.prefix[self.prefix_taken..self.prefix_length];
        if !prefix.is_empty() {
            let count = prefix.len().min(target.len());
            target[..count].copy_from_slice(&prefix[..count]);
            self.prefix_taken += count;
            return Ok(count);
        }
        let count = self.file.read(target)?;
        self.progress.bytes_read += count as u64;
        Ok(count)
    }
}

type CompressedInput = BufReader<RawInput>;

/// The uncompressed bytes of an input.
pub(super) enum Input {
    Plain(RawInput),
    /// One or several gzip members, RFC 1952.
    Gzip(Box<MultiGzDecoder<CompressedInput>>),
    /// One or several zstd frames, RFC 8878.
    Zstd(Box<zstd::Decoder<'static, CompressedInput>>),
}

impl Input {
    /// Opens `path` (`-` is standard input).
    pub(super) fn open(path: &str) -> Result<Self, SourceError> {
        let name = || display_name(path);
        let mut raw = RawInput::open(path).map_err(|cause| SourceError::Open { input: name(), cause })?;
        let magic = raw.peek().map_err(|cause| SourceError::Io { input: name(), offset: 0, cause })?;
        match *magic {
            [] => Err(SourceError::Empty { input: name() }),
            [0x1f, 0x8b, ..] => {
                let reader = BufReader::with_capacity(COMPRESSED_READ_BYTES, raw);
                Ok(Self::Gzip(Box::new(MultiGzDecoder::new(reader))))
            }
            // A frame, or a skippable frame in front of one.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let reader = BufReader::with_capacity(COMPRESSED_READ_BYTES, raw);
                let decoder = zstd::Decoder::with_buffer(reader).map_err(|cause| SourceError::Io {
                    input: name(),
                    offset: 0,
                    cause,
                })?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
            _ => Ok(Self::Plain(raw)),
        }
    }

    pub(super) fn progress(&self) -> SourceProgress {
        self.raw().progress
    }

    fn raw(&self) -> &RawInput {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_ref().get_ref(),
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    pub(super) fn is_compressed(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

impl Read for Input {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(target),
            Self::Gzip(decoder) => decoder.read(target),
            Self::Zstd(decoder) => decoder.read(target),
        }
    }
}

/// What messages call the input.
pub(super) fn display_name(path: &str) -> String {
    if path == STDIN { "standard input".to_owned() } else { path.to_owned() }
}
