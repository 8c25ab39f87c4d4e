use super::*;
use crate::address::{Address, Endpoint};
use crate::exchange::{Answer, Unanswered, Version};

const CLIENT: Endpoint = Endpoint { address: Address::from_v4([10, 0, 0, 1]), port: 40_000 };
const SERVER: Endpoint = Endpoint { address: Address::from_v6([0xfd; 16]), port: 80 };

fn seconds(seconds: u64) -> Timestamp {
    Timestamp(seconds * 1_000_000_000)
}

fn request(path: &[u8], start: Timestamp) -> Request<'_> {
    Request {
        client: CLIENT,
        server: SERVER,
        version: Version::Http11,
        method: b"GET",
        host: b"shop.example",
        path,
        content_length: None,
        start,
        is_first_on_connection: true,
    }
}

fn answered(tag: Tag, start: Timestamp) -> Exchange {
    let answer =
        Answer { status: 200, content_length: Some(64), start, end: Timestamp(start.0 + 1_000), bytes: 212 };
    Exchange { tag, request_bytes: 70, outcome: Ok(answer), ended: start }
}

fn unanswered(tag: Tag, reason: Unanswered) -> Exchange {
    Exchange { tag, request_bytes: 70, outcome: Err(reason), ended: Timestamp(0) }
}

fn lines(sink: &mut RowSink) -> Vec<String> {
    String::from_utf8(sink.take()).unwrap().lines().map(str::to_owned).collect()
}

/// The paths of the rows that are ready.
fn paths(sink: &mut RowSink) -> Vec<String> {
    lines(sink)
        .iter()
        .map(|line| line.split('\t').nth(7).unwrap().to_owned())
        .filter(|path| path != "path")
        .collect()
}

#[test]
fn writes_tsv() {
    let mut sink = RowSink::new(RowFormat::Tsv);
    let tag = sink.on_request(&request(b"/a\tb", Timestamp(1_700_000_000_123_456_789)));
    sink.on_exchange(&answered(tag, Timestamp(1_700_000_000_200_000_000)));
    let missed = sink.on_request(&Request {
        version: Version::Http2,
        host: b"",
        content_length: Some(7),
        ..request(b"/", Timestamp(1_700_000_001_000_000_000))
    });
    sink.on_exchange(&unanswered(missed, Unanswered::Missed));
    sink.finish();
    let server = "fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd";
    assert_eq!(
        lines(&mut sink),
        [
            "client_ip\tclient_port\tserver_ip\tserver_port\tversion\tmethod\thost\tpath\tstatus\trequest_content_length\tresponse_content_length\trequest_start_s\tresponse_start_s\tresponse_end_s\trequest_bytes\tresponse_bytes\toutcome".to_owned(),
            format!("10.0.0.1\t40000\t{server}\t80\tHTTP/1.1\tGET\tshop.example\t/a\\x09b\t200\t\t64\t1700000000.123456789\t1700000000.200000000\t1700000000.200001000\t70\t212\tanswered"),
            format!("10.0.0.1\t40000\t{server}\t80\tHTTP/2\tGET\t\t/\t\t7\t\t1700000001.000000000\t\t\t70\t\tmissed"),
        ]
    );
}

#[test]
fn writes_ndjson() {
    let mut sink = RowSink::new(RowFormat::Ndjson);
    let tag = sink.on_request(&request(b"/\"\\", seconds(1)));
    sink.on_exchange(&unanswered(tag, Unanswered::Closed));
    sink.finish();
    assert_eq!(
        lines(&mut sink),
        [concat!(
            r#"{"client_ip":"10.0.0.1","client_port":40000,"#,
            r#""server_ip":"fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd","server_port":80,"version":"HTTP/1.1","#,
            r#""method":"GET","host":"shop.example","path":"/\"\\x5c","status":null,"#,
            r#""request_content_length":null,"response_content_length":null,"request_start_s":1.000000000,"#,
            r#""response_start_s":null,"response_end_s":null,"request_bytes":70,"response_bytes":null,"#,
            r#""outcome":"closed"}"#
        )]
    );
}

#[test]
fn orders_by_request_time_whatever_ends_first() {
    let mut sink = RowSink::new(RowFormat::Tsv);
    let slow = sink.on_request(&request(b"/slow", seconds(1)));
    let fast = sink.on_request(&request(b"/fast", seconds(3)));
    let long_head = sink.on_request(&request(b"/long-head", seconds(2)));
    sink.on_exchange(&answered(fast, seconds(4)));
    sink.on_exchange(&answered(long_head, seconds(5)));
    sink.on_time(seconds(500));
    assert!(paths(&mut sink).is_empty(), "an open request holds back what began later");
    sink.on_exchange(&answered(slow, seconds(501)));
    assert_eq!(paths(&mut sink), ["/slow", "/long-head", "/fast"]);
    assert_eq!(sink.stats(), RowStats { rows: 3, ..RowStats::default() });
}

