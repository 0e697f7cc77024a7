//! What the function writes: flat JSON lines with timestamp and level, so that Lambda files them by level and Logs
//! Insights finds their members.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing_subscriber::EnvFilter;

use crate::domain::report::{Outcome, Report};

/// Sends `tracing` events to standard output. The SDK's own crates are kept to warnings: below that they write requests.
pub fn init() {
    let filter = EnvFilter::new(
        "info,aws_config=warn,aws_smithy_runtime=warn,aws_smithy_http_client=warn,aws_sdk_ecs=warn,hyper=warn,rustls=warn",
    );
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let _ = lines.with_env_filter(filter).with_writer(io::stdout).try_init();
}

/// Writes the one line that every decision ends in.
pub fn write(report: &Report, now: Timestamp) {
    let mut line = serde_json::to_vec(&summary(report, now)).unwrap_or_default();
    line.push(b'\n');
    let _ = io::stdout().lock().write_all(&line);
}

/// The report with its timestamp and level in front.
pub fn summary(report: &Report, now: Timestamp) -> Value {
    let mut line = Map::new();
    line.insert("timestamp".into(), format!("{now:.3}").into());
    line.insert("level".into(), level(report.outcome).into());
    if let Value::Object(members) = json!(report) {
        line.extend(members);
    }
    Value::Object(line)
}

fn level(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed | Outcome::NeedsOperator => "ERROR",
        Outcome::Partial | Outcome::Refused => "WARN",
        Outcome::Compliant | Outcome::Observed | Outcome::Remediated | Outcome::Skipped | Outcome::Superseded => "INFO",
    }
}
