//! All clients at once, in order of time: a heap of what is due next, one packet written at a time. Memory grows with clients and
//! open connections, not with the length of the capture.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::arrival::Arrivals;
use super::civil_time::format_http_date;
use super::client::{Client, ExchangeFacts};
use super::connection::{Connection, Mark, Next, Script};
use super::demand::RateCurve;
use super::packet::PacketBuffer;
use super::random::Random;
use super::spec::SynthSpec;
use super::truth::{Steps, Truth};
use crate::source::{Frame, LinkType, Source, SourceError};
use crate::time::Timestamp;

/// All frames are Ethernet.
pub const LINK_TYPE: LinkType = LinkType(1);
/// Mean distance between the requests of a batch.
const BATCH_GAP_NANOS: f64 = 20e6;
/// Random streams of one client: arrivals, noise, contents. What a client does thus depends on the seed and its place in the
/// list only, and its arrivals not on its routes.
const STREAMS_PER_CLIENT: u64 = 3;

/// Generates the frames of a spec. Never fails: all input was read with the spec.
pub struct SynthSource {
    spec: SynthSpec,
    clients: Vec<Client>,
    arrivals: Vec<Arrivals>,
    slots: Vec<Slot>,
    free_slots: Vec<u32>,
    due: BinaryHeap<Due>,
    events: u64,
    buffer: PacketBuffer,
    date: DateLine,
    truth: Truth,
    steps: Option<Steps>,
}

/// A connection and what is going on there.
struct Slot {
    connection: Connection,
    client: u32,
    /// Tells a timer that its connection is gone and another one has the slot.
    generation: u32,
    port: u16,
    requests_left: u32,
    session: Session,
    facts: ExchangeFacts,
    idle_deadline_nanos: u64,
    is_timer_armed: bool,
}

/// The rest of a session; for a client without sessions, of one request.
#[derive(Clone, Copy)]
struct Session {
    requests_left: u32,
    previous_route: Option<u16>,
}

#[derive(Clone, Copy)]
enum Event {
    /// The demand curve of a client brings a new session.
    Arrival { client: u32 },
    /// The next request of a session.
    Request { client: u32, session: Session },
    /// The next packet of a connection.
    Packet { slot: u32 },
    /// A connection may have been idle for long enough.
    IdleTimer { slot: u32, generation: u32 },
}

