//! What the function writes: flat JSON lines with timestamp and level, so that Lambda files them by level and Logs
//! Insights finds their members.

mod lines;
mod metrics;

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

pub use lines::{Untold, counted, not_counted, reported, untold};

/// Sends `tracing` events to standard output, none below a warning: there the SDK's own crates write requests.
pub fn init() {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let _ = lines.with_max_level(LevelFilter::WARN).with_writer(io::stdout).try_init();
}

/// Writes lines to standard output, at once.
pub fn write(lines: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
}
