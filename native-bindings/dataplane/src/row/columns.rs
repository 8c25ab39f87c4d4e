//! The columns of a row, in their order, in both formats.

use super::text::{Padded, Second, Text};
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
        static TSV_SEPARATORS: &[Separator] =
            &[Separator::new("") $(, { let _ = $rest; Separator::new("\t") })*];
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
    separators: &'static [Separator],
    is_json: bool,
    /// Room for the columns up to the method, or for those after the path.
    room: usize,
    second: Second,
    /// The last server and its two columns: few servers answer many clients.
    server: Option<Endpoint>,
    server_text: Padded<96>,
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
        let (separators, is_json, room) = match format {
            RowFormat::Tsv => (TSV_SEPARATORS, false, 256),
            RowFormat::Ndjson => (NDJSON_SEPARATORS, true, 512),
        };
        Self { separators, is_json, room, second: Second::new(), server: None, server_text: Padded::new("") }
    }

    pub(super) fn push_header(&self, out: &mut Vec<u8>) {
        if !self.is_json {
            out.extend_from_slice(TSV_HEADER.as_bytes());
        }
    }

    /// The columns known at the request.
    pub(super) fn push_request(&mut self, out: &mut Text, request: &Request<'_>) {
        out.reserve(self.room);
        self.push_endpoint(out, 0, request.client);
        if self.server == Some(request.server) {
            out.push_padded(&self.server_text);
        } else {
            let begin = out.length();
            self.push_endpoint(out, 2, request.server);
            (self.server, self.server_text) = (Some(request.server), out.copy_from(begin));
        }
        self.push_word(
            out,
            4,
            match request.version {
                Version::Http10 => const { &Word::new("HTTP/1.0") },
                Version::Http11 => const { &Word::new("HTTP/1.1") },
                Version::Http2 => const { &Word::new("HTTP/2") },
            },
        );
        self.push_bytes(out, 5, request.method);
        self.push_bytes(out, 6, request.host);
        self.push_bytes(out, 7, request.path);
    }

    /// The other columns and the end of the line; without an exchange, those that only it could tell are unknown.
    pub(super) fn push_end(&mut self, out: &mut Text, head: &Head, exchange: Option<&Exchange>) {
        let answer: Option<&Answer> = exchange.and_then(|exchange| exchange.outcome.as_ref().ok());
        out.reserve(self.room);
        self.push_number(out, FIRST_LATER_COLUMN, answer.map(|answer| u64::from(answer.status)));
        self.push_number(out, 9, head.content_length);
        self.push_number(out, 10, answer.and_then(|answer| answer.content_length));
        self.push_time(out, 11, Some(head.start));
        self.push_time(out, 12, answer.map(|answer| answer.start));
        self.push_time(out, 13, answer.map(|answer| answer.end));
        self.push_number(out, 14, exchange.map(|exchange| exchange.request_bytes));
        self.push_number(out, 15, answer.map(|answer| answer.bytes));
        match exchange.map(|exchange| &exchange.outcome) {
            Some(Ok(_)) => self.push_word(out, 16, const { &Word::new("answered") }),
            Some(Err(Unanswered::Missed)) => self.push_word(out, 16, const { &Word::new("missed") }),
            Some(Err(Unanswered::Closed)) => self.push_word(out, 16, const { &Word::new("closed") }),
            Some(Err(Unanswered::Evicted)) => self.push_word(out, 16, const { &Word::new("evicted") }),
            None => {
                self.separate(out, 16);
                self.push_unknown(out);
            }
        }
        if self.is_json {
            out.push(b'}');
        }
        out.push(b'\n');
    }

    #[inline]
    fn separate(&self, out: &mut Text, column: usize) {
        out.push_padded(&self.separators[column]);
    }

    #[inline]
    fn push_unknown(&self, out: &mut Text) {
        if self.is_json {
            out.push_padded(const { &Padded::<4>::new("null") });
        }
    }

    #[inline]
    fn push_quote(&self, out: &mut Text) {
        if self.is_json {
            out.push(b'"');
        }
    }

    #[inline]
    fn push_endpoint(&self, out: &mut Text, column: usize, endpoint: Endpoint) {
        self.separate(out, column);
        self.push_quote(out);
        out.push_address(endpoint.address);
        self.push_quote(out);
        self.push_number(out, column + 1, Some(u64::from(endpoint.port)));
    }

    #[inline]
    fn push_word(&self, out: &mut Text, column: usize, word: &Word) {
        self.separate(out, column);
        self.push_quote(out);
        out.push_padded(word);
        self.push_quote(out);
    }

    /// What was on the wire, of any length.
    #[inline]
    fn push_bytes(&self, out: &mut Text, column: usize, bytes: &[u8]) {
        self.separate(out, column);
        if bytes.is_empty() {
            return self.push_unknown(out);
        }
        self.push_quote(out);
        out.push_escaped(bytes, self.is_json, self.room);
        self.push_quote(out);
    }

    #[inline]
    fn push_number(&self, out: &mut Text, column: usize, number: Option<u64>) {
        self.separate(out, column);
        match number {
            Some(number) => out.push_decimal(number),
            None => self.push_unknown(out),
        }
    }

    #[inline]
    fn push_time(&mut self, out: &mut Text, column: usize, time: Option<Timestamp>) {
        self.separate(out, column);
        match time {
            Some(time) => out.push_seconds(time, &mut self.second),
            None => self.push_unknown(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::exchange::Tag;

    #[test]
    fn the_two_halves_of_a_row_meet() {
        assert_eq!(TSV_HEADER.split('\t').nth(FIRST_LATER_COLUMN), Some("status"));
        assert_eq!(TSV_HEADER.split('\t').count(), TSV_SEPARATORS.len());
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
