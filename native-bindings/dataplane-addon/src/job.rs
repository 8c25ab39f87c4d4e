use std::sync::{Arc, Mutex, PoisonError};

use foretap_dataplane::reader::Statistics;
use napi::bindgen_prelude::{ToNapiValue, TypeName};
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

    pub fn job<O, W, J>(&self, work: W) -> Job<R, O, W, J> {
        let Self { reader, statistics } = self;
        Job { reader: reader.clone(), statistics: statistics.clone(), work, output: std::marker::PhantomData }
    }
}

/// One batch: `work` runs in the pool and gives its output and the statistics after it.
pub struct Job<R, O, W, J> {
    reader: Arc<Mutex<R>>,
    statistics: Arc<Mutex<Statistics>>,
    work: W,
    output: std::marker::PhantomData<fn() -> (O, J)>,
}

impl<R, O, W, J> Task for Job<R, O, W, J>
where
    R: Send,
    O: Send + 'static,
    W: Fn(&mut R) -> (O, Statistics) + Send,
    J: From<O> + ToNapiValue + TypeName,
{
    type Output = O;
    type JsValue = J;

    fn compute(&mut self) -> Result<O> {
        let busy = |_| Error::new(Status::GenericFailure, "the previous batch is not finished; wait for it");
        let mut reader = self.reader.try_lock().map_err(busy)?;
        let (output, statistics) = (self.work)(&mut reader);
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = statistics;
        Ok(output)
    }

    fn resolve(&mut self, _: Env, output: O) -> Result<J> {
        Ok(output.into())
    }
}
