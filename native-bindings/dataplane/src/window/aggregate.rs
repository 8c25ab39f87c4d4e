use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use ahash::RandomState;

use super::client_window::{ClientWindow, Transition, coverage_ratio};
use super::pending::{PendingRequest, PendingRequests};
use super::series::{SeriesId, SeriesTable};
use super::step::{ClosedStep, Steps};
use crate::address::{Address, Endpoint};
use crate::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use crate::identity::{ApplicationRule, Applications, ClientRule, Clients, IdentityError};
use crate::route::RouteTable;
use crate::time::Timestamp;

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

/// What happened beside the windows; counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowCounters {
    pub windows_closed: u64,
    pub steps_closed: u64,
    /// Events of a step that had been closed; they count in the oldest open one.
    pub late_events: u64,
    /// Applications, series and routes known now.
    pub applications: u64,
    pub clients: u64,
    pub routes: u64,
    /// Idle clients that made room for new ones.
    pub clients_evicted: u64,
    /// Look-ups that found the client table full: they count as `other`.
    pub clients_overflowed: u64,
    /// Requests that found the application table too full for their host, and for anything but `other`.
    pub applications_by_server_only: u64,
    pub applications_overflowed: u64,
    /// Requests whose path met a bound of the route table.
    pub routes_collapsed: u64,
    pub routes_too_deep: u64,
    pub routes_overflowed: u64,
    /// Requests whose outcome could not be counted, as too many were in flight.
    pub requests_untracked: u64,
}

impl WindowCounters {
    /// Name and value of every counter, in order of declaration. The names are stable.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("windows_closed", self.windows_closed),
            ("steps_closed", self.steps_closed),
            ("late_events", self.late_events),
            ("applications", self.applications),
            ("clients", self.clients),
            ("routes", self.routes),
            ("clients_evicted", self.clients_evicted),
            ("clients_overflowed", self.clients_overflowed),
            ("applications_by_server_only", self.applications_by_server_only),
            ("applications_overflowed", self.applications_overflowed),
            ("routes_collapsed", self.routes_collapsed),
            ("routes_too_deep", self.routes_too_deep),
            ("routes_overflowed", self.routes_overflowed),
            ("requests_untracked", self.requests_untracked),
        ]
        .into_iter()
    }
}

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

/// Direct-mapped: requests of a keep-alive connection follow each other.
const CACHE_SLOTS: usize = 1024;
const MAX_CACHED_HOST_BYTES: usize = 56;

#[derive(Clone, Debug)]
struct CachedSeries {
    client: Address,
    server: Endpoint,
    host_bytes: u8,
    host: [u8; MAX_CACHED_HOST_BYTES],
    series: SeriesId,
}

