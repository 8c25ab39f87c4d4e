//! One client at work: which route comes next, what the request and its answer look like. In: its spec and random stream.
//! Out: scripts for connections. Knows neither packets nor time.

use super::connection::Script;
use super::message::{Message, SECRET_MARKER};
use super::packet::{Lane, Station};
use super::random::Random;
use super::route::{Method, RouteMix, push_decimal, push_hex};
use super::spec::{ApplicationSpec, ClientSpec, DurationDistribution, RouteSpec, SizeDistribution};
use super::truth::STATUSES;

/// Ephemeral ports, as Linux hands them out.
const FIRST_PORT: u16 = 32_768;
const PORT_COUNT: u16 = 28_232;
/// Nobody answers faster.
const MIN_LATENCY_NANOS: u64 = 60_000;
const MAX_LATENCY_NANOS: f64 = 600e9;
/// Routers between client and tap.
const MAX_HOPS: u64 = 20;
/// Statuses by index into [`STATUSES`]; a test holds them.
const OK: u8 = 0;
const CREATED: u8 = 1;
const NO_CONTENT: u8 = 2;
const NOT_MODIFIED: u8 = 3;
const CLIENT_ERRORS: [u8; 8] = [7, 7, 7, 7, 4, 5, 6, 8];
const SERVER_ERRORS: [u8; 4] = [9, 9, 10, 11];

/// What a script stands for.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExchangeFacts {
    pub route: u16,
    /// Index into [`STATUSES`].
    pub status: u8,
}

/// The state of a client between its requests.
#[derive(Clone, Debug)]
pub struct Client {
    pub spec: ClientSpec,
    pub random: Random,
    routes: RouteMix,
    /// Of a client without sessions: the route last taken.
    previous_route: Option<u16>,
    station: Station,
    server: Station,
    hops: u8,
    next_port: u16,
    ports_in_use: Box<[u64; PORT_COUNT.div_ceil(64) as usize]>,
    pub open_connections: u32,
    /// Idle connections, the one last used at the end.
    pub idle: Vec<u32>,
    /// The header lines that all requests share.
    common_headers: Vec<u8>,
}

impl Client {
    pub fn new(index: usize, spec: ClientSpec, application: &ApplicationSpec, mut random: Random) -> Self {
        let mac = |kind, number: usize| {
            let [.., a, b] = (number as u16).to_be_bytes();
            // Locally administered, unicast.
            [2, kind, 0, 0, a, b]
        };
        let station = Station { mac: mac(1, index), address: spec.address, port: 0 };
        let server =
            Station { mac: mac(2, spec.application), address: application.address, port: application.port };
        let host_port = if application.port == 80 { String::new() } else { format!(":{}", application.port) };
        let common = format!(
            " HTTP/1.1\r\nHost: {}{host_port}\r\nUser-Agent: foretap-synth/{}\r\nAccept: */*\r\n",
            application.host, spec.name
        );
        Self {
            routes: RouteMix::new(&spec.routes),
            previous_route: None,
            station,
            server,
            hops: 1 + random.below(MAX_HOPS) as u8,
            next_port: random.below(u64::from(PORT_COUNT)) as u16,
            ports_in_use: Box::new([0; PORT_COUNT.div_ceil(64) as usize]),
            open_connections: 0,
            idle: Vec::new(),
            common_headers: common.into_bytes(),
            spec,
            random,
        }
    }

    /// Requests on a fresh connection.
    pub fn draw_connection_requests(&mut self) -> u32 {
        self.random.geometric(self.spec.keep_alive.mean_requests)
    }

    /// Requests of a fresh session; 1 for a client without sessions.
    pub fn draw_session_requests(&mut self) -> u32 {
        self.spec.session.map_or(1, |session| self.random.geometric(session.mean_requests))
    }

    /// The pause before the next request of a session.
    pub fn draw_think_nanos(&mut self) -> u64 {
        self.spec.session.map_or(0, |session| draw_nanos(&session.think_time, &mut self.random))
    }

