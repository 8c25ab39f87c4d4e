use foretap_dataplane::reader::{Statistics, SynthChunk, SynthReader};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Error, Status};
use napi_derive::napi;

use crate::error::{CodedError, open_error};
use crate::job::{Job, Shared};
use crate::progress::NativeProgress;

/// The next bytes of a synthetic capture.
#[napi(object, object_from_js = false)]
pub struct NativeSynthChunk {
    /// Of a pcap file; ends with a whole record.
    pub bytes: Buffer,
    pub progress: NativeProgress,
    /// A JSON object: the counts of every client; with the last chunk only.
    pub truth: Option<String>,
    pub is_done: bool,
}

impl From<(SynthChunk, Option<String>)> for NativeSynthChunk {
    fn from((chunk, truth): (SynthChunk, Option<String>)) -> Self {
        Self { bytes: chunk.bytes.into(), progress: chunk.progress.into(), truth, is_done: chunk.is_done }
    }
}

/// Streams the capture that a spec of synthetic demand describes. Calls of `next` must not overlap.
#[napi(js_name = "SynthReader")]
pub struct NativeSynthReader {
    shared: Shared<SynthReader>,
}

#[napi]
impl NativeSynthReader {
    #[napi(constructor)]
    pub fn new(spec: String) -> Result<Self, CodedError> {
        let reader = SynthReader::open(&spec).map_err(|error| open_error(&error))?;
        Ok(Self { shared: Shared::new(reader, Statistics::default()) })
    }

    /// About so many bytes more.
    #[napi(ts_return_type = "Promise<NativeSynthChunk>")]
    pub fn next(
        &self,
        target_bytes: u32,
    ) -> AsyncTask<Job<SynthReader, (SynthChunk, Option<String>), NativeSynthChunk>> {
        self.shared.job(move |reader| {
            let chunk = reader
                .next_chunk(target_bytes as usize)
                .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))?;
            let truth = chunk.is_done.then(|| reader.truth_json());
            Ok(((chunk, truth), Statistics::default()))
        })
    }
}
