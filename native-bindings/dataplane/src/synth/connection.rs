//! One TCP connection as a mirror port beside the server sees it: handshake, requests and answers with their
//! acknowledgements, FINs. Each step writes one packet and says when the next one comes. Knows nothing of demand.
//!
//! ```text
//! SynAck → HandshakeAck → Sending(request) ⇄ Acking → Sending(answer) ⇄ Acking → idle ─┐
//!                             ▲                                                        ├→ Fin → FinReply → LastAck
//!                             └──────────────────────── request ───────────────────────┘
//! ```

use super::message::Message;
use super::packet::{ACK, FIN, Lane, PacketBuffer};

/// What a server takes to answer a SYN or FIN, or to acknowledge data.
const SERVER_TURN_NANOS: u64 = 40_000;
/// What a client takes from the last handshake packet to its request.
const CLIENT_TURN_NANOS: u64 = 20_000;
/// One full segment at 1 Gbit/s.
const SEGMENT_NANOS: u64 = 12_000;
/// An answer that takes longer than this finds its request acknowledged already (Linux: delayed ACK of 40 ms).
const DELAYED_ACK_NANOS: u64 = 40_000_000;
/// Segments of the first flight (RFC 6928).
const INITIAL_WINDOW_SEGMENTS: u32 = 10;
/// Stays below the receive window of 128 KiB.
const MAX_WINDOW_SEGMENTS: u32 = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Syn,
    SynAck,
    HandshakeAck,
    /// Data of a side's message.
    Sending(Side),
    /// Acknowledgements of a side's data, by the other.
    Acking(Side),
    Idle,
    /// The FIN of the side that closes first.
    Fin(Side),
    FinReply(Side),
    LastAck(Side),
}

/// What a packet meant to the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    None,
    /// It carried the first bytes of the request.
    RequestBegun,
    /// It carried the last bytes of the answer.
    AnswerEnded,
}

/// What comes after a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next packet, in nanoseconds of packet time.
    At(u64),
    Idle,
    Closed,
}

/// An exchange to carry out.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub request: Message,
    pub answer: Message,
    /// From the request's last byte to the answer's first.
    pub latency_nanos: u64,
    /// The server closes after the answer.
    pub is_last: bool,
}

#[derive(Clone, Debug)]
pub struct Connection {
    stage: Stage,
    client: Lane,
    server: Lane,
    round_trip_nanos: u64,
    pub script: Script,
    /// Bytes of the current message that were sent, and acknowledged.
    sent: u64,
    acknowledged: u64,
    window_segments: u32,
    flight_segments: u32,
}

impl Connection {
    /// A connection about to send its SYN; `script` is its first exchange.
    pub fn new(client: Lane, server: Lane, round_trip_nanos: u64, script: Script) -> Self {
        Self {
            stage: Stage::Syn,
            client,
            server,
            round_trip_nanos,
            script,
            sent: 0,
            acknowledged: 0,
            window_segments: INITIAL_WINDOW_SEGMENTS,
            flight_segments: 0,
        }
    }

    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    /// Makes the idle connection send the exchange in `script`, from the next [`Self::step`] on.
    pub fn begin_exchange(&mut self) {
        debug_assert!(self.is_idle());
        self.begin_message(Side::Client);
    }

    /// Makes the idle connection close, the client first, from the next [`Self::step`] on.
    pub fn begin_close(&mut self) {
        debug_assert!(self.is_idle());
        self.stage = Stage::Fin(Side::Client);
    }

    fn begin_message(&mut self, side: Side) {
        self.stage = Stage::Sending(side);
        (self.sent, self.acknowledged, self.flight_segments) = (0, 0, 0);
        self.window_segments = INITIAL_WINDOW_SEGMENTS;
    }

