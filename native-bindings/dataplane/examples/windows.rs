//! `windows CAPTURE…`: one JSON object a window on stdout, figures on stderr.

use std::io::Write;
use std::time::Duration;

use foretap_dataplane::reader::{BatchLimit, Input, WindowReader, WindowReaderOptions};
use foretap_dataplane::time::Timestamp;

fn main() {
    let inputs: Vec<Input> = std::env::args().skip(1).map(Input::Capture).collect();
    let mut reader = WindowReader::open(&inputs, WindowReaderOptions::default()).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2);
    });
    let limit = BatchLimit { max_frames: 100_000, max_span: Duration::MAX };
    loop {
        let batch = reader.next_batch(limit, || Timestamp::from_nanos(0));
        if batch.windows.len() > 2 {
            let lines = batch.windows[1..batch.windows.len() - 1]
                .replace("},{\"application\"", "}\n{\"application\"");
            let _ = writeln!(std::io::stdout(), "{lines}");
        }
        batch.faults.iter().for_each(|fault| eprintln!("{}", fault.message));
        if batch.is_done {
            break eprintln!("{:?} {:?}", batch.progress, reader.statistics().counters);
        }
    }
}
