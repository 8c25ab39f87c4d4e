use std::time::Duration;

use foretap_dataplane::reader::{Input, WindowBatch, WindowReader, WindowReaderOptions};
use foretap_dataplane::window::WindowOptions;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::error::{CodedError, open_error};
use crate::input::{NativeApplicationRule, NativeClientRule, NativeInput};
use crate::job::{Job, Shared, batch_limit, wall_clock};
use crate::progress::{
    NativeCounter, NativeFault, NativeFrameCount, NativeProgress, account_of, counters_of,
};

#[napi(object, object_to_js = false)]
pub struct NativeWindowReaderOptions {
    pub inputs: Vec<NativeInput>,
    pub step_ms: u32,
    pub grace_ms: u32,
    pub applications: Vec<NativeApplicationRule>,
    pub clients: Vec<NativeClientRule>,
    pub max_applications: u32,
    pub max_clients: u32,
    pub top_routes: u32,
    pub top_transitions: u32,
    pub max_connections: u32,
}

/// What became known by one batch of frames.
#[napi(object)]
pub struct NativeWindowBatch {
    /// A JSON array of `ClientWindow`.
    pub windows: String,
    /// A JSON array of `ClosedStep`.
    pub closed_steps: String,
    pub faults: Vec<NativeFault>,
    pub progress: NativeProgress,
    pub is_done: bool,
}

impl From<WindowBatch> for NativeWindowBatch {
    fn from(batch: WindowBatch) -> Self {
        Self {
            windows: batch.windows,
            closed_steps: batch.closed_steps,
            faults: batch.faults.into_iter().map(Into::into).collect(),
            progress: batch.progress.into(),
            is_done: batch.is_done,
        }
    }
}

/// Reads inputs into windows. Calls of `next` must not overlap.
#[napi(js_name = "WindowReader")]
pub struct NativeWindowReader {
    shared: Shared<WindowReader>,
}

#[napi]
impl NativeWindowReader {
    #[napi(constructor)]
    pub fn new(options: NativeWindowReaderOptions) -> Result<Self, CodedError> {
        let inputs: Vec<Input> = options.inputs.into_iter().map(Into::into).collect();
        let mut reader_options = WindowReaderOptions {
            window: WindowOptions {
                step: Duration::from_millis(options.step_ms.into()),
                grace: Duration::from_millis(options.grace_ms.into()),
                applications: options
                    .applications
                    .into_iter()
                    .map(|rule| rule.parse())
                    .collect::<Result<_, _>>()?,
                clients: options.clients.into_iter().map(|rule| rule.parse()).collect::<Result<_, _>>()?,
                max_applications: options.max_applications as usize,
                max_clients: options.max_clients as usize,
                top_routes: options.top_routes as usize,
                top_transitions: options.top_transitions as usize,
            },
            ..WindowReaderOptions::default()
        };
        reader_options.limits.max_connections = options.max_connections;
        let reader = WindowReader::open(&inputs, reader_options).map_err(|error| open_error(&error))?;
        let statistics = reader.statistics();
        Ok(Self { shared: Shared::new(reader, statistics) })
    }

    /// The next batch: at most so many frames, spanning at most so much packet time.
    #[napi(ts_return_type = "Promise<NativeWindowBatch>")]
    pub fn next(
        &self,
        max_frames: u32,
        max_span_ms: Option<u32>,
    ) -> AsyncTask<Job<WindowReader, WindowBatch, NativeWindowBatch>> {
        let limit = batch_limit(max_frames, max_span_ms);
        self.shared.job(move |reader| Ok((reader.next_batch(limit, wall_clock), reader.statistics())))
    }

    /// Where the frames of all batches so far ended.
    #[napi]
    pub fn account(&self) -> Vec<NativeFrameCount> {
        account_of(&self.shared.statistics())
    }

    #[napi]
    pub fn counters(&self) -> Vec<NativeCounter> {
        counters_of(&self.shared.statistics())
    }
}
