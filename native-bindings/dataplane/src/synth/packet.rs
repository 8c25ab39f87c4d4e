//! Ethernet, IP and TCP headers in front of a payload, with correct checksums, in one buffer that is written over and over.

use std::net::IpAddr;

use super::message::Message;

const ETHERNET_BYTES: usize = 14;
const TCP_BYTES: usize = 20;
const TCP_PROTOCOL: u8 = 6;
const MAX_HEADER_BYTES: usize = ETHERNET_BYTES + 40 + TCP_BYTES;
/// Ethernet's MTU of 1500 and its header.
const MAX_FRAME_BYTES: usize = ETHERNET_BYTES + 1_500;
/// A window of 128 KiB at the scale of [`SYN_OPTIONS_TAIL`]; more than the generator ever has in flight.
const WINDOW: u16 = 1_024;
const SYN_WINDOW: u16 = 64_240;
/// After the MSS option: NOP, window scale 7, NOP, NOP, SACK permitted (RFC 7323 § 2.2, RFC 2018 § 2).
const SYN_OPTIONS_TAIL: [u8; 8] = [1, 3, 3, 7, 1, 1, 4, 2];
const SYN_OPTION_BYTES: usize = 12;

/// TCP flags of RFC 9293 § 3.1.
pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// One direction of a connection: its headers, ready but for what changes with each packet.
#[derive(Clone, Debug)]
pub struct Lane {
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: usize,
    /// Sum of the IPv4 header's constant words; 0 for IPv6, which has no checksum.
    ip_sum: u32,
    /// Sum of the constant words of the pseudo-header and of the ports.
    tcp_sum: u32,
    ip_id: u16,
    /// Of the next byte to send.
    pub sequence: u32,
}

/// One end of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    pub mac: [u8; 6],
    pub address: IpAddr,
    pub port: u16,
}

impl Lane {
    /// Both stations' addresses have to be of one family.
    pub fn new(source: &Station, destination: &Station, hops: u8, sequence: u32, ip_id: u16) -> Self {
        let mut header = [0; MAX_HEADER_BYTES];
        header[..6].copy_from_slice(&destination.mac);
        header[6..12].copy_from_slice(&source.mac);
        let hop_limit = 64 - hops;
        let (ip_end, address_sum, ip_sum) = match (source.address, destination.address) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                header[12..14].copy_from_slice(&[0x08, 0x00]);
                // Version and IHL; DF; TTL and protocol (RFC 791 § 3.1).
                header[14] = 0x45;
                header[20] = 0x40;
                header[22..24].copy_from_slice(&[hop_limit, TCP_PROTOCOL]);
                header[26..30].copy_from_slice(&from.octets());
                header[30..34].copy_from_slice(&to.octets());
                (34, sum(&header[26..34]), sum(&header[14..34]))
            }
            (from, to) => {
                let octets = |address| match address {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                    IpAddr::V6(v6) => v6.octets(),
                };
                header[12..14].copy_from_slice(&[0x86, 0xdd]);
                // Version; next header and hop limit (RFC 8200 § 3).
                header[14] = 0x60;
                header[20..22].copy_from_slice(&[TCP_PROTOCOL, hop_limit]);
                header[22..38].copy_from_slice(&octets(from));
                header[38..54].copy_from_slice(&octets(to));
                (54, sum(&header[22..54]), 0)
            }
        };
        header[ip_end..ip_end + 2].copy_from_slice(&source.port.to_be_bytes());
        header[ip_end + 2..ip_end + 4].copy_from_slice(&destination.port.to_be_bytes());
        let tcp_sum =
            address_sum + u32::from(TCP_PROTOCOL) + u32::from(source.port) + u32::from(destination.port);
        Self { header, header_bytes: ip_end + TCP_BYTES, ip_sum, tcp_sum, ip_id, sequence }
    }

    const fn is_v4(&self) -> bool {
        self.header_bytes == ETHERNET_BYTES + 20 + TCP_BYTES
    }

    /// Payload bytes of a full segment: 1460 on IPv4, 1440 on IPv6.
    pub const fn mss(&self) -> u16 {
        (MAX_FRAME_BYTES - self.header_bytes) as u16
    }
}

