use crate::identity::IdentityError;
use crate::source::{ErrorClass, MergedCaptures, SourceError, SourceProgress, open_all};

/// One thing to read frames from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A capture file; `-` is standard input.
    Capture(String),
}

/// Why a reader cannot be made at all. Inputs that cannot be read are not among these: they are faults of the first batch.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("no input; name a capture file, or - for standard input")]
    NoInput,
    #[error("inputs of different kinds; read captures together, anything else alone")]
    MixedInputs,
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl OpenError {
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Source(error) => error.class(),
            Self::NoInput | Self::MixedInputs | Self::Identity(_) => ErrorClass::Usage,
        }
    }
}

/// The source of all inputs together; one variant a kind, so that the loop over frames is compiled for each.
pub(super) enum FrameSource {
    Captures(Box<MergedCaptures>),
}

impl FrameSource {
    pub(super) fn open(inputs: &[Input]) -> Result<Self, OpenError> {
        if inputs.is_empty() {
            return Err(OpenError::NoInput);
        }
        let paths: Vec<String> = inputs.iter().map(|Input::Capture(path)| path.clone()).collect();
        Ok(Self::Captures(Box::new(open_all(&paths)?)))
    }

    pub(super) fn progress(&self) -> SourceProgress {
        match self {
            Self::Captures(captures) => captures.progress(),
        }
    }

    /// Faults of inputs that ended while others go on.
    pub(super) fn faults(&self) -> &[SourceError] {
        match self {
            Self::Captures(captures) => captures.faults(),
        }
    }
}
