//! The dataplane crate behind napi-rs: plain data across the border, same names and order on both
//! sides, no logic.
