//! Metrics that CloudWatch extracts from log lines, so that Logweir needs no AWS call to publish a metric (source:
//! Amazon CloudWatch User Guide, Specification: Embedded metric format).
//!
//! The dimensions of the metrics have only a few values (outcomes and names of rules), because no dimension contains
//! text from an event.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Logweir";

#[derive(Clone, Copy)]
pub(super) enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// The name of a metric, its unit and its value.
pub(super) type Metric = (&'static str, Unit, i64);

/// A dimension of a metric, in addition to the dimension with the function's name.
pub(super) struct Dimension<'d> {
    pub(super) name: &'static str,
    pub(super) value: &'d str,
    /// Whether CloudWatch also publishes each metric without this dimension, as a total for the function.
    pub(super) sums: bool,
}

/// Returns one log line with these metrics.
pub(super) fn line(at: Timestamp, function: &str, by: Option<&Dimension<'_>>, metrics: &[Metric]) -> Value {
    const FUNCTION: &str = "FunctionName";
    let sets = match by {
        None => json!([[FUNCTION]]),
        Some(Dimension { name, sums: true, .. }) => json!([[FUNCTION], [FUNCTION, name]]),
        Some(Dimension { name, .. }) => json!([[FUNCTION, name]]),
    };
    let names: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit.name()})).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": names});
    let mut line = Map::new();
    let aws = json!({"Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive]});
    line.insert("_aws".into(), aws);
    line.insert("timestamp".into(), json!(format!("{at:.3}")));
    // If a log line has no level, Lambda chooses a level for the line.
    line.insert("level".into(), json!("INFO"));
    line.insert("event".into(), json!("metrics"));
    line.insert(FUNCTION.into(), json!(function));
    if let Some(Dimension { name, value, .. }) = by {
        line.insert((*name).to_owned(), json!(value));
    }
    line.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))));
    Value::Object(line)
}
