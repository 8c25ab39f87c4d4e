//! The dataplane crate behind napi-rs: plain data across the border, same names and order on both sides, no logic.
//! Work runs on the libuv pool, one batch a call; an error that the user can mend carries the code `usage` or `unreadable`.

mod error;
mod exchange_reader;
mod input;
mod job;
mod progress;
mod synth_reader;
mod window_reader;
