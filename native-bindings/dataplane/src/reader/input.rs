use crate::identity::IdentityError;
use crate::source::{
    ErrorClass, KernelCounts, LiveCapture, LiveOptions, MergedCaptures, SourceError, SourceProgress, listen,
    open_all,
};
use crate::synth::{SynthError, SynthSource, SynthSpec};
use crate::time::Timestamp;

/// One thing to read frames from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A capture file; `-` is standard input.
    Capture(String),
    /// A preset of synthetic demand, its JSON text, or the path of a file with that: see [`SynthSpec::parse`].
    Synth(String),
    /// A network interface of this host; needs CAP_NET_RAW.
    Interface(String),
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
    #[error(transparent)]
    Synth(#[from] SynthError),
}

impl OpenError {
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Source(error) => error.class(),
            Self::Synth(SynthError::Io { .. }) => ErrorClass::Unreadable,
            Self::NoInput | Self::MixedInputs | Self::Identity(_) | Self::Synth(_) => ErrorClass::Usage,
        }
    }
}

/// The source of all inputs together; one variant a kind, so that the loop over frames is compiled for each.
pub(super) enum FrameSource {
    Captures(Box<MergedCaptures>),
    Synth(Box<SynthSource>),
    Live(Box<LiveCapture>),
}

impl FrameSource {
    pub(super) fn open(inputs: &[Input]) -> Result<Self, OpenError> {
        match inputs {
            [] => return Err(OpenError::NoInput),
            [Input::Synth(spec)] => {
                return Ok(Self::Synth(Box::new(SynthSource::new(SynthSpec::parse(spec)?))));
            }
            [Input::Interface(name)] => {
                return Ok(Self::Live(Box::new(listen(name, &LiveOptions::default())?)));
            }
            _ => {}
        }
        let path = |input: &Input| match input {
            Input::Capture(path) => Ok(path.clone()),
            Input::Synth(_) | Input::Interface(_) => Err(OpenError::MixedInputs),
        };
        let paths = inputs.iter().map(path).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::Captures(Box::new(open_all(&paths)?)))
    }

    pub(super) fn progress(&self) -> SourceProgress {
        match self {
            Self::Captures(captures) => captures.progress(),
            Self::Synth(_) | Self::Live(_) => SourceProgress::default(),
        }
    }

    /// When the input will be over, in packet time, where that is known.
    pub(super) fn end_time(&self) -> Option<Timestamp> {
        match self {
            Self::Captures(_) | Self::Live(_) => None,
            Self::Synth(synth) => Some(synth.spec().end()),
        }
    }

    /// Faults of inputs that ended while others go on.
    pub(super) fn faults(&self) -> &[SourceError] {
        match self {
            Self::Captures(captures) => captures.faults(),
            Self::Synth(_) | Self::Live(_) => &[],
        }
    }

    /// What the kernel counted so far; `None` where no kernel is asked.
    pub(super) fn kernel_counts(&mut self) -> Option<KernelCounts> {
        match self {
            Self::Captures(_) | Self::Synth(_) => None,
            Self::Live(live) => live.kernel_counts().ok(),
        }
    }
}