    /// Takes a free port and makes the headers of both directions.
    pub fn open_lanes(&mut self) -> (u16, Lane, Lane) {
        // Ends: at most MAX_CONNECTIONS of PORT_COUNT are taken.
        while self.is_port_used(self.next_port) {
            self.next_port = (self.next_port + 1) % PORT_COUNT;
        }
        let slot = self.next_port;
        self.next_port = (self.next_port + 1) % PORT_COUNT;
        self.ports_in_use[usize::from(slot / 64)] |= 1 << (slot % 64);
        self.open_connections += 1;
        let client = Station { port: FIRST_PORT + slot, ..self.station };
        let bits = self.random.bits();
        let (sequence, other_sequence) = (bits as u32, (bits >> 32) as u32);
        let ids = self.random.bits();
        let outward = Lane::new(&client, &self.server, self.hops, sequence, ids as u16);
        let inward = Lane::new(&self.server, &client, 0, other_sequence, (ids >> 16) as u16);
        (client.port, outward, inward)
    }

    pub fn release_port(&mut self, port: u16) {
        let slot = port - FIRST_PORT;
        self.ports_in_use[usize::from(slot / 64)] &= !(1 << (slot % 64));
        self.open_connections -= 1;
    }

    const fn is_port_used(&self, slot: u16) -> bool {
        self.ports_in_use[(slot / 64) as usize] >> (slot % 64) & 1 == 1
    }

    /// Writes the next request after `previous` (of the session, if there are sessions) and its answer.
    pub fn write_exchange(
        &mut self,
        previous: Option<u16>,
        is_last: bool,
        date: &[u8],
        script: &mut Script,
    ) -> ExchangeFacts {
        let previous = if self.spec.session.is_some() { previous } else { self.previous_route };
        let route_index = self.routes.draw(previous, &mut self.random);
        self.previous_route = Some(route_index);
        let route = &self.spec.routes[usize::from(route_index)];
        let mut writer = Writer { spec: &self.spec, route, random: &mut self.random };
        let status = writer.draw_status();
        writer.write_request(&self.common_headers, is_last, &mut script.request);
        writer.write_answer(status, is_last, date, &mut script.answer);
        script.latency_nanos = writer.draw_latency_nanos();
        script.is_last = is_last;
        ExchangeFacts { route: route_index, status }
    }
}

/// Writes the messages of one exchange.
struct Writer<'a> {
    spec: &'a ClientSpec,
    route: &'a RouteSpec,
    random: &'a mut Random,
}

