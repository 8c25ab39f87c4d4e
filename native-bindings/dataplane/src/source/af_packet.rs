//! A network interface as a source: AF_PACKET with a TPACKET_V3 ring, which the kernel fills in blocks and from
//! which frames are read in place. See packet(7) and the kernel's `packet_mmap.rst`.
//!
//! The only file of this crate with `unsafe`: the ring is memory that the kernel writes.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::error::SourceError;
use super::{Frame, LinkType, Next, Source};
use crate::time::Timestamp;

/// The kernel hands over a block when it is full or [`BLOCK_TIMEOUT_MS`] old.
const BLOCK_BYTES: usize = 1 << 20;
/// How long a frame may wait in a block that is not full.
const BLOCK_TIMEOUT_MS: u32 = 50;
const DEFAULT_RING_BYTES: usize = 32 << 20;
const MAX_RING_BYTES: usize = 1 << 30;
/// A tag that the network card has taken out of the frame is put back: room for it in front of every frame.
const VLAN_TAG_BYTES: usize = 4;
const MAC_ADDRESSES_BYTES: usize = 12;
const DEFAULT_VLAN_TYPE: u16 = 0x8100;

/// How to listen.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// What the kernel can hold while we are busy; rounded up to whole blocks of 1 MiB, at most 1 GiB.
    pub ring_bytes: usize,
    /// Sockets of the same group share the interface's flows among them, by a hash that is the same both ways.
    pub fanout_group: Option<u16>,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { ring_bytes: DEFAULT_RING_BYTES, fanout_group: None }
    }
}

/// What the kernel counted since the capture began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelCounts {
    /// Frames that reached the socket, dropped ones included.
    pub received: u64,
    /// Frames for which the ring had no room.
    pub dropped: u64,
    /// Times the ring was full.
    pub freezes: u64,
}

/// Frames of one interface, in promiscuous mode until dropped.
pub struct LiveCapture {
    interface: String,
    link_type: LinkType,
    ring: Ring,
    socket: OwnedFd,
    counts: KernelCounts,
}

/// Listens on an interface.
///
/// # Errors
/// [`SourceError::UnknownInterface`], [`SourceError::UnsupportedInterface`], [`SourceError::NoPermission`],
/// [`SourceError::Listen`].
pub fn listen(interface: &str, options: &LiveOptions) -> Result<LiveCapture, SourceError> {
    let index = interface_index(interface)?;
    let (link_type, is_loopback) = hardware_type(interface)?;
    let failed = |cause| SourceError::Listen { interface: interface.to_owned(), cause };
    let socket = open_socket().map_err(|cause| match cause.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => SourceError::NoPermission { interface: interface.to_owned() },
        _ => failed(cause),
    })?;
    let ring = set_up(&socket, index, is_loopback, options).map_err(failed)?;
    let counts = KernelCounts::default();
    Ok(LiveCapture { interface: interface.to_owned(), link_type, ring, socket, counts })
}

fn interface_index(interface: &str) -> Result<i32, SourceError> {
    let name = CString::new(interface).unwrap_or_default();
    // SAFETY: `name` is a C string that lives through the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(SourceError::UnknownInterface {
            interface: interface.to_owned(),
            available: existing_interfaces().join(", "),
        }),
        index => Ok(index as i32),
    }
}

fn existing_interfaces() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// The link type of the frames, and whether the kernel shows every frame twice, going out and coming in.
fn hardware_type(interface: &str) -> Result<(LinkType, bool), SourceError> {
    let text = fs::read_to_string(format!("/sys/class/net/{interface}/type"))
        .map_err(|cause| SourceError::Listen { interface: interface.to_owned(), cause })?;
    match text.trim().parse::<u16>() {
        Ok(libc::ARPHRD_ETHER) => Ok((LinkType::ETHERNET, false)),
        Ok(libc::ARPHRD_LOOPBACK) => Ok((LinkType::ETHERNET, true)),
        Ok(libc::ARPHRD_NONE) => Ok((LinkType::RAW, false)),
        _ => Err(SourceError::UnsupportedInterface {
            interface: interface.to_owned(),
            hardware_type: text.trim().to_owned(),
        }),
    }
}

