//! Measures the packet path: `extract walk|count|windows|rows FILE`.
//!
//! `walk` reads the record headers of a pcap file and nothing else: what the other figures are compared with. `count`
//! follows connections and counts exchanges. `windows` and `rows` read by the readers that the addon has, and write a JSON
//! array of windows a line, or exchanges as TSV, to stdout. Figures go to stderr.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use foretap_dataplane::account::{Account, FrameReason};
use foretap_dataplane::engine::Engine;
use foretap_dataplane::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use foretap_dataplane::limits::Limits;
use foretap_dataplane::reader::{
    BatchLimit, ExchangeReader, Fault, Input, Statistics, WindowReader, WindowReaderOptions,
};
use foretap_dataplane::row::RowFormat;
use foretap_dataplane::source::{self, Source};
use foretap_dataplane::time::Timestamp;

const READ_BYTES: usize = 256 << 10;
const ROW_BATCH_BYTES: usize = 64 << 10;
const BATCH: BatchLimit = BatchLimit { max_frames: 65_536, max_span: Duration::MAX };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, file] = &arguments[..] else { return usage() };
    let started = Instant::now();
    let outcome = match mode.as_str() {
        "walk" => {
            walk(file).map(|frames| format!("frames {frames}")).map_err(|error| format!("{file}: {error}"))
        }
        "count" => count(file),
        "windows" => print_windows(file),
        "rows" => print_rows(file),
        _ => return usage(),
    };
    match outcome {
        Ok(figures) => {
            let seconds = started.elapsed().as_secs_f64();
            eprintln!(
                "{mode}: {figures}\nelapsed {seconds:.4} s, peak memory {} kB",
                peak_memory_kilobytes()
            );
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(3)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: extract walk|count|windows|rows FILE");
    ExitCode::from(2)
}

/// Goes from record header to record header of a little-endian pcap file.
fn walk(file: &str) -> io::Result<u64> {
    let mut input = File::open(file)?;
    let mut buffer = vec![0; READ_BYTES];
    let (mut start, mut end, mut frames) = (0, 0, 0);
    let mut needed = 24;
    let mut is_header = true;
    loop {
        while end - start < needed {
            buffer.copy_within(start..end, 0);
            (start, end) = (0, end - start);
            match input.read(&mut buffer[end..])? {
                0 => return Ok(frames),
                count => end += count,
            }
        }
        if is_header {
            start += 24;
            is_header = false;
            needed = 16;
            continue;
        }
        let captured = u32::from_le_bytes([
            buffer[start + 8],
            buffer[start + 9],
            buffer[start + 10],
            buffer[start + 11],
        ]);
        let record = 16 + captured as usize;
        if end - start < record {
            needed = record;
            continue;
        }
        start += record;
        frames += 1;
        needed = 16;
    }
}

fn count(file: &str) -> Result<String, String> {
    let mut engine = Engine::new(Limits::default(), Counter::default());
    let mut source = source::open(file).map_err(|error| error.to_string())?;
    source
        .visit_frames(Duration::ZERO, |frame| {
            engine.feed(frame);
            ControlFlow::Continue(())
        })
        .map_err(|error| error.to_string())?;
    engine.finish();
    let Counter { requests, answered } = *engine.sink();
    let figures = describe(engine.account(), engine.counters().named());
    Ok(format!("{figures}\nrequests told {requests}, answered {answered}"))
}

fn print_windows(file: &str) -> Result<String, String> {
    let inputs = [Input::Capture(file.to_owned())];
    let mut reader =
        WindowReader::open(&inputs, WindowReaderOptions::default()).map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    loop {
        let batch = reader.next_batch(BATCH, idle);
        writeln!(output, "{}", batch.windows).map_err(|error| error.to_string())?;
        refuse(&batch.faults)?;
        if batch.is_done {
            let Statistics { account, counters } = reader.statistics();
            return Ok(describe(&account, counters.into_iter()));
        }
    }
}

fn print_rows(file: &str) -> Result<String, String> {
    let inputs = [Input::Capture(file.to_owned())];
    let mut reader = ExchangeReader::open(&inputs, RowFormat::Tsv, Limits::default())
        .map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    loop {
        let batch = reader.next_batch(ROW_BATCH_BYTES, BATCH, idle);
        output.write_all(&batch.rows).map_err(|error| error.to_string())?;
        refuse(&batch.faults)?;
        if batch.is_done {
            let Statistics { account, counters } = reader.statistics();
            return Ok(describe(&account, counters.into_iter()));
        }
    }
}

/// A file is never idle.
fn idle() -> Timestamp {
    Timestamp::from_nanos(0)
}

fn refuse(faults: &[Fault]) -> Result<(), String> {
    faults.first().map_or(Ok(()), |fault| Err(fault.message.clone()))
}

/// Where the frames ended, and the counters that are not zero.
fn describe(account: &Account, counters: impl Iterator<Item = (&'static str, u64)>) -> String {
    let reasons = FrameReason::ALL.iter().map(|&reason| (reason.name(), account.frames(reason)));
    let list = |named: &mut dyn Iterator<Item = (&'static str, u64)>| {
        let shown: Vec<String> =
            named.filter(|(_, value)| *value > 0).map(|(name, value)| format!("{name} {value}")).collect();
        shown.join(", ")
    };
    let (reasons, counters) = (list(&mut { reasons }), list(&mut { counters }));
    format!("frames {}\n{reasons}\n{counters}", account.total_frames())
}

fn peak_memory_kilobytes() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".into(), |value| value.trim().trim_end_matches(" kB").into())
}

/// Counts and forgets.
#[derive(Clone, Copy, Default)]
struct Counter {
    requests: u64,
    answered: u64,
}

impl Sink for Counter {
    fn on_request(&mut self, _request: &Request<'_>) -> Tag {
        self.requests += 1;
        Tag(self.requests)
    }

    fn on_exchange(&mut self, exchange: &Exchange) {
        self.answered += u64::from(exchange.outcome.is_ok());
    }

    fn on_orphan_answer(&mut self, _orphan: &OrphanAnswer) {}

    fn on_loss(&mut self, _loss: &Loss) {}

    fn on_time(&mut self, _now: Timestamp) {}
}
