//! The packet path against generated traffic: what the engine counts is exactly what was generated, and nothing secret
//! comes out of it.

use std::collections::{BTreeMap, HashMap};

use foretap_dataplane::account::FrameReason;
use foretap_dataplane::address::Endpoint;
use foretap_dataplane::engine::Engine;
use foretap_dataplane::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag};
use foretap_dataplane::limits::Limits;
use foretap_dataplane::source::Source;
use foretap_dataplane::synth::{STATUSES, SynthSource, SynthSpec};
use foretap_dataplane::time::Timestamp;

#[derive(Debug, Default, PartialEq)]
struct Counts {
    requests: u64,
    connections: u64,
    methods: BTreeMap<String, u64>,
    answers: BTreeMap<u16, u64>,
    request_bytes: u64,
    response_bytes: u64,
}

/// Counts by client address and server endpoint.
#[derive(Default)]
struct Counter {
    pairs: Vec<Counts>,
    index: HashMap<(std::net::IpAddr, Endpoint), usize>,
    unanswered: u64,
    orphans: u64,
    lost_bytes: u64,
    leaks: u64,
}

impl Sink for Counter {
    fn on_request(&mut self, request: &Request<'_>) -> Tag {
        let key = (request.client.address.to_ip(), request.server);
        let next = self.pairs.len();
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.pairs.push(Counts::default());
        }
        let counts = &mut self.pairs[index];
        counts.requests += 1;
        counts.connections += u64::from(request.is_first_on_connection);
        *counts.methods.entry(String::from_utf8_lossy(request.method).into_owned()).or_default() += 1;
        // The marker and the traps of the bodies.
        let seen = [request.method, request.host, request.path].concat();
        let seen = String::from_utf8_lossy(&seen);
        self.leaks += u64::from(["secret", "fake", "trap", "?"].iter().any(|text| seen.contains(text)));
        Tag(index as u64)
    }

    fn on_exchange(&mut self, exchange: &Exchange) {
        let counts = &mut self.pairs[exchange.tag.0 as usize];
        counts.request_bytes += exchange.request_bytes;
        match exchange.outcome {
            Ok(answer) => {
                *counts.answers.entry(answer.status).or_default() += 1;
                counts.response_bytes += answer.bytes;
            }
            Err(_) => self.unanswered += 1,
        }
    }

    fn on_orphan_answer(&mut self, _orphan: &OrphanAnswer) {
        self.orphans += 1;
    }

    fn on_loss(&mut self, loss: &Loss) {
        self.lost_bytes += loss.missing_bytes;
    }

    fn on_time(&mut self, _now: Timestamp) {}
}

fn assert_counts_are_the_truth(text: &str) {
    let mut source = SynthSource::new(SynthSpec::parse(text).unwrap());
    let mut engine = Engine::new(Limits::default(), Counter::default());
    while let Some(frame) = source.next_frame().unwrap() {
        engine.feed(&frame);
    }
    engine.finish();
    let (truth, spec, sink) = (source.truth(), source.spec(), engine.sink());

    assert_eq!((sink.unanswered, sink.orphans, sink.lost_bytes, sink.leaks), (0, 0, 0, 0), "{text}");
    assert_eq!(engine.account().total_frames(), truth.packets);
    assert_eq!(engine.account().total_bytes(), truth.frame_bytes);
    for reason in FrameReason::ALL {
        if !matches!(reason, FrameReason::Http | FrameReason::TcpControl) {
            assert_eq!(engine.account().frames(*reason), 0, "{text}: {}", reason.name());
        }
    }
    assert_eq!(sink.pairs.len(), spec.clients.len());
    for (client, truth) in spec.clients.iter().zip(&truth.clients) {
        let application = &spec.applications[client.application];
        let found = sink.index.iter().find(|((address, server), _)| {
            *address == client.address
                && server.address.to_ip() == application.address
                && server.port == application.port
        });
        let mut methods = BTreeMap::new();
        for (route, count) in client.routes.iter().zip(&truth.routes).filter(|(_, count)| **count > 0) {
            *methods.entry(route.method.name().to_owned()).or_default() += count;
        }
        let answers = STATUSES.iter().zip(truth.answers).filter(|(_, count)| *count > 0);
        let expected = Counts {
            requests: truth.requests,
            connections: truth.connections,
            methods,
            answers: answers.map(|((status, _), count)| (*status, count)).collect(),
            request_bytes: truth.request_bytes,
            response_bytes: truth.response_bytes,
        };
        assert_eq!(
            sink.pairs[*found.expect("a pair for every client").1],
            expected,
            "{text}: {}",
            client.name
        );
    }
}

#[test]
fn presets_are_counted_exactly() {
    assert_counts_are_the_truth("demo?days=0.1");
    assert_counts_are_the_truth("flash-crowd?days=0.05&clients=30&rate=5&seed=3");
    assert_counts_are_the_truth("weekly?days=0.1&seed=9");
}

#[test]
fn long_and_chunked_bodies_over_ipv6_are_counted_exactly() {
    assert_counts_are_the_truth(
        r#"{ "duration": "30m",
        "applications": [{ "name": "six", "address": "2001:db8::80" }, { "name": "admin", "address": "2001:db8::80", "port": 9000 }],
        "clients": [
            { "name": "far", "address": "2001:db8:1::1", "demand": { "shape": { "mean": 3 } },
              "routes": [{ "path": "/download/{uuid}" }, { "method": "PUT", "path": "/upload/{hex}" }, { "method": "HEAD", "path": "/" }],
              "requestBody": { "medianBytes": 40000, "sigma": 1 }, "responseBody": { "medianBytes": 60000, "sigma": 1.5 },
              "chunkedRatio": 0.5, "burstiness": 2 },
            { "name": "near", "application": "admin", "address": "2001:db8:1::1", "demand": { "shape": { "mean": 1 } },
              "routes": [{ "method": "OPTIONS", "path": "/" }, { "method": "DELETE", "path": "/x/{number}" }],
              "responseBody": { "medianBytes": 0 }, "chunkedRatio": 1, "keepAlive": { "requests": 1 } }] }"#,
    );
}
