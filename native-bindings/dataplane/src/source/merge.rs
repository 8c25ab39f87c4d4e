//! Several captures read as one: frames in order of their time, as mergecap orders them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::buffer::DEFAULT_BUFFER_BYTES;
use super::capture::CaptureReader;
use super::error::SourceError;
use super::input::STDIN;
use super::{Frame, Next, Pause, Source, SourceProgress};
use crate::time::Timestamp;

/// Buffers of all inputs together, while there are several.
const TOTAL_BUFFER_BYTES: usize = 4 << 20;
const MIN_BUFFER_BYTES: usize = 16 << 10;
/// Inputs beyond this many are closed again after their first frame until its time has come: a day of rotated
/// captures, which hardly overlap, stays below the limit of open files.
const MAX_WAITING_OPEN: usize = 64;

struct Input {
    path: String,
    /// Absent while the input waits closed, and after its end.
    reader: Option<CaptureReader>,
    /// As of the time the reader was dropped.
    progress: SourceProgress,
    has_begun: bool,
}

/// Reads captures as if they were one. A faulty one ends at its fault and leaves the others alone.
pub struct MergedCaptures {
    inputs: Vec<Input>,
    /// The next frame of each input that has one; equal times in the order of the inputs.
    queue: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The input whose frame was handed out last.
    last: Option<usize>,
    /// Inputs that have begun and not ended; `None` before the first frame.
    running: Option<usize>,
    buffer_bytes: usize,
    faults: Vec<SourceError>,
}

/// Opens captures to be read as one; `-` is standard input and may occur once. What cannot be opened is among the
/// [`MergedCaptures::faults`] at once.
///
/// # Errors
/// [`SourceError::StandardInputTwice`] only.
pub fn open_all(paths: &[String]) -> Result<MergedCaptures, SourceError> {
    if paths.iter().filter(|path| *path == STDIN).count() > 1 {
        return Err(SourceError::StandardInputTwice);
    }
    let buffer_bytes = match paths.len() {
        0 | 1 => DEFAULT_BUFFER_BYTES,
        count => (TOTAL_BUFFER_BYTES / count).clamp(MIN_BUFFER_BYTES, DEFAULT_BUFFER_BYTES),
    };
    let mut merged = MergedCaptures {
        inputs: Vec::with_capacity(paths.len()),
        queue: BinaryHeap::with_capacity(paths.len()),
        last: None,
        running: None,
        buffer_bytes,
        faults: Vec::new(),
    };
    for path in paths {
        merged.add(path, paths.len() == 1);
    }
    Ok(merged)
}

impl MergedCaptures {
    fn add(&mut self, path: &str, is_only: bool) {
        let index = self.inputs.len();
        let progress = SourceProgress::default();
        self.inputs.push(Input { path: path.to_owned(), reader: None, progress, has_begun: false });
        self.reopen(index);
        if is_only {
            return;
        }
        self.queue_next(index);
        if index >= MAX_WAITING_OPEN && path != STDIN {
            let input = &mut self.inputs[index];
            let bytes_total = input.reader.as_ref().and_then(|reader| reader.progress().bytes_total);
            input.progress = SourceProgress { bytes_read: 0, bytes_total };
            input.reader = None;
        }
    }

    fn reopen(&mut self, index: usize) {
        match CaptureReader::open(&self.inputs[index].path, self.buffer_bytes) {
            Ok(reader) => self.inputs[index].reader = Some(reader),
            Err(fault) => self.faults.push(fault),
        }
    }

    /// Moves an input to its next frame and queues that.
    fn queue_next(&mut self, index: usize) {
        let input = &mut self.inputs[index];
        let Some(reader) = &mut input.reader else { return };
        match reader.advance() {
            Ok(true) => {
                self.queue.push(Reverse((reader.current().timestamp, index)));
                return;
            }
            Ok(false) => {}
            Err(fault) => self.faults.push(fault),
        }
        input.progress = reader.progress();
        input.reader = None;
    }

    /// The faults so far, in the order met. Frames before a fault were delivered.
    pub fn faults(&self) -> &[SourceError] {
        &self.faults
    }

