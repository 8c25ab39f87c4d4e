//! Walks captures and prints, for each, how many frames it holds and under which reason each one ends after
//! decoding: `cargo run --release --example frames -- FILE…`. `segments` are the frames that hold TCP.
//! With `--walk` nothing is decoded, to measure reading alone.

use std::process::ExitCode;

use foretap_dataplane::account::{Account, FrameReason};
use foretap_dataplane::source::{self, Source, SourceError};
use foretap_dataplane::wire::decode;

struct Tally {
    frames: u64,
    segments: u64,
    payload_bytes: u64,
    account: Account,
}

fn walk(path: &str, is_decoding: bool, tally: &mut Tally) -> Result<(), SourceError> {
    let mut reader = source::open(path)?;
    while let Some(frame) = reader.next_frame()? {
        tally.frames += 1;
        if !is_decoding {
            continue;
        }
        match decode(&frame) {
            Ok(segment) => {
                tally.segments += 1;
                tally.payload_bytes += u64::from(segment.payload_length);
            }
            Err(reason) => tally.account.count(reason, frame.wire_length),
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let (options, paths): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument == "--walk");
    let mut is_clean = true;
    for path in &paths {
        let mut tally = Tally { frames: 0, segments: 0, payload_bytes: 0, account: Account::default() };
        let result = walk(path, options.is_empty(), &mut tally);
        let reasons: Vec<String> = FrameReason::ALL
            .iter()
            .filter(|reason| tally.account.frames(**reason) > 0)
            .map(|reason| format!("{}={}", reason.name(), tally.account.frames(*reason)))
            .collect();
        println!(
            "{path}\tframes={}\tsegments={}\tpayload_bytes={}\t{}",
            tally.frames,
            tally.segments,
            tally.payload_bytes,
            reasons.join(" ")
        );
        if let Err(error) = result {
            eprintln!("{error}");
            is_clean = false;
        }
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::from(3) }
}
