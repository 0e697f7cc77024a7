//! What the function writes: flat JSON lines with timestamp and level, so that Lambda files them by level and Logs
//! Insights finds their members.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

use crate::domain::report::Report;

/// Sends `tracing` events to standard output, none below a warning: there the SDK's own crates write requests.
pub fn init() {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let _ = lines.with_max_level(LevelFilter::WARN).with_writer(io::stdout).try_init();
}

/// Writes the one line that every decision ends in.
pub fn write(report: &Report) {
    let mut line = serde_json::to_vec(report).unwrap_or_default();
    line.push(b'\n');
    let _ = io::stdout().lock().write_all(&line);
}
