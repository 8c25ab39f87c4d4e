use super::{Histogram, SpaceSaving};
use crate::exchange::{Answer, Unanswered};
use crate::identity::{ApplicationId, ClientKey};
use crate::route::RouteId;
use crate::time::Timestamp;

/// Answers 4xx and 5xx of one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteErrors {
    pub client_errors: u64,
    pub server_errors: u64,
}

impl RouteErrors {
    pub fn count(&mut self, status: u16) {
        self.client_errors += u64::from((400..500).contains(&status));
        self.server_errors += u64::from((500..600).contains(&status));
    }

    pub fn merge(&mut self, other: Self) {
        self.client_errors += other.client_errors;
        self.server_errors += other.server_errors;
    }
}

/// One route after another of the same client on the same application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    pub from: RouteId,
    pub to: RouteId,
}

/// Losses on the request side beyond nine tenths do not multiply the demand any further: what is left says too little.
const MIN_CORRECTING_COVERAGE_RATIO: f64 = 0.1;

/// What one client did on one application in one step of time.
#[derive(Clone, Debug)]
pub struct ClientWindow {
    pub application: ApplicationId,
    pub client: ClientKey,
    /// The beginning of the step.
    pub start: Timestamp,
    pub requests: u64,
    pub new_connections: u64,
    /// Heads and bodies on the wire, of exchanges that ended.
    pub request_bytes: u64,
    pub response_bytes: u64,
    /// Final answers 1xx (101 only), 2xx, 3xx, 4xx, 5xx, those without a request included. Statuses from 600 up are in none.
    pub statuses: [u64; 5],
    /// In the order of [`Unanswered`]: missed, closed, evicted.
    pub unanswered: [u64; 3],
    pub orphan_answers: u64,
    /// Bytes that passed the mirror without being captured, from client to server and back.
    pub missing_request_bytes: u64,
    pub missing_response_bytes: u64,
    /// Microseconds from the first byte of a request to the first byte of its final answer.
    pub latency_us: Histogram,
    pub request_size_bytes: Histogram,
    pub response_size_bytes: Histogram,
    pub routes: SpaceSaving<RouteId, RouteErrors>,
    /// Errors of routes that are not among the most frequent.
    pub other_errors: RouteErrors,
    pub transitions: SpaceSaving<Transition, ()>,
}

impl ClientWindow {
    pub(super) fn new(top_routes: usize, top_transitions: usize) -> Self {
        Self {
            application: ApplicationId::OTHER,
            client: ClientKey::Other,
            start: Timestamp::default(),
            requests: 0,
            new_connections: 0,
            request_bytes: 0,
            response_bytes: 0,
            statuses: [0; 5],
            unanswered: [0; 3],
            orphan_answers: 0,
            missing_request_bytes: 0,
            missing_response_bytes: 0,
            latency_us: Histogram::default(),
            request_size_bytes: Histogram::default(),
            response_size_bytes: Histogram::default(),
            routes: SpaceSaving::new(top_routes),
            other_errors: RouteErrors::default(),
            transitions: SpaceSaving::new(top_transitions),
        }
    }

    /// Makes it the window of another client and step; keeps the allocations.
    pub(super) fn reset(&mut self, application: ApplicationId, client: ClientKey, start: Timestamp) {
        let Self { latency_us, request_size_bytes, response_size_bytes, routes, transitions, .. } = self;
        latency_us.clear();
        request_size_bytes.clear();
        response_size_bytes.clear();
        routes.clear();
        transitions.clear();
        (self.application, self.client, self.start) = (application, client, start);
        (self.requests, self.new_connections, self.request_bytes, self.response_bytes) = (0, 0, 0, 0);
        (self.statuses, self.unanswered, self.orphan_answers) = ([0; 5], [0; 3], 0);
        (self.missing_request_bytes, self.missing_response_bytes) = (0, 0);
        self.other_errors = RouteErrors::default();
    }

    #[inline]
    pub(super) fn count_route(&mut self, route: RouteId) {
        if let Some(evicted) = self.routes.observe(route) {
            self.other_errors.merge(evicted);
        }
    }

    #[inline]
    pub(super) fn count_answer(&mut self, answer: &Answer) {
        if let Some(class) = usize::from(answer.status / 100).checked_sub(1).filter(|&class| class < 5) {
            self.statuses[class] += 1;
        }
        self.response_bytes += answer.bytes;
        self.response_size_bytes.add(answer.bytes);
    }

    /// An answer with an error status, on its route where that is monitored.
    pub(super) fn count_route_error(&mut self, route: RouteId, status: u16) {
        if status >= 400 {
            let Self { routes, other_errors, .. } = self;
            routes.value_mut(route).unwrap_or(other_errors).count(status);
        }
    }

    pub(super) fn count_unanswered(&mut self, why: Unanswered) {
        self.unanswered[match why {
            Unanswered::Missed => 0,
            Unanswered::Closed => 1,
            Unanswered::Evicted => 2,
        }] += 1;
    }

    /// Share of the bytes from client to server that was captured, 0 to 1; 1 where nothing is missing.
    pub fn coverage_ratio(&self) -> f64 {
        coverage_ratio(self.request_bytes, self.missing_request_bytes)
    }

    /// Requests that will have happened: `requests / coverage_ratio`, with at most ten times the requests.
    pub fn requests_corrected(&self) -> f64 {
        self.requests as f64 / self.coverage_ratio().max(MIN_CORRECTING_COVERAGE_RATIO)
    }
}

pub(super) fn coverage_ratio(seen_bytes: u64, missing_bytes: u64) -> f64 {
    match missing_bytes {
        0 => 1.0,
        missing => seen_bytes as f64 / (seen_bytes as f64 + missing as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrects_for_what_was_lost_but_not_without_end() {
        let mut window = ClientWindow::new(4, 4);
        (window.requests, window.request_bytes) = (30, 3000);
        assert_eq!((window.coverage_ratio(), window.requests_corrected()), (1.0, 30.0));
        window.missing_request_bytes = 1000;
        assert_eq!((window.coverage_ratio(), window.requests_corrected()), (0.75, 40.0));
        window.missing_request_bytes = 1_000_000;
        assert_eq!(window.requests_corrected(), 300.0);
    }

    #[test]
    fn errors_of_routes_that_leave_go_to_the_rest() {
        let mut window = ClientWindow::new(1, 1);
        window.count_route(RouteId(5));
        window.count_route_error(RouteId(5), 503);
        window.count_route_error(RouteId(6), 404);
        window.count_route(RouteId(6));
        assert_eq!(window.other_errors, RouteErrors { client_errors: 1, server_errors: 1 });
        assert_eq!(window.routes.counters()[0].value, RouteErrors::default());
    }
}
