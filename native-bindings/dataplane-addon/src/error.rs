use foretap_dataplane::reader::OpenError;
use foretap_dataplane::source::ErrorClass;
use napi::Error;

/// An error whose `code` in JavaScript is one of ours.
pub type CodedError = Error<&'static str>;

pub const fn class_code(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Usage => "usage",
        ErrorClass::Unreadable => "unreadable",
        ErrorClass::Failed => "failed",
    }
}

pub fn open_error(error: &OpenError) -> CodedError {
    CodedError::new(class_code(error.class()), error.to_string())
}

pub fn usage_error(error: impl ToString) -> CodedError {
    CodedError::new("usage", error.to_string())
}
