//! Inputs in, batches out: joins a source, the [engine](crate::engine) and a sink, a bounded number of frames at a time, so
//! that a host can run each batch where it likes. Collects the faults of inputs instead of stopping at the first. Reads no
//! clock: whoever runs a live source says what time it is when that is idle.

mod exchange_reader;
mod frame_pump;
mod input;
mod progress;
mod synth_reader;
mod window_reader;

pub use exchange_reader::{ExchangeBatch, ExchangeReader};
pub use frame_pump::BatchLimit;
pub use input::{Input, OpenError};
pub use progress::{Fault, Progress, Statistics};
pub use synth_reader::{SynthChunk, SynthReader};
pub use window_reader::{WindowBatch, WindowReader, WindowReaderOptions};
