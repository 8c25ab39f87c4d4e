use foretap_dataplane::limits::Limits;
use foretap_dataplane::reader::{ExchangeBatch, ExchangeReader, Input};
use foretap_dataplane::row::RowFormat;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::error::{CodedError, open_error, usage_error};
use crate::input::NativeInput;
use crate::job::{Job, Shared, batch_limit, wall_clock};
use crate::progress::{
    NativeCounter, NativeFault, NativeFrameCount, NativeProgress, account_of, counters_of,
};

#[napi(object, object_to_js = false)]
pub struct NativeExchangeReaderOptions {
    pub inputs: Vec<NativeInput>,
    #[napi(ts_type = "'tsv' | 'ndjson'")]
    pub format: String,
    pub max_connections: u32,
}

/// Rows that became ready by one batch of frames.
#[napi(object, object_from_js = false)]
pub struct NativeExchangeBatch {
    /// Whole rows; may be empty.
    pub rows: Buffer,
    pub faults: Vec<NativeFault>,
    pub progress: NativeProgress,
    pub is_done: bool,
}

impl From<ExchangeBatch> for NativeExchangeBatch {
    fn from(batch: ExchangeBatch) -> Self {
        Self {
            rows: batch.rows.into(),
            faults: batch.faults.into_iter().map(Into::into).collect(),
            progress: batch.progress.into(),
            is_done: batch.is_done,
        }
    }
}

/// Reads inputs into one row an exchange. Calls of `next` must not overlap.
#[napi(js_name = "ExchangeReader")]
pub struct NativeExchangeReader {
    shared: Shared<ExchangeReader>,
}

#[napi]
impl NativeExchangeReader {
    #[napi(constructor)]
    pub fn new(options: NativeExchangeReaderOptions) -> Result<Self, CodedError> {
        let inputs: Vec<Input> = options.inputs.into_iter().map(Into::into).collect();
        let format = match options.format.as_str() {
            "tsv" => RowFormat::Tsv,
            "ndjson" => RowFormat::Ndjson,
            other => return Err(usage_error(format!("\"{other}\" is not a format; choose tsv or ndjson"))),
        };
        let limits = Limits { max_connections: options.max_connections, ..Limits::default() };
        let reader = ExchangeReader::open(&inputs, format, limits).map_err(|error| open_error(&error))?;
        let statistics = reader.statistics();
        Ok(Self { shared: Shared::new(reader, statistics) })
    }

    /// The next batch: about so many bytes of rows, at most so many frames.
    #[napi(ts_return_type = "Promise<NativeExchangeBatch>")]
    pub fn next(
        &self,
        target_bytes: u32,
        max_frames: u32,
    ) -> AsyncTask<Job<ExchangeReader, ExchangeBatch, NativeExchangeBatch>> {
        let (target_bytes, limit) = (target_bytes as usize, batch_limit(max_frames, None));
        self.shared
            .job(move |reader| Ok((reader.next_batch(target_bytes, limit, wall_clock), reader.statistics())))
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
