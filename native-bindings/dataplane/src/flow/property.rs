//! Any segmentation, any copies and any bounded reordering of a conversation give the same exchanges.

use proptest::prelude::*;

use super::conversation::Sender::{Client, Server};
use super::conversation::{Conversation, Packet};

/// Bodies that look like messages.
const DECEPTIVE: [&[u8]; 2] = [b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nx"];
/// Bodies that do not: once its head is lost, a deceptive one cannot be told from a message.
const HARMLESS: [&[u8]; 2] = [b"0123456789abcdefgh", b"0123456789abcdefghij"];

/// Requests with and without bodies, answered with every framing; until-close last.
fn exchanges(bodies: [&[u8]; 2]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let post = [b"POST /2 HTTP/1.1\r\nContent-Length: 18\r\n\r\n", bodies[0]].concat();
    let ok = [b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", bodies[1]].concat();
    let put = b"PUT /4 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let created = [
        &b"HTTP/1.1 100 Continue\r\n\r\n"[..],
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: v\r\n\r\n",
    ];
    vec![
        (b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), ok),
        (post, b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        (b"HEAD /3 HTTP/1.1\r\n\r\n".to_vec(), b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n".to_vec()),
        (put.to_vec(), created.concat()),
        (b"\r\nGET /5 HTTP/1.0\r\n\r\n".to_vec(), b"HTTP/1.0 404 Not Found\r\n\r\nuntil the end".to_vec()),
    ]
}

fn segmented(sizes: &[usize], bodies: [&[u8]; 2]) -> Conversation {
    let mut sizes = sizes.iter().cycle().copied();
    let mut conversation = Conversation::opened();
    for (request, answer) in exchanges(bodies) {
        for (sender, message) in [(Client, request), (Server, answer)] {
            let mut rest = &message[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                conversation = match sender {
                    Client => conversation.client(piece),
                    Server => conversation.server(piece),
                };
                rest = after;
            }
        }
    }
    conversation.fin(Server).fin(Client)
}

/// Moves packets after the handshake back by up to as many places as `shifts` says, cyclically.
fn reordered(packets: &[Packet], shifts: &[usize]) -> Vec<Packet> {
    let mut keyed: Vec<(usize, &Packet)> = packets
        .iter()
        .enumerate()
        .map(|(at, packet)| (if at < 3 { at } else { at + shifts[at % shifts.len()] }, packet))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    // The capture has its own clock.
    keyed
        .iter()
        .enumerate()
        .map(|(at, (_, packet))| Packet { at: packets[at].at, ..(*packet).clone() })
        .collect()
}

fn expected() -> Vec<String> {
    ["GET a/1 → 200 59", "POST /2 → 204 27", "HEAD /3 → 200 40", "PUT /4 → 201 98", "GET /5 → 404 39"]
        .map(String::from)
        .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_segmentation_gives_the_same_exchanges(sizes in prop::collection::vec(1_usize..60, 1..20)) {
        let heard = segmented(&sizes, DECEPTIVE).play();
        prop_assert_eq!(heard.lines(), expected());
        prop_assert_eq!(heard.counters.gaps, 0);
    }

    #[test]
    fn copies_and_reordering_give_the_same_exchanges(
        sizes in prop::collection::vec(4_usize..60, 1..20),
        shifts in prop::collection::vec(0_usize..6, 1..40),
        copies in prop::collection::vec(1_usize..3, 1..20),
    ) {
        let mut conversation = segmented(&sizes, DECEPTIVE);
        let copied: Vec<Packet> = conversation.packets.iter().enumerate()
            .flat_map(|(at, packet)| std::iter::repeat_n(packet.clone(), if at < 3 { 1 } else { copies[at % copies.len()] }))
            .collect();
        conversation.packets = reordered(&copied, &shifts);
        let heard = conversation.play();
        prop_assert_eq!(heard.lines(), expected());
        prop_assert_eq!(heard.counters.gaps, 0);
        prop_assert_eq!(heard.account.total_frames(), conversation.packets.len() as u64);
    }

    #[test]
    fn loss_never_makes_a_false_pair(
        sizes in prop::collection::vec(20_usize..200, 1..20),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let mut conversation = segmented(&sizes, HARMLESS);
        for index in lost {
            let at = index.index(conversation.packets.len());
            conversation.packets.remove(at);
        }
        let heard = conversation.play();
        let statuses = [("/1", "200"), ("/2", "204"), ("/3", "200"), ("/4", "201"), ("/5", "404")];
        for line in heard.lines() {
            let is_right = ["missed", "closed"].iter().any(|end| line.ends_with(end))
                || statuses.iter().any(|(path, status)| line.contains(path) && line.contains(&format!("→ {status}")));
            prop_assert!(is_right, "{}", line);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40), any::<u32>(), 0_u8..32), 1..40),
    ) {
        let mut conversation = segmented(&[50], DECEPTIVE);
        for (is_client, bytes, sequence, flags) in pieces {
            conversation = if is_client { conversation.client(&bytes) } else { conversation.server(&bytes) };
            let packet = conversation.packets.last_mut().unwrap();
            packet.flags = flags;
            if sequence % 3 == 0 {
                packet.sequence = sequence;
            }
            packet.payload_length += sequence % 5;
        }
        let heard = conversation.play();
        prop_assert_eq!(heard.account.total_frames(), conversation.packets.len() as u64);
    }
}