    /// Writes the packet that is due at `now`.
    #[inline]
    pub fn step(&mut self, now: u64, buffer: &mut PacketBuffer) -> (Mark, Next) {
        let next = match self.stage {
            Stage::Sending(side) => return self.send(side, now, buffer),
            Stage::Acking(side) => self.acknowledge(side, now, buffer),
            Stage::Syn => {
                buffer.write_syn(&mut self.client, None);
                self.stage = Stage::SynAck;
                Next::At(now + SERVER_TURN_NANOS)
            }
            Stage::SynAck => {
                buffer.write_syn(&mut self.server, Some(self.client.sequence));
                self.stage = Stage::HandshakeAck;
                Next::At(now + self.round_trip_nanos)
            }
            Stage::HandshakeAck => {
                buffer.write_control(&mut self.client, self.server.sequence, ACK);
                self.begin_message(Side::Client);
                Next::At(now + CLIENT_TURN_NANOS)
            }
            Stage::Fin(side) => {
                self.control(side, FIN, buffer);
                self.stage = Stage::FinReply(side);
                Next::At(now + self.reaction_nanos(side.other()))
            }
            Stage::FinReply(side) => {
                self.control(side.other(), FIN, buffer);
                self.stage = Stage::LastAck(side);
                Next::At(now + self.reaction_nanos(side))
            }
            Stage::LastAck(side) => {
                self.control(side, ACK, buffer);
                Next::Closed
            }
            Stage::Idle => Next::Idle,
        };
        (Mark::None, next)
    }

    fn send(&mut self, side: Side, now: u64, buffer: &mut PacketBuffer) -> (Mark, Next) {
        let (lane, message, acknowledgement) = match side {
            Side::Client => (&mut self.client, &self.script.request, self.server.sequence),
            Side::Server => (&mut self.server, &self.script.answer, self.client.sequence),
        };
        let total = message.wire_bytes();
        let count = (total - self.sent).min(u64::from(lane.mss()));
        buffer.write_data(lane, acknowledgement, message, self.sent, count as usize);
        let is_first = self.sent == 0;
        self.sent += count;
        self.flight_segments += 1;
        let mark = match side {
            Side::Client if is_first => Mark::RequestBegun,
            Side::Server if self.sent == total => Mark::AnswerEnded,
            _ => Mark::None,
        };
        let next_nanos = if self.sent == total {
            self.end_of_data(side)
        } else if self.flight_segments == self.window_segments {
            self.stage = Stage::Acking(side);
            self.reaction_nanos(side.other())
        } else {
            SEGMENT_NANOS
        };
        (mark, Next::At(now + next_nanos))
    }

    /// All bytes of the message are out; returns how long until the next packet.
    fn end_of_data(&mut self, side: Side) -> u64 {
        if side == Side::Server {
            self.stage = Stage::Acking(side);
            return self.round_trip_nanos;
        }
        let latency_nanos = self.script.latency_nanos;
        if latency_nanos > DELAYED_ACK_NANOS {
            self.stage = Stage::Acking(side);
            return DELAYED_ACK_NANOS;
        }
        // The answer itself acknowledges the request.
        self.begin_message(Side::Server);
        latency_nanos
    }

    /// The receiver acknowledges every second segment, and the last one.
    fn acknowledge(&mut self, sender: Side, now: u64, buffer: &mut PacketBuffer) -> Next {
        let mss = u64::from(self.client.mss());
        let is_request = sender == Side::Client;
        let total =
            if is_request { self.script.request.wire_bytes() } else { self.script.answer.wire_bytes() };
        let is_complete = self.sent == total;
        self.acknowledged =
            if is_complete && is_request { self.sent } else { self.sent.min(self.acknowledged + 2 * mss) };
        let unacknowledged = (self.sent - self.acknowledged) as u32;
        let (receiving, sending) =
            if is_request { (&mut self.server, &self.client) } else { (&mut self.client, &self.server) };
        buffer.write_control(receiving, sending.sequence.wrapping_sub(unacknowledged), ACK);
        if unacknowledged > 0 {
            return Next::At(now + 2 * SEGMENT_NANOS);
        }
        if !is_complete {
            self.window_segments = (self.window_segments * 2).min(MAX_WINDOW_SEGMENTS);
            self.flight_segments = 0;
            self.stage = Stage::Sending(sender);
            return Next::At(now + self.reaction_nanos(sender));
        }
        if is_request {
            self.begin_message(Side::Server);
            return Next::At(now + self.script.latency_nanos - DELAYED_ACK_NANOS);
        }
        if self.script.is_last {
            self.stage = Stage::Fin(Side::Server);
            return Next::At(now + CLIENT_TURN_NANOS);
        }
        self.stage = Stage::Idle;
        Next::Idle
    }

    fn control(&mut self, side: Side, flags: u8, buffer: &mut PacketBuffer) {
        let (lane, acknowledgement) = match side {
            Side::Client => (&mut self.client, self.server.sequence),
            Side::Server => (&mut self.server, self.client.sequence),
        };
        buffer.write_control(lane, acknowledgement, flags);
    }

