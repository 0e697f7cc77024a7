//! The log streams of transcripts, in Amazon CloudWatch Logs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::{unless_missing, unreadable};
use crate::ports::{Answer, Stored};

const LOGS: Service = Service::json("logs", JSON_1_1, "Logs_20140328");
const DESCRIBE_LOG_STREAMS: Operation = LOGS.read("DescribeLogStreams");
const GET_LOG_EVENTS: Operation = LOGS.read("GetLogEvents");

/// The largest number of pages of one log stream that Logweir reads.
const MOST_PAGES: u32 = 1000;

impl SignedClient {
    /// Returns the log stream of exactly this name. The response is sorted by name, so this stream is the first one
    /// with the prefix (source: CloudWatch Logs API reference, DescribeLogStreams).
    pub(in crate::aws) async fn log_stream(&self, group: &str, stream: &str) -> Answer<Option<Stored>> {
        let body = json!({
            "logGroupName": group, "logStreamNamePrefix": stream, "orderBy": "LogStreamName", "limit": 1
        });
        let Some(reply) = unless_missing(self.ask(&DESCRIBE_LOG_STREAMS, &body).await)? else { return Ok(None) };
        let streams = reply["logStreams"].as_array();
        let streams = streams.ok_or_else(|| unreadable(DESCRIBE_LOG_STREAMS.name, "logStreams is missing"))?;
        Ok(streams.iter().find(|found| found["logStreamName"] == stream).map(stored))
    }

    /// Returns the text of a log stream, up to `most` bytes, and whether the text is complete. Returns `None` if there
    /// is no such stream.
    pub(in crate::aws) async fn log_text(
        &self,
        group: &str,
        stream: &str,
        most: usize,
    ) -> Answer<Option<(String, bool)>> {
        let mut body = json!({"logGroupName": group, "logStreamName": stream, "startFromHead": true});
        let mut text = String::new();
        for _ in 0..MOST_PAGES {
            let Some(reply) = unless_missing(self.ask(&GET_LOG_EVENTS, &body).await)? else { return Ok(None) };
            let events = reply["events"].as_array();
            for event in events.ok_or_else(|| unreadable(GET_LOG_EVENTS.name, "events is missing"))? {
                let message = event["message"].as_str().unwrap_or_default();
                if text.len() + message.len() >= most {
                    let rest = message.floor_char_boundary(most.saturating_sub(text.len()));
                    text.push_str(&message[..rest]);
                    return Ok(Some((text, false)));
                }
                text.push_str(message);
                if !message.ends_with('\n') {
                    text.push('\n');
                }
            }
            // At the end of the stream, the response has the token of the request.
            match reply["nextForwardToken"].as_str() {
                Some(token) if body["nextToken"] != token => body["nextToken"] = token.into(),
                _ => return Ok(Some((text, true))),
            }
        }
        Ok(Some((text, false)))
    }
}

fn stored(stream: &Value) -> Stored {
    let time = |name: &str| stream[name].as_i64().and_then(|time| Timestamp::from_millisecond(time).ok());
    let (first, last) = (time("firstEventTimestamp"), time("lastEventTimestamp"));
    let is_empty = first.is_none() && last.is_none() && time("lastIngestionTime").is_none();
    Stored { bytes: None, is_empty, first, last }
}
