//! The rules of HTTP/1 on whole conversations without loss.

use crate::account::FrameReason;
use crate::flow::conversation::Conversation;
use crate::flow::conversation::Sender::{Client, Server};

const GET: &[u8] = b"GET /a?secret HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn exchanges_on_a_kept_connection() {
    let heard = Conversation::opened().client(GET).server(OK).client(GET).server(OK).play();
    assert_eq!(heard.lines(), ["GET h/a → 200 40", "GET h/a → 200 40"]);
    assert_eq!(heard.times, [(3, 4, 4), (5, 6, 6)]);
    assert_eq!(heard.request_bytes, [35, 35]);
    assert_eq!(heard.account.frames(FrameReason::Http), 4);
    assert_eq!(heard.account.frames(FrameReason::TcpControl), 3);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let heard = Conversation::opened()
        .client(
            b"GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nPOST /3 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
        )
        .server(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 201 OK\r\nContent-Length: 99\r\n\r\n")
        .server(b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n")
        .play();
    assert_eq!(heard.lines(), ["GET /1 → 200 39", "HEAD /2 → 201 39", "POST /3 → 202 38"]);
    assert_eq!(heard.request_bytes, [19, 20, 40]);
}

#[test]
fn interim_answers_are_passed_over_and_their_bytes_counted() {
    let heard = Conversation::opened()
        .client(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .server(b"HTTP/1.1 100 Continue\r\n\r\n")
        .client(b"abc")
        .server(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        .server(b"HTTP/1.1 204 No Content\r\n\r\n")
        .play();
    assert_eq!(heard.lines(), ["POST / → 204 80"]);
    assert_eq!(heard.times, [(3, 7, 7)]);
    assert_eq!(heard.request_bytes, [63]);
}

#[test]
fn answers_without_a_body_despite_their_length() {
    for status in ["204 No Content", "304 Not Modified"] {
        let empty = format!("HTTP/1.1 {status}\r\nContent-Length: 500\r\n\r\n");
        let heard = Conversation::opened().client(GET).server(empty.as_bytes()).client(GET).server(OK).play();
        assert_eq!(heard.outcomes[1], "200 40");
    }
}

#[test]
fn chunked_bodies_of_both_sides_with_trailers() {
    let heard = Conversation::opened()
        .client(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\nX: y\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
        .server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nHTTP/\r\n0")
        .server(b"\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        .play();
    assert_eq!(heard.lines(), ["POST / → 200 66", "GET /2 → 404 45"]);
    assert_eq!(heard.times[0], (3, 4, 5));
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let heard = Conversation::opened()
        .client(GET)
        .server(b"HTTP/1.0 200 OK\r\n\r\nsome")
        .server(b"HTTP/1.1 200 OK\r\n\r\nmore")
        .fin(Server)
        .play();
    assert_eq!(heard.lines(), ["GET h/a → 200 46"]);
    assert_eq!(heard.times, [(3, 4, 5)]);
}

#[test]
fn a_connection_that_closes_leaves_its_requests_unanswered() {
    let heard = Conversation::opened().client(GET).fin(Server).fin(Client).play();
    assert_eq!(heard.lines(), ["GET h/a → closed"]);
    let heard = Conversation::opened().client(GET).play();
    assert_eq!(heard.lines(), ["GET h/a → closed"]);
}

#[test]
fn connect_is_an_exchange_and_then_left_alone() {
    let heard = Conversation::opened()
        .client(b"CONNECT u:p@example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n")
        .server(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .client(GET)
        .server(OK)
        .play();
    assert_eq!(heard.lines(), ["CONNECT example.org:443 → 200 39"]);
    assert_eq!(heard.account.frames(FrameReason::Tunnelled), 2);
    assert_eq!(heard.counters.tunnels, 1);
}

#[test]
fn a_refused_connect_goes_on() {
    let heard = Conversation::opened()
        .client(b"CONNECT a:1 HTTP/1.1\r\n\r\n")
        .server(b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno")
        .client(GET)
        .server(OK)
        .play();
    assert_eq!(heard.lines(), ["CONNECT a:1 → 407 40", "GET h/a → 200 40"]);
}

#[test]
fn an_upgrade_is_an_exchange_and_then_left_alone() {
    let heard = Conversation::opened()
        .client(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
        .server(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello")
        .client(GET)
        .play();
    assert_eq!(heard.lines(), ["GET /chat → 101 36"]);
    assert_eq!(heard.reasons.last(), Some(&FrameReason::Tunnelled));
}

#[test]
fn an_answer_may_begin_before_the_request_ends() {
    let heard = Conversation::opened()
        .client(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")
        .server(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nn")
        .client(b"def")
        .server(b"o")
        .client(GET)
        .server(OK)
        .play();
    assert_eq!(heard.lines(), ["POST / → 413 47", "GET h/a → 200 40"]);
    assert_eq!(heard.request_bytes[0], 44);
}

#[test]
fn an_answer_to_an_unfinished_head_makes_it_a_request() {
    let heard = Conversation::opened()
        .client(b"GET /slow HTTP/1.1\r\nHost: h\r\nX-Long: ")
        .server(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        .fin(Server)
        .play();
    assert_eq!(heard.lines(), ["GET h/slow → 408 51"]);
    assert_eq!(heard.counters.truncated_heads, 1);
}

#[test]
fn blank_lines_lf_and_folds_are_tolerated() {
    let heard = Conversation::opened()
        .client(b"\r\n\r\nGET / HTTP/1.1\nHost:\n h\n\n")
        .server(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n")
        .client(b"\r\n")
        .client(GET)
        .server(OK)
        .play();
    assert_eq!(heard.lines(), ["GET h/ → 200 37", "GET h/a → 200 40"]);
}

#[test]
fn a_contradictory_length_does_not_hide_the_next_request() {
    let heard = Conversation::opened()
        .client(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
        .server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        .client(GET)
        .server(OK)
        .play();
    assert_eq!(heard.lines(), ["POST / → 400 47", "GET h/a → 200 40"]);
    assert_eq!(heard.counters.ambiguous_lengths, 1);
}

#[test]
fn heads_split_anywhere_are_one() {
    let mut conversation = Conversation::opened();
    for byte in GET {
        conversation = conversation.client(&[*byte]);
    }
    for byte in OK {
        conversation = conversation.server(&[*byte]);
    }
    let heard = conversation.play();
    assert_eq!(heard.lines(), ["GET h/a → 200 40"]);
    assert_eq!(heard.times, [(3, 38, 77)]);
    assert_eq!(heard.account.frames(FrameReason::Undecided), 34);
}

#[test]
fn other_protocols_are_left_alone() {
    let heard = Conversation::opened()
        .client(b"\x16\x03\x01\x00\xa5\x01\x00")
        .server(b"\x16\x03\x03\x00\x7a\x02\x00")
        .client(b"\x17\x03\x03")
        .play();
    assert_eq!(heard.account.frames(FrameReason::OtherProtocol), 3);
    let heard = Conversation::opened().server(b"220 mail ESMTP\r\n").client(b"EHLO example.org\r\n").play();
    assert_eq!(heard.account.frames(FrameReason::OtherProtocol), 2);
    assert_eq!(heard.counters.http_connections, 0);
}

#[test]
fn a_request_to_something_else_is_a_request() {
    let heard = Conversation::opened().client(GET).server(b"SSH-2.0-OpenSSH_9.2\r\n").fin(Server).play();
    assert_eq!(heard.requests.len(), 1);
    assert_eq!(heard.counters.answered, 0);
}
