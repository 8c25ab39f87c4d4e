//! For tests: writes a TCP conversation as segments, plays them in any order, and tells what came out.

use super::Flow;
use crate::account::{Account, FrameReason};
use crate::address::{Address, Endpoint};
use crate::exchange::{Exchange, Loss, OrphanAnswer, Request, Sink, Tag, Unanswered};
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::wire::{Segment, TcpFlags};

pub const CLIENT: Endpoint = Endpoint { address: Address::from_v4([10, 0, 0, 1]), port: 40_000 };
pub const SERVER: Endpoint = Endpoint { address: Address::from_v4([10, 0, 0, 2]), port: 8080 };
const MILLISECOND: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Client,
    Server,
}
use Sender::{Client, Server};

#[derive(Clone, Debug)]
pub struct Packet {
    pub sender: Sender,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: u8,
    pub payload: Vec<u8>,
    pub payload_length: u32,
    pub at: u64,
}

/// Two ends that acknowledge everything at once; a packet every millisecond.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub packets: Vec<Packet>,
    next: [u32; 2],
    clock: u64,
}

impl Conversation {
    /// Begins before the sequence numbers of both sides wrap.
    pub fn new() -> Self {
        Self { packets: Vec::new(), next: [0xffff_ff00, 0xffff_fff0], clock: 1_000_000 * MILLISECOND }
    }

    pub fn opened() -> Self {
        Self::new()
            .flags(Client, TcpFlags::SYN)
            .flags(Server, TcpFlags::SYN | TcpFlags::ACK)
            .flags(Client, TcpFlags::ACK)
    }

    pub fn client(self, payload: &[u8]) -> Self {
        self.packet(Client, TcpFlags::ACK, payload)
    }

    pub fn server(self, payload: &[u8]) -> Self {
        self.packet(Server, TcpFlags::ACK, payload)
    }

    pub fn flags(self, sender: Sender, flags: u8) -> Self {
        self.packet(sender, flags, b"")
    }

    pub fn fin(self, sender: Sender) -> Self {
        self.flags(sender, TcpFlags::FIN | TcpFlags::ACK)
    }

    pub fn pause(mut self, milliseconds: u64) -> Self {
        self.clock += milliseconds * MILLISECOND;
        self
    }

    /// The last packet passed the mirror uncaptured.
    pub fn lost(mut self) -> Self {
        self.packets.pop();
        self
    }

    /// The last packet was cut by the snap length.
    pub fn cut(mut self, captured: usize) -> Self {
        self.packets.last_mut().unwrap().payload.truncate(captured);
        self
    }

    /// The next packets continue elsewhere in the sequence space, as a new connection does.
    pub fn renumbered(mut self) -> Self {
        self.next = [77, 99];
        self
    }

    fn packet(mut self, sender: Sender, flags: u8, payload: &[u8]) -> Self {
        let (own, other) = (sender as usize, 1 - sender as usize);
        let acknowledgement = if flags & TcpFlags::ACK == 0 { 0 } else { self.next[other] };
        self.packets.push(Packet {
            sender,
            sequence: self.next[own],
            acknowledgement,
            flags,
            payload: payload.to_vec(),
            payload_length: payload.len() as u32,
            at: self.clock,
        });
        let control = u32::from(flags & (TcpFlags::SYN | TcpFlags::FIN) != 0);
        self.next[own] = self.next[own].wrapping_add(payload.len() as u32 + control);
        self.clock += MILLISECOND;
        self
    }

    pub fn play(&self) -> Heard {
        self.play_within(Limits::default())
    }

    pub fn play_within(&self, limits: Limits) -> Heard {
        let mut player = Player::new(limits);
        for packet in &self.packets {
            player.feed(packet);
        }
        player.finish()
    }
}

/// A flow with its sink.
pub struct Player {
    flow: Flow,
    heard: Heard,
    now: Timestamp,
}

