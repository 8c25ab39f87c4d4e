use std::collections::VecDeque;
use std::time::Duration;

use super::client_window::{ClientWindow, Transition, coverage_ratio};
use super::counter::WindowCounters;
use super::options::WindowOptions;
use super::pending::{PendingRequest, PendingRequests};
use super::series::{SeriesId, SeriesTable};
use super::series_cache::SeriesCache;
use super::step::{ClosedStep, Steps};
use crate::address::{Address, Endpoint};
use crate::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use crate::identity::{Applications, Clients, IdentityError};
use crate::route::RouteTable;
use crate::time::Timestamp;

/// What has been closed: first the windows of a step, then the step.
#[derive(Clone, Copy, Debug)]
pub enum Closed<'a> {
    Window(&'a ClientWindow),
    Step(ClosedStep),
}

/// The names behind the ids of a window.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub applications: &'a Applications,
    pub clients: &'a Clients,
    pub routes: &'a RouteTable,
}

#[derive(Debug)]
enum ClosedEntry {
    Window(u32),
    Step(ClosedStep),
}

/// Aggregates the events of an engine into windows. Windows that nobody drains are kept: drain after every batch of frames.
#[derive(Debug)]
pub struct WindowAggregator {
    applications: Applications,
    clients: Clients,
    routes: RouteTable,
    series: SeriesTable,
    pending: PendingRequests,
    steps: Steps,
    /// Open, closed and free windows; their allocations are used again.
    windows: Vec<ClientWindow>,
    free: Vec<u32>,
    /// Windows of the open steps, in order of opening, at the place of the step's parity.
    open: [Vec<u32>; 2],
    closed: VecDeque<ClosedEntry>,
    cache: SeriesCache,
    top_routes: usize,
    top_transitions: usize,
    /// Frames that the kernel received and dropped since a step closed last.
    kernel_frames: (u64, u64),
    counters: WindowCounters,
}

impl WindowAggregator {
    /// Fails on identity rules that cannot be used.
    pub fn new(options: WindowOptions) -> Result<Self, IdentityError> {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Ok(Self {
            applications: Applications::new(options.applications, options.max_applications)?,
            clients: Clients::new(&options.clients)?,
            routes: RouteTable::default(),
            series: SeriesTable::new(options.max_clients),
            pending: PendingRequests::default(),
            steps: Steps::new(nanos(options.step), nanos(options.grace)),
            windows: Vec::new(),
            free: Vec::new(),
            open: [Vec::new(), Vec::new()],
            closed: VecDeque::new(),
            cache: SeriesCache::default(),
            top_routes: options.top_routes,
            top_transitions: options.top_transitions,
            kernel_frames: (0, 0),
            counters: WindowCounters::default(),
        })
    }

    pub fn step(&self) -> Duration {
        Duration::from_nanos(self.steps.step_nanos())
    }

    /// The next frame comes from another input: the time before it was not captured.
    pub fn begin_input(&mut self) {
        self.steps.begin_input();
    }

    /// The kernel received so many frames and dropped so many of them before we saw them: lowers the coverage of the step that
    /// closes next. Windows notice by the bytes that are missing in their connections.
    pub fn count_kernel(&mut self, received_frames: u64, dropped_frames: u64) {
        self.kernel_frames.0 += received_frames;
        self.kernel_frames.1 += dropped_frames;
    }

    /// The capture is over: closes the open windows and steps. Call after the engine has finished.
    pub fn finish(&mut self) {
        let mut over = Vec::new();
        self.steps.finish(|step, ratio| over.push((step, ratio)));
        over.into_iter().for_each(|(step, ratio)| self.close(step, ratio));
    }

    /// Windows and steps that have been closed and not yet drained.
    pub fn closed_count(&self) -> usize {
        self.closed.len()
    }

    /// Shows the first `limit` of what has been closed, in order of closing, and forgets them.
    pub fn drain_closed(&mut self, limit: usize, mut visit: impl FnMut(Names<'_>, Closed<'_>)) {
        let names = Names { applications: &self.applications, clients: &self.clients, routes: &self.routes };
        for entry in self.closed.drain(..limit.min(self.closed.len())) {
            match entry {
                ClosedEntry::Step(step) => visit(names, Closed::Step(step)),
                ClosedEntry::Window(index) => {
                    visit(names, Closed::Window(&self.windows[index as usize]));
                    self.free.push(index);
                }
            }
        }
    }