const EMPTY_SLOT: CachedSeries = CachedSeries {
    client: Address(0),
    server: Endpoint { address: Address(0), port: 0 },
    host_bytes: u8::MAX,
    host: [0; MAX_CACHED_HOST_BYTES],
    series: SeriesId(0),
};

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
    closed: Vec<ClosedEntry>,
    cache: Vec<CachedSeries>,
    hasher: RandomState,
    top_routes: usize,
    top_transitions: usize,
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
            closed: Vec::new(),
            cache: vec![EMPTY_SLOT; CACHE_SLOTS],
            hasher: RandomState::with_seeds(51, 52, 53, 54),
            top_routes: options.top_routes,
            top_transitions: options.top_transitions,
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

    /// The capture is over: closes the open windows and steps. Call after the engine has finished.
    pub fn finish(&mut self) {
        let mut over = Vec::new();
        self.steps.finish(|step, ratio| over.push((step, ratio)));
        over.into_iter().for_each(|(step, ratio)| self.close(step, ratio));
    }

    /// Shows what has been closed since the last call, in order, and forgets it.
    pub fn drain_closed(&mut self, mut visit: impl FnMut(Names<'_>, Closed<'_>)) {
        let names = Names { applications: &self.applications, clients: &self.clients, routes: &self.routes };
        for entry in self.closed.drain(..) {
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

    #[inline]
    fn series_of(&mut self, client: Address, server: Endpoint, host: &[u8]) -> SeriesId {
        if host.len() > MAX_CACHED_HOST_BYTES {
            return self.find_series(client, server, host).0;
        }
        let mut hasher = self.hasher.build_hasher();
        (client, server).hash(&mut hasher);
        hasher.write(host);
        let slot = hasher.finish() as usize % CACHE_SLOTS;
        let cached = &self.cache[slot];
        if usize::from(cached.host_bytes) == host.len()
            && cached.client == client
            && cached.server == server
            && cached.host[..host.len()] == *host
        {
            return cached.series;
        }
        let (series, has_room) = self.find_series(client, server, host);
        if has_room {
            let cached = &mut self.cache[slot];
            (cached.client, cached.server, cached.series) = (client, server, series);
            cached.host_bytes = host.len() as u8;
            cached.host[..host.len()].copy_from_slice(host);
        }
        series
    }

    fn find_series(&mut self, client: Address, server: Endpoint, host: &[u8]) -> (SeriesId, bool) {
        let application = self.applications.resolve(server, host);
        self.series.find_or_add(application, self.clients.resolve(client))
    }

    /// As [`Self::series_of`], for traffic without a Host header.
    fn series_of_server(&mut self, client: Endpoint, server: Endpoint) -> SeriesId {
        let application = self.applications.resolve_server(server);
        self.series.find_or_add(application, self.clients.resolve(client.address)).0
    }

    /// The window of a series at a time; opens it where there is none.
    #[inline]
    fn window_at(&mut self, id: SeriesId, at: Timestamp) -> &mut ClientWindow {
        self.advance(at);
        let (step, is_late) = self.steps.step_of(at.0);
        self.counters.late_events += u64::from(is_late);
        let place = (step & 1) as usize;
        let (open_step, index) = self.series.get_mut(id).open[place];
        let index = if open_step == step { index } else { self.open_window(id, step) };
        &mut self.windows[index as usize]
    }

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

    #[inline]
    fn advance(&mut self, now: Timestamp) {
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
            self.closed.push(ClosedEntry::Window(index));
            self.counters.windows_closed += 1;
        }
        self.counters.steps_closed += 1;
        self.closed.push(ClosedEntry::Step(ClosedStep {
            start: self.steps.start_of(step),
            coverage_ratio: captured_ratio * coverage_ratio(seen_bytes, missing_bytes),
        }));
    }

    /// Idle clients leave once the table is nearly full: those without a window in an open step.
    fn make_room(&mut self, now: Timestamp) {
        if self.series.is_nearly_full() {
            self.series.evict_idle((now.0 / self.steps.step_nanos()).saturating_sub(1));
            self.cache.fill(EMPTY_SLOT);
        }
    }
}

impl Sink for WindowAggregator {
    #[inline]
    fn on_request(&mut self, request: &Request<'_>) -> Tag {
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
        let Some(pending) = self.pending.take(exchange.tag) else { return };
        self.series.get_mut(pending.series).in_flight -= 1;
        let window = self.window_at(pending.series, exchange.ended);
        window.request_bytes += exchange.request_bytes;
        window.request_size_bytes.add(exchange.request_bytes);
        match &exchange.outcome {
            Ok(answer) => {
                window.count_answer(answer);
                window.count_route_error(pending.route, answer.status);
                let latency = answer.start.saturating_since(pending.start);
                window.latency_us.add(latency.as_nanos() as u64 / 1_000);
            }
            Err(why) => window.count_unanswered(*why),
        }
    }

    fn on_orphan_answer(&mut self, orphan: &OrphanAnswer) {
        let id = self.series_of_server(orphan.client, orphan.server);
        let window = self.window_at(id, orphan.answer.end);
        window.orphan_answers += 1;
        window.count_answer(&orphan.answer);
    }

    fn on_loss(&mut self, loss: &Loss) {
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
