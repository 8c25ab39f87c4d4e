//! The dataplane crate behind napi-rs: plain data across the border, same names and order on both sides, no logic.
//! Work runs on the libuv pool, one batch a call; an error carries one of the codes `usage`, `unreadable`, `busy`.

mod error;
mod input;
mod job;
mod progress;
mod window_reader;
