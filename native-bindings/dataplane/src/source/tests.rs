use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

/// A frame without its borrow: nanoseconds, link type, data, wire length.
type Seen = (u64, u16, Vec<u8>, u32);

/// The smallest buffer there could be, so that every record straddles its end.
const TINY_BUFFER_BYTES: usize = 1;

pub(super) struct TemporaryFile(pub(super) String);

impl TemporaryFile {
    pub(super) fn new(bytes: &[u8]) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("foretap-source-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path.to_str().unwrap().to_owned())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Reads frame by frame, and holds what visits show against that.
fn read_with_buffer(bytes: &[u8], buffer_bytes: usize) -> (Vec<Seen>, Option<SourceError>) {
    let file = TemporaryFile::new(bytes);
    let (seen, error) = read_singly(&file, buffer_bytes);
    for frames_a_visit in [1, 2, usize::MAX] {
        let (visited, fault) = read_by_visits(&file, buffer_bytes, frames_a_visit);
        let texts = [&error, &fault].map(|error| error.as_ref().map(ToString::to_string));
        assert_eq!((&visited, &texts[1]), (&seen, &texts[0]), "{frames_a_visit} frames a visit");
    }
    (seen, error)
}

fn read_by_visits(
    file: &TemporaryFile,
    buffer_bytes: usize,
    frames_a_visit: usize,
) -> (Vec<Seen>, Option<SourceError>) {
    let mut seen = Vec::new();
    let mut reader = match CaptureReader::open(&file.0, buffer_bytes) {
        Ok(reader) => reader,
        Err(error) => return (seen, Some(error)),
    };
    loop {
        let mut left = frames_a_visit;
        let pause = reader.visit_frames(Duration::ZERO, |frame| {
            seen.push((frame.timestamp.0, frame.link_type.0, frame.data.to_vec(), frame.wire_length));
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match pause {
            Ok(Pause::Stopped) => assert_eq!(left, 0),
            Ok(pause) => {
                assert_eq!(pause, Pause::End);
                return (seen, None);
            }
            Err(error) => return (seen, Some(error)),
        }
    }
}

fn read_singly(file: &TemporaryFile, buffer_bytes: usize) -> (Vec<Seen>, Option<SourceError>) {
    let mut seen = Vec::new();
    let mut reader = match CaptureReader::open(&file.0, buffer_bytes) {
        Ok(reader) => reader,
        Err(error) => return (seen, Some(error)),
    };
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                seen.push((frame.timestamp.0, frame.link_type.0, frame.data.to_vec(), frame.wire_length));
            }
            Ok(None) => return (seen, None),
            Err(error) => {
                assert!(matches!(reader.next_frame(), Ok(None)), "a source is over after its error");
                return (seen, Some(error));
            }
        }
    }
}

fn read(bytes: &[u8]) -> (Vec<Seen>, Option<SourceError>) {
    read_with_buffer(bytes, TINY_BUFFER_BYTES)
}

fn read_all(bytes: &[u8]) -> Vec<Seen> {
    let (seen, error) = read(bytes);
    assert!(error.is_none(), "{error:?}");
    seen
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    Little,
    Big,
}
use Order::{Big, Little};

fn u16s(order: Order, values: &[u16]) -> Vec<u8> {
    let bytes = |value: &u16| if order == Big { value.to_be_bytes() } else { value.to_le_bytes() };
    values.iter().flat_map(bytes).collect()
}

fn u32s(order: Order, values: &[u32]) -> Vec<u8> {
    let bytes = |value: &u32| if order == Big { value.to_be_bytes() } else { value.to_le_bytes() };
    values.iter().flat_map(bytes).collect()
}

pub(super) fn pcap_header(order: Order, magic: u32, minor_version: u16) -> Vec<u8> {
    [u32s(order, &[magic]), u16s(order, &[2, minor_version]), u32s(order, &[0, 0, 65_535, 1])].concat()
}

pub(super) fn pcap_record(order: Order, seconds: u32, fraction: u32, data: &[u8], wire: u32) -> Vec<u8> {
    [u32s(order, &[seconds, fraction, data.len() as u32, wire]), data.to_vec()].concat()
}

/// Two frames, microseconds.
fn small_pcap(order: Order) -> Vec<u8> {
    [
        pcap_header(order, 0xa1b2_c3d4, 4),
        pcap_record(order, 1_700_000_000, 123_456, b"first", 5),
        pcap_record(order, 1_700_000_001, 0, b"second", 1_500),
    ]
    .concat()
}

fn small_pcap_frames() -> Vec<Seen> {
    vec![
        (1_700_000_000_123_456_000, 1, b"first".to_vec(), 5),
        (1_700_000_001_000_000_000, 1, b"second".to_vec(), 1_500),
    ]
}

fn block(order: Order, block_type: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = (12 + body.len() + padding.len()) as u32;
    [u32s(order, &[block_type, length]), body.to_vec(), padding, u32s(order, &[length])].concat()
}

fn section(order: Order) -> Vec<u8> {
    let body =
        [u32s(order, &[0x1a2b_3c4d]), u16s(order, &[1, 0]), u32s(order, &[u32::MAX, u32::MAX])].concat();
    block(order, 0x0a0d_0d0a, &body)
}

fn interface(order: Order, link_type: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    let body = [u16s(order, &[link_type, 0]), u32s(order, &[snap_length]), options.to_vec()].concat();
    block(order, 1, &body)
}

fn enhanced(order: Order, interface: u32, units: u64, data: &[u8], wire: u32) -> Vec<u8> {
    let fixed = u32s(order, &[interface, (units >> 32) as u32, units as u32, data.len() as u32, wire]);
    block(order, 6, &[fixed, data.to_vec()].concat())
}

/// One section of each byte order, two interfaces, all three kinds of packet block, and blocks to skip.
fn small_pcapng() -> Vec<u8> {
    let obsolete = [u16s(Big, &[1, 7]), u32s(Big, &[0, 9, 3, 3]), b"old".to_vec()].concat();
    [
        section(Little),
        interface(Little, 1, 0, &[]),
        interface(Little, 101, 4, &[9, 0, 1, 0, 9, 0, 0, 0]),
        block(Little, 4, b"name resolution"),
        enhanced(Little, 1, 1_700_000_000_123_456_789, b"nano", 60),
        enhanced(Little, 0, 1_700_000_000_123_456, b"micro", 5),
        block(Little, 3, &[u32s(Little, &[3]), b"one".to_vec()].concat()),
        section(Big),
        interface(Big, 276, 2, &[]),
        interface(Big, 113, 0, &[]),
        block(Big, 5, b"statistics"),
        block(Big, 0x4000_0bad, b"custom"),
        block(Big, 2, &obsolete),
        block(Big, 3, &[u32s(Big, &[6]), b"si\0\0".to_vec()].concat()),
    ]
    .concat()
}

fn small_pcapng_frames() -> Vec<Seen> {
    vec![
        (1_700_000_000_123_456_789, 101, b"nano".to_vec(), 60),
        (1_700_000_000_123_456_000, 1, b"micro".to_vec(), 5),
        (1_700_000_000_123_456_000, 1, b"one".to_vec(), 3),
        (9_000, 113, b"old".to_vec(), 3),
        (9_000, 276, b"si".to_vec(), 6),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn reads_pcap_in_both_byte_orders_and_both_resolutions() {
    for order in [Little, Big] {
        assert_eq!(read_all(&small_pcap(order)), small_pcap_frames());
        let nanos =
            [pcap_header(order, 0xa1b2_3c4d, 4), pcap_record(order, 7, 123_456_789, b"ns", 2)].concat();
        assert_eq!(read_all(&nanos), [(7_123_456_789, 1, b"ns".to_vec(), 2)]);
    }
}

#[test]
fn reads_the_modified_pcap_and_the_one_with_swapped_lengths() {
    let record = [u32s(Little, &[7, 0, 2, 60]), vec![0; 8], b"mo".to_vec()].concat();
    let modified = [pcap_header(Little, 0xa1b2_cd34, 4), record].concat();
    assert_eq!(read_all(&modified), [(7_000_000_000, 1, b"mo".to_vec(), 60)]);
    for minor_version in [2, 3] {
        let swapped = [u32s(Little, &[7, 0, 60, 2]), b"sw".to_vec()].concat();
        let capture = [pcap_header(Little, 0xa1b2_c3d4, minor_version), swapped].concat();
        assert_eq!(read_all(&capture), [(7_000_000_000, 1, b"sw".to_vec(), 60)]);
    }
}

#[test]
fn the_wire_length_is_never_below_the_captured() {
    let capture = [pcap_header(Little, 0xa1b2_c3d4, 4), pcap_record(Little, 0, 0, b"data", 1)].concat();
    assert_eq!(read_all(&capture), [(0, 1, b"data".to_vec(), 4)]);
}

#[test]
fn reads_pcapng_sections_interfaces_and_packet_blocks() {
    assert_eq!(read_all(&small_pcapng()), small_pcapng_frames());
}

#[test]
fn reads_gzip_members_and_zstd_frames() {
    for capture in [small_pcap(Big), small_pcapng()] {
        let (head, tail) = capture.split_at(30);
        let expected = read_all(&capture);
        assert_eq!(read_all(&[gzip(head), gzip(tail)].concat()), expected);
        assert_eq!(read_all(&[zstd_frame(head), zstd_frame(tail)].concat()), expected);
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9][..], &zstd_frame(&capture)].concat();
        assert_eq!(read_all(&skippable), expected);
    }
}

#[test]
fn the_buffer_size_changes_nothing() {
    for capture in [small_pcap(Little), small_pcapng()] {
        for buffer_bytes in [1, 7, 64, 4096] {
            assert_eq!(read_with_buffer(&capture, buffer_bytes).0, read_all(&capture));
        }
    }
}

/// Wherever the input is cut: the whole records before the cut, then one error unless the cut lies between records.
#[test]
fn a_cut_capture_delivers_what_came_before() {
    for (capture, frames, clean_cuts) in [
        (small_pcap(Little), small_pcap_frames(), vec![24, 45, 67]),
        (small_pcapng(), small_pcapng_frames(), block_ends(&small_pcapng())),
    ] {
        for length in 1..=capture.len() {
            let (seen, error) = read(&capture[..length]);
            assert_eq!(seen, frames[..seen.len()]);
            assert_eq!(error.is_none(), clean_cuts.contains(&length), "cut to {length}: {error:?}");
            if length >= 24 {
                assert!(
                    matches!(error, None | Some(SourceError::Truncated { .. })),
                    "cut to {length}: {error:?}"
                );
            }
        }
        for compress in [gzip, zstd_frame] {
            let compressed = compress(&capture);
            for length in 1..compressed.len() {
                let (seen, error) = read(&compressed[..length]);
                assert_eq!(seen, frames[..seen.len()]);
                assert!(error.is_some(), "cut to {length} of {}", compressed.len());
            }
        }
    }
}

/// Both byte orders occur, so the length is the one of its two readings that fits.
fn block_ends(capture: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while at < capture.len() {
        let field = [capture[at + 4], capture[at + 5], capture[at + 6], capture[at + 7]];
        at += u32::from_le_bytes(field).min(u32::from_be_bytes(field)) as usize;
        ends.push(at);
    }
    ends
}

#[test]
fn absurd_and_contradictory_records_are_corrupt() {
    let absurd = [small_pcap(Little), u32s(Little, &[0, 0, 262_145, 262_145])].concat();
    let no_interface = [section(Little), enhanced(Little, 0, 0, b"data", 4)].concat();
    let mut two_lengths = [section(Little), interface(Little, 1, 0, &[])].concat();
    let last = two_lengths.len() - 4;
    two_lengths[last] += 4;
    let huge_block = [section(Little), u32s(Little, &[6, 17 << 20, 0])].concat();
    let overlong = {
        let body = [u32s(Little, &[0, 0, 0, 400, 400]), b"data".to_vec()].concat();
        [section(Little), interface(Little, 1, 0, &[]), block(Little, 6, &body)].concat()
    };
    for (capture, offset) in
        [(absurd, 67), (no_interface, 28), (two_lengths, 28), (huge_block, 28), (overlong, 48)]
    {
        let (_, error) = read(&capture);
        assert!(matches!(error, Some(SourceError::Corrupt { offset: at, .. }) if at == offset), "{error:?}");
    }
}

#[test]
fn an_interface_belongs_to_its_section() {
    let capture =
        [section(Little), interface(Little, 1, 0, &[]), section(Big), enhanced(Big, 0, 0, b"x", 1)].concat();
    assert!(matches!(read(&capture).1, Some(SourceError::Corrupt { offset: 76, .. })));
}

#[test]
fn what_is_no_capture_is_named() {
    assert!(matches!(read(b"").1, Some(SourceError::Empty { .. })));
    assert!(matches!(read(&gzip(b"")).1, Some(SourceError::Empty { .. })));
    let error = read(b"GET / HTTP/1.1").1.unwrap();
    assert!(error.to_string().contains("starts with 47 45 54 20"), "{error}");
    assert!(matches!(read(b"\xd4\xc3").1, Some(SourceError::NotACapture { .. })));
    let missing = open("/nonexistent/capture.pcap").err().unwrap();
    assert!(
        missing.to_string().starts_with("/nonexistent/capture.pcap: cannot open: No such file"),
        "{missing}"
    );
    assert_eq!(missing.class(), ErrorClass::Unreadable);
    assert!(
        matches!(open("/").err(), Some(SourceError::Open { cause, .. }) if cause.kind() == std::io::ErrorKind::IsADirectory)
    );
}

#[test]
fn damaged_compression_is_told_from_a_damaged_capture() {
    for compress in [gzip, zstd_frame] {
        let mut compressed = compress(&small_pcap(Little));
        let at = compressed.len() - 3;
        compressed[at] ^= 0xff;
        let (seen, error) = read(&compressed);
        assert_eq!(seen, small_pcap_frames()[..seen.len()]);
        assert!(matches!(error, Some(SourceError::CorruptCompression { .. })), "{error:?}");
    }
}

#[test]
fn progress_counts_the_file_as_it_lies_on_disk() {
    let compressed = gzip(&small_pcap(Little));
    let file = TemporaryFile::new(&compressed);
    let mut reader = open(&file.0).unwrap();
    while reader.next_frame().unwrap().is_some() {}
    let size = compressed.len() as u64;
    assert_eq!(reader.progress(), SourceProgress { bytes_read: size, bytes_total: Some(size) });
}

proptest::proptest! {
    #[test]
    fn damage_never_panics(
        is_pcapng in proptest::bool::ANY,
        changes in proptest::collection::vec((0usize..500, proptest::num::u8::ANY), 1..6),
    ) {
        let mut capture = if is_pcapng { small_pcapng() } else { small_pcap(Big) };
        for (at, value) in changes {
            let length = capture.len();
            capture[at % length] = value;
        }
        let (seen, _) = read(&capture);
        proptest::prop_assert!(seen.iter().all(|(_, _, data, wire)| data.len() <= *wire as usize));
    }
}