    /// Of all inputs together; the total is unknown as soon as that of one is.
    pub fn progress(&self) -> SourceProgress {
        let mut sum = SourceProgress { bytes_read: 0, bytes_total: Some(0) };
        for input in &self.inputs {
            let progress = input.reader.as_ref().map_or(input.progress, CaptureReader::progress);
            sum.bytes_read += progress.bytes_read;
            sum.bytes_total = sum.bytes_total.zip(progress.bytes_total).map(|(sum, bytes)| sum + bytes);
        }
        sum
    }

    /// The input that holds the earliest frame, moved to that frame.
    fn earliest(&mut self) -> Option<usize> {
        self.queue_last();
        loop {
            let Reverse((_, index)) = self.queue.pop()?;
            if self.inputs[index].reader.is_some() {
                self.last = Some(index);
                return Some(index);
            }
            self.reopen(index);
            self.queue_next(index);
            self.count_end(index);
        }
    }

    fn queue_last(&mut self) {
        if let Some(last) = self.last.take() {
            self.queue_next(last);
            self.count_end(last);
        }
    }

    fn count_end(&mut self, index: usize) {
        let Input { reader, has_begun, .. } = &self.inputs[index];
        if *has_begun && reader.is_none() {
            self.running = self.running.map(|running| running - 1);
        }
    }

    /// As [`Source::visit_frames`], a call a frame.
    fn visit_merged(
        &mut self,
        timeout: Duration,
        visit: &mut dyn FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Pause, SourceError> {
        loop {
            match self.poll_frame(timeout)? {
                Next::Frame(frame) if visit(&frame).is_continue() => {}
                Next::Frame(_) => return Ok(Pause::Stopped),
                Next::Gap => return Ok(Pause::Gap),
                Next::Idle | Next::End => return Ok(Pause::End),
            }
        }
    }

    /// Whether the next frame is the first of its input while all that began before have ended. True once.
    fn begins_after_gap(&mut self) -> bool {
        self.queue_last();
        let Some(&Reverse((_, index))) = self.queue.peek() else { return false };
        if std::mem::replace(&mut self.inputs[index].has_begun, true) {
            return false;
        }
        let running_before = self.running.replace(self.running.unwrap_or(0) + 1);
        running_before == Some(0)
    }
}

impl Source for MergedCaptures {
    #[inline]
    fn poll_frame(&mut self, _: Duration) -> Result<Next<'_>, SourceError> {
        if self.inputs.len() != 1 && self.begins_after_gap() {
            return Ok(Next::Gap);
        }
        Ok(self.next_frame()?.map_or(Next::End, Next::Frame))
    }

