//! From a frame to the TCP segment inside it. Headers are views on the captured bytes; nothing is copied.
//! Checksums are not verified: mirrors show packets before the network card has filled them in.

mod ethernet;
mod ipv4;
mod ipv6;
mod linux_sll;
mod loopback;
mod remainder;
mod tcp;
mod vlan;

pub use tcp::TcpFlags;

use crate::account::FrameReason;
use crate::address::{Address, Endpoint};
use crate::source::{Frame, LinkType};
use ethernet::{EtherType, Ethernet};
use ipv4::Ipv4;
use ipv6::Ipv6;
use linux_sll::{LinuxSll, LinuxSll2};
use loopback::Loopback;
use remainder::Remainder;
use tcp::Tcp;
use vlan::Vlan;

/// Headers from the link layer to IP, at most. Real stacks of tags and tunnels stay well below ten.
const MAX_LAYERS: usize = 16;

/// One TCP segment of the innermost flow.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: TcpFlags,
    /// The captured part of the payload.
    pub payload: &'a [u8],
    /// Payload bytes on the wire (from the IP length), `>= payload.len()` where the snap length cut.
    pub payload_length: u32,
}

/// A protocol number of the IP header, <https://www.iana.org/assignments/protocol-numbers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IpProtocol(u8);

impl IpProtocol {
    const HOP_BY_HOP: Self = Self(0);
    const IPV4: Self = Self(4);
    const TCP: Self = Self(6);
    const IPV6: Self = Self(41);
    const IPV6_ROUTING: Self = Self(43);
    const IPV6_FRAGMENT: Self = Self(44);
    const GRE: Self = Self(47);
    const IPV6_DESTINATION: Self = Self(60);
}

/// Which header comes next.
#[derive(Clone, Copy)]
enum Layer {
    Ethernet,
    LinuxSll,
    LinuxSll2,
    Loopback,
    /// IPv4 or IPv6, by the version nibble.
    Ip,
    Typed(EtherType),
}

/// Finds the TCP segment in a frame, or says under which reason the frame ends.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Segment<'a>, FrameReason> {
    decode_plain(frame).unwrap_or_else(|| {
        let rest = Remainder { captured: frame.data, wire_length: frame.wire_length };
        decode_layers(link_layer(frame.link_type)?, rest)
    })
}

/// As [`decode`], of IPv4 in plain Ethernet, which nearly every frame is; `None`: it is something else. Its result never
/// meets that of the loop over layers, so that the parts of the segment stay in registers.
#[inline(always)]
pub fn decode_plain<'a>(frame: &Frame<'a>) -> Option<Result<Segment<'a>, FrameReason>> {
    let rest = Remainder { captured: frame.data, wire_length: frame.wire_length };
    if frame.link_type != LinkType::ETHERNET {
        return None;
    }
    let ethernet = Ethernet::parse(rest).ok()?;
    (ethernet.ether_type() == EtherType::IPV4).then(|| decode_ipv4(ethernet.payload()))
}

fn link_layer(link_type: LinkType) -> Result<Layer, FrameReason> {
    Ok(match link_type {
        LinkType::ETHERNET => Layer::Ethernet,
        LinkType::RAW | LinkType::RAW_DLT_12 | LinkType::RAW_DLT_14 => Layer::Ip,
        LinkType::IPV4 => Layer::Typed(EtherType::IPV4),
        LinkType::IPV6 => Layer::Typed(EtherType::IPV6),
        LinkType::NULL | LinkType::LOOP => Layer::Loopback,
        LinkType::LINUX_SLL => Layer::LinuxSll,
        LinkType::LINUX_SLL2 => Layer::LinuxSll2,
        _ => return Err(FrameReason::UnsupportedEncapsulation),
    })
}

#[inline(never)]
fn decode_layers<'a>(first: Layer, frame: Remainder<'a>) -> Result<Segment<'a>, FrameReason> {
    let (mut layer, mut rest) = (first, frame);
    for _ in 0..MAX_LAYERS {
        (layer, rest) = match layer {
            Layer::Ethernet => {
                let ethernet = Ethernet::parse(rest)?;
                (Layer::Typed(ethernet.ether_type()), ethernet.payload())
            }
            Layer::LinuxSll => {
                let sll = LinuxSll::parse(rest)?;
                (Layer::Typed(sll.ether_type()), sll.payload())
            }
            Layer::LinuxSll2 => {
                let sll = LinuxSll2::parse(rest)?;
                (Layer::Typed(sll.ether_type()), sll.payload())
            }
            Layer::Loopback => {
                let loopback = Loopback::parse(rest)?;
                (Layer::Typed(loopback.ether_type()?), loopback.payload())
            }
            Layer::Ip => (Layer::Typed(rest.ip_version()?), rest),
            Layer::Typed(EtherType::VLAN | EtherType::QINQ | EtherType::QINQ_9100 | EtherType::QINQ_9200) => {
                let vlan = Vlan::parse(rest)?;
                (Layer::Typed(vlan.ether_type()), vlan.payload())
            }
            Layer::Typed(EtherType::IPV4) => return decode_ipv4(rest),
            Layer::Typed(EtherType::IPV6) => return decode_ipv6(rest),
            Layer::Typed(ether_type) if ether_type.is_encapsulation() => {
                return Err(FrameReason::UnsupportedEncapsulation);
            }
            Layer::Typed(_) => return Err(FrameReason::NotIp),
        };
    }
    Err(FrameReason::TooDeep)
}

#[inline(always)]
fn decode_ipv4<'a>(rest: Remainder<'a>) -> Result<Segment<'a>, FrameReason> {
    let ip = Ipv4::parse(rest)?;
    if ip.is_fragment() {
        return Err(FrameReason::IpFragment);
    }
    if ip.protocol() != IpProtocol::TCP {
        return Err(other_transport(ip.protocol()));
    }
    segment(ip.source(), ip.destination(), ip.payload())
}

fn decode_ipv6<'a>(rest: Remainder<'a>) -> Result<Segment<'a>, FrameReason> {
    let ip = Ipv6::parse(rest)?;
    let (protocol, payload) = ip.upper_layer()?;
    if protocol != IpProtocol::TCP {
        return Err(other_transport(protocol));
    }
    segment(ip.source(), ip.destination(), payload)
}

#[inline(always)]
fn segment<'a>(
    source: Address,
    destination: Address,
    rest: Remainder<'a>,
) -> Result<Segment<'a>, FrameReason> {
    let tcp = Tcp::parse(rest)?;
    let payload = tcp.payload();
    Ok(Segment {
        source: Endpoint { address: source, port: tcp.source_port() },
        destination: Endpoint { address: destination, port: tcp.destination_port() },
        sequence: tcp.sequence(),
        acknowledgement: tcp.acknowledgement(),
        flags: tcp.flags(),
        payload: payload.captured,
        payload_length: payload.wire_length,
    })
}

#[cold]
fn other_transport(protocol: IpProtocol) -> FrameReason {
    match protocol {
        IpProtocol::IPV4 | IpProtocol::IPV6 | IpProtocol::GRE => FrameReason::UnsupportedEncapsulation,
        _ => FrameReason::OtherTransport,
    }
}

#[cfg(test)]
mod tests;
