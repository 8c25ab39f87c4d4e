//! Where every frame ends. A frame is counted under exactly one [`FrameReason`], so that
//! `frames read = Σ reasons` at any moment; the sum is checked by `foretap replay --stats`.

macro_rules! frame_reasons {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// The one place where a frame ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FrameReason { $($(#[$doc])* $variant,)+ }

        impl FrameReason {
            pub const ALL: &'static [FrameReason] = &[$(FrameReason::$variant,)+];

            /// The name in metrics and in `--stats`: snake_case, stable.
            pub const fn name(self) -> &'static str {
                match self { $(FrameReason::$variant => $name,)+ }
            }
        }
    };
}

frame_reasons! {
    /// Carried bytes of an HTTP message (head or body).
    Http => "http",
    /// TCP payload of a connection whose protocol is not yet decided.
    Undecided => "undecided",
    /// TCP payload of a connection that is not HTTP.
    OtherProtocol => "other_protocol",
    /// TCP payload after CONNECT or Upgrade: counted, then left alone.
    Tunnelled => "tunnelled",
    /// No payload: SYN, ACK, FIN, RST, window update, keep-alive.
    TcpControl => "tcp_control",
    /// TCP payload wholly seen before: retransmission or a SPAN copy.
    Retransmission => "retransmission",
    /// TCP payload ahead of a hole; kept in bounded order until the hole fills.
    OutOfOrder => "out_of_order",
    /// TCP payload that no bound allowed to follow: flow table full, out-of-order store full.
    Shed => "shed",
    /// Not TCP inside IP: UDP, ICMP, SCTP …
    OtherTransport => "other_transport",
    /// Not IP: ARP, LLDP, STP …
    NotIp => "not_ip",
    /// A fragment of an IP packet.
    IpFragment => "ip_fragment",
    /// An encapsulation or link type that we do not read.
    UnsupportedEncapsulation => "unsupported_encapsulation",
    /// More nested headers than the depth limit.
    TooDeep => "too_deep",
    /// The capture's snap length cut the frame before the end of its TCP header.
    TruncatedHeader => "truncated_header",
    /// A header contradicts itself: lengths below the minimum or beyond the packet.
    Malformed => "malformed",
}

/// Frames and their bytes on the wire, by reason.
#[derive(Clone, Debug)]
pub struct Account {
    frames: [u64; FrameReason::ALL.len()],
    bytes: [u64; FrameReason::ALL.len()],
}

impl Default for Account {
    fn default() -> Self {
        Self { frames: [0; FrameReason::ALL.len()], bytes: [0; FrameReason::ALL.len()] }
    }
}

impl Account {
    #[inline]
    pub fn count(&mut self, reason: FrameReason, wire_bytes: u32) {
        self.frames[reason as usize] += 1;
        self.bytes[reason as usize] += u64::from(wire_bytes);
    }

    pub fn frames(&self, reason: FrameReason) -> u64 {
        self.frames[reason as usize]
    }

    pub fn bytes(&self, reason: FrameReason) -> u64 {
        self.bytes[reason as usize]
    }

    pub fn total_frames(&self) -> u64 {
        self.frames.iter().sum()
    }

    pub fn total_bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_frame_once_and_sums() {
        let mut account = Account::default();
        account.count(FrameReason::Http, 100);
        account.count(FrameReason::Http, 50);
        account.count(FrameReason::NotIp, 60);
        assert_eq!((account.frames(FrameReason::Http), account.bytes(FrameReason::Http)), (2, 150));
        assert_eq!((account.total_frames(), account.total_bytes()), (3, 210));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = FrameReason::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FrameReason::ALL.len());
    }
}