/// An event in the heap: the earliest first, and of two at the same time the one that was planned first.
struct Due {
    at_nanos: u64,
    order: u64,
    event: Event,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_nanos, other.order).cmp(&(self.at_nanos, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// The Date header's value, renewed once a second of packet time.
struct DateLine {
    seconds: u64,
    text: String,
}

impl DateLine {
    fn at(&mut self, now: u64) -> &[u8] {
        let seconds = now / 1_000_000_000;
        if seconds != self.seconds || self.text.is_empty() {
            (self.seconds, self.text) = (seconds, format_http_date(seconds));
        }
        self.text.as_bytes()
    }
}

impl SynthSource {
    /// A source at the beginning of the capture.
    pub fn new(spec: SynthSpec) -> Self {
        let mut source = Self {
            clients: Vec::with_capacity(spec.clients.len()),
            arrivals: Vec::with_capacity(spec.clients.len()),
            slots: Vec::new(),
            free_slots: Vec::new(),
            due: BinaryHeap::new(),
            events: 0,
            buffer: PacketBuffer::default(),
            date: DateLine { seconds: 0, text: String::new() },
            truth: Truth::new(&spec),
            steps: None,
            spec,
        };
        for (index, client) in source.spec.clients.iter().enumerate() {
            let stream = |number| Random::new(source.spec.seed, index as u64 * STREAMS_PER_CLIENT + number);
            let per_session = client.session.map_or(1.0, |session| session.mean_requests);
            let curve = RateCurve::new(client.demand.clone(), source.spec.start, stream(1));
            source.arrivals.push(Arrivals::new(
                curve,
                stream(0),
                source.spec.duration.as_secs_f64(),
                per_session * (1.0 + client.burstiness),
            ));
            let application = &source.spec.applications[client.application];
            source.clients.push(Client::new(index, client.clone(), application, stream(2)));
        }
        for client in 0..source.clients.len() as u32 {
            source.plan_arrival(client);
        }
        source
    }

    /// Also counts by steps of this length (above zero), at the cost of memory that grows with the capture.
    pub fn with_steps(mut self, step: Duration) -> Self {
        self.steps = Some(Steps::new(self.spec.start, step));
        self
    }

    /// What was generated so far.
    pub const fn truth(&self) -> &Truth {
        &self.truth
    }

    pub const fn spec(&self) -> &SynthSpec {
        &self.spec
    }

    fn plan(&mut self, at_nanos: u64, event: Event) {
        self.events += 1;
        self.due.push(Due { at_nanos, order: self.events, event });
    }

    fn plan_arrival(&mut self, client: u32) {
        let arrivals = &mut self.arrivals[client as usize];
        let offset_nanos = arrivals.next_offset_nanos();
        self.truth.clients[client as usize].expected_requests = arrivals.expected_requests();
        if let Some(offset_nanos) = offset_nanos {
            self.plan(self.spec.start.as_nanos() + offset_nanos, Event::Arrival { client });
        }
    }

    /// Plans a request unless the capture is over by then.
    fn plan_request(&mut self, at_nanos: u64, client: u32, session: Session) {
        if at_nanos < self.spec.end().as_nanos() {
            self.plan(at_nanos, Event::Request { client, session });
        }
    }

    /// Carries out an event; whether it wrote a packet.
    fn handle(&mut self, now: u64, event: Event) -> bool {
        match event {
            Event::Arrival { client } => {
                self.plan_arrival(client);
                self.arrive(now, client)
            }
            Event::Request { client, session } => self.begin_request(now, client, session),
            Event::Packet { slot } => self.send_packet(now, slot),
            Event::IdleTimer { slot, generation } => self.check_idle(now, slot, generation),
        }
    }

    /// A batch of sessions: the first at once, the others shortly after.
    fn arrive(&mut self, now: u64, client: u32) -> bool {
        let state = &mut self.clients[client as usize];
        let batch =
            if state.spec.burstiness > 0.0 { state.random.geometric(1.0 + state.spec.burstiness) } else { 1 };
        let requests_left = state.draw_session_requests();
        let mut at_nanos = now;
        for _ in 1..batch {
            let state = &mut self.clients[client as usize];
            at_nanos += (state.random.exponential() * BATCH_GAP_NANOS) as u64;
            let session = Session { requests_left: state.draw_session_requests(), previous_route: None };
            self.plan_request(at_nanos, client, session);
        }
        self.begin_request(now, client, Session { requests_left, previous_route: None })
    }

    /// Sends a request on the connection that was idle last, or opens one.
    fn begin_request(&mut self, now: u64, client: u32, session: Session) -> bool {
        let state = &mut self.clients[client as usize];
        let slot = match state.idle.pop() {
            Some(slot) => slot,
            None if state.open_connections >= state.spec.max_connections => {
                self.truth.clients[client as usize].suppressed_requests += u64::from(session.requests_left);
                return false;
            }
            None => self.open_slot(client),
        };
        let state = &mut self.clients[client as usize];
        let entry = &mut self.slots[slot as usize];
        entry.requests_left -= 1;
        entry.session = session;
        let is_last = entry.requests_left == 0;
        let date = self.date.at(now);
        entry.facts =
            state.write_exchange(session.previous_route, is_last, date, &mut entry.connection.script);
        if entry.connection.is_idle() {
            entry.connection.begin_exchange();
        }
        self.send_packet(now, slot)
    }

    fn open_slot(&mut self, client: u32) -> u32 {
        let state = &mut self.clients[client as usize];
        let (port, outward, inward) = state.open_lanes();
        let requests_left = state.draw_connection_requests();
        let round_trip_nanos = state.spec.round_trip.as_nanos() as u64;
        self.truth.clients[client as usize].connections += 1;
        let mut slot = Slot {
            connection: Connection::new(outward, inward, round_trip_nanos.max(1), Script::default()),
            client,
            generation: 0,
            port,
            requests_left,
            session: Session { requests_left: 0, previous_route: None },
            facts: ExchangeFacts::default(),
            idle_deadline_nanos: 0,
            is_timer_armed: false,
        };
        let Some(index) = self.free_slots.pop() else {
            self.slots.push(slot);
            return (self.slots.len() - 1) as u32;
        };
        let old = &mut self.slots[index as usize];
        slot.generation = old.generation.wrapping_add(1);
        slot.connection.script = std::mem::take(&mut old.connection.script);
        *old = slot;
        index
    }

    #[inline]
    fn send_packet(&mut self, now: u64, slot: u32) -> bool {
        let entry = &mut self.slots[slot as usize];
        let (mark, next) = entry.connection.step(now, &mut self.buffer);
        match mark {
            Mark::None => {}
            Mark::RequestBegun => self.count_request(now, slot),
            Mark::AnswerEnded => self.end_answer(now, slot),
        }
        match next {
            Next::At(at_nanos) => self.plan(at_nanos, Event::Packet { slot }),
            Next::Idle => self.park(now, slot),
            Next::Closed => {
                let entry = &self.slots[slot as usize];
                self.clients[entry.client as usize].release_port(entry.port);
                self.free_slots.push(slot);
            }
        }
        true
    }

    fn count_request(&mut self, now: u64, slot: u32) {
        let entry = &self.slots[slot as usize];
        let truth = &mut self.truth.clients[entry.client as usize];
        let bytes = entry.connection.script.request.wire_bytes();
        truth.requests += 1;
        truth.request_bytes += bytes;
        truth.routes[usize::from(entry.facts.route)] += 1;
        if let Some(steps) = &self.steps {
            let step = steps.at(truth, now);
            step.requests += 1;
            step.request_bytes += bytes;
        }
    }

    /// Counts the answer and lets the session think about its next request.
    fn end_answer(&mut self, now: u64, slot: u32) {
        let entry = &self.slots[slot as usize];
        let (client, facts, session) = (entry.client, entry.facts, entry.session);
        let truth = &mut self.truth.clients[client as usize];
        let bytes = entry.connection.script.answer.wire_bytes();
        truth.answers[usize::from(facts.status)] += 1;
        truth.response_bytes += bytes;
        if let Some(steps) = &self.steps {
            let class = super::truth::STATUSES[usize::from(facts.status)].0 / 100;
            let step = steps.at(truth, now);
            step.answers[usize::from(class) - 1] += 1;
            step.response_bytes += bytes;
        }
        if session.requests_left > 1 {
            let at_nanos = now + self.clients[client as usize].draw_think_nanos();
            let rest =
                Session { requests_left: session.requests_left - 1, previous_route: Some(facts.route) };
            self.plan_request(at_nanos, client, rest);
        }
    }

    /// Keeps a connection for the next request; one timer a connection looks after it.
    fn park(&mut self, now: u64, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        let state = &mut self.clients[entry.client as usize];
        entry.idle_deadline_nanos = now + state.spec.keep_alive.idle.as_nanos() as u64;
        state.idle.push(slot);
        if !entry.is_timer_armed {
            entry.is_timer_armed = true;
            let (at_nanos, generation) = (entry.idle_deadline_nanos, entry.generation);
            self.plan(at_nanos, Event::IdleTimer { slot, generation });
        }
    }

    fn check_idle(&mut self, now: u64, slot: u32, generation: u32) -> bool {
        let entry = &mut self.slots[slot as usize];
        if entry.generation != generation {
            return false;
        }
        entry.is_timer_armed = false;
        if !entry.connection.is_idle() {
            return false;
        }
        if entry.idle_deadline_nanos > now {
            entry.is_timer_armed = true;
            let at_nanos = entry.idle_deadline_nanos;
            self.plan(at_nanos, Event::IdleTimer { slot, generation });
            return false;
        }
        self.clients[entry.client as usize].idle.retain(|idle| *idle != slot);
        entry.connection.begin_close();
        self.send_packet(now, slot)
    }
}

impl Source for SynthSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        while let Some(due) = self.due.pop() {
            if self.handle(due.at_nanos, due.event) {
                let data = self.buffer.frame();
                self.truth.packets += 1;
                self.truth.frame_bytes += data.len() as u64;
                return Ok(Some(Frame {
                    timestamp: Timestamp::from_nanos(due.at_nanos),
                    link_type: LINK_TYPE,
                    data,
                    wire_length: data.len() as u32,
                }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> SynthSpec {
        SynthSpec::parse(text).unwrap()
    }

    /// FNV-1a over timestamps and bytes of all frames.
    fn digest(spec: SynthSpec) -> u64 {
        let mut source = SynthSource::new(spec);
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        while let Some(frame) = source.next_frame().unwrap() {
            let stamp = frame.timestamp.as_nanos().to_le_bytes();
            for byte in stamp.iter().chain(frame.data) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    }

    #[test]
    fn the_seed_alone_decides_the_bytes() {
        let first = digest(spec("demo?days=0.02&seed=5"));
        assert_eq!(first, digest(spec("demo?days=0.02&seed=5")));
        assert_ne!(first, digest(spec("demo?days=0.02&seed=6")));
        // The value that other machines get too.
        assert_eq!(first, 13_959_064_255_285_927_129);
    }

    #[test]
    fn time_never_runs_back_and_every_request_is_answered() {
        let mut source = SynthSource::new(spec("flash-crowd?days=0.1&rate=3&clients=12"));
        let (mut previous, mut packets) = (source.spec().start, 0);
        while let Some(frame) = source.next_frame().unwrap() {
            assert!(frame.timestamp >= previous);
            assert_eq!(frame.wire_length as usize, frame.data.len());
            previous = frame.timestamp;
            packets += 1;
        }
        let truth = source.truth();
        assert_eq!(truth.packets, packets);
        for client in &truth.clients {
            assert!(client.requests > 0, "{}", client.name);
            assert_eq!(client.answers.iter().sum::<u64>(), client.requests);
            assert_eq!(client.routes.iter().sum::<u64>(), client.requests);
            assert_eq!((2..=5).map(|class| client.answers_of_class(class)).sum::<u64>(), client.requests);
            assert_eq!(client.suppressed_requests, 0);
        }
        assert!(source.clients.iter().all(|client| client.open_connections == 0 && client.idle.is_empty()));
        assert_eq!(source.free_slots.len(), source.slots.len());
    }

    #[test]
    fn requests_follow_the_curve_of_every_client() {
        let mut source = SynthSource::new(spec("daily?days=1")).with_steps(Duration::from_secs(3_600));
        while source.next_frame().unwrap().is_some() {}
        for (client, truth) in source.spec.clients.iter().zip(&source.truth.clients) {
            // Variance of a compound Poisson count over its mean: batches and geometric sessions add theirs.
            let session = client.session.map_or(1.0, |session| 2.0 * session.mean_requests - 1.0);
            let dispersion = session + 2.0 * client.burstiness;
            let bound = 5.0 * (truth.expected_requests * dispersion).sqrt();
            let difference = truth.requests as f64 - truth.expected_requests;
            assert!(difference.abs() < bound, "{}: {difference}, bound {bound}", client.name);
            assert_eq!(truth.steps.iter().map(|step| step.requests).sum::<u64>(), truth.requests);
            assert_eq!(truth.steps.iter().map(|step| step.request_bytes).sum::<u64>(), truth.request_bytes);
            let answers: u64 = truth.steps.iter().flat_map(|step| step.answers).sum();
            assert_eq!(answers, truth.requests);
        }
        // mobile peaks at 19:30 with 1.8 times its mean, and is at its lowest twelve hours away.
        let hours = &source.truth.clients[0].steps;
        assert!(hours[19].requests > 4 * hours[7].requests);
    }

    #[test]
    fn a_client_does_the_same_whoever_else_is_there() {
        let run = |text| {
            let mut source = SynthSource::new(spec(text));
            while source.next_frame().unwrap().is_some() {}
            source.truth.clients[1].clone()
        };
        assert_eq!(run("daily?days=0.1&clients=2"), run("daily?days=0.1&clients=8"));
    }

    #[test]
    fn connections_beyond_the_bound_are_refused_and_counted() {
        let mut bounded = spec("daily?days=0.05&rate=20&clients=1");
        bounded.clients[0].max_connections = 2;
        bounded.clients[0].latency.median = Duration::from_secs(2);
        let mut source = SynthSource::new(bounded);
        while source.next_frame().unwrap().is_some() {
            assert!(source.clients[0].open_connections <= 2);
        }
        assert!(source.truth.clients[0].suppressed_requests > 0);
    }

    #[test]
    fn truth_as_json_names_addresses_routes_and_statuses() {
        let mut source = SynthSource::new(spec("daily?days=0.05"));
        while source.next_frame().unwrap().is_some() {}
        let json = source.truth().to_json(source.spec());
        let client = &json["clients"][0];
        assert_eq!(client["clientAddress"], "192.0.2.10");
        assert_eq!((&client["serverAddress"], &client["serverPort"]), (&"10.20.0.10".into(), &8080.into()));
        assert_eq!(client["answers"]["200"].as_u64(), Some(source.truth().clients[0].answers_of_status(200)));
        assert!(client["routes"]["GET /api/feed"].as_u64() > Some(0));
    }
}
