//! What `npm run bench` measures, without Node: `bench rows|windows FILE`. Reads a capture by the readers that the addon
//! has. Prints exchanges as TSV, or a JSON array of windows a line.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use foretap_dataplane::limits::Limits;
use foretap_dataplane::reader::{
    BatchLimit, ExchangeReader, Fault, Input, WindowReader, WindowReaderOptions,
};
use foretap_dataplane::row::RowFormat;
use foretap_dataplane::time::Timestamp;

const BATCH: BatchLimit = BatchLimit { max_frames: 65_536, max_span: Duration::MAX };
const ROW_BATCH_BYTES: usize = 64 << 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [mode, file] if mode == "rows" => print_rows(file),
        [mode, file] if mode == "windows" => print_windows(file),
        _ => {
            eprintln!("usage: bench rows|windows FILE");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(3)
        }
    }
}

fn print_rows(file: &str) -> Result<(), String> {
    let inputs = [Input::Capture(file.to_owned())];
    let mut reader = ExchangeReader::open(&inputs, RowFormat::Tsv, Limits::default())
        .map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    loop {
        let batch = reader.next_batch(ROW_BATCH_BYTES, BATCH, idle);
        output.write_all(&batch.rows).map_err(|error| error.to_string())?;
        refuse(&batch.faults)?;
        if batch.is_done {
            return Ok(());
        }
    }
}

fn print_windows(file: &str) -> Result<(), String> {
    let inputs = [Input::Capture(file.to_owned())];
    let mut reader =
        WindowReader::open(&inputs, WindowReaderOptions::default()).map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    loop {
        let batch = reader.next_batch(BATCH, idle);
        writeln!(output, "{}", batch.windows).map_err(|error| error.to_string())?;
        refuse(&batch.faults)?;
        if batch.is_done {
            return Ok(());
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