    /// From a packet at the tap to the reaction of a side at the tap: the tap stands beside the server.
    const fn reaction_nanos(&self, side: Side) -> u64 {
        match side {
            Side::Client => self.round_trip_nanos,
            Side::Server => SERVER_TURN_NANOS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::packet::Station;

    /// Runs a connection through the given exchanges: (from the client, flags, sequence, acknowledgement, payload bytes).
    fn run(scripts: Vec<(usize, usize, u64)>) -> Vec<(bool, u8, u32, u32, usize)> {
        let station =
            |last, port| Station { mac: [2, 0, 0, 0, 0, last], address: [10, 0, 0, last].into(), port };
        let (a, b) = (station(1, 40_000), station(2, 80));
        let script = |(request, answer, latency_nanos): (usize, usize, u64), is_last| Script {
            request: Message::from_head(vec![b'q'; request]),
            answer: Message::from_head(vec![b'a'; answer]),
            latency_nanos,
            is_last,
        };
        let mut scripts = scripts.into_iter().peekable();
        let first = scripts.next().unwrap();
        let mut connection = Connection::new(
            Lane::new(&a, &b, 5, 1_000, 0),
            Lane::new(&b, &a, 0, u32::MAX, 0),
            2_000_000,
            script(first, scripts.peek().is_none()),
        );
        let (mut now, mut buffer, mut packets) = (0, PacketBuffer::default(), Vec::new());
        loop {
            let (_, next) = connection.step(now, &mut buffer);
            let frame = buffer.frame();
            let word = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
            let payload = frame.len() - 34 - usize::from(frame[46] >> 4) * 4;
            packets.push((frame[29] == 1, frame[47], word(38), word(42), payload));
            match next {
                Next::At(at) => {
                    assert!(at > now);
                    now = at;
                }
                Next::Closed => return packets,
                Next::Idle => {
                    let exchange = scripts.next().unwrap();
                    connection.script = script(exchange, scripts.peek().is_none());
                    connection.begin_exchange();
                }
            }
        }
    }

    #[test]
    fn a_short_exchange_packet_by_packet() {
        let (client, server) = (true, false);
        let expected = vec![
            (client, 0x02, 1_000, 0, 0),
            (server, 0x12, u32::MAX, 1_001, 0),
            (client, 0x10, 1_001, 0, 0),
            (client, 0x18, 1_001, 0, 100),
            (server, 0x18, 0, 1_101, 300),
            (client, 0x10, 1_101, 300, 0),
            (server, 0x11, 300, 1_101, 0),
            (client, 0x11, 1_101, 301, 0),
            (server, 0x10, 301, 1_102, 0),
        ];
        assert_eq!(run(vec![(100, 300, 1_000_000)]), expected);
    }

    #[test]
    fn a_slow_answer_finds_its_request_acknowledged() {
        let packets = run(vec![(100, 300, 100_000_000)]);
        assert_eq!(packets[4..6], [(false, 0x10, 0, 1_101, 0), (false, 0x18, 0, 1_101, 300)]);
    }

    #[test]
    fn long_messages_go_in_flights_and_are_wholly_acknowledged() {
        let packets = run(vec![(20_000, 50_000, 1_000_000), (100, 100, 1_000)]);
        let bytes = |is_client| {
            packets.iter().filter(|packet| packet.0 == is_client).map(|packet| packet.4).sum::<usize>()
        };
        assert_eq!((bytes(true), bytes(false)), (20_100, 50_100));
        // In no direction is more in flight than the first window before an acknowledgement arrives.
        let mut in_flight = 0;
        for packet in &packets {
            in_flight = if packet.0 { 0 } else { in_flight + usize::from(packet.4 > 0) };
            assert!(in_flight <= 2 * INITIAL_WINDOW_SEGMENTS as usize);
        }
        // Each side's sequence numbers are those of its bytes, without gaps.
        for side in [true, false] {
            let mut expected = None;
            for (_, flags, sequence, _, payload) in packets.iter().filter(|packet| packet.0 == side) {
                assert_eq!(*sequence, expected.unwrap_or(*sequence));
                expected = Some(sequence.wrapping_add(*payload as u32 + u32::from(flags & 3 != 0)));
            }
        }
        assert_eq!(packets.last().unwrap().3, packets[packets.len() - 2].2.wrapping_add(1));
    }
}
