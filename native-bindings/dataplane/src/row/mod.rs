//! One text row per exchange, in order of request time. In: requests and the exchanges that end them. Out: TSV or
//! ndjson as bytes, which the caller drains. Orphan answers and loss are counted, not written.

mod columns;
mod lead;
mod order;
mod text;

use std::io::{self, Write};
use std::time::Duration;

use crate::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use crate::time::Timestamp;
use columns::RowText;
use order::ReorderBuffer;

pub use columns::RowFormat;

/// Bounds of the reordering; see each field.
#[derive(Clone, Copy, Debug)]
pub struct RowLimits {
    /// A finished row waits so long (in packet time) for requests that began earlier and whose heads end later.
    pub patience: Duration,
    /// Finished rows stop waiting out their patience when so many rows are held …
    pub patient_rows: usize,
    /// … or so much text.
    pub patient_text_bytes: usize,
    /// The rows held back by a request that is still open, before it loses its place in the order.
    pub held_rows: usize,
    pub held_text_bytes: usize,
    /// Open requests that have lost their place and are written when they end.
    pub displaced_rows: usize,
    pub displaced_text_bytes: usize,
}

impl Default for RowLimits {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            patient_rows: 4_096,
            patient_text_bytes: 1 << 20,
            held_rows: 65_536,
            held_text_bytes: 8 << 20,
            displaced_rows: 16_384,
            displaced_text_bytes: 2 << 20,
        }
    }
}

/// What was written and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowStats {
    pub rows: u64,
    /// Rows written after one whose request began later: a bound was reached, or a head took longer than patience.
    pub late_rows: u64,
    /// Rows written before their exchange ended, without an outcome: every bound was reached.
    pub unfinished_rows: u64,
    pub orphan_answers: u64,
    pub lost_bytes: u64,
}

/// Renders exchanges as rows.
pub struct RowSink {
    text: RowText,
    order: ReorderBuffer,
    output: Vec<u8>,
    stats: RowStats,
}

impl RowSink {
    /// TSV begins with its header line.
    pub fn new(format: RowFormat) -> Self {
        Self::with_limits(format, RowLimits::default())
    }

    pub fn with_limits(format: RowFormat, limits: RowLimits) -> Self {
        let text = RowText::new(format);
        let mut output = Vec::new();
        text.push_header(&mut output);
        Self { text, order: ReorderBuffer::new(limits), output, stats: RowStats::default() }
    }

    /// Bytes ready to be taken.
    #[inline]
    pub fn ready_bytes(&self) -> usize {
        self.output.len()
    }

    /// Takes what is ready: whole rows.
    pub fn take(&mut self) -> Vec<u8> {
        // The next batch will be about as large: it grows only once.
        let next = Vec::with_capacity(self.output.len() + self.output.len() / 16);
        std::mem::replace(&mut self.output, next)
    }

    /// Writes what is ready and keeps the memory for the next rows.
    pub fn write_to(&mut self, target: &mut impl Write) -> io::Result<()> {
        target.write_all(&self.output)?;
        self.output.clear();
        Ok(())
    }

    /// Makes everything held back ready; requests still open become rows without an outcome.
    pub fn finish(&mut self) {
        self.order.finish(&mut self.text, &mut self.output, &mut self.stats);
    }

    pub fn stats(&self) -> RowStats {
        self.stats
    }
}

impl Sink for RowSink {
    #[inline]
    fn on_request(&mut self, request: &Request<'_>) -> Tag {
        let slot = self.order.hold(request, &mut self.text);
        self.order.release(&mut self.text, &mut self.output, &mut self.stats);
        Tag(u64::from(slot))
    }

    #[inline]
    fn on_exchange(&mut self, exchange: &Exchange) {
        self.order.end(exchange, &mut self.text, &mut self.output, &mut self.stats);
        self.order.release(&mut self.text, &mut self.output, &mut self.stats);
    }

    fn on_orphan_answer(&mut self, _orphan: &OrphanAnswer) {
        self.stats.orphan_answers += 1;
    }

    fn on_loss(&mut self, loss: &Loss) {
        self.stats.lost_bytes += loss.missing_bytes;
    }

    #[inline]
    fn on_time(&mut self, now: Timestamp) {
        self.order.now = now;
        self.order.release(&mut self.text, &mut self.output, &mut self.stats);
    }
}

#[cfg(test)]
mod tests;
