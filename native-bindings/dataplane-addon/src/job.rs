use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foretap_dataplane::reader::{BatchLimit, Statistics};
use foretap_dataplane::time::Timestamp;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Error, Result, Status, Task};

/// A reader that is worked on in the pool, one batch at a time; its statistics can be read meanwhile, as of the last batch.
pub struct Shared<R> {
    pub reader: Arc<Mutex<R>>,
    pub statistics: Arc<Mutex<Statistics>>,
}

impl<R> Shared<R> {
    pub fn new(reader: R, statistics: Statistics) -> Self {
        Self { reader: Arc::new(Mutex::new(reader)), statistics: Arc::new(Mutex::new(statistics)) }
    }

    pub fn statistics(&self) -> Statistics {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn job<O, J>(
        &self,
        work: impl Fn(&mut R) -> Result<(O, Statistics)> + Send + 'static,
    ) -> AsyncTask<Job<R, O, J>>
    where
        Job<R, O, J>: Task,
    {
        let Self { reader, statistics } = self;
        let (reader, statistics) = (reader.clone(), statistics.clone());
        AsyncTask::new(Job { reader, statistics, work: Box::new(work), js_value: PhantomData })
    }
}

type Work<R, O> = Box<dyn Fn(&mut R) -> Result<(O, Statistics)> + Send>;

/// One batch: `work` runs in the pool and gives its output, which becomes a `J`, and the statistics after it.
pub struct Job<R, O, J> {
    reader: Arc<Mutex<R>>,
    statistics: Arc<Mutex<Statistics>>,
    work: Work<R, O>,
    js_value: PhantomData<fn() -> J>,
}

impl<R: Send, O: Send + 'static, J: From<O> + ToNapiValue + TypeName> Task for Job<R, O, J> {
    type Output = O;
    type JsValue = J;

    fn compute(&mut self) -> Result<O> {
        let busy = |_| Error::new(Status::GenericFailure, "the previous batch is not finished; wait for it");
        let mut reader = self.reader.try_lock().map_err(busy)?;
        let (output, statistics) = (self.work)(&mut reader)?;
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = statistics;
        Ok(output)
    }

    fn resolve(&mut self, _: Env, output: O) -> Result<J> {
        Ok(output.into())
    }
}

pub fn batch_limit(max_frames: u32, max_span_ms: Option<u32>) -> BatchLimit {
    BatchLimit {
        max_frames: max_frames.into(),
        max_span: max_span_ms.map_or(Duration::MAX, |span| Duration::from_millis(span.into())),
    }
}

/// For live sources only: the clock that also stamps their frames.
pub fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(since_epoch.as_nanos() as u64)
}
