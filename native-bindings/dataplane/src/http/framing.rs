//! How long a message body is: RFC 9112 § 6.3, rule by rule.

use super::field::{ContentLength, Fields, TransferEncoding};
use super::head::Method;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes; 0: there is no body.
    Length(u64),
    Chunked,
    /// With the connection.
    UntilClose,
    /// The head contradicts itself: the next message has to be searched for.
    Ambiguous,
    /// After this answer the connection carries another protocol.
    Tunnel,
}

impl Framing {
    #[inline]
    pub fn of_request(fields: &Fields<'_>) -> Self {
        match (fields.transfer_encoding, fields.content_length) {
            (TransferEncoding::Chunked, _) => Self::Chunked,
            (TransferEncoding::Other, _) | (_, ContentLength::Contradictory) => Self::Ambiguous,
            (_, ContentLength::Bytes(bytes)) => Self::Length(bytes),
            (_, ContentLength::Absent) => Self::Length(0),
        }
    }

    /// `method`: of the request, where it was seen.
    #[inline]
    pub fn of_response(status: u16, method: Option<Method>, fields: &Fields<'_>) -> Self {
        match (status, method) {
            (101, _) => return Self::Tunnel,
            (200..=299, Some(Method::Connect)) => return Self::Tunnel,
            (_, Some(Method::Head)) | (100..=199 | 204 | 304, _) => return Self::Length(0),
            _ => {}
        }
        match (fields.transfer_encoding, fields.content_length) {
            (TransferEncoding::Chunked, _) => Self::Chunked,
            (TransferEncoding::Other, _) => Self::UntilClose,
            (_, ContentLength::Contradictory) => Self::Ambiguous,
            (_, ContentLength::Bytes(bytes)) => Self::Length(bytes),
            (_, ContentLength::Absent) => Self::UntilClose,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::LineEnds;
    use super::*;

    fn fields(bytes: &[u8]) -> Fields<'_> {
        Fields::parse(bytes, 0, LineEnds::new(bytes))
    }

    #[test]
    fn rule_1_answers_without_a_body() {
        let length = fields(b"Content-Length: 9\r\n\r\n");
        assert_eq!(Framing::of_response(200, Some(Method::Head), &length), Framing::Length(0));
        for status in [100, 103, 204, 304] {
            assert_eq!(Framing::of_response(status, Some(Method::Other), &length), Framing::Length(0));
        }
    }

    #[test]
    fn rule_2_tunnels() {
        let none = fields(b"\r\n");
        assert_eq!(Framing::of_response(200, Some(Method::Connect), &none), Framing::Tunnel);
        assert_eq!(Framing::of_response(101, Some(Method::Other), &none), Framing::Tunnel);
        let refused = fields(b"Content-Length: 3\r\n\r\n");
        assert_eq!(Framing::of_response(407, Some(Method::Connect), &refused), Framing::Length(3));
    }

    #[test]
    fn rules_3_and_4_transfer_encoding_overrides_content_length() {
        let both = fields(b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(Framing::of_request(&both), Framing::Chunked);
        assert_eq!(Framing::of_response(200, None, &both), Framing::Chunked);
        let other = fields(b"Transfer-Encoding: gzip\r\n\r\n");
        assert_eq!(Framing::of_request(&other), Framing::Ambiguous);
        assert_eq!(Framing::of_response(200, None, &other), Framing::UntilClose);
    }

    #[test]
    fn rules_5_to_8_lengths() {
        let contradictory = fields(b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n");
        assert_eq!(Framing::of_request(&contradictory), Framing::Ambiguous);
        assert_eq!(Framing::of_response(200, None, &contradictory), Framing::Ambiguous);
        assert_eq!(Framing::of_request(&fields(b"\r\n")), Framing::Length(0));
        assert_eq!(Framing::of_response(200, None, &fields(b"\r\n")), Framing::UntilClose);
    }
}
