//! Valid captures from demand curves: in goes a spec of applications and clients ([`SynthSpec`]), out come their frames in order
//! of time ([`SynthSource`], a [`crate::source::Source`]), the bytes of a pcap file ([`PcapChunks`]), and exact counts of what
//! was generated ([`Truth`]). Deterministic by seed, streamed, bounded. Reads no packets and writes no files.

mod arrival;
mod civil_time;
mod client;
mod connection;
mod csv;
mod demand;
mod demand_json;
mod habit_json;
mod json_reader;
mod message;
mod packet;
mod pcap_writer;
mod preset;
mod random;
mod route;
mod spec;
mod spec_json;
mod synth_source;
mod truth;

pub use demand::{Demand, FlashCrowd, Interpolation, Series, Shape};
pub use message::SECRET_MARKER;
pub use pcap_writer::{PcapChunks, PcapWriter, TimestampResolution};
pub use preset::NAMES as PRESET_NAMES;
pub use route::{Method, PathPattern};
pub use spec::{
    ApplicationSpec, ClientSpec, DEFAULT_START, DurationDistribution, Fault, KeepAlive, MAX_CLIENTS,
    MAX_CONNECTIONS, MessageMix, RouteSpec, Session, SizeDistribution, SynthError, SynthSpec,
};
pub use synth_source::{LINK_TYPE, SynthSource};
pub use truth::{ClientTruth, STATUSES, StepTruth, Truth};
