use foretap_dataplane::reader::{Fault, Progress, Statistics};
use foretap_dataplane::time::Timestamp;
use napi_derive::napi;

use crate::error::class_code;

/// How far a reader has come.
#[napi(object, use_nullable = true)]
pub struct NativeProgress {
    pub frames: i64,
    pub wire_bytes: i64,
    pub requests: i64,
    pub input_bytes_read: i64,
    pub input_bytes_total: Option<i64>,
    pub packet_time_ms: Option<i64>,
    pub end_time_ms: Option<i64>,
}

impl From<Progress> for NativeProgress {
    fn from(progress: Progress) -> Self {
        Self {
            frames: progress.frames as i64,
            wire_bytes: progress.wire_bytes as i64,
            requests: progress.requests as i64,
            input_bytes_read: progress.input_bytes_read as i64,
            input_bytes_total: progress.input_bytes_total.map(|bytes| bytes as i64),
            packet_time_ms: progress.packet_time.map(to_ms),
            end_time_ms: progress.end_time.map(to_ms),
        }
    }
}

fn to_ms(time: Timestamp) -> i64 {
    (time.as_nanos() / 1_000_000) as i64
}

/// An input that could not be read, or not to its end.
#[napi(object)]
pub struct NativeFault {
    /// `usage` or `unreadable`.
    pub code: String,
    pub message: String,
}

impl From<Fault> for NativeFault {
    fn from(fault: Fault) -> Self {
        Self { code: class_code(fault.class).to_owned(), message: fault.message }
    }
}

/// Frames that ended under one reason.
#[napi(object)]
pub struct NativeFrameCount {
    pub reason: String,
    pub frames: i64,
    pub bytes: i64,
}

#[napi(object)]
pub struct NativeCounter {
    pub name: String,
    pub value: i64,
}

pub fn account_of(statistics: &Statistics) -> Vec<NativeFrameCount> {
    statistics
        .reasons()
        .map(|(reason, frames, bytes)| NativeFrameCount {
            reason: reason.to_owned(),
            frames: frames as i64,
            bytes: bytes as i64,
        })
        .collect()
}

pub fn counters_of(statistics: &Statistics) -> Vec<NativeCounter> {
    let counter = |&(name, value): &(&str, u64)| NativeCounter { name: name.to_owned(), value: value as i64 };
    statistics.counters.iter().map(counter).collect()
}
