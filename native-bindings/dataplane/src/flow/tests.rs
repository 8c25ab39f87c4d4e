//! What a mirror does to a conversation: loss, order, copies, cuts, one side only, late starts.

use super::conversation::Sender::{Client, Server};
use super::conversation::{CLIENT, Conversation, Player};
use crate::account::FrameReason;
use crate::address::Endpoint;
use crate::limits::Limits;
use crate::wire::TcpFlags;
use std::time::Duration;

const GET_1: &[u8] = b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
const GET_2: &[u8] = b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
const GET_3: &[u8] = b"GET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
const OK_201: &[u8] = b"HTTP/1.1 201 A\r\nContent-Length: 2\r\n\r\nok";
const OK_202: &[u8] = b"HTTP/1.1 202 B\r\nContent-Length: 2\r\n\r\nok";
const OK_203: &[u8] = b"HTTP/1.1 203 C\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED: &[u8] = b"HTTP/1.1 201 A\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n";
const LONG: &[u8] = b"HTTP/1.1 201 A\r\nContent-Length: 9\r\n\r\nabc";

#[test]
fn a_lost_answer_is_missed_and_the_next_keeps_its_request() {
    let heard =
        Conversation::opened().client(GET_1).server(OK_201).lost().client(GET_2).server(OK_202).play();
    assert_eq!(heard.lines(), ["GET h/1 → missed", "GET h/2 → 202 39"]);
    assert_eq!(heard.missing_bytes, [0, 39]);
}

#[test]
fn a_lost_answer_and_the_lost_request_after_it_make_no_pair() {
    let heard = Conversation::opened()
        .client(GET_1)
        .server(OK_201)
        .lost()
        .client(GET_2)
        .lost()
        .server(OK_202)
        .client(GET_3)
        .server(OK_203)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → missed", "GET h/3 → 203 39"]);
    assert_eq!(heard.orphans, ["202"]);
}

#[test]
fn a_lost_request_leaves_an_orphan_answer() {
    let heard = Conversation::opened()
        .client(GET_1)
        .server(OK_201)
        .client(GET_2)
        .lost()
        .server(OK_202)
        .client(GET_3)
        .server(OK_203)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39", "GET h/3 → 203 39"]);
    assert_eq!(heard.orphans, ["202"]);
    assert_eq!(heard.missing_bytes, [28, 0]);
}

#[test]
fn a_hole_in_a_body_of_known_length_is_skipped() {
    let heard = Conversation::opened()
        .client(GET_1)
        .server(LONG)
        .server(b"defg")
        .lost()
        .server(b"hi")
        .client(GET_2)
        .server(OK_202)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 46", "GET h/2 → 202 39"]);
    assert_eq!(heard.missing_bytes, [0, 4]);
    assert_eq!(heard.counters.resyncs, 0);
}

#[test]
fn a_hole_from_a_body_into_the_next_answer_finds_the_one_after() {
    let heard = Conversation::opened()
        .client(GET_1)
        .server(LONG)
        .server(b"defghi")
        .lost()
        .client(GET_2)
        .server(OK_202)
        .lost()
        .client(GET_3)
        .server(OK_203)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 46", "GET h/2 → missed", "GET h/3 → 203 39"]);
}

#[test]
fn a_hole_in_a_chunked_body_finds_the_next_answer() {
    let heard = Conversation::opened()
        .client(GET_1)
        .server(CHUNKED)
        .server(b"4\r\nabcd\r\n")
        .lost()
        .server(b"0\r\n\r\n")
        .client(GET_2)
        .server(OK_202)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 69", "GET h/2 → 202 39"]);
    assert_eq!(heard.counters.resyncs, 1);
}

#[test]
fn an_acknowledgement_before_its_data_loses_nothing() {
    let mut conversation = Conversation::opened()
        .client(GET_1)
        .server(OK_201)
        .flags(Client, TcpFlags::ACK)
        .client(GET_2)
        .server(OK_202);
    conversation.packets.swap(4, 5);
    conversation.packets.swap(5, 6);
    let heard = conversation.play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39", "GET h/2 → 202 39"]);
    assert_eq!(heard.counters.gaps, 0);
}

#[test]
fn an_answer_before_its_request_waits_for_it() {
    let mut conversation = Conversation::opened().client(GET_1).server(OK_201).client(GET_2).server(OK_202);
    conversation.packets.swap(3, 4);
    conversation.packets.swap(5, 6);
    let heard = conversation.play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39", "GET h/2 → 202 39"]);
    assert_eq!(heard.orphans.len(), 0);
}

#[test]
fn copies_are_counted_and_change_nothing() {
    let mut conversation = Conversation::opened().client(GET_1).server(OK_201).client(GET_2).server(OK_202);
    conversation.packets =
        conversation.packets.iter().flat_map(|packet| [packet.clone(), packet.clone()]).collect();
    let heard = conversation.play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39", "GET h/2 → 202 39"]);
    assert_eq!(heard.account.frames(FrameReason::Retransmission), 4);
}

#[test]
fn the_snap_length_leaves_heads_as_far_as_they_were_seen() {
    let heard = Conversation::opened()
        .client(GET_1)
        .cut(26)
        .server(LONG)
        .cut(30)
        .client(GET_2)
        .server(OK_202)
        .cut(37)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 30", "GET h/2 → 202 39"]);
    assert_eq!(heard.missing_bytes, [2, 12]);
}

#[test]
fn one_side_alone_gives_missed_requests() {
    let mut conversation = Conversation::opened()
        .client(GET_1)
        .server(OK_201)
        .client(GET_2)
        .server(OK_202)
        .fin(Client)
        .fin(Server)
        .flags(Client, TcpFlags::ACK);
    conversation.packets.retain(|packet| packet.sender == Client);
    let heard = conversation.play();
    assert_eq!(heard.lines(), ["GET h/1 → missed", "GET h/2 → missed"]);
    assert_eq!(heard.missing_bytes[1], 79);
}

