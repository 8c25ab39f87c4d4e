//! The bytes of one request or answer: a head in memory, a body made on the fly from a pattern. A message of any size costs
//! the memory of its head.

use std::sync::LazyLock;

use super::route::push_hex;

/// Stands in every query string, cookie, credential and body, so that tests can prove that none of them gets out.
pub const SECRET_MARKER: &str = "synth-secret";

/// Bodies repeat after so many bytes.
const PATTERN_BYTES: usize = 4_096;
/// A body's last chunk and the end of its trailers (RFC 9112 § 7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Body text with traps: what looks like requests and answers but is none. Laid twice end to end, so that any piece of
/// a segment's length is contiguous.
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = format!(
        "GET /fake HTTP/1.1\r\nHost: trap.example\r\n\r\nsome ordinary text, token={SECRET_MARKER}, and more of it\n\
         HTTP/1.1 500 Fake\r\nContent-Length: 4\r\n\r\ntrap\n0\r\n\r\nPOST /fake/2 HTTP/1.1\r\nContent-Length: 9\r\n\r\n\
         lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor\n"
    );
    let cycle: Vec<u8> = text.bytes().cycle().take(PATTERN_BYTES).collect();
    [cycle.as_slice(), cycle.as_slice()].concat()
});

/// A message to send, by the offset of its bytes on the wire.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// Start line and headers with the empty line.
    pub head: Vec<u8>,
    body_bytes: u64,
    /// Where in the pattern the body begins; 0 is a trap.
    phase: u16,
    /// 0 for a body as it is, else the bytes of a chunk.
    chunk_bytes: u32,
}

impl Message {
    #[cfg(test)]
    pub fn from_head(head: Vec<u8>) -> Self {
        Self { head, ..Self::default() }
    }

    /// Begins anew with an empty head and no body; keeps the head's memory.
    pub fn clear(&mut self) {
        self.head.clear();
        self.set_body(0, 0, 0);
    }

    pub fn set_body(&mut self, body_bytes: u64, phase: u16, chunk_bytes: u32) {
        (self.body_bytes, self.phase, self.chunk_bytes) = (body_bytes, phase, chunk_bytes);
    }

    /// Bytes on the wire: head, body and the framing of its chunks.
    pub fn wire_bytes(&self) -> u64 {
        let head_bytes = self.head.len() as u64;
        if self.chunk_bytes == 0 {
            return head_bytes + self.body_bytes;
        }
        let chunk = u64::from(self.chunk_bytes);
        let rest = self.body_bytes % chunk;
        let rest_frame = if rest == 0 { 0 } else { chunk_frame_bytes(rest) };
        head_bytes + self.body_bytes / chunk * chunk_frame_bytes(chunk) + rest_frame + LAST_CHUNK.len() as u64
    }

    /// Writes the wire bytes from `offset` on; `out` must not reach beyond [`Self::wire_bytes`].
    #[inline]
    pub fn fill(&self, offset: u64, out: &mut [u8]) {
        let head_bytes = self.head.len() as u64;
        let from_head = head_bytes.saturating_sub(offset).min(out.len() as u64) as usize;
        let (head_part, body_part) = out.split_at_mut(from_head);
        if from_head > 0 {
            head_part.copy_from_slice(&self.head[offset as usize..offset as usize + from_head]);
        }
        if body_part.is_empty() {
            return;
        }
        let body_offset = offset.max(head_bytes) - head_bytes;
        if self.chunk_bytes == 0 {
            self.fill_plain(body_offset, body_part)
        } else {
            self.fill_chunked(body_offset, body_part)
        }
    }

    fn fill_plain(&self, body_offset: u64, out: &mut [u8]) {
        let mut at = (u64::from(self.phase) + body_offset) as usize % PATTERN_BYTES;
        for piece in out.chunks_mut(PATTERN_BYTES) {
            piece.copy_from_slice(&PATTERN[at..at + piece.len()]);
            at = (at + piece.len()) % PATTERN_BYTES;
        }
    }

