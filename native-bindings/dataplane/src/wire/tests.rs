use super::*;
use crate::time::Timestamp;

/// 10.0.0.1:40000 → 10.0.0.2:80, sequence 1, ACK 2, payload "GET".
const IPV4_TCP: [u8; 43] = [
    0x45, 0, 0, 43, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
    0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0, b'G', b'E', b'T',
];

fn with_link(header: &[u8], packet: &[u8]) -> Vec<u8> {
    [header, packet].concat()
}

fn ethernet(types: &[u16], packet: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 12];
    for (index, ether_type) in types.iter().enumerate() {
        if index > 0 {
            bytes.extend([0, 7]);
        }
        bytes.extend(ether_type.to_be_bytes());
    }
    bytes.extend(packet);
    bytes
}

fn frame(link_type: LinkType, data: &[u8]) -> Frame<'_> {
    Frame { timestamp: Timestamp(0), link_type, data, wire_length: data.len() as u32 }
}

fn assert_get(link_type: LinkType, data: &[u8]) {
    let segment = decode(&frame(link_type, data)).unwrap();
    assert_eq!((segment.source.address.to_string(), segment.source.port), ("10.0.0.1".to_owned(), 40_000));
    assert_eq!(
        (segment.destination.address.to_string(), segment.destination.port),
        ("10.0.0.2".to_owned(), 80)
    );
    assert_eq!((segment.sequence, segment.acknowledgement), (1, 2));
    assert_eq!((segment.payload, segment.payload_length), (&b"GET"[..], 3));
}

#[test]
fn decodes_every_link_type() {
    assert_get(LinkType::ETHERNET, &ethernet(&[0x0800], &IPV4_TCP));
    assert_get(LinkType::ETHERNET, &ethernet(&[0x88a8, 0x9100, 0x9200, 0x8100, 0x0800], &IPV4_TCP));
    for raw in [LinkType::RAW, LinkType::RAW_DLT_12, LinkType::RAW_DLT_14, LinkType::IPV4] {
        assert_get(raw, &IPV4_TCP);
    }
    assert_get(LinkType::NULL, &with_link(&[2, 0, 0, 0], &IPV4_TCP));
    assert_get(LinkType::LOOP, &with_link(&[0, 0, 0, 2], &IPV4_TCP));
    let mut sll = [0; 16];
    sll[14] = 8;
    assert_get(LinkType::LINUX_SLL, &with_link(&sll, &IPV4_TCP));
    let mut sll2 = [0; 20];
    sll2[0] = 8;
    assert_get(LinkType::LINUX_SLL2, &with_link(&sll2, &IPV4_TCP));
}

#[test]
fn decodes_ipv6() {
    let mut packet = vec![0x60, 0, 0, 0, 0, 23, 6, 64];
    packet.extend([[0xfd; 16], [0xfe; 16]].concat());
    packet.extend(&IPV4_TCP[20..]);
    for (link_type, data) in [
        (LinkType::IPV6, packet.clone()),
        (LinkType::RAW, packet.clone()),
        (LinkType::ETHERNET, ethernet(&[0x86dd], &packet)),
    ] {
        let segment = decode(&frame(link_type, &data)).unwrap();
        assert_eq!(segment.source.address, Address::from_v6([0xfd; 16]));
        assert_eq!(segment.destination.address, Address::from_v6([0xfe; 16]));
        assert_eq!(segment.payload, b"GET");
    }
}

#[test]
fn padding_is_not_payload() {
    let mut data = ethernet(&[0x0800], &IPV4_TCP);
    data.extend([0; 3]);
    assert_get(LinkType::ETHERNET, &data);
}

#[test]
fn a_cut_payload_keeps_its_length() {
    let data = ethernet(&[0x0800], &IPV4_TCP);
    let cut = Frame { wire_length: data.len() as u32, ..frame(LinkType::ETHERNET, &data[..55]) };
    let segment = decode(&cut).unwrap();
    assert_eq!((segment.payload, segment.payload_length), (&b"G"[..], 3));
}

#[test]
fn every_other_frame_ends_under_its_reason() {
    let mut udp = IPV4_TCP;
    udp[9] = 17;
    let mut gre = IPV4_TCP;
    gre[9] = 47;
    let mut fragment = IPV4_TCP;
    fragment[6] = 0x20;
    let cases: [(&[u8], FrameReason); 8] = [
        (&ethernet(&[0x0806], &[0; 28]), FrameReason::NotIp),
        (&ethernet(&[0x0026], &[0; 38]), FrameReason::NotIp),
        (&ethernet(&[0x8847], &[0; 46]), FrameReason::UnsupportedEncapsulation),
        (&ethernet(&[0x0800], &udp), FrameReason::OtherTransport),
        (&ethernet(&[0x0800], &gre), FrameReason::UnsupportedEncapsulation),
        (&ethernet(&[0x0800], &fragment), FrameReason::IpFragment),
        (&ethernet(&[0x8100; 20], &IPV4_TCP), FrameReason::TooDeep),
        (&ethernet(&[0x0800], &IPV4_TCP[..39]), FrameReason::TruncatedHeader),
    ];
    for (data, reason) in cases {
        assert_eq!(decode(&frame(LinkType::ETHERNET, data)).err(), Some(reason));
    }
    assert_eq!(decode(&frame(LinkType(105), &IPV4_TCP)).err(), Some(FrameReason::UnsupportedEncapsulation));
}

proptest::proptest! {
    #[test]
    fn never_panics(link_type in 0u16..300, data in proptest::collection::vec(proptest::num::u8::ANY, 0..200), extra in 0u32..2000) {
        let hostile = Frame { wire_length: data.len() as u32 + extra, ..frame(LinkType(link_type), &data) };
        if let Ok(segment) = decode(&hostile) {
            proptest::prop_assert!(segment.payload.len() <= segment.payload_length as usize);
        }
    }

    #[test]
    fn mutated_frames_never_panic(at in 0usize..57, value in proptest::num::u8::ANY, length in 0usize..58) {
        let mut data = ethernet(&[0x0800], &IPV4_TCP);
        data[at] = value;
        if let Ok(segment) = decode(&frame(LinkType::ETHERNET, &data[..length.min(57)])) {
            proptest::prop_assert!(segment.payload.len() <= segment.payload_length as usize);
        }
    }
}
