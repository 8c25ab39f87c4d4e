//! What was generated, counted where it was generated: the answer that a reader of the capture has to find.

use std::time::Duration;

use serde_json::{Value, json};

use super::spec::SynthSpec;
use crate::time::Timestamp;

/// The statuses that occur, with their reason phrases.
pub const STATUSES: [(u16, &str); 12] = [
    (200, "OK"),
    (201, "Created"),
    (204, "No Content"),
    (304, "Not Modified"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (429, "Too Many Requests"),
    (500, "Internal Server Error"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
];

/// Counts of everything generated so far; final once the source has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub packets: u64,
    /// Bytes of all frames, without capture headers.
    pub frame_bytes: u64,
    /// One a client, in the order of the spec.
    pub clients: Vec<ClientTruth>,
}

/// The counts of one client. Bytes are those of HTTP messages: heads and bodies with their chunk framing.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientTruth {
    pub name: String,
    pub requests: u64,
    /// Answers by index into [`STATUSES`].
    pub answers: [u64; STATUSES.len()],
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub connections: u64,
    /// Requests by the index of their route.
    pub routes: Vec<u64>,
    /// Requests that `max_connections` did not allow.
    pub suppressed_requests: u64,
    /// Requests that the demand curve promised.
    pub expected_requests: f64,
    /// Of consecutive steps from the capture's start, where steps were asked for.
    pub steps: Vec<StepTruth>,
}

/// One step of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTruth {
    /// By the time of the request's first packet.
    pub requests: u64,
    /// Answers by class, 1xx to 5xx, by the time of the answer's last packet.
    pub answers: [u64; 5],
    pub request_bytes: u64,
    pub response_bytes: u64,
}

impl Truth {
    pub fn new(spec: &SynthSpec) -> Self {
        let client = |client: &super::spec::ClientSpec| ClientTruth {
            name: client.name.clone(),
            requests: 0,
            answers: [0; STATUSES.len()],
            request_bytes: 0,
            response_bytes: 0,
            connections: 0,
            routes: vec![0; client.routes.len()],
            suppressed_requests: 0,
            expected_requests: 0.0,
            steps: Vec::new(),
        };
        Self { packets: 0, frame_bytes: 0, clients: spec.clients.iter().map(client).collect() }
    }

    pub fn requests(&self) -> u64 {
        self.clients.iter().map(|client| client.requests).sum()
    }

    /// As JSON: an object for each client with its address and application, statuses and routes by name. `spec` is the one
    /// that this truth came from.
    pub fn to_json(&self, spec: &SynthSpec) -> Value {
        let clients = self.clients.iter().zip(&spec.clients).map(|(truth, client)| {
            let application = &spec.applications[client.application];
            let answers = STATUSES.iter().zip(truth.answers).filter(|(_, count)| *count > 0);
            let routes = client.routes.iter().zip(&truth.routes);
            json!({
                "client": truth.name,
                "clientAddress": client.address.to_string(),
                "application": application.name,
                "serverAddress": application.address.to_string(),
                "serverPort": application.port,
                "requests": truth.requests,
                "expectedRequests": truth.expected_requests,
                "suppressedRequests": truth.suppressed_requests,
                "answers": answers.map(|((status, _), count)| (status.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
                "routes": routes.map(|(route, count)| (route.name(), json!(count))).collect::<serde_json::Map<_, _>>(),
                "requestBytes": truth.request_bytes,
                "responseBytes": truth.response_bytes,
                "connections": truth.connections,
            })
        });
        json!({ "packets": self.packets, "frameBytes": self.frame_bytes, "clients": clients.collect::<Vec<_>>() })
    }
}

impl ClientTruth {
    /// Answers of a class: 2 for 2xx.
    pub fn answers_of_class(&self, class: u16) -> u64 {
        STATUSES
            .iter()
            .zip(self.answers)
            .filter(|((status, _), _)| status / 100 == class)
            .map(|(_, count)| count)
            .sum()
    }

    /// Answers with a status; 0 for one that never occurs.
    pub fn answers_of_status(&self, status: u16) -> u64 {
        STATUSES
            .iter()
            .zip(self.answers)
            .filter(|((known, _), _)| *known == status)
            .map(|(_, count)| count)
            .sum()
    }
}

/// Cuts the capture into steps of equal length.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    start_nanos: u64,
    step_nanos: u64,
}

impl Steps {
    /// `step` has to be above zero.
    pub fn new(start: Timestamp, step: Duration) -> Self {
        Self { start_nanos: start.as_nanos(), step_nanos: (step.as_nanos() as u64).max(1) }
    }

    /// The step of a client that `now` lies in, made if it is not there yet.
    pub fn at<'a>(&self, truth: &'a mut ClientTruth, now: u64) -> &'a mut StepTruth {
        let index = ((now - self.start_nanos) / self.step_nanos) as usize;
        if truth.steps.len() <= index {
            truth.steps.resize(index + 1, StepTruth::default());
        }
        &mut truth.steps[index]
    }
}