    pub fn counters(&self) -> WindowCounters {
        let (applications, routes) = (self.applications.counters(), self.routes.counters());
        WindowCounters {
            applications: self.applications.count() as u64 - 1,
            clients: self.series.count() as u64,
            routes: self.routes.count() as u64,
            clients_evicted: self.series.evicted(),
            clients_overflowed: self.series.overflowed(),
            applications_by_server_only: applications.by_server_only,
            applications_overflowed: applications.other,
            routes_collapsed: routes.collapsed,
            routes_too_deep: routes.too_deep,
            routes_overflowed: routes.other,
            requests_untracked: self.pending.untracked(),
            ..self.counters
        }
    }

    #[inline(always)]
    fn series_of(&mut self, client: Address, server: Endpoint, host: &[u8]) -> SeriesId {
        match self.cache.get(client, server, host) {
            Some(series) => series,
            None => self.find_series(client, server, host),
        }
    }

    #[inline(never)]
    fn find_series(&mut self, client: Address, server: Endpoint, host: &[u8]) -> SeriesId {
        let application = self.applications.resolve(server, host);
        let (series, has_room) = self.series.find_or_add(application, self.clients.resolve(client));
        if has_room {
            self.cache.put(client, server, host, series);
        }
        series
    }

    /// As [`Self::series_of`], for traffic without a Host header.
    fn series_of_server(&mut self, client: Endpoint, server: Endpoint) -> SeriesId {
        let application = self.applications.resolve_server(server);
        self.series.find_or_add(application, self.clients.resolve(client.address)).0
    }

    /// The window of a series at a time; opens it where there is none. Time was advanced to `at` before.
    #[inline(always)]
    fn window_at(&mut self, id: SeriesId, at: Timestamp) -> &mut ClientWindow {
        let (step, is_late) = self.steps.step_of(at.0);
        self.counters.late_events += u64::from(is_late);
        let place = (step & 1) as usize;
        let (open_step, index) = self.series.get_mut(id).open[place];
        let index = if open_step == step { index } else { self.open_window(id, step) };
        &mut self.windows[index as usize]
    }

    #[cold]
    fn open_window(&mut self, id: SeriesId, step: u64) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.windows.push(ClientWindow::new(self.top_routes, self.top_transitions));
            self.windows.len() as u32 - 1
        });
        let series = self.series.get_mut(id);
        series.last_step = series.last_step.max(step);
        series.open[(step & 1) as usize] = (step, index);
        self.windows[index as usize].reset(series.application, series.client, self.steps.start_of(step));
        self.open[(step & 1) as usize].push(index);
        index
    }

    #[inline(always)]
    fn advance(&mut self, now: Timestamp) {
        if !self.steps.note_quiet(now.0) {
            self.change_steps(now);
        }
    }

    #[cold]
    fn change_steps(&mut self, now: Timestamp) {
        // Steps only close here; the rare list keeps the borrow of `self` simple.
        let mut over = Vec::new();
        self.steps.advance(now.0, |step, ratio| over.push((step, ratio)));
        if !over.is_empty() {
            over.into_iter().for_each(|(step, ratio)| self.close(step, ratio));
            self.make_room(now);
        }
    }

    fn close(&mut self, step: u64, captured_ratio: f64) {
        let (mut seen_bytes, mut missing_bytes) = (0, 0);
        for index in self.open[(step & 1) as usize].drain(..) {
            let window = &self.windows[index as usize];
            seen_bytes += window.request_bytes;
            missing_bytes += window.missing_request_bytes;
            self.closed.push_back(ClosedEntry::Window(index));
            self.counters.windows_closed += 1;
        }
        let (received, dropped) = std::mem::take(&mut self.kernel_frames);
        let kernel_ratio = coverage_ratio(received.saturating_sub(dropped), dropped);
        self.counters.steps_closed += 1;
        self.closed.push_back(ClosedEntry::Step(ClosedStep {
            start: self.steps.start_of(step),
            coverage_ratio: captured_ratio * kernel_ratio * coverage_ratio(seen_bytes, missing_bytes),
        }));
    }

    /// Idle clients leave once the table is nearly full: those without a window in an open step.
    fn make_room(&mut self, now: Timestamp) {
        if self.series.is_nearly_full() {
            self.series.evict_idle((now.0 / self.steps.step_nanos()).saturating_sub(1));
            self.cache.clear();
        }
    }
}

