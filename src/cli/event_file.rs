//! Reads an event from a file.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::failure::Failure;

/// Reads the only event in a file. The file may also be a CloudTrail log file with one record, or an SQS batch with
/// one message.
pub(super) fn read(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let failure = |message: String| Failure::error(format!("{shown}{message}"));
    let text = std::fs::read_to_string(path).map_err(|error| failure(format!(": {error}")))?;
    let event: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| failure(format!(":{}:{}: the file is not JSON", error.line(), error.column())))?;
    let events = match &event {
        Value::Array(events) => events.clone(),
        event => event["Records"].as_array().cloned().unwrap_or_else(|| vec![event.clone()]),
    };
    match events.as_slice() {
        [event] => Ok(match event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()) {
            Some(wrapped) if event["eventSource"] == "aws:sqs" => wrapped,
            _ => event.clone(),
        }),
        [] => Err(failure(": the file contains no event".into())),
        events => {
            let families: BTreeSet<&str> = events.iter().filter_map(family).collect();
            let families: Vec<&str> = families.into_iter().collect();
            let (count, families) = (events.len(), families.join(", "));
            Err(failure(format!(
                ": the file contains {count} events (families: {families}), but Logweir reads only one"
            ))
            .help("write each event to a separate file, and replay the files one by one"))
        }
    }
}

fn family(event: &Value) -> Option<&str> {
    let record = event.get("detail").unwrap_or(event);
    record.pointer("/requestParameters/family").or(record.pointer("/responseElements/taskDefinition/family"))?.as_str()
}