impl Writer<'_> {
    fn draw_status(&mut self) -> u8 {
        let mix = &self.spec.mix;
        let point = self.random.unit();
        let bits = self.random.bits() as usize;
        if point < mix.server_error_ratio {
            return SERVER_ERRORS[bits % SERVER_ERRORS.len()];
        }
        if point < mix.server_error_ratio + mix.client_error_ratio {
            return CLIENT_ERRORS[bits % CLIENT_ERRORS.len()];
        }
        match self.route.method {
            Method::Get | Method::Head if self.random.chance(mix.not_modified_ratio) => NOT_MODIFIED,
            Method::Get | Method::Head => OK,
            _ if self.random.chance(mix.no_content_ratio) => NO_CONTENT,
            Method::Post => CREATED,
            _ => OK,
        }
    }

    fn draw_latency_nanos(&mut self) -> u64 {
        draw_nanos(self.route.latency.as_ref().unwrap_or(&self.spec.latency), self.random)
            .max(MIN_LATENCY_NANOS)
    }

    fn write_request(&mut self, common_headers: &[u8], is_last: bool, message: &mut Message) {
        message.clear();
        let mix = &self.spec.mix;
        let head = &mut message.head;
        head.extend_from_slice(self.route.method.name().as_bytes());
        head.push(b' ');
        self.route.path.fill(self.random, head);
        if self.random.chance(mix.query_ratio) {
            head.extend_from_slice(b"?page=");
            push_decimal(head, self.random.below(40));
            head.extend_from_slice(b"&token=");
            push_secret(head, self.random.bits());
        }
        head.extend_from_slice(common_headers);
        if self.random.chance(mix.authorization_ratio) {
            head.extend_from_slice(b"Authorization: Bearer ");
            push_secret(head, self.random.bits());
            head.extend_from_slice(b"\r\n");
        }
        if self.random.chance(mix.cookie_ratio) {
            head.extend_from_slice(b"Cookie: theme=dark; session=");
            push_secret(head, self.random.bits());
            head.extend_from_slice(b"\r\n");
        }
        let mut body_bytes = 0;
        if self.route.method.has_request_body() {
            body_bytes =
                draw_bytes(self.route.request_body.as_ref().unwrap_or(&self.spec.request_body), self.random);
            head.extend_from_slice(b"Content-Type: application/octet-stream\r\nContent-Length: ");
            push_decimal(head, body_bytes);
            head.extend_from_slice(b"\r\n");
        }
        end_head(head, is_last);
        message.set_body(body_bytes, self.draw_phase(), 0);
    }

    fn write_answer(&mut self, status: u8, is_last: bool, date: &[u8], message: &mut Message) {
        message.clear();
        let (code, reason) = STATUSES[usize::from(status)];
        let head = &mut message.head;
        head.extend_from_slice(b"HTTP/1.1 ");
        push_decimal(head, u64::from(code));
        head.push(b' ');
        head.extend_from_slice(reason.as_bytes());
        head.extend_from_slice(b"\r\nServer: foretap-synth\r\nDate: ");
        head.extend_from_slice(date);
        head.extend_from_slice(b"\r\n");
        let is_error = code >= 400;
        let body_bytes = if is_error {
            40 + self.random.below(200)
        } else {
            draw_bytes(self.route.response_body.as_ref().unwrap_or(&self.spec.response_body), self.random)
        };
        let is_bodiless = matches!(status, NO_CONTENT | NOT_MODIFIED) || self.route.method == Method::Head;
        let is_chunked = !is_bodiless && self.random.chance(self.spec.mix.chunked_ratio);
        if status == NOT_MODIFIED {
            head.extend_from_slice(b"ETag: \"");
            push_hex(head, self.random.bits(), 16);
            head.extend_from_slice(b"\"\r\n");
        } else if status != NO_CONTENT {
            head.extend_from_slice(b"Content-Type: text/plain\r\n");
        }
        // Lengths of bodies that are not there: always after HEAD, now and then in a 304 (RFC 9110 § 8.6).
        let has_length =
            status != NO_CONTENT && !is_chunked && (status != NOT_MODIFIED || self.random.chance(0.3));
        if is_chunked {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if has_length {
            head.extend_from_slice(b"Content-Length: ");
            push_decimal(head, body_bytes);
            head.extend_from_slice(b"\r\n");
        }
        end_head(head, is_last);
        if !is_bodiless {
            let chunk_bytes = if is_chunked { 64 + self.random.below(1_500) as u32 } else { 0 };
            message.set_body(body_bytes, self.draw_phase(), chunk_bytes);
        }
    }

    /// Every fourth body begins with a trap.
    fn draw_phase(&mut self) -> u16 {
        let bits = self.random.bits();
        if bits & 3 == 0 { 0 } else { (bits >> 2 & 0xfff) as u16 }
    }
}

fn end_head(head: &mut Vec<u8>, is_last: bool) {
    head.extend_from_slice(if is_last { b"Connection: close\r\n\r\n".as_slice() } else { b"\r\n" });
}

fn push_secret(out: &mut Vec<u8>, bits: u64) {
    out.extend_from_slice(SECRET_MARKER.as_bytes());
    out.push(b'-');
    push_hex(out, bits, 16);
}

fn draw_bytes(sizes: &SizeDistribution, random: &mut Random) -> u64 {
    (random.log_normal(sizes.median_bytes, sizes.sigma) as u64).min(sizes.max_bytes)
}