#[test]
fn the_other_side_alone_gives_orphans() {
    let mut conversation = Conversation::opened().client(GET_1).server(OK_201).client(GET_2).server(OK_202);
    conversation.packets.retain(|packet| packet.sender == Server);
    assert_eq!(conversation.play().orphans, ["201", "202"]);
}

#[test]
fn a_connection_is_picked_up_in_the_middle() {
    let heard = Conversation::new().client(GET_1).server(OK_201).client(GET_2).server(OK_202).play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39", "GET h/2 → 202 39"]);
    let heard = Conversation::new()
        .server(b"middle of a body")
        .server(b"more of it")
        .client(GET_2)
        .server(OK_202)
        .play();
    assert_eq!(heard.lines(), ["GET h/2 → 202 39"]);
    let heard = Conversation::new().server(OK_201).client(GET_2).server(OK_202).play();
    assert_eq!(
        (heard.lines(), heard.orphans),
        (vec!["GET h/2 → 202 39".to_string()], vec!["201".to_string()])
    );
}

#[test]
fn the_search_for_a_start_is_bounded() {
    let limits = Limits { max_search_segments: 1, ..Limits::default() };
    let found = Conversation::new().client(b"\x01").client(b"\x02").client(GET_1);
    assert_eq!(found.play_within(limits).requests.len(), 0);
    assert_eq!(found.play().requests.len(), 1);
}

#[test]
fn a_new_connection_of_the_same_ports_ends_the_old_one() {
    let heard = Conversation::opened()
        .client(GET_1)
        .renumbered()
        .flags(Client, TcpFlags::SYN)
        .flags(Server, TcpFlags::SYN | TcpFlags::ACK)
        .client(GET_2)
        .server(OK_202)
        .play();
    assert_eq!(heard.lines(), ["GET h/1 → closed", "GET h/2 → 202 39"]);
    assert_eq!(heard.counters.connections_opened, 2);
}

#[test]
fn a_reset_ends_what_is_open_unless_the_connection_goes_on() {
    let reset = Conversation::opened().client(GET_1).flags(Client, TcpFlags::RST);
    let heard = reset.clone().pause(3_000).renumbered().client(b"x").play();
    assert_eq!(heard.lines(), ["GET h/1 → closed"]);
    let heard = reset.server(OK_201).play();
    assert_eq!(heard.lines(), ["GET h/1 → 201 39"]);
}

#[test]
fn idle_connections_are_given_up_on_packet_time() {
    let mut player = Player::new(Limits { idle_timeout: Duration::from_secs(10), ..Limits::default() });
    let conversation = Conversation::opened().client(GET_1).pause(11_000).client(b"");
    for packet in &conversation.packets {
        player.feed(packet);
    }
    let heard = player.finish();
    assert_eq!(heard.lines(), ["GET h/1 → evicted"]);
    assert_eq!(heard.counters.connections_idle, 1);
}

#[test]
fn the_table_is_bounded_and_the_idlest_goes_first() {
    let mut player = Player::new(Limits { max_connections: 2, ..Limits::default() });
    let conversation = Conversation::opened().client(GET_1);
    for port in 1..=3 {
        for packet in &conversation.packets {
            let packet = super::conversation::Packet {
                at: packet.at + u64::from(port) * 1_000_000_000,
                ..packet.clone()
            };
            player.feed_from(Endpoint { port, ..CLIENT }, &packet);
        }
    }
    let heard = player.finish();
    assert_eq!(heard.outcomes, ["evicted", "closed", "closed"]);
    assert_eq!(heard.counters.connections_evicted, 1);
}

#[test]
fn pending_requests_are_bounded_and_later_pairs_stay_right() {
    let limits = Limits { max_pending_requests: 2, ..Limits::default() };
    let heard = Conversation::opened()
        .client(GET_1)
        .client(GET_2)
        .client(GET_3)
        .server(OK_201)
        .server(OK_202)
        .server(OK_203)
        .play_within(limits);
    assert_eq!(heard.lines(), ["GET h/1 → evicted", "GET h/2 → 202 39", "GET h/3 → 203 39"]);
    assert_eq!(heard.counters.pending_overflows, 1);
}

#[test]
fn a_hole_nobody_acknowledges_is_given_up_in_time() {
    let mut player = Player::new(Limits::default());
    let mut conversation =
        Conversation::opened().client(GET_1).client(GET_2).pause(11_000).flags(Client, TcpFlags::ACK);
    conversation.packets.retain(|packet| packet.sender == Client);
    conversation.packets.remove(2);
    for packet in &conversation.packets {
        player.feed(packet);
    }
    assert_eq!(player.finish().requests, ["GET h/2"]);
}

#[test]
fn what_waits_behind_a_hole_is_bounded() {
    let limits = Limits { max_reorder_segments: 4, ..Limits::default() };
    let mut conversation = Conversation::opened().client(GET_1).lost();
    for _ in 0..10 {
        conversation = conversation.client(GET_2);
    }
    conversation.packets.retain(|packet| packet.sender == Client);
    let heard = conversation.play_within(limits);
    assert_eq!(heard.requests.len(), 10);
    assert_eq!(heard.account.frames(FrameReason::OutOfOrder), 5);
    assert_eq!(heard.counters.gaps, 0);
    let none = Limits { max_reorder_bytes_total: 0, ..Limits::default() };
    assert_eq!(conversation.play_within(none).account.frames(FrameReason::Shed), 10);
}