/// The frame being written.
#[derive(Clone, Debug)]
pub struct PacketBuffer {
    bytes: Box<[u8; MAX_FRAME_BYTES]>,
    length: usize,
}

impl Default for PacketBuffer {
    fn default() -> Self {
        Self { bytes: Box::new([0; MAX_FRAME_BYTES]), length: 0 }
    }
}

impl PacketBuffer {
    pub fn frame(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// SYN or SYN-ACK; takes one sequence number.
    pub fn write_syn(&mut self, lane: &mut Lane, acknowledgement: Option<u32>) {
        let at = lane.header_bytes;
        let mss = lane.mss().to_be_bytes();
        self.bytes[at..at + 4].copy_from_slice(&[2, 4, mss[0], mss[1]]);
        self.bytes[at + 4..at + SYN_OPTION_BYTES].copy_from_slice(&SYN_OPTIONS_TAIL);
        let flags = if acknowledgement.is_some() { SYN | ACK } else { SYN };
        self.finish(lane, lane.sequence, acknowledgement.unwrap_or(0), flags, SYN_OPTION_BYTES, SYN_WINDOW);
        lane.sequence = lane.sequence.wrapping_add(1);
    }

    /// A segment without payload; FIN takes one sequence number.
    pub fn write_control(&mut self, lane: &mut Lane, acknowledgement: u32, flags: u8) {
        self.finish(lane, lane.sequence, acknowledgement, flags | ACK, 0, WINDOW);
        lane.sequence = lane.sequence.wrapping_add(u32::from(flags & FIN));
    }

    /// A segment with `count` bytes of a message, at most the lane's MSS.
    pub fn write_data(
        &mut self,
        lane: &mut Lane,
        acknowledgement: u32,
        message: &Message,
        offset: u64,
        count: usize,
    ) {
        let at = lane.header_bytes;
        message.fill(offset, &mut self.bytes[at..at + count]);
        let flags = if offset + count as u64 == message.wire_bytes() { PSH | ACK } else { ACK };
        self.finish(lane, lane.sequence, acknowledgement, flags, count, WINDOW);
        lane.sequence = lane.sequence.wrapping_add(count as u32);
    }

    /// Writes the headers around `after_header` bytes that are in place: TCP options of a SYN, else payload.
    fn finish(
        &mut self,
        lane: &mut Lane,
        sequence: u32,
        acknowledgement: u32,
        flags: u8,
        after_header: usize,
        window: u16,
    ) {
        let bytes = &mut self.bytes[..lane.header_bytes + after_header];
        bytes[..lane.header_bytes].copy_from_slice(&lane.header[..lane.header_bytes]);
        let tcp_at = lane.header_bytes - TCP_BYTES;
        let tcp_length = (TCP_BYTES + after_header) as u16;
        if lane.is_v4() {
            let total_length = tcp_length + 20;
            bytes[16..18].copy_from_slice(&total_length.to_be_bytes());
            bytes[18..20].copy_from_slice(&lane.ip_id.to_be_bytes());
            let checksum = !fold(lane.ip_sum + u32::from(total_length) + u32::from(lane.ip_id));
            bytes[24..26].copy_from_slice(&checksum.to_be_bytes());
            lane.ip_id = lane.ip_id.wrapping_add(1);
        } else {
            bytes[18..20].copy_from_slice(&tcp_length.to_be_bytes());
        }
        let header_words = if flags & SYN == 0 { 5 } else { (TCP_BYTES + SYN_OPTION_BYTES) as u8 / 4 };
        let tcp = &mut bytes[tcp_at..];
        tcp[4..8].copy_from_slice(&sequence.to_be_bytes());
        tcp[8..12].copy_from_slice(&acknowledgement.to_be_bytes());
        tcp[12..14].copy_from_slice(&[header_words << 4, flags]);
        tcp[14..16].copy_from_slice(&window.to_be_bytes());
        let checksum = !fold(lane.tcp_sum + u32::from(tcp_length) + sum(&tcp[4..]));
        tcp[16..18].copy_from_slice(&checksum.to_be_bytes());
        self.length = lane.header_bytes + after_header;
    }
}

/// Sum of big-endian 16-bit words (RFC 1071), folded to at most 17 bits; the last odd byte counts as a high byte.
fn sum(bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(4);
    // Sums of 32-bit words in native order: one's complement addition is indifferent to byte order (RFC 1071 § 2 B).
    let mut total: u64 =
        words.by_ref().map(|word| u64::from(u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))).sum();
    let rest = words.remainder();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    total += u64::from(u32::from_ne_bytes(last));
    total = (total & 0xffff_ffff) + (total >> 32);
    let folded = fold(((total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32)) as u32);
    u32::from(u16::from_be_bytes(folded.to_ne_bytes()))
}