    fn fill_chunked(&self, mut offset: u64, mut out: &mut [u8]) {
        let chunk = u64::from(self.chunk_bytes);
        let full_chunks = self.body_bytes / chunk;
        while !out.is_empty() {
            let index = (offset / chunk_frame_bytes(chunk)).min(full_chunks);
            let within = offset - index * chunk_frame_bytes(chunk);
            let data_bytes = if index < full_chunks { chunk } else { self.body_bytes % chunk };
            let last_at = if data_bytes == 0 { 0 } else { chunk_frame_bytes(data_bytes) };
            let taken = if index == full_chunks && within >= last_at {
                copy_part(LAST_CHUNK, within - last_at, out)
            } else {
                self.fill_chunk(index * chunk, data_bytes, within, out)
            };
            offset += taken as u64;
            out = &mut out[taken..];
        }
    }

    /// Writes from `within` a chunk's frame to the end of one of its three parts; returns the bytes written.
    fn fill_chunk(&self, body_offset: u64, data_bytes: u64, within: u64, out: &mut [u8]) -> usize {
        let digits = hex_digits(data_bytes);
        let size_line_bytes = u64::from(digits) + 2;
        if within < size_line_bytes {
            let mut size_line = Vec::with_capacity(18);
            push_hex(&mut size_line, data_bytes, digits);
            size_line.extend_from_slice(b"\r\n");
            return copy_part(&size_line, within, out);
        }
        let data_at = within - size_line_bytes;
        if data_at < data_bytes {
            let count = (data_bytes - data_at).min(out.len() as u64) as usize;
            self.fill_plain(body_offset + data_at, &mut out[..count]);
            return count;
        }
        copy_part(b"\r\n", data_at - data_bytes, out)
    }
}

fn copy_part(part: &[u8], from: u64, out: &mut [u8]) -> usize {
    let part = &part[from as usize..];
    let count = part.len().min(out.len());
    out[..count].copy_from_slice(&part[..count]);
    count
}

fn hex_digits(value: u64) -> u32 {
    (67 - value.max(1).leading_zeros()) / 4
}

fn chunk_frame_bytes(data_bytes: u64) -> u64 {
    u64::from(hex_digits(data_bytes)) + 2 + data_bytes + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body_bytes: u64, chunk_bytes: u32) -> Message {
        let mut message = Message::from_head(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
        message.set_body(body_bytes, 100, chunk_bytes);
        message
    }

    fn wire(message: &Message, segment_bytes: usize) -> Vec<u8> {
        let mut out = vec![0; message.wire_bytes() as usize];
        for (index, piece) in out.chunks_mut(segment_bytes).enumerate() {
            message.fill((index * segment_bytes) as u64, piece);
        }
        out
    }

    #[test]
    fn a_plain_body_is_the_pattern() {
        let bytes = wire(&message(10_000, 0), 1_460);
        let expected: Vec<u8> =
            PATTERN[..PATTERN_BYTES].iter().copied().cycle().skip(100).take(10_000).collect();
        assert_eq!(bytes[19..], expected);
    }

    #[test]
    fn chunks_decode_to_the_same_body_at_any_segment_size() {
        for (body_bytes, chunk_bytes) in
            [(0, 16), (1, 16), (16, 16), (100, 16), (5_000, 256), (5_120, 256), (4_095, 4_096)]
        {
            let chunked = message(body_bytes, chunk_bytes);
            let bytes = wire(&chunked, 1_460);
            for segment_bytes in [1, 7, 100] {
                assert_eq!(wire(&chunked, segment_bytes), bytes);
            }
            let mut body = Vec::new();
            let mut rest = &bytes[19..];
            loop {
                let line_end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
                let size =
                    usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).unwrap(), 16).unwrap();
                rest = &rest[line_end + 2..];
                body.extend_from_slice(&rest[..size]);
                assert_eq!(&rest[size..size + 2], b"\r\n");
                rest = &rest[size + 2..];
                if size == 0 {
                    break;
                }
            }
            assert!(rest.is_empty());
            assert_eq!(body, wire(&message(body_bytes, 0), 1_460)[19..]);
        }
    }

    #[test]
    fn hex_sizes_have_no_leading_zero() {
        assert_eq!([0, 1, 15, 16, 255, 256, 4_096].map(hex_digits), [1, 1, 1, 2, 2, 3, 4]);
    }
}