impl Player {
    pub fn new(limits: Limits) -> Self {
        Self { flow: Flow::new(limits), heard: Heard::default(), now: Timestamp(0) }
    }

    pub fn feed(&mut self, packet: &Packet) {
        self.feed_from(CLIENT, packet);
    }

    pub fn feed_from(&mut self, client: Endpoint, packet: &Packet) {
        let (source, destination) = match packet.sender {
            Client => (client, SERVER),
            Server => (SERVER, client),
        };
        let segment = Segment {
            source,
            destination,
            sequence: packet.sequence,
            acknowledgement: packet.acknowledgement,
            flags: TcpFlags(packet.flags),
            payload: &packet.payload,
            payload_length: packet.payload_length,
        };
        self.now = self.now.max(Timestamp(packet.at));
        self.flow.advance(self.now, &mut self.heard);
        let reason = self.flow.feed(&segment, Timestamp(packet.at), self.now, &mut self.heard);
        self.heard.account.count(reason, packet.payload_length);
        self.heard.reasons.push(reason);
    }

    pub fn finish(mut self) -> Heard {
        self.flow.finish(self.now, &mut self.heard);
        let counters = *self.flow.counters();
        assert!(counters.reconciles(), "{counters:?}");
        assert_eq!(counters.requests, self.heard.requests.len() as u64);
        self.heard.counters = counters;
        self.heard
    }
}

/// What the sink was told: one line a request, in order of requests, with its outcome.
#[derive(Debug, Default)]
pub struct Heard {
    pub requests: Vec<String>,
    pub outcomes: Vec<String>,
    /// Milliseconds since the first packet: start of request, start and end of answer.
    pub times: Vec<(u64, u64, u64)>,
    pub request_bytes: Vec<u64>,
    pub orphans: Vec<String>,
    pub missing_bytes: [u64; 2],
    pub account: Account,
    pub reasons: Vec<FrameReason>,
    pub counters: crate::counter::Counters,
}

impl Heard {
    /// Requests and outcomes side by side.
    pub fn lines(&self) -> Vec<String> {
        self.requests
            .iter()
            .zip(&self.outcomes)
            .map(|(request, outcome)| format!("{request} → {outcome}"))
            .collect()
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    at.0 / MILLISECOND - 1_000_000
}

impl Sink for Heard {
    fn on_request(&mut self, request: &Request<'_>) -> Tag {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        assert_eq!(request.server, SERVER);
        self.requests.push(format!("{} {}{}", text(request.method), text(request.host), text(request.path)));
        self.outcomes.push("open".into());
        self.times.push((milliseconds(request.start), 0, 0));
        self.request_bytes.push(0);
        Tag(self.requests.len() as u64 - 1)
    }

    fn on_exchange(&mut self, exchange: &Exchange) {
        let index = exchange.tag.0 as usize;
        assert_eq!(self.outcomes[index], "open", "ended twice");
        self.request_bytes[index] = exchange.request_bytes;
        self.outcomes[index] = match exchange.outcome {
            Ok(answer) => {
                self.times[index].1 = milliseconds(answer.start);
                self.times[index].2 = milliseconds(answer.end);
                format!("{} {}", answer.status, answer.bytes)
            }
            Err(Unanswered::Missed) => "missed".into(),
            Err(Unanswered::Closed) => "closed".into(),
            Err(Unanswered::Evicted) => "evicted".into(),
        };
    }

    fn on_orphan_answer(&mut self, orphan: &OrphanAnswer) {
        assert_eq!(orphan.server, SERVER);
        self.orphans.push(orphan.answer.status.to_string());
    }

    fn on_loss(&mut self, loss: &Loss) {
        assert_eq!(loss.server, SERVER);
        self.missing_bytes[usize::from(!loss.is_request_side)] += loss.missing_bytes;
    }

    fn on_time(&mut self, _now: Timestamp) {}
}
