//! From requests and exchanges to what one client did on one application in one step of time. In: the events of
//! [`crate::exchange::Sink`]; out: closed windows and closed steps, as views and as JSON. Demand (requests, routes, new
//! connections) counts in the step in which the request begins; outcomes (statuses, bytes, latency) in the step in which the
//! exchange ends. Reads no clock: steps close by packet time. Stores nothing once a window has been drained.

mod aggregate;
mod client_window;
mod counter;
mod histogram;
mod json;
mod options;
mod pending;
mod series;
mod series_cache;
mod space_saving;
mod step;

pub use aggregate::{Closed, Names, WindowAggregator};
pub use client_window::{ClientWindow, RouteErrors, Transition};
pub use counter::WindowCounters;
pub use histogram::Histogram;
pub use json::{write_step_json, write_window_json};
pub use options::WindowOptions;
pub use space_saving::{Counter, SpaceSaving};
pub use step::ClosedStep;
