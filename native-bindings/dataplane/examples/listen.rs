//! Listens on an interface until it has been silent for two seconds, then prints what was seen and what the kernel
//! counted: `cargo run --release --example listen -- INTERFACE [WAIT_SECONDS]`.

use std::process::ExitCode;
use std::time::Duration;

use foretap_dataplane::source::{self, LiveOptions, Next, Source, SourceError};
use foretap_dataplane::wire::decode;

const SILENCE: Duration = Duration::from_secs(2);

fn run(interface: &str, patience: Duration) -> Result<(), SourceError> {
    let mut live = source::listen(interface, &LiveOptions::default())?;
    let (mut frames, mut segments, mut tagged) = (0_u64, 0_u64, 0_u64);
    loop {
        let timeout = if frames == 0 { patience } else { SILENCE };
        match live.poll_frame(timeout)? {
            Next::Frame(frame) => {
                frames += 1;
                segments += u64::from(decode(&frame).is_ok());
                tagged += u64::from(frame.data.get(12..14) == Some(&[0x81, 0x00]));
            }
            Next::Idle | Next::End => break,
        }
    }
    let counts = live.kernel_counts()?;
    println!(
        "frames={frames} segments={segments} tagged={tagged} kernel_received={} kernel_dropped={}",
        counts.received, counts.dropped
    );
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(interface) = arguments.first() else {
        eprintln!("usage: listen INTERFACE [WAIT_SECONDS]");
        return ExitCode::from(2);
    };
    let patience = arguments.get(1).and_then(|text| text.parse().ok()).map_or(SILENCE, Duration::from_secs);
    match run(interface, patience) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
