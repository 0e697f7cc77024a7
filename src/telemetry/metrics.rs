//! Metrics as CloudWatch takes them from log lines
//! (source: CloudWatch user guide, Specification: Embedded metric format): no call is made for them.
//!
//! What a metric is told apart by has few values, whatever anybody sends: outcomes and the names of rules.

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

/// A name, its unit and a value.
pub(super) type Metric = (&'static str, Unit, i64);

/// A dimension beside the function's name.
pub(super) struct Dimension<'d> {
    pub(super) name: &'static str,
    pub(super) value: &'d str,
    /// Whether the metrics are also summed up without it.
    pub(super) sums: bool,
}

/// One line.
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
    // Without a level Lambda would file it as it likes.
    line.insert("level".into(), json!("INFO"));
    line.insert("event".into(), json!("metrics"));
    line.insert(FUNCTION.into(), json!(function));
    if let Some(Dimension { name, value, .. }) = by {
        line.insert((*name).to_owned(), json!(value));
    }
    line.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))));
    Value::Object(line)
}