fn open_socket() -> io::Result<OwnedFd> {
    // SAFETY: no pointers. Protocol 0 receives nothing until the socket is bound.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn set_up(socket: &OwnedFd, index: i32, is_loopback: bool, options: &LiveOptions) -> io::Result<Ring> {
    let fd = socket.as_raw_fd();
    set_option(fd, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as libc::c_int))?;
    set_option(fd, libc::PACKET_RESERVE, &(VLAN_TAG_BYTES as libc::c_uint))?;
    if is_loopback {
        set_option(fd, libc::PACKET_IGNORE_OUTGOING, &1_i32)?;
    }
    let block_count = options.ring_bytes.clamp(2 * BLOCK_BYTES, MAX_RING_BYTES).div_ceil(BLOCK_BYTES);
    let ring = Ring::map(fd, block_count)?;
    let protocol = (libc::ETH_P_ALL as u16).to_be();
    // SAFETY: all-zero bytes are a valid address structure.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = protocol;
    address.sll_ifindex = index;
    // SAFETY: the pointer and the length are those of `address`, which lives through the call.
    let result =
        unsafe { libc::bind(fd, (&raw const address).cast(), size_of::<libc::sockaddr_ll>() as u32) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let promiscuous = libc::packet_mreq {
        mr_ifindex: index,
        mr_type: libc::PACKET_MR_PROMISC as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set_option(fd, libc::PACKET_ADD_MEMBERSHIP, &promiscuous)?;
    if let Some(group) = options.fanout_group {
        set_option(fd, libc::PACKET_FANOUT, &(u32::from(group) | libc::PACKET_FANOUT_HASH << 16))?;
    }
    Ok(ring)
}

fn set_option<T>(fd: RawFd, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the pointer and the length are those of `value`, which lives through the call.
    let result = unsafe { libc::setsockopt(fd, libc::SOL_PACKET, name, ptr::from_ref(value).cast(), length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn get_option<T>(fd: RawFd, level: libc::c_int, name: libc::c_int, value: &mut T) -> io::Result<()> {
    let mut length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the pointer and the length are those of `value`; callers pass plain integers, valid whatever is written.
    let result = unsafe { libc::getsockopt(fd, level, name, ptr::from_mut(value).cast(), &raw mut length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl LiveCapture {
    /// Reads and adds up the kernel's counters.
    pub fn kernel_counts(&mut self) -> Result<KernelCounts, SourceError> {
        let mut recent = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        get_option(self.socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, &mut recent)
            .map_err(|cause| SourceError::Listen { interface: self.interface.clone(), cause })?;
        // The kernel resets its counters when they are read.
        self.counts.received += u64::from(recent.tp_packets);
        self.counts.dropped += u64::from(recent.tp_drops);
        self.counts.freezes += u64::from(recent.tp_freeze_q_cnt);
        Ok(self.counts)
    }

    /// Waits until the kernel has handed over a block, the time is over or a signal came.
    #[cold]
    fn wait(&self, timeout: Duration) -> Result<(), SourceError> {
        let mut entry = libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one entry, which lives through the call.
        if unsafe { libc::poll(&raw mut entry, 1, timeout_ms) } <= 0 {
            return Ok(());
        }
        if entry.revents & libc::POLLERR != 0 {
            let mut code: libc::c_int = 0;
            get_option(entry.fd, libc::SOL_SOCKET, libc::SO_ERROR, &mut code)
                .map_err(|cause| SourceError::Listen { interface: self.interface.clone(), cause })?;
            if code != 0 {
                let cause = io::Error::from_raw_os_error(code);
                return Err(SourceError::Listen { interface: self.interface.clone(), cause });
            }
        }
        Ok(())
    }
}

impl Source for LiveCapture {
    /// Blocks until there is a frame: an interface has no end.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        while !self.ring.advance() {
            self.wait(Duration::from_secs(1))?;
        }
        Ok(Some(self.ring.current(self.link_type)))
    }

    #[inline]
    fn poll_frame(&mut self, timeout: Duration) -> Result<Next<'_>, SourceError> {
        if !self.ring.advance() {
            self.wait(timeout)?;
            if !self.ring.advance() {
                return Ok(Next::Idle);
            }
        }
        Ok(Next::Frame(self.ring.current(self.link_type)))
    }
}

/// The memory shared with the kernel. A block is ours while its status says so, and is given back only when the
/// frame after its last is asked for.
struct Ring {
    memory: NonNull<u8>,
    block_count: usize,
    /// The block being read, or to be read next.
    block: usize,
    is_block_ours: bool,
    packets_left: u32,
    next_packet: usize,
    timestamp: Timestamp,
    wire_length: u32,
    /// Within the block; checked to lie inside it.
    data_begin: usize,
    data_length: usize,
}

// SAFETY: the memory belongs to this value alone (and the kernel), not to the thread that mapped it.
unsafe impl Send for Ring {}

impl Ring {
    fn map(fd: RawFd, block_count: usize) -> io::Result<Self> {
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK_BYTES as u32,
            tp_block_nr: block_count as u32,
            // Frames have no fixed size in version 3; the kernel only wants the product to fit.
            tp_frame_size: 2_048,
            tp_frame_nr: (BLOCK_BYTES / 2_048 * block_count) as u32,
            tp_retire_blk_tov: BLOCK_TIMEOUT_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set_option(fd, libc::PACKET_RX_RING, &request)?;
        let (length, access) = (block_count * BLOCK_BYTES, libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: a new mapping at an address of the kernel's choice; the length is that of the ring requested above.
        let memory = unsafe { libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, fd, 0) };
        match NonNull::new(memory.cast::<u8>()) {
            Some(memory) if memory.as_ptr().cast() != libc::MAP_FAILED => Ok(Self {
                memory,
                block_count,
                block: 0,
                is_block_ours: false,
                packets_left: 0,
                next_packet: 0,
                timestamp: Timestamp(0),
                wire_length: 0,
                data_begin: 0,
                data_length: 0,
            }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn block_start(&self) -> NonNull<u8> {
        // SAFETY: `block` stays below `block_count`, so the result lies inside the mapping.
        unsafe { self.memory.add(self.block * BLOCK_BYTES) }
    }

    fn block_header(&self) -> *mut libc::tpacket_hdr_v1 {
        // SAFETY: every block begins with its descriptor, inside the mapping; only an address is computed.
        unsafe { &raw mut (*self.block_start().cast::<libc::tpacket_block_desc>().as_ptr()).hdr.bh1 }
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: the status is aligned, lives as long as the mapping, and both sides access it atomically.
        unsafe { AtomicU32::from_ptr(&raw mut (*self.block_header()).block_status) }
    }

    /// Moves to the next frame at hand; `false` if the kernel has none for us yet.
    #[inline]
    fn advance(&mut self) -> bool {
        while self.packets_left == 0 {
            if !self.next_block() {
                return false;
            }
        }
        self.packets_left -= 1;
        self.read_packet();
        true
    }

    fn next_block(&mut self) -> bool {
        if self.is_block_ours {
            self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.is_block_ours = false;
            self.block = (self.block + 1) % self.block_count;
        }
        // Acquire: what the kernel wrote before it set the status is seen after it.
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return false;
        }
        self.is_block_ours = true;
        // SAFETY: the block is ours, so the kernel does not write its header now.
        let header = unsafe { self.block_header().read() };
        self.packets_left = header.num_pkts;
        self.next_packet = header.offset_to_first_pkt as usize;
        true
    }

    #[inline]
    fn read_packet(&mut self) {
        assert!(
            self.next_packet + size_of::<libc::tpacket3_hdr>() <= BLOCK_BYTES,
            "a packet outside its block"
        );
        // SAFETY: the header lies inside the block, as just checked, and the block is ours.
        let header =
            unsafe { self.block_start().add(self.next_packet).cast::<libc::tpacket3_hdr>().read_unaligned() };
        self.data_begin = self.next_packet + usize::from(header.tp_mac);
        self.data_length = header.tp_snaplen as usize;
        assert!(self.data_begin + self.data_length <= BLOCK_BYTES, "a frame outside its block");
        self.next_packet += header.tp_next_offset as usize;
        self.wire_length = header.tp_len.max(header.tp_snaplen);
        self.timestamp = Timestamp(u64::from(header.tp_sec) * 1_000_000_000 + u64::from(header.tp_nsec));
        if header.tp_status & libc::TP_STATUS_VLAN_VALID != 0 && self.data_length >= MAC_ADDRESSES_BYTES {
            let tag_type = match header.tp_status & libc::TP_STATUS_VLAN_TPID_VALID {
                0 => DEFAULT_VLAN_TYPE,
                _ => header.hv1.tp_vlan_tpid,
            };
            self.put_back_tag(tag_type, header.hv1.tp_vlan_tci as u16);
        }
    }

    /// Moves the addresses into the room reserved in front of the frame and writes the tag behind them.
    #[cold]
    fn put_back_tag(&mut self, tag_type: u16, tag: u16) {
        assert!(self.data_begin >= VLAN_TAG_BYTES, "a frame at the very start of its block");
        self.data_begin -= VLAN_TAG_BYTES;
        self.data_length += VLAN_TAG_BYTES;
        self.wire_length += VLAN_TAG_BYTES as u32;
        // SAFETY: old and new place lie inside the block (checked here and in `read_packet`), the block is ours, and
        // no frame of it is borrowed: `self` is borrowed mutably.
        unsafe {
            let frame = self.block_start().add(self.data_begin).as_ptr();
            ptr::copy(frame.add(VLAN_TAG_BYTES), frame, MAC_ADDRESSES_BYTES);
            let [a, b] = tag_type.to_be_bytes();
            let [c, d] = tag.to_be_bytes();
            frame.add(MAC_ADDRESSES_BYTES).cast::<[u8; 4]>().write([a, b, c, d]);
        }
    }

    #[inline]
    fn current(&self, link_type: LinkType) -> Frame<'_> {
        // SAFETY: the range was checked against the block in `read_packet`; the block stays ours until the next
        // `advance`, which needs `self` mutably and so ends this borrow.
        let data = unsafe {
            std::slice::from_raw_parts(self.block_start().add(self.data_begin).as_ptr(), self.data_length)
        };
        Frame { timestamp: self.timestamp, link_type, data, wire_length: self.wire_length }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `map`, with its length; no frame can outlive the ring.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.block_count * BLOCK_BYTES) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ErrorClass;

    #[test]
    fn an_unknown_interface_is_named_with_those_that_exist() {
        for name in ["foretap-none", "with\0nul", "a-name-far-too-long-for-an-interface"] {
            let error = listen(name, &LiveOptions::default()).err().unwrap();
            assert!(matches!(error, SourceError::UnknownInterface { .. }), "{error}");
            assert!(error.to_string().contains("lo"), "{error}");
            assert_eq!(error.class(), ErrorClass::Usage);
        }
    }
}
