//! The ports that a container opens.

use serde_json::Value;

/// Whether a port mapping opens the port of the container.
pub fn opens(mapping: &Value, port: u64) -> bool {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let in_range = |range: &str| {
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some((first..=last).contains(&port))
    };
    number(&mapping["containerPort"]) == Some(port)
        || mapping["containerPortRange"].as_str().and_then(in_range).unwrap_or(false)
}