/// Folds the carries of a sum into 16 bits.
const fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain algorithm of RFC 1071 § 4.1, as a second opinion.
    fn plain_sum(bytes: &[u8]) -> u16 {
        let mut total = 0u32;
        for pair in bytes.chunks(2) {
            total += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
            total = (total & 0xffff) + (total >> 16);
        }
        total as u16
    }

    fn lane(from: &str, to: &str) -> Lane {
        let station = |address: &str, port| Station {
            mac: [2, 0, 0, 0, 0, 1],
            address: address.parse().unwrap(),
            port,
        };
        Lane::new(&station(from, 40_000), &station(to, 80), 3, 0xffff_fff0, 0xffff)
    }

    #[test]
    fn rfc_1071_example() {
        assert_eq!(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|index| (index * 37 + 200) as u8).collect();
            assert_eq!(sum(&bytes) % 0xffff, u32::from(plain_sum(&bytes)) % 0xffff, "{length} bytes");
        }
    }

    #[test]
    fn a_syn_on_ipv4_byte_for_byte() {
        let mut buffer = PacketBuffer::default();
        let mut lane = lane("10.0.0.1", "10.0.0.2");
        buffer.write_syn(&mut lane, None);
        let expected = [
            2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x08, 0x00, // Ethernet
            0x45, 0, 0, 52, 0xff, 0xff, 0x40, 0, 61, 6, 0xe9, 0xc1, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
            0x9c, 0x40, 0, 80, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 0x80, 0x02, 0xfa, 0xf0, 0, 0, 0,
            0, // TCP
            2, 4, 0x05, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2, // options
        ];
        let mut frame = buffer.frame().to_vec();
        frame[50..52].fill(0);
        assert_eq!(frame[..24], expected[..24]);
        assert_eq!(frame[26..], expected[26..]);
        assert_eq!((lane.sequence, lane.ip_id), (0xffff_fff1, 0));
    }

    #[test]
    fn checksums_are_right_on_both_families_and_at_every_length() {
        let mut buffer = PacketBuffer::default();
        let mut message = Message::from_head(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
        message.set_body(2_000, 7, 0);
        for (from, to, ip_at) in [("10.0.0.1", "10.0.0.2", 14), ("2001:db8::1", "2001:db8::2", 14)] {
            let mut lane = lane(from, to);
            for count in [1, 2, 3, 19, 536, usize::from(lane.mss())] {
                buffer.write_data(&mut lane, 77, &message, 11, count);
                let frame = buffer.frame();
                let is_v4 = from.contains('.');
                let (tcp_at, addresses) = if is_v4 { (34, 26..34) } else { (54, 22..54) };
                if is_v4 {
                    assert_eq!(plain_sum(&frame[ip_at..34]), 0xffff, "IPv4 header");
                }
                let tcp = &frame[tcp_at..];
                let mut checked = frame[addresses].to_vec();
                checked.extend_from_slice(&(tcp.len() as u32).to_be_bytes());
                checked.extend_from_slice(&[0, 0, 0, TCP_PROTOCOL]);
                checked.extend_from_slice(tcp);
                assert_eq!(plain_sum(&checked), 0xffff, "TCP over {from}, {count} bytes");
            }
        }
    }
}
