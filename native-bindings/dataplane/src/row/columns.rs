//! The columns of a row, in their order, in both formats.

use super::lead::LeadCache;
use super::text::{Padded, Pen, Second, Text};
use crate::address::Endpoint;
use crate::exchange::{Answer, Exchange, Request, Unanswered, Version};
use crate::time::Timestamp;

/// What stands in front of a field; the longest is `,"response_content_length":`.
type Separator = Padded<32>;
/// One of our own words, which need no escape; none is longer than `HTTP/1.1`.
type Word = Padded<8>;

macro_rules! columns {
    ($first:literal $(, $rest:literal)* $(,)?) => {
        const TSV_HEADER: &str = concat!($first $(, "\t", $rest)*, "\n");
        static NDJSON_SEPARATORS: &[Separator] = &[
            Separator::new(concat!("{\"", $first, "\":"))
            $(, Separator::new(concat!(",\"", $rest, "\":")))*
        ];
    };
}

columns!(
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "version",
    "method",
    "host",
    "path",
    "status",
    "request_content_length",
    "response_content_length",
    "request_start_s",
    "response_start_s",
    "response_end_s",
    "request_bytes",
    "response_bytes",
    "outcome",
);

/// Where the columns begin that only the end of the exchange can tell.
const FIRST_LATER_COLUMN: usize = 8;
/// A tab, at most eleven digits for 2⁶⁴ nanoseconds, the point and nine digits.
const MAX_TIME_COLUMN_BYTES: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Tab-separated with a header line; unknown is empty.
    Tsv,
    /// One JSON object a line; unknown is `null`.
    Ndjson,
}

/// Writes rows of one format.
///
/// Text outside printable ASCII, and the backslash, is `\xNN`, so that a row is a line whatever was sent.
pub(super) struct RowText {
    is_json: bool,
    /// Room for the columns up to the method, or for those after the path.
    room: usize,
    second: Second,
    leads: LeadCache,
}

/// What a row keeps of its request beside the text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    pub(super) start: Timestamp,
    content_length: Option<u64>,
}

impl Head {
    pub(super) fn new(request: &Request<'_>) -> Self {
        Self { start: request.start, content_length: request.content_length }
    }
}

impl RowText {
    pub(super) fn new(format: RowFormat) -> Self {
        let (is_json, room) = match format {
            RowFormat::Tsv => (false, 256),
            RowFormat::Ndjson => (true, 512),
        };
        Self { is_json, room, second: Second::new(), leads: LeadCache::new() }
    }

    pub(super) fn push_header(&self, out: &mut Vec<u8>) {
        if !self.is_json {
            out.extend_from_slice(TSV_HEADER.as_bytes());
        }
    }

    /// The columns known at the request.
    #[inline]
    pub(super) fn push_request(&mut self, out: &mut Text, request: &Request<'_>) {
        if let Some(lead) = self.leads.get(request) {
            // For the whole row at once, the quotation marks of the path included.
            out.append(lead.length() + request.path.len() + self.room + 2, |pen| pen.push_lead(lead));
        } else if self.is_json {
            self.push_new_lead::<true>(out, request);
        } else {
            self.push_new_lead::<false>(out, request);
        }
        if self.is_json {
            self.push_bytes::<true>(out, request.path);
        } else {
            self.push_bytes::<false>(out, request.path);
        }
    }

    #[inline(never)]
    fn push_new_lead<const IS_JSON: bool>(&mut self, out: &mut Text, request: &Request<'_>) {
        let begin = out.length();
        out.append(self.room, |pen| {
            push_endpoint::<IS_JSON>(pen, 0, request.client);
            push_endpoint::<IS_JSON>(pen, 2, request.server);
            let version = match request.version {
                Version::Http10 => const { &Word::new("HTTP/1.0") },
                Version::Http11 => const { &Word::new("HTTP/1.1") },
                Version::Http2 => const { &Word::new("HTTP/2") },
            };
            push_word::<IS_JSON>(pen, 4, version);
            separate::<IS_JSON>(pen, 5);
        });
        self.push_bytes::<IS_JSON>(out, request.method);
        out.append(self.room, |pen| separate::<IS_JSON>(pen, 6));
        self.push_bytes::<IS_JSON>(out, request.host);
        out.append(self.room, |pen| separate::<IS_JSON>(pen, 7));
        self.leads.put(request, &out.as_bytes()[begin..]);
    }

    /// What was on the wire, of any length.
    #[inline(always)]
    fn push_bytes<const IS_JSON: bool>(&self, out: &mut Text, bytes: &[u8]) {
        if bytes.is_empty() {
            return out.append(self.room, push_unknown::<IS_JSON>);
        }
        out.append(self.room, push_quote::<IS_JSON>);
        out.push_escaped(bytes, IS_JSON, self.room);
        out.append(self.room, push_quote::<IS_JSON>);
    }

    /// The other columns and the end of the line; without an exchange, those that only it could tell are unknown.
    #[inline]
    pub(super) fn push_end(&mut self, out: &mut Text, head: &Head, exchange: Option<&Exchange>) {
        if self.is_json {
            self.push_end_as::<true>(out, head, exchange);
        } else {
            self.push_end_as::<false>(out, head, exchange);
        }
    }

