//! What to generate: applications, clients and their habits, as plain values. Reading it from text is in
//! `spec_json.rs` and `preset.rs`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::demand::Demand;
use super::route::{Method, PathPattern};
use super::{preset, spec_json};
use crate::time::Timestamp;

/// Where a capture begins unless the spec or its series say otherwise: Monday 2026-03-02T00:00:00Z.
pub const DEFAULT_START: Timestamp = Timestamp::from_nanos(1_772_409_600_000_000_000);
/// Capture time is 32 bits of seconds in a pcap record: to 2106-02-07.
pub const MAX_END: Timestamp = Timestamp::from_nanos(u32::MAX as u64 * 1_000_000_000);
/// Enough for any test bench; bounds the generator's memory together with [`MAX_CONNECTIONS`].
pub const MAX_CLIENTS: usize = 10_000;
/// Connections of one client at a time: half of the ephemeral ports 32768–60999.
pub const MAX_CONNECTIONS: u32 = 14_000;

/// A capture to generate; the same value gives the same bytes on every machine.
#[derive(Clone, Debug, PartialEq)]
pub struct SynthSpec {
    pub seed: u64,
    pub start: Timestamp,
    /// Requests begin before `start + duration`; the last exchanges and connections end shortly after.
    pub duration: Duration,
    pub applications: Vec<ApplicationSpec>,
    pub clients: Vec<ClientSpec>,
}

/// A server that clients talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationSpec {
    pub name: String,
    pub address: IpAddr,
    pub port: u16,
    /// The Host header.
    pub host: String,
}

/// A client: one address and its habits on one application.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientSpec {
    pub name: String,
    /// Index into [`SynthSpec::applications`].
    pub application: usize,
    /// Of the same family as the application's.
    pub address: IpAddr,
    pub demand: Demand,
    /// 0 is Poisson; above, arrivals come in batches of `1 + burstiness` on average (geometric), some milliseconds apart.
    pub burstiness: f64,
    pub session: Option<Session>,
    pub routes: Vec<RouteSpec>,
    pub request_body: SizeDistribution,
    pub response_body: SizeDistribution,
    pub latency: DurationDistribution,
    /// From the tap to the client and back.
    pub round_trip: Duration,
    pub mix: MessageMix,
    pub keep_alive: KeepAlive,
    /// Open connections at a time, `1..=`[`MAX_CONNECTIONS`]; requests beyond are not sent, but counted.
    pub max_connections: u32,
}

/// Requests that follow one another with pauses to think.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Session {
    /// Mean number of requests (geometric), `>= 1`.
    pub mean_requests: f64,
    pub think_time: DurationDistribution,
}

/// One route of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteSpec {
    pub method: Method,
    pub path: PathPattern,
    pub weight: f64,
    /// Routes that follow this one, by index, with weights. Empty: any, by `weight`.
    pub next: Vec<(usize, f64)>,
    /// Instead of the client's.
    pub request_body: Option<SizeDistribution>,
    pub response_body: Option<SizeDistribution>,
    pub latency: Option<DurationDistribution>,
}

impl RouteSpec {
    /// A route of weight 1 that follows the client's habits.
    pub fn new(method: Method, path: PathPattern) -> Self {
        Self {
            method,
            path,
            weight: 1.0,
            next: Vec::new(),
            request_body: None,
            response_body: None,
            latency: None,
        }
    }

    /// `GET /users/{number}`: the name in `next` and in [`super::Truth`].
    pub fn name(&self) -> String {
        format!("{} {}", self.method.name(), self.path.text())
    }
}

/// Log-normal body sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeDistribution {
    pub median_bytes: f64,
    /// Standard deviation of the logarithm; 0 makes every body the same.
    pub sigma: f64,
    pub max_bytes: u64,
}

/// Log-normal durations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationDistribution {
    pub median: Duration,
    pub sigma: f64,
}

/// Shares (0–1) of what requests carry and of what they get.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MessageMix {
    /// 400, 401, 403, 404 and 429.
    pub client_error_ratio: f64,
    /// 500, 502 and 503.
    pub server_error_ratio: f64,
    /// 304, of GET and HEAD.
    pub not_modified_ratio: f64,
    /// 204, of POST, PUT, PATCH, DELETE and OPTIONS.
    pub no_content_ratio: f64,
    /// Of answers with a body.
    pub chunked_ratio: f64,
    pub query_ratio: f64,
    pub cookie_ratio: f64,
    pub authorization_ratio: f64,
}

/// How long a connection serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeepAlive {
    /// Mean number of requests on a connection (geometric), `>= 1`.
    pub mean_requests: f64,
    /// The client closes a connection that was idle for so long.
    pub idle: Duration,
}

impl ClientSpec {
    /// A client with middling habits that asks for `GET /` of the first application.
    pub fn new(name: &str, address: IpAddr, demand: Demand) -> Self {
        let root = PathPattern::parse("/").expect("a constant path");
        Self {
            name: name.to_owned(),
            application: 0,
            address,
            demand,
            burstiness: 0.0,
            session: None,
            routes: vec![RouteSpec::new(Method::Get, root)],
            request_body: SizeDistribution { median_bytes: 300.0, sigma: 0.6, max_bytes: 100_000 },
            response_body: SizeDistribution { median_bytes: 700.0, sigma: 0.7, max_bytes: 1_000_000 },
            latency: DurationDistribution { median: Duration::from_millis(12), sigma: 0.5 },
            round_trip: Duration::from_millis(2),
            mix: MessageMix {
                client_error_ratio: 0.02,
                server_error_ratio: 0.002,
                not_modified_ratio: 0.05,
                no_content_ratio: 0.2,
                chunked_ratio: 0.1,
                query_ratio: 0.2,
                cookie_ratio: 0.5,
                authorization_ratio: 0.2,
            },
            keep_alive: KeepAlive { mean_requests: 20.0, idle: Duration::from_secs(15) },
            max_connections: 1_000,
        }
    }
}

impl SynthSpec {
    /// Reads a preset (`demo`, `flash-crowd?days=3&clients=8&seed=7`), a JSON text (beginning with `{`) or
    /// the path of a JSON file; series named in it are looked for beside that file.
    pub fn parse(text: &str) -> Result<SynthSpec, SynthError> {
        let text = text.trim();
        if text.starts_with('{') {
            return spec_json::read("the spec", text, Path::new("."));
        }
        let (name, parameters) = text.split_once('?').unwrap_or((text, ""));
        if preset::NAMES.contains(&name) {
            return preset::build(name, parameters);
        }
        let path = Path::new(text);
        if !path.exists() {
            return Err(SynthError::Unknown { text: text.to_owned() });
        }
        let json =
            std::fs::read_to_string(path).map_err(|cause| SynthError::Io { path: path.to_owned(), cause })?;
        spec_json::read(text, &json, path.parent().unwrap_or(Path::new(".")))
    }

    /// The first instant at which no request begins any more.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.start.as_nanos() + self.duration.as_nanos() as u64)
    }
}

/// Why a text is no spec.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    #[error(
        "\"{text}\" is neither a preset ({}), nor a JSON text, nor a file",
        preset::NAMES.join(", ")
    )]
    Unknown { text: String },
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: std::io::Error },
    #[error("{input} is not JSON: {cause}")]
    Syntax { input: String, cause: serde_json::Error },
    #[error("{input}:{}", faults.iter().map(|fault| format!("\n  {fault}")).collect::<String>())]
    Invalid { input: String, faults: Vec<Fault> },
}

/// One thing that is wrong, where it is, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    /// As in `clients[2].demand.shape.mean`.
    pub path: String,
    pub message: String,
}
