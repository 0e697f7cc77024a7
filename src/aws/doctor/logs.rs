//! Finds the report about an event in the log of Logweir's function.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::LONGEST;
use super::members::list;
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::report::schema;
use crate::ports::Answer;

/// The largest number of pages that one search of a log reads. A page covers up to 1 MB of the log, and may contain no
/// matching line.
const PAGES: usize = 10;

const LOGS: Service = Service::json("logs", JSON_1_1, "Logs_20140328").within(LONGEST);
const FILTER_LOG_EVENTS: Operation = LOGS.read("FilterLogEvents");

impl Aws {
    /// Returns the newest report about the event `event_id`, if the report is not older than `since`. Returns `None` if
    /// the searched pages contain no report about the event. `event_id` may contain only letters, digits and hyphens,
    /// because it becomes a part of the filter pattern.
    pub async fn last_report(&self, log_group: &str, event_id: &str, since: Timestamp) -> Answer<Option<Value>> {
        let mut body = json!({
            "logGroupName": log_group,
            "startTime": since.as_millisecond(),
            "filterPattern": format!("{{ $.cloudtrail_event_id = \"{event_id}\" }}"),
        });
        let mut last: Option<(i64, Value)> = None;
        for _ in 0..PAGES {
            let answer = self.signed.ask(&FILTER_LOG_EVENTS, &body).await?;
            for event in list(&FILTER_LOG_EVENTS, &answer, "events")? {
                let at = event["timestamp"].as_i64().unwrap_or_default();
                let report = event["message"].as_str().and_then(|line| serde_json::from_str::<Value>(line).ok());
                if let Some(report) = report
                    && report["schema"] == schema::REPORT
                    && report["cloudtrail_event_id"] == event_id
                    && last.as_ref().is_none_or(|(before, _)| *before <= at)
                {
                    last = Some((at, report));
                }
            }
            match answer["nextToken"].as_str() {
                Some(token) => body["nextToken"] = token.into(),
                None => break,
            }
        }
        Ok(last.map(|(_, report)| report))
    }
}