    #[inline(never)]
    fn push_end_as<const IS_JSON: bool>(&mut self, out: &mut Text, head: &Head, exchange: Option<&Exchange>) {
        let answer: Option<&Answer> = exchange.and_then(|exchange| exchange.outcome.as_ref().ok());
        let second = &mut self.second;
        out.append(self.room, |pen| {
            let status = answer.map(|answer| u64::from(answer.status));
            push_number::<IS_JSON>(pen, FIRST_LATER_COLUMN, status);
            push_number::<IS_JSON>(pen, 9, head.content_length);
            push_number::<IS_JSON>(pen, 10, answer.and_then(|answer| answer.content_length));
            push_time::<IS_JSON>(pen, 11, Some(head.start), second);
            push_answer_times::<IS_JSON>(pen, answer, second);
            push_number::<IS_JSON>(pen, 14, exchange.map(|exchange| exchange.request_bytes));
            push_number::<IS_JSON>(pen, 15, answer.map(|answer| answer.bytes));
            push_outcome::<IS_JSON>(pen, exchange);
            if IS_JSON {
                pen.push(b'}');
            }
            pen.push(b'\n');
        });
    }
}

#[inline(always)]
fn separate<const IS_JSON: bool>(pen: &mut Pen<'_>, column: usize) {
    if IS_JSON {
        pen.push_padded(&NDJSON_SEPARATORS[column]);
    } else if column > 0 {
        pen.push(b'\t');
    }
}

#[inline(always)]
fn push_unknown<const IS_JSON: bool>(pen: &mut Pen<'_>) {
    if IS_JSON {
        pen.push_padded(const { &Padded::<4>::new("null") });
    }
}

#[inline(always)]
fn push_quote<const IS_JSON: bool>(pen: &mut Pen<'_>) {
    if IS_JSON {
        pen.push(b'"');
    }
}

#[inline(always)]
fn push_endpoint<const IS_JSON: bool>(pen: &mut Pen<'_>, column: usize, endpoint: Endpoint) {
    separate::<IS_JSON>(pen, column);
    push_quote::<IS_JSON>(pen);
    pen.push_address(endpoint.address);
    push_quote::<IS_JSON>(pen);
    push_number::<IS_JSON>(pen, column + 1, Some(u64::from(endpoint.port)));
}

#[inline(always)]
fn push_word<const IS_JSON: bool>(pen: &mut Pen<'_>, column: usize, word: &Word) {
    separate::<IS_JSON>(pen, column);
    push_quote::<IS_JSON>(pen);
    pen.push_padded(word);
    push_quote::<IS_JSON>(pen);
}

#[inline(always)]
fn push_number<const IS_JSON: bool>(pen: &mut Pen<'_>, column: usize, number: Option<u64>) {
    separate::<IS_JSON>(pen, column);
    match number {
        Some(number) => pen.push_decimal(number),
        None => push_unknown::<IS_JSON>(pen),
    }
}

#[inline(always)]
fn push_time<const IS_JSON: bool>(
    pen: &mut Pen<'_>,
    column: usize,
    time: Option<Timestamp>,
    second: &mut Second,
) {
    separate::<IS_JSON>(pen, column);
    match time {
        Some(time) => pen.push_seconds(time, second),
        None => push_unknown::<IS_JSON>(pen),
    }
}

/// An answer of one segment ends when it starts: the same text.
#[inline(always)]
fn push_answer_times<const IS_JSON: bool>(pen: &mut Pen<'_>, answer: Option<&Answer>, second: &mut Second) {
    let separated = pen.length();
    push_time::<IS_JSON>(pen, 12, answer.map(|answer| answer.start), second);
    if !IS_JSON && answer.is_some_and(|answer| answer.start == answer.end) {
        pen.repeat_from::<MAX_TIME_COLUMN_BYTES>(separated);
    } else {
        push_time::<IS_JSON>(pen, 13, answer.map(|answer| answer.end), second);
    }
}

#[inline(always)]
fn push_outcome<const IS_JSON: bool>(pen: &mut Pen<'_>, exchange: Option<&Exchange>) {
    let word = match exchange.map(|exchange| &exchange.outcome) {
        Some(Ok(_)) => const { &Word::new("answered") },
        Some(Err(Unanswered::Missed)) => const { &Word::new("missed") },
        Some(Err(Unanswered::Closed)) => const { &Word::new("closed") },
        Some(Err(Unanswered::Evicted)) => const { &Word::new("evicted") },
        None => {
            separate::<IS_JSON>(pen, 16);
            return push_unknown::<IS_JSON>(pen);
        }
    };
    push_word::<IS_JSON>(pen, 16, word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::exchange::Tag;

    #[test]
    fn the_two_halves_of_a_row_meet() {
        assert_eq!(TSV_HEADER.split('\t').nth(FIRST_LATER_COLUMN), Some("status"));
        assert_eq!(TSV_HEADER.split('\t').count(), NDJSON_SEPARATORS.len());
    }

    #[test]
    fn the_longest_row_fits() {
        let farthest = Endpoint { address: Address(u128::MAX), port: u16::MAX };
        let last = Timestamp(u64::MAX);
        let long = [0xff; 5_000];
        let request = Request {
            client: farthest,
            server: farthest,
            version: Version::Http11,
            method: &long,
            host: &long,
            path: &long,
            content_length: Some(u64::MAX),
            start: last,
            is_first_on_connection: false,
        };
        let answer = Answer {
            status: u16::MAX,
            content_length: Some(u64::MAX),
            start: last,
            end: last,
            bytes: u64::MAX,
        };
        let exchange = Exchange { tag: Tag(0), request_bytes: u64::MAX, outcome: Ok(answer), ended: last };
        for format in [RowFormat::Tsv, RowFormat::Ndjson] {
            let (mut text, mut out) = (RowText::new(format), Text::default());
            text.push_request(&mut out, &request);
            text.push_end(&mut out, &Head::new(&request), Some(&exchange));
            let out = out.as_bytes();
            assert!(
                out.len() > 3 * 4 * 5_000 && out.ends_with(if text.is_json { b"\"}\n" } else { b"red\n" })
            );
        }
    }
}
