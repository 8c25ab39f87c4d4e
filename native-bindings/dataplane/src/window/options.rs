use std::time::Duration;

use crate::identity::{ApplicationRule, Applications, ClientRule};

/// What windows are made of, and their bounds.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Default 10 s; at least 100 ms.
    pub step: Duration,
    /// How long a step stays open after its end, for what was captured a little out of order. Default 1 s; at most the step.
    pub grace: Duration,
    pub applications: Vec<ApplicationRule>,
    pub clients: Vec<ClientRule>,
    /// Default 1 024, at most 65 535.
    pub max_applications: usize,
    /// Pairs of client and application. Default 100 000; further clients count as `other`.
    pub max_clients: usize,
    /// Routes told apart in a window. Default 32; the rest is `other`.
    pub top_routes: usize,
    /// Pairs of successive routes told apart in a window. Default 32.
    pub top_transitions: usize,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            applications: Vec::new(),
            clients: Vec::new(),
            max_applications: Applications::DEFAULT_MAX,
            max_clients: 100_000,
            top_routes: 32,
            top_transitions: 32,
        }
    }
}
