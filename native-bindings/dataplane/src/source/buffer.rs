//! A window on the input that slides forward: records are parsed in place and handed out as slices of it.

use std::io::{self, Read};

use super::error::SourceError;
use super::input::Input;

/// One read(2) fills at most this much; large enough that the system call vanishes, small enough for the L2 cache.
pub(super) const DEFAULT_BUFFER_BYTES: usize = 256 << 10;

pub(super) struct ReadBuffer {
    name: String,
    input: Input,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the uncompressed input of `bytes[0]`.
    base_offset: u64,
}

impl ReadBuffer {
    pub(super) fn new(name: String, input: Input, capacity_bytes: usize) -> Self {
        Self { name, input, bytes: vec![0; capacity_bytes], start: 0, end: 0, base_offset: 0 }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// The bytes at hand that have not been consumed.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Makes at least `needed` bytes available; `false` if the input ends before.
    #[inline]
    pub(super) fn ensure(&mut self, needed: usize) -> Result<bool, SourceError> {
        if self.end - self.start >= needed {
            return Ok(true);
        }
        self.fill(needed)
    }

    /// Moves past `count` available bytes and returns where they begin, for [`ReadBuffer::slice`].
    #[inline]
    pub(super) fn consume(&mut self, count: usize) -> usize {
        debug_assert!(count <= self.end - self.start);
        let begin = self.start;
        self.start += count;
        begin
    }

    /// Consumed bytes stay readable until the next `ensure`.
    #[inline]
    pub(super) fn slice(&self, begin: usize, length: usize) -> &[u8] {
        &self.bytes[begin..begin + length]
    }

    /// Offset in the uncompressed input of the first byte not consumed.
    pub(super) fn offset(&self) -> u64 {
        self.base_offset + self.start as u64
    }

    #[cold]
    fn fill(&mut self, needed: usize) -> Result<bool, SourceError> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.base_offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if needed > self.bytes.len() {
            self.bytes.resize(needed, 0);
        }
        while self.end < needed {
            match self.input.read(&mut self.bytes[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.read_error(error)),
            }
        }
        Ok(true)
    }

    fn read_error(&self, cause: io::Error) -> SourceError {
        let input = self.name.clone();
        let offset = self.base_offset + self.end as u64;
        let is_data_fault = matches!(
            cause.kind(),
            io::ErrorKind::InvalidData
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::Other
        );
        if self.input.is_compressed() && is_data_fault {
            SourceError::CorruptCompression { input, offset, cause }
        } else {
            SourceError::Io { input, offset, cause }
        }
    }

    /// The input ended inside `part`, which begins here and needs `needed` bytes.
    #[cold]
    pub(super) fn truncated(&self, part: &'static str, needed: usize) -> SourceError {
        SourceError::Truncated {
            input: self.name.clone(),
            offset: self.offset(),
            part,
            missing_bytes: (needed - self.available().len()) as u64,
        }
    }

    /// What begins here contradicts the format.
    #[cold]
    pub(super) fn corrupt(&self, fault: String) -> SourceError {
        SourceError::Corrupt { input: self.name.clone(), offset: self.offset(), fault }
    }
}