fn draw_nanos(durations: &DurationDistribution, random: &mut Random) -> u64 {
    random.log_normal(durations.median.as_nanos() as f64, durations.sigma).min(MAX_LATENCY_NANOS) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::demand::{Demand, Shape};
    use crate::synth::route::PathPattern;

    fn client(change: impl FnOnce(&mut ClientSpec)) -> Client {
        let mut spec = ClientSpec::new("web", [10, 0, 0, 1].into(), Demand::Shape(Shape::default()));
        change(&mut spec);
        let application = ApplicationSpec {
            name: "a".into(),
            address: [10, 0, 0, 2].into(),
            port: 8080,
            host: "a.example".into(),
        };
        Client::new(0, spec, &application, Random::new(1, 1))
    }

    fn exchanges(client: &mut Client, count: usize) -> Vec<(ExchangeFacts, String, String, u64)> {
        let mut script = Script::default();
        let text = |message: &Message| String::from_utf8(message.head.clone()).unwrap();
        (0..count)
            .map(|_| {
                let facts = client.write_exchange(None, false, b"Sun, 06 Nov 1994 08:49:37 GMT", &mut script);
                let body = script.answer.wire_bytes() - script.answer.head.len() as u64;
                (facts, text(&script.request), text(&script.answer), body)
            })
            .collect()
    }

    #[test]
    fn the_status_indices_are_those_of_the_table() {
        let code = |index: u8| STATUSES[usize::from(index)].0;
        assert_eq!([OK, CREATED, NO_CONTENT, NOT_MODIFIED].map(code), [200, 201, 204, 304]);
        assert!(CLIENT_ERRORS.map(code).iter().all(|code| code / 100 == 4));
        assert!(SERVER_ERRORS.map(code).iter().all(|code| code / 100 == 5));
    }

    #[test]
    fn statuses_come_in_their_shares_and_bodies_only_where_allowed() {
        let mut client = client(|spec| {
            spec.mix.client_error_ratio = 0.1;
            spec.mix.server_error_ratio = 0.05;
            spec.mix.not_modified_ratio = 0.2;
            let path = || PathPattern::parse("/x").unwrap();
            spec.routes = vec![RouteSpec::new(Method::Get, path()), RouteSpec::new(Method::Head, path())];
        });
        let mut classes = [0f64; 6];
        for (facts, _, answer, body) in exchanges(&mut client, 20_000) {
            let code = STATUSES[usize::from(facts.status)].0;
            classes[usize::from(code / 100)] += 1.0 / 20_000.0;
            assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")));
            assert!(body == 0 || (code != 304 && facts.route == 0), "{answer}");
            assert!(!(answer.contains("chunked") && answer.contains("Content-Length")));
        }
        for (class, share) in [(2, 0.68), (3, 0.17), (4, 0.1), (5, 0.05)] {
            assert!((classes[class] - share).abs() < 0.01, "{class}xx: {}", classes[class]);
        }
    }

    #[test]
    fn secrets_travel_where_the_mix_says() {
        let mut client = client(|spec| {
            (spec.mix.query_ratio, spec.mix.cookie_ratio, spec.mix.authorization_ratio) = (1.0, 1.0, 1.0);
        });
        let (_, request, _, _) = &exchanges(&mut client, 1)[0];
        assert!(request.starts_with("GET /?page="), "{request}");
        assert!(request.contains(" HTTP/1.1\r\nHost: a.example:8080\r\nUser-Agent: foretap-synth/web\r\n"));
        assert_eq!(request.matches(SECRET_MARKER).count(), 3);
        assert!(request.ends_with("\r\n\r\n"));
    }

    #[test]
    fn ports_are_not_given_twice() {
        let mut client = client(|_| {});
        let first: Vec<u16> = (0..1_000).map(|_| client.open_lanes().0).collect();
        first[1..].iter().for_each(|port| client.release_port(*port));
        let second: Vec<u16> = (0..PORT_COUNT - 1).map(|_| client.open_lanes().0).collect();
        assert!(!second.contains(&first[0]));
        assert_eq!(client.open_connections, u32::from(PORT_COUNT));
    }
}
