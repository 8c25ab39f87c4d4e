//! Measures the packet path: `extract walk|count|rows FILE`.
//!
//! `walk` reads the record headers of a pcap file and nothing else: what the other figures are compared with. `count`
//! follows connections and counts exchanges; `rows` writes a line an exchange to stdout. Figures go to stderr.

use std::fs::File;
use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Instant;

use foretap_dataplane::engine::Engine;
use foretap_dataplane::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use foretap_dataplane::limits::Limits;
use foretap_dataplane::row::{RowFormat, RowSink};
use foretap_dataplane::source::{self, Source};
use foretap_dataplane::time::Timestamp;

const READ_BYTES: usize = 256 << 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, file] = &arguments[..] else { return usage() };
    let started = Instant::now();
    let outcome = match mode.as_str() {
        "walk" => {
            walk(file).map(|frames| format!("frames {frames}")).map_err(|error| format!("{file}: {error}"))
        }
        "count" => count(file),
        "rows" => rows(file),
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
    eprintln!("usage: extract walk|count|rows FILE");
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
    let engine = run(file, Counter::default(), |_| Ok(()))?;
    let counter = engine.sink();
    let named: Vec<String> = engine
        .counters()
        .named()
        .filter(|(_, value)| *value > 0)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let reasons: Vec<String> = foretap_dataplane::account::FrameReason::ALL
        .iter()
        .filter(|reason| engine.account().frames(**reason) > 0)
        .map(|reason| format!("{} {}", reason.name(), engine.account().frames(*reason)))
        .collect();
    Ok(format!(
        "frames {}, requests {}, answered {}\n{}\n{}",
        engine.account().total_frames(),
        counter.requests,
        counter.answered,
        reasons.join(", "),
        named.join(", "),
    ))
}

fn rows(file: &str) -> Result<String, String> {
    let mut output = io::stdout().lock();
    let mut engine = run(file, RowSink::new(RowFormat::Tsv), |sink| {
        if sink.ready_bytes() >= READ_BYTES { sink.write_to(&mut output) } else { Ok(()) }
    })?;
    engine.sink_mut().finish();
    engine.sink_mut().write_to(&mut output).map_err(|error| error.to_string())?;
    Ok(format!("frames {}, requests {}", engine.account().total_frames(), engine.counters().requests))
}

/// Feeds a file to an engine; `after_frame` may empty the sink.
fn run<S: Sink>(
    file: &str,
    sink: S,
    mut after_frame: impl FnMut(&mut S) -> io::Result<()>,
) -> Result<Engine<S>, String> {
    let mut engine = Engine::new(Limits::default(), sink);
    let mut source = source::open(file).map_err(|error| error.to_string())?;
    while let Some(frame) = source.next_frame().map_err(|error| error.to_string())? {
        engine.feed(&frame);
        after_frame(engine.sink_mut()).map_err(|error| error.to_string())?;
    }
    engine.finish();
    Ok(engine)
}

fn peak_memory_kilobytes() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".into(), |value| value.trim().trim_end_matches(" kB").into())
}

/// Counts and forgets.
#[derive(Default)]
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