impl Sink for WindowAggregator {
    #[inline]
    fn on_request(&mut self, request: &Request<'_>) -> Tag {
        self.advance(request.start);
        let id = self.series_of(request.client.address, request.server, request.host);
        let is_tracked = self.pending.has_room();
        let series = self.series.get_mut(id);
        series.in_flight += u32::from(is_tracked);
        let route = self.routes.resolve(series.application, request.method, request.path);
        let previous = series.last_route.replace(route);
        let window = self.window_at(id, request.start);
        window.requests += 1;
        window.new_connections += u64::from(request.is_first_on_connection);
        window.count_route(route);
        if let Some(from) = previous {
            window.transitions.observe(Transition { from, to: route });
        }
        self.pending.insert(PendingRequest { series: id, route, start: request.start })
    }

    #[inline]
    fn on_exchange(&mut self, exchange: &Exchange) {
        self.advance(exchange.ended);
        let Some(pending) = self.pending.take(exchange.tag) else { return };
        self.series.get_mut(pending.series).in_flight -= 1;
        let window = self.window_at(pending.series, exchange.ended);
        window.request_bytes += exchange.request_bytes;
        window.request_size_bytes.add(exchange.request_bytes);
        match &exchange.outcome {
            Ok(answer) => {
                window.count_answer(answer);
                window.count_route_error(pending.route, answer.status);
                let latency_nanos = answer.start.0.saturating_sub(pending.start.0);
                window.latency_us.add(latency_nanos / 1_000);
            }
            Err(why) => window.count_unanswered(*why),
        }
    }

    fn on_orphan_answer(&mut self, orphan: &OrphanAnswer) {
        self.advance(orphan.answer.end);
        let id = self.series_of_server(orphan.client, orphan.server);
        let window = self.window_at(id, orphan.answer.end);
        window.orphan_answers += 1;
        window.count_answer(&orphan.answer);
    }

    fn on_loss(&mut self, loss: &Loss) {
        self.advance(loss.at);
        let id = self.series_of_server(loss.client, loss.server);
        let window = self.window_at(id, loss.at);
        if loss.is_request_side {
            window.missing_request_bytes += loss.missing_bytes;
        } else {
            window.missing_response_bytes += loss.missing_bytes;
        }
    }