#[test]
fn a_row_waits_for_heads_that_take_long() {
    let mut sink = RowSink::new(RowFormat::Tsv);
    let tag = sink.on_request(&request(b"/second", seconds(2)));
    sink.on_exchange(&answered(tag, seconds(2)));
    sink.on_time(seconds(11));
    let tag = sink.on_request(&request(b"/first", seconds(1)));
    sink.on_exchange(&answered(tag, seconds(11)));
    assert_eq!(paths(&mut sink), ["/first"]);
    sink.on_time(seconds(12));
    assert_eq!(paths(&mut sink), ["/second"]);
    let tag = sink.on_request(&request(b"/late", seconds(1)));
    sink.on_exchange(&answered(tag, seconds(12)));
    assert_eq!(paths(&mut sink), ["/late"]);
    assert_eq!(sink.stats().late_rows, 1);
}

fn small_limits() -> RowLimits {
    RowLimits { patient_rows: 2, held_rows: 4, displaced_rows: 1, ..RowLimits::default() }
}

#[test]
fn many_finished_rows_end_the_patience() {
    let mut sink = RowSink::with_limits(RowFormat::Tsv, small_limits());
    for index in 0..4 {
        let tag = sink.on_request(&request(b"/", seconds(index)));
        sink.on_exchange(&answered(tag, seconds(index)));
    }
    assert_eq!(paths(&mut sink).len(), 2);
}

#[test]
fn an_open_request_loses_its_place_before_the_bound_breaks() {
    let mut sink = RowSink::with_limits(RowFormat::Tsv, small_limits());
    let first = sink.on_request(&request(b"/open-1", seconds(1)));
    let second = sink.on_request(&request(b"/open-2", seconds(2)));
    for index in 3..9 {
        let tag = sink.on_request(&request(b"/", seconds(index)));
        sink.on_exchange(&answered(tag, seconds(index)));
    }
    // The first is displaced; for the second there is no room: it is written as it stands.
    assert_eq!(paths(&mut sink)[0], "/open-2");
    assert_eq!(sink.stats().unfinished_rows, 1);
    sink.on_exchange(&answered(second, seconds(9)));
    assert!(paths(&mut sink).iter().all(|path| path == "/"), "no second row");
    sink.on_exchange(&answered(first, seconds(9)));
    assert_eq!(paths(&mut sink), ["/open-1"]);
    sink.finish();
    assert_eq!(sink.stats().rows, 8);
    assert_eq!(sink.stats().late_rows, 1);
}

#[test]
fn text_is_bounded_too() {
    let limits = RowLimits { patient_text_bytes: 1_000, held_text_bytes: 10_000, ..RowLimits::default() };
    let mut sink = RowSink::with_limits(RowFormat::Tsv, limits);
    let path = [b'a'; 600];
    for index in 0..40 {
        sink.on_request(&request(&path, seconds(index)));
    }
    assert!(sink.order.queue_text_bytes <= 10_000);
    sink.finish();
    assert_eq!((sink.stats().rows, paths(&mut sink).len()), (40, 40));
    assert_eq!(sink.order.queue_text_bytes, 0);
}

#[test]
fn finish_writes_what_is_open_in_order() {
    let mut sink = RowSink::new(RowFormat::Tsv);
    sink.on_request(&request(b"/2", seconds(2)));
    let tag = sink.on_request(&request(b"/1", seconds(1)));
    sink.on_exchange(&answered(tag, seconds(1)));
    sink.finish();
    assert_eq!(paths(&mut sink), ["/1", "/2"]);
    assert_eq!(sink.stats(), RowStats { rows: 2, unfinished_rows: 1, ..RowStats::default() });
}

#[test]
fn slots_are_reused() {
    let mut sink = RowSink::with_limits(RowFormat::Tsv, small_limits());
    let mut highest = 0;
    for index in 0..1_000 {
        let tag = sink.on_request(&request(b"/", seconds(index)));
        highest = highest.max(tag.0);
        sink.on_exchange(&answered(tag, seconds(index)));
    }
    assert!(highest < 5);
}

#[test]
fn counts_what_is_no_row() {
    let mut sink = RowSink::new(RowFormat::Ndjson);
    let Ok(answer) = answered(Tag(0), seconds(1)).outcome else { unreachable!() };
    sink.on_orphan_answer(&OrphanAnswer { client: CLIENT, server: SERVER, answer });
    let at = seconds(1);
    sink.on_loss(&Loss { client: CLIENT, server: SERVER, is_request_side: false, missing_bytes: 1_460, at });
    sink.finish();
    assert_eq!(sink.ready_bytes(), 0);
    assert_eq!(sink.stats(), RowStats { orphan_answers: 1, lost_bytes: 1_460, ..RowStats::default() });
}

#[test]
fn writing_drains_whole_rows() {
    let mut sink = RowSink::new(RowFormat::Tsv);
    let mut target = Vec::new();
    sink.write_to(&mut target).unwrap();
    assert_eq!((target.last(), sink.ready_bytes()), (Some(&b'\n'), 0));
}