    #[inline]
    fn visit_frames(
        &mut self,
        timeout: Duration,
        mut visit: impl FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Pause, SourceError> {
        if self.inputs.len() != 1 {
            return self.visit_merged(timeout, &mut visit);
        }
        let Some(reader) = &mut self.inputs[0].reader else { return Ok(Pause::End) };
        reader.visit_frames(timeout, visit).or_else(|fault| {
            self.faults.push(fault);
            Ok(Pause::End)
        })
    }

    /// Never an error: faults are kept.
    #[inline]
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.inputs.len() != 1 {
            let earliest = self.earliest();
            return Ok(earliest
                .and_then(|index| self.inputs[index].reader.as_ref())
                .map(CaptureReader::current));
        }
        let Some(reader) = &mut self.inputs[0].reader else { return Ok(None) };
        match reader.next_frame() {
            Ok(frame) => Ok(frame),
            Err(fault) => {
                self.faults.push(fault);
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Order, TemporaryFile, pcap_header, pcap_record};
    use super::*;
    use crate::source::ErrorClass;

    /// A capture with a frame at each of these seconds; the data names the capture.
    fn capture(name: u8, seconds: &[u32]) -> Vec<u8> {
        let records = seconds.iter().map(|second| pcap_record(Order::Little, *second, 0, &[name], 1));
        [pcap_header(Order::Little, 0xa1b2_c3d4, 4)].into_iter().chain(records).collect::<Vec<_>>().concat()
    }

    fn merge(captures: &[Vec<u8>]) -> (Vec<(u64, u8)>, MergedCaptures) {
        let files: Vec<_> = captures.iter().map(|bytes| TemporaryFile::new(bytes)).collect();
        let paths: Vec<_> = files.iter().map(|file| file.0.clone()).collect();
        let mut merged = open_all(&paths).unwrap();
        let mut seen = Vec::new();
        while let Some(frame) = merged.next_frame().unwrap() {
            seen.push((frame.timestamp.0 / 1_000_000_000, frame.data[0]));
        }
        (seen, merged)
    }

    #[test]
    fn tells_a_gap_between_captures_from_silence_within_one() {
        let captures =
            [capture(b'a', &[1, 9]), capture(b'b', &[5]), capture(b'c', &[20, 40]), capture(b'd', &[50])];
        let files: Vec<_> = captures.iter().map(|bytes| TemporaryFile::new(bytes)).collect();
        let paths: Vec<_> = files.iter().map(|file| file.0.clone()).collect();
        let mut merged = open_all(&paths).unwrap();
        let mut seen = String::new();
        loop {
            match merged.poll_frame(Duration::ZERO).unwrap() {
                Next::Frame(frame) => seen.push(char::from(frame.data[0])),
                Next::Gap => seen.push('|'),
                Next::Idle => unreachable!("captures are never idle"),
                Next::End => break,
            }
        }
        assert_eq!(seen, "aba|cc|d");
    }

    #[test]
    fn orders_by_time_then_by_input() {
        let (seen, merged) =
            merge(&[capture(b'a', &[1, 4, 5]), capture(b'b', &[1, 2, 6]), capture(b'c', &[])]);
        assert_eq!(seen, [(1, b'a'), (1, b'b'), (2, b'b'), (4, b'a'), (5, b'a'), (6, b'b')]);
        assert!(merged.faults().is_empty());
        let size = 3 * 24 + 6 * 17;
        assert_eq!(merged.progress(), SourceProgress { bytes_read: size, bytes_total: Some(size) });
    }

    #[test]
    fn keeps_the_order_within_an_input() {
        let (seen, _) = merge(&[capture(b'a', &[5, 1, 7]), capture(b'b', &[2, 6])]);
        assert_eq!(seen, [(2, b'b'), (5, b'a'), (1, b'a'), (6, b'b'), (7, b'a')]);
    }

    #[test]
    fn a_fault_leaves_the_others_alone() {
        let mut cut = capture(b'b', &[2, 4]);
        cut.pop();
        let (seen, merged) = merge(&[capture(b'a', &[1, 5]), cut, b"no capture".to_vec()]);
        assert_eq!(seen, [(1, b'a'), (2, b'b'), (5, b'a')]);
        assert!(matches!(merged.faults(), [SourceError::NotACapture { .. }, SourceError::Truncated { .. }]));
    }

    #[test]
    fn a_single_input_keeps_its_fault_too() {
        let mut cut = capture(b'a', &[2, 4]);
        cut.pop();
        let (seen, mut merged) = merge(&[cut]);
        assert_eq!(seen, [(2, b'a')]);
        assert!(merged.next_frame().unwrap().is_none());
        assert!(matches!(merged.faults(), [SourceError::Truncated { .. }]));
        assert!(matches!(merge(&[vec![]]).1.faults(), [SourceError::Empty { .. }]));
    }

    #[test]
    fn many_inputs_wait_closed() {
        let captures: Vec<_> = (0..200).map(|index| capture(b'a', &[1_000 - index, 2_000 - index])).collect();
        let files: Vec<_> = captures.iter().map(|bytes| TemporaryFile::new(bytes)).collect();
        let paths: Vec<_> = files.iter().map(|file| file.0.clone()).collect();
        let mut merged = open_all(&paths).unwrap();
        assert_eq!(merged.inputs.iter().filter(|input| input.reader.is_some()).count(), MAX_WAITING_OPEN);
        let mut seen = Vec::new();
        while let Some(frame) = merged.next_frame().unwrap() {
            seen.push(frame.timestamp);
        }
        assert!(seen.is_sorted());
        assert_eq!(seen.len(), 400);
        assert_eq!(merged.progress().bytes_total, Some(200 * 58));
    }

    #[test]
    fn standard_input_can_be_read_once() {
        let error = open_all(&["-".to_owned(), "-".to_owned()]).err().unwrap();
        assert_eq!(error.class(), ErrorClass::Usage);
    }
}
