//! The columns of a row, in their order, in both formats.

use super::text::{push_address, push_decimal, push_escaped, push_seconds};
use crate::address::Endpoint;
use crate::exchange::{Answer, Exchange, Request, Unanswered, Version};
use crate::time::Timestamp;

macro_rules! columns {
    ($first:literal $(, $rest:literal)* $(,)?) => {
        const TSV_HEADER: &str = concat!($first $(, "\t", $rest)*, "\n");
        const TSV_SEPARATORS: &[&str] = &["" $(, { let _ = $rest; "\t" })*];
        const NDJSON_SEPARATORS: &[&str] =
            &[concat!("{\"", $first, "\":") $(, concat!(",\"", $rest, "\":"))*];
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
#[derive(Clone, Copy)]
pub(super) struct RowText {
    separators: &'static [&'static str],
    is_json: bool,
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
        match format {
            RowFormat::Tsv => Self { separators: TSV_SEPARATORS, is_json: false },
            RowFormat::Ndjson => Self { separators: NDJSON_SEPARATORS, is_json: true },
        }
    }

    pub(super) fn push_header(&self, out: &mut Vec<u8>) {
        if !self.is_json {
            out.extend_from_slice(TSV_HEADER.as_bytes());
        }
    }

    /// The columns known at the request.
    pub(super) fn push_request(&self, out: &mut Vec<u8>, request: &Request<'_>) {
        let mut row = RowWriter { text: self, out, column: 0 };
        row.endpoint(request.client);
        row.endpoint(request.server);
        row.word(match request.version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
            Version::Http2 => "HTTP/2",
        });
        row.bytes(request.method);
        row.bytes(request.host);
        row.bytes(request.path);
    }

    /// The other columns and the end of the line; without an exchange, those that only it could tell are unknown.
    pub(super) fn push_end(&self, out: &mut Vec<u8>, head: &Head, exchange: Option<&Exchange>) {
        let answer: Option<&Answer> = exchange.and_then(|exchange| exchange.outcome.as_ref().ok());
        let mut row = RowWriter { text: self, out, column: FIRST_LATER_COLUMN };
        row.number(answer.map(|answer| u64::from(answer.status)));
        row.number(head.content_length);
        row.number(answer.and_then(|answer| answer.content_length));
        row.time(Some(head.start));
        row.time(answer.map(|answer| answer.start));
        row.time(answer.map(|answer| answer.end));
        row.number(exchange.map(|exchange| exchange.request_bytes));
        row.number(answer.map(|answer| answer.bytes));
        row.word(match exchange.map(|exchange| &exchange.outcome) {
            Some(Ok(_)) => "answered",
            Some(Err(Unanswered::Missed)) => "missed",
            Some(Err(Unanswered::Closed)) => "closed",
            Some(Err(Unanswered::Evicted)) => "evicted",
            None => "",
        });
        out.extend_from_slice(if self.is_json { b"}\n" } else { b"\n" });
    }
}

struct RowWriter<'a> {
    text: &'a RowText,
    out: &'a mut Vec<u8>,
    column: usize,
}

impl RowWriter<'_> {
    #[inline]
    fn separate(&mut self) {
        self.out.extend_from_slice(self.text.separators[self.column].as_bytes());
        self.column += 1;
    }

    #[inline]
    fn unknown(&mut self) {
        if self.text.is_json {
            self.out.extend_from_slice(b"null");
        }
    }

    #[inline]
    fn quote(&mut self) {
        if self.text.is_json {
            self.out.push(b'"');
        }
    }

    fn endpoint(&mut self, endpoint: Endpoint) {
        self.separate();
        self.quote();
        push_address(self.out, endpoint.address);
        self.quote();
        self.number(Some(u64::from(endpoint.port)));
    }

    /// One of our own words, which need no escape.
    #[inline]
    fn word(&mut self, word: &str) {
        self.separate();
        if word.is_empty() {
            return self.unknown();
        }
        self.quote();
        self.out.extend_from_slice(word.as_bytes());
        self.quote();
    }

    /// What was on the wire.
    fn bytes(&mut self, bytes: &[u8]) {
        self.separate();
        if bytes.is_empty() {
            return self.unknown();
        }
        self.quote();
        push_escaped(self.out, bytes, self.text.is_json);
        self.quote();
    }

    #[inline]
    fn number(&mut self, number: Option<u64>) {
        self.separate();
        match number {
            Some(number) => push_decimal(self.out, number),
            None => self.unknown(),
        }
    }

    #[inline]
    fn time(&mut self, time: Option<Timestamp>) {
        self.separate();
        match time {
            Some(time) => push_seconds(self.out, time),
            None => self.unknown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_halves_of_a_row_meet() {
        assert_eq!(TSV_HEADER.split('\t').nth(FIRST_LATER_COLUMN), Some("status"));
        assert_eq!(TSV_HEADER.split('\t').count(), TSV_SEPARATORS.len());
        assert_eq!(NDJSON_SEPARATORS[FIRST_LATER_COLUMN], ",\"status\":");
    }
}
