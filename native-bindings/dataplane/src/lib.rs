//! Frames in, exchanges and windows out. Pure Rust: knows nothing of Node, reads no clock (time is the
//! packet's), keeps no body byte.
//!
//! ```text
//! source → Frame → wire::decode → Segment → flow → http → Sink (window | rows)
//!                        └──────────── every frame ends under one FrameReason ┘
//! ```

pub mod account;
pub mod address;
mod bytes;
pub mod counter;
pub mod engine;
pub mod exchange;
pub mod flow;
mod hash;
pub mod http;
pub mod identity;
pub mod limits;
pub mod reader;
pub mod route;
pub mod row;
pub mod source;
pub mod synth;
pub mod time;
pub mod window;
pub mod wire;
