//! The function's log, which consists of flat JSON lines with a timestamp and a level. Lambda filters the log lines by
//! level, and CloudWatch Logs Insights can query the members of the log lines.

mod lines;
mod metrics;

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

pub use lines::{
    FailedNotification, counted, not_counted, not_notified, not_published, not_reconciled, reconciled, reported,
};

/// Sends the warnings and errors of `tracing` to standard output. Omits the lower levels, because the crates of the AWS
/// SDK log requests at those levels.
pub fn init() {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let _ = lines.with_max_level(LevelFilter::WARN).with_writer(io::stdout).try_init();
}

/// Writes log lines to standard output, and flushes the output at once.
pub fn write(lines: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
}