    #[inline]
    fn on_time(&mut self, now: Timestamp) {
        self.advance(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::{Answer, Unanswered, Version};
    use crate::window::{write_step_json, write_window_json};

    const SECOND: u64 = 1_000_000_000;

    fn endpoint(last_octet: u8, port: u16) -> Endpoint {
        Endpoint { address: Address::from_v4([10, 0, 0, last_octet]), port }
    }

    fn request(client: u8, path: &[u8], at: u64) -> Request<'_> {
        Request {
            client: endpoint(client, 40_000),
            server: endpoint(200, 80),
            version: Version::Http11,
            method: b"GET",
            host: b"shop.example",
            path,
            content_length: None,
            start: Timestamp(at),
            is_first_on_connection: true,
        }
    }

    fn answered(tag: Tag, status: u16, start: u64) -> Exchange {
        let (start, end) = (Timestamp(start), Timestamp(start + 5_000_000));
        let answer = Answer { status, content_length: None, start, end, bytes: 2000 };
        Exchange { tag, request_bytes: 100, outcome: Ok(answer), ended: end }
    }

    fn json(aggregator: &mut WindowAggregator) -> Vec<String> {
        let mut lines = vec![];
        aggregator.drain_closed(usize::MAX, |names, closed| {
            let mut line = String::new();
            match closed {
                Closed::Window(window) => write_window_json(window, names, 10_000, &mut line),
                Closed::Step(step) => write_step_json(step, 10_000, &mut line),
            }
            lines.push(line);
        });
        lines
    }

    #[test]
    fn demand_counts_at_the_request_and_outcomes_at_the_end() {
        let mut aggregator = WindowAggregator::new(WindowOptions::default()).unwrap();
        aggregator.on_time(Timestamp(100 * SECOND));
        let tag = aggregator.on_request(&request(7, b"/users/17", 109 * SECOND));
        aggregator.on_exchange(&answered(tag, 503, 112 * SECOND));
        aggregator.on_time(Timestamp(120 * SECOND));
        aggregator.finish();
        let empty = r#"{"zeroCount":0,"offset":0,"counts":[]}"#;
        let client = r#"{"application":"shop.example:80","client":"10.0.0.7""#;
        assert_eq!(
            json(&mut aggregator),
            [
                format!(
                    r#"{client},"startMs":100000,"stepMs":10000,"requests":1,"requestsCorrected":1,"coverageRatio":1,"statuses":{{"informational":0,"success":0,"redirection":0,"clientError":0,"serverError":0}},"unansweredRequests":0,"orphanAnswers":0,"newConnections":1,"requestBytes":0,"responseBytes":0,"latencyUs":{empty},"requestSizeBytes":{empty},"responseSizeBytes":{empty},"routes":[{{"route":"GET /users/{{id}}","requests":1,"clientErrors":0,"serverErrors":0}}],"transitions":[]}}"#
                ),
                r#"{"startMs":100000,"stepMs":10000,"coverageRatio":1}"#.to_owned(),
                format!(
                    r#"{client},"startMs":110000,"stepMs":10000,"requests":0,"requestsCorrected":0,"coverageRatio":1,"statuses":{{"informational":0,"success":0,"redirection":0,"clientError":0,"serverError":1}},"unansweredRequests":0,"orphanAnswers":0,"newConnections":0,"requestBytes":100,"responseBytes":2000,"latencyUs":{{"zeroCount":0,"offset":172,"counts":[1]}},"requestSizeBytes":{{"zeroCount":0,"offset":53,"counts":[1]}},"responseSizeBytes":{{"zeroCount":0,"offset":87,"counts":[1]}},"routes":[{{"route":"GET /users/{{id}}","requests":0,"clientErrors":0,"serverErrors":1}}],"transitions":[]}}"#
                ),
                r#"{"startMs":110000,"stepMs":10000,"coverageRatio":1}"#.to_owned(),
                r#"{"startMs":120000,"stepMs":10000,"coverageRatio":0}"#.to_owned(),
            ]
        );
        assert!(json(&mut aggregator).is_empty(), "drained once");
    }

    #[test]
    fn losses_and_orphans_find_the_application_of_their_server() {
        let mut aggregator = WindowAggregator::new(WindowOptions::default()).unwrap();
        let (client, server) = (endpoint(7, 40_000), endpoint(200, 80));
        let tag = aggregator.on_request(&request(7, b"/", SECOND));
        aggregator.on_exchange(&answered(tag, 200, SECOND));
        let at = Timestamp(2 * SECOND);
        aggregator.on_loss(&Loss { client, server, is_request_side: true, missing_bytes: 300, at });
        aggregator.on_loss(&Loss { client, server, is_request_side: false, missing_bytes: 5, at });
        let answer = Answer { status: 404, content_length: None, start: at, end: at, bytes: 10 };
        aggregator.on_orphan_answer(&OrphanAnswer { client, server, answer });
        aggregator.finish();
        let mut windows = 0;
        aggregator.drain_closed(usize::MAX, |_, closed| {
            if let Closed::Window(window) = closed {
                windows += 1;
                assert_eq!(
                    (window.requests, window.orphan_answers, window.statuses),
                    (1, 1, [0, 1, 0, 1, 0])
                );
                assert_eq!((window.coverage_ratio(), window.requests_corrected()), (0.25, 4.0));
                assert_eq!((window.missing_response_bytes, window.response_bytes), (5, 2010));
            }
        });
        assert_eq!(windows, 1);
    }

    #[test]
    fn frames_dropped_by_the_kernel_lower_the_coverage_of_one_step() {
        let mut aggregator = WindowAggregator::new(WindowOptions::default()).unwrap();
        aggregator.on_time(Timestamp(100 * SECOND));
        aggregator.count_kernel(300, 50);
        aggregator.count_kernel(100, 50);
        aggregator.on_time(Timestamp(121 * SECOND));
        let coverage = r#","stepMs":10000,"coverageRatio":"#;
        let steps = [(100_000, "0.75"), (110_000, "1")]
            .map(|(start, ratio)| format!("{{\"startMs\":{start}{coverage}{ratio}}}"));
        assert_eq!(json(&mut aggregator), steps);
    }

    #[test]
    fn a_full_client_table_makes_room_once_clients_are_idle() {
        let options = WindowOptions { max_clients: 8, ..WindowOptions::default() };
        let mut aggregator = WindowAggregator::new(options).unwrap();
        for index in 0..40 {
            let tag = aggregator.on_request(&request(index, b"/", u64::from(index) * 4 * SECOND));
            aggregator.on_exchange(&answered(tag, 200, u64::from(index) * 4 * SECOND));
        }
        aggregator.finish();
        let (mut clients, mut requests) = (std::collections::HashSet::new(), 0);
        aggregator.drain_closed(usize::MAX, |_, closed| {
            if let Closed::Window(window) = closed {
                clients.insert(window.client);
                requests += window.requests;
            }
        });
        let counters = aggregator.counters();
        assert_eq!((requests, clients.len()), (40, 40), "{counters:?}");
        assert!(counters.clients <= 8 && counters.clients_evicted >= 32 && counters.clients_overflowed == 0);
    }

    #[derive(Clone, Debug)]
    struct Event {
        client: u8,
        route: u8,
        gap_ms: u64,
        latency_ms: u64,
        status: Option<u16>,
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let status = prop_oneof![Just(None), (100u16..700).prop_map(Some)];
        let event = (0u8..12, 0u8..60, 0u64..4000, 0u64..30_000, status).prop_map(
            |(client, route, gap_ms, latency_ms, status)| Event { client, route, gap_ms, latency_ms, status },
        );
        prop::collection::vec(event, 1..300)
    }

    proptest! {
        /// Whatever the bounds and the order: no request, byte, answer or error gets lost or counts twice.
        #[test]
        fn sums_of_windows_are_sums_of_exchanges(events in events(), max_clients in 1usize..10, top_routes in 1usize..8) {
            let options = WindowOptions { max_clients, top_routes, ..WindowOptions::default() };
            let mut aggregator = WindowAggregator::new(options).unwrap();
            let (mut now, mut in_flight) = (1000 * SECOND, vec![]);
            for event in &events {
                now += event.gap_ms * 1_000_000;
                aggregator.on_time(Timestamp(now));
                let path = format!("/route-{}", char::from(b'0' + event.route));
                let tag = aggregator.on_request(&request(event.client, path.as_bytes(), now));
                in_flight.push((now + event.latency_ms * 1_000_000, tag, event.status));
                in_flight.retain(|&(end, tag, status)| {
                    if end <= now {
                        aggregator.on_exchange(&exchange(tag, status, end));
                    }
                    end > now
                });
            }
            in_flight.iter().for_each(|&(end, tag, status)| aggregator.on_exchange(&exchange(tag, status, end)));
            aggregator.finish();

            let mut sums = [0; 9];
            aggregator.drain_closed(usize::MAX, |_, closed| if let Closed::Window(window) = closed {
                let routes = window.routes.counters();
                let guaranteed: u64 = routes.iter().map(|route| route.guaranteed()).sum();
                assert!(guaranteed <= window.requests);
                assert_eq!(routes.iter().map(|route| route.count).sum::<u64>(), window.requests);
                for (sum, value) in sums.iter_mut().zip([
                    window.requests,
                    window.statuses.iter().sum(),
                    window.unanswered.iter().sum(),
                    window.request_bytes,
                    window.response_bytes,
                    window.latency_us.count(),
                    window.request_size_bytes.count(),
                    routes.iter().map(|route| route.value.server_errors).sum::<u64>() + window.other_errors.server_errors,
                    routes.iter().map(|route| route.value.client_errors).sum::<u64>() + window.other_errors.client_errors,
                ]) {
                    *sum += value;
                }
            });
            let statuses: Vec<u16> = events.iter().filter_map(|event| event.status).collect();
            let of_class = |class: u16| statuses.iter().filter(|&status| status / 100 == class).count() as u64;
            let (requests, answers) = (events.len() as u64, statuses.len() as u64);
            let expected = [
                requests, answers - of_class(6), requests - answers, requests * 100, answers * 2000, answers, requests,
                of_class(5), of_class(4),
            ];
            prop_assert_eq!(sums, expected);
        }
    }

    fn exchange(tag: Tag, status: Option<u16>, end: u64) -> Exchange {
        match status {
            Some(status) => answered(tag, status, end - 5_000_000),
            None => {
                Exchange { tag, request_bytes: 100, outcome: Err(Unanswered::Closed), ended: Timestamp(end) }
            }
        }
    }
}
