use std::fmt::Write;

use super::aggregate::Names;
use super::client_window::{ClientWindow, RouteErrors, Transition};
use super::space_saving::Counter;
use super::{ClosedStep, Histogram};
use crate::route::RouteId;

/// Appends a window as the JSON object of the `ClientWindow` schema (`src/domain/client-window.ts`). Routes and transitions
/// carry what was certainly seen; the route `other` carries the rest, so that routes sum to the requests.
pub fn write_window_json(window: &ClientWindow, names: Names<'_>, step_ms: u64, out: &mut String) {
    out.push_str("{\"application\":");
    string(names.applications.name(window.application), out);
    out.push_str(",\"client\":");
    let mut client = String::new();
    names.clients.write_name(window.client, &mut client);
    string(&client, out);
    integer(",\"startMs\":", window.start.0 / 1_000_000, out);
    integer(",\"stepMs\":", step_ms, out);
    integer(",\"requests\":", window.requests, out);
    let _ = write!(out, ",\"requestsCorrected\":{}", window.requests_corrected());
    let _ = write!(out, ",\"coverageRatio\":{}", window.coverage_ratio());
    let [informational, success, redirection, client_error, server_error] = window.statuses;
    integer(",\"statuses\":{\"informational\":", informational, out);
    integer(",\"success\":", success, out);
    integer(",\"redirection\":", redirection, out);
    integer(",\"clientError\":", client_error, out);
    integer(",\"serverError\":", server_error, out);
    integer("},\"unansweredRequests\":", window.unanswered.iter().sum(), out);
    integer(",\"orphanAnswers\":", window.orphan_answers, out);
    integer(",\"newConnections\":", window.new_connections, out);
    integer(",\"requestBytes\":", window.request_bytes, out);
    integer(",\"responseBytes\":", window.response_bytes, out);
    histogram(",\"latencyUs\":", &window.latency_us, out);
    histogram(",\"requestSizeBytes\":", &window.request_size_bytes, out);
    histogram(",\"responseSizeBytes\":", &window.response_size_bytes, out);
    routes(window, names, out);
    transitions(window, names, out);
    out.push('}');
}

/// Appends a closed step as the JSON object of the `ClosedStep` schema.
pub fn write_step_json(step: ClosedStep, step_ms: u64, out: &mut String) {
    integer("{\"startMs\":", step.start.0 / 1_000_000, out);
    integer(",\"stepMs\":", step_ms, out);
    let _ = write!(out, ",\"coverageRatio\":{}}}", step.coverage_ratio);
}

fn routes(window: &ClientWindow, names: Names<'_>, out: &mut String) {
    let mut counters: Vec<_> = window.routes.counters().iter().collect();
    counters.sort_by_key(|counter| std::cmp::Reverse(counter.guaranteed()));
    let mut other =
        Counter { key: RouteId::OTHER, count: window.requests, overcount: 0, value: window.other_errors };
    let mut separator = "";
    out.push_str(",\"routes\":[");
    let mut route = |counter: &Counter<RouteId, RouteErrors>| {
        out.push_str(separator);
        separator = ",";
        out.push_str("{\"route\":");
        string(names.routes.template(counter.key), out);
        integer(",\"requests\":", counter.guaranteed(), out);
        integer(",\"clientErrors\":", counter.value.client_errors, out);
        integer(",\"serverErrors\":", counter.value.server_errors, out);
        out.push('}');
    };
    for counter in counters {
        if counter.key == RouteId::OTHER {
            other.value.merge(counter.value);
        } else {
            other.overcount += counter.guaranteed();
            route(counter);
        }
    }
    if other.guaranteed() > 0 || other.value != RouteErrors::default() {
        route(&other);
    }
    out.push(']');
}

fn transitions(window: &ClientWindow, names: Names<'_>, out: &mut String) {
    out.push_str(",\"transitions\":[");
    let mut counters: Vec<_> = window.transitions.counters().iter().collect();
    counters.sort_by_key(|counter| std::cmp::Reverse(counter.guaranteed()));
    for (index, counter) in counters.into_iter().enumerate() {
        let Transition { from, to } = counter.key;
        out.push_str(if index == 0 { "{\"from\":" } else { ",{\"from\":" });
        string(names.routes.template(from), out);
        out.push_str(",\"to\":");
        string(names.routes.template(to), out);
        integer(",\"count\":", counter.guaranteed(), out);
        out.push('}');
    }
    out.push(']');
}

fn histogram(key: &str, histogram: &Histogram, out: &mut String) {
    integer_after(key, "{\"zeroCount\":", histogram.zero_count(), out);
    let _ = write!(out, ",\"offset\":{},\"counts\":[", histogram.offset());
    for (index, &count) in histogram.counts().iter().enumerate() {
        integer(if index == 0 { "" } else { "," }, count, out);
    }
    out.push_str("]}");
}

fn integer_after(key: &str, prefix: &str, value: u64, out: &mut String) {
    out.push_str(key);
    integer(prefix, value, out);
}

/// Digits by hand: the formatter of the standard library takes several times as long.
fn integer(prefix: &str, mut value: u64, out: &mut String) {
    out.push_str(prefix);
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    digits[start..].iter().for_each(|&digit| out.push(char::from(digit)));
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
