//! Finds events in the files that people have: log files of CloudTrail, outputs of the AWS CLI and of queries, messages
//! of SQS and SNS, lists, and files with one JSON value in each line.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::event::{self, Home, Trigger};
use crate::domain::text::json::{Member, Unambiguous, items, members};
use crate::domain::text::plain::plain;

/// The maximum number of envelopes around an event, such as the list of a log file, a message of SQS and a message of
/// SNS.
const DEEPEST: usize = 12;

/// The maximum size of an event, in bytes. This limit is four times as high as the limits of CloudTrail and EventBridge
/// (source: AWS CloudTrail quotas), and only protects Logweir from huge events.
const LARGEST: usize = 1 << 20;

/// The maximum length of the texts that messages show from an event, in characters.
const LONGEST: usize = 128;

/// The members that contain further events, as a JSON value or as the text of a JSON value.
const ENVELOPES: [&str; 15] = [
    "Records",         // a log file of CloudTrail, and a batch that Lambda gets from SQS or SNS
    "Events",          // `aws cloudtrail lookup-events`
    "events",          // `aws logs filter-log-events` and `get-log-events`
    "logEvents",       // a subscription of CloudWatch Logs
    "Messages",        // `aws sqs receive-message`
    "CloudTrailEvent", // an item of `lookup-events`
    "eventJson",       // a row of CloudTrail Lake
    "message",         // an item of `filter-log-events`
    "Body",            // an item of `receive-message`
    "body",            // a message in the batch that Lambda gets from SQS
    "Message",         // a notification of SNS
    "Sns",             // a notification in the batch that Lambda gets from SNS
    "requestPayload",  // a destination of Lambda
    "results",         // a query of CloudWatch Logs Insights
    "QueryResultRows", // a query of CloudTrail Lake
];

/// An event in a file.
pub struct FoundEvent {
    text: String,
}

/// The events in a file, in their order, and the number of messages that contain no event.
#[derive(Default)]
pub struct FoundEvents {
    pub events: Vec<FoundEvent>,
    pub others: usize,
}

/// What identifies an event for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventName {
    pub id: Option<String>,
    /// The name of the call or the change, such as `RegisterTaskDefinition`.
    pub name: Option<String>,
    /// The family or the service that the event is about.
    pub about: Option<String>,
    pub time: Option<String>,
}

impl FoundEvents {
    /// Finds the events in a text, which contains one JSON value or several values one after another. Returns an error
    /// if the text is not JSON.
    pub fn of(text: &str) -> Result<Self, serde_json::Error> {
        let mut found = Self::default();
        for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            found.collect(value?.get(), 0);
        }
        Ok(found)
    }

    /// Returns the only value in the text, if the text is an object and small enough to be an event.
    pub fn bare(text: &str) -> Option<Value> {
        if text.len() > LARGEST {
            return None;
        }
        serde_json::from_str(text).ok().map(|Unambiguous(value)| value).filter(Value::is_object)
    }

    fn collect(&mut self, value: &str, depth: usize) {
        if depth > DEEPEST {
            self.others += 1;
            return;
        }
        match value.as_bytes().first() {
            Some(b'[') => {
                for item in items(value).unwrap_or_default() {
                    self.collect(&value[item], depth + 1);
                }
            }
            Some(b'"') => match serde_json::from_str::<Cow<'_, str>>(value) {
                Ok(text) if is_json(&text) => self.collect(text.trim(), depth + 1),
                _ => self.others += 1,
            },
            Some(b'{') => self.collect_object(value, depth),
            _ => self.others += 1,
        }
    }

    fn collect_object(&mut self, object: &str, depth: usize) {
        let members = members(object).unwrap_or_default();
        if is_event(object, &members) && object.len() <= LARGEST {
            self.events.push(FoundEvent { text: object.to_owned() });
            return;
        }
        // A field of a result of CloudWatch Logs Insights: {"field": "@message", "value": …}.
        let is_field = members.iter().any(|it| it.key == "field");
        if is_field {
            let is_message = members.iter().any(|it| it.key == "field" && object[it.value.clone()] == *"\"@message\"");
            if let Some(value) = members.iter().find(|it| it.key == "value").filter(|_| is_message) {
                self.collect(&object[value.value.clone()], depth + 1);
            }
            return;
        }
        let inner = ENVELOPES.iter().find_map(|name| members.iter().find(|member| member.key == *name));
        match inner {
            Some(member) => self.collect(&object[member.value.clone()], depth + 1),
            None => self.others += 1,
        }
    }
}

/// Whether the text may be a JSON object or a list.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(text.trim()).is_ok()
}

/// Whether an object is a CloudTrail record, an event of EventBridge, or a request of a schedule of Logweir.
fn is_event(object: &str, members: &[Member]) -> bool {
    let has = |key: &str| members.iter().any(|member| member.key == key);
    let text = |key: &str| members.iter().find(|member| member.key == key).map(|member| &object[member.value.clone()]);
    // A message in the batch of a Lambda function also has an `eventSource`.
    let is_message = matches!(text("eventSource"), Some("\"aws:sqs\"" | "\"aws:sns\""));
    (has("eventName") && has("eventSource") && !is_message) || (has("detail-type") && has("detail"))
}

impl FoundEvent {
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Returns the event. Returns `None` if an object in the event has the same key twice, because Logweir cannot know
    /// which of the two values is true.
    pub fn unambiguous(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok().map(|Unambiguous(value)| value)
    }

    /// Whether the event has this id. An event of EventBridge has an id of its own beside the id of its CloudTrail
    /// record.
    pub fn has_id(&self, id: &str) -> bool {
        let value = self.value();
        [&value["eventID"], &value["detail"]["eventID"], &value["id"]].into_iter().any(|it| it.as_str() == Some(id))
    }

    /// Whether Logweir would act on the event, in the account and the Region that the event names.
    pub fn is_handled(&self) -> bool {
        let event = self.value();
        let record = if event["detail"].is_object() { &event["detail"] } else { &event };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let account = match &event["account"] {
            Value::String(account) => account.clone(),
            _ => text(&record["recipientAccountId"]),
        };
        let region = match &event["region"] {
            Value::String(region) => region.clone(),
            _ => text(&record["awsRegion"]),
        };
        let home = Home { partition: "aws".into(), account, region, ..Home::default() };
        matches!(event::read(&event, &home), Ok(trigger) if !matches!(trigger, Trigger::Ignore { .. }))
    }

    pub fn name(&self) -> EventName {
        let event = self.value();
        let record = if event["detail"].is_object() { &event["detail"] } else { &event };
        let text = |value: &Value| value.as_str().map(|text| plain(text, LONGEST)).filter(|text| !text.is_empty());
        let first = |values: &[&Value]| values.iter().find_map(|value| text(value));
        let (request, response) = (&record["requestParameters"], &record["responseElements"]);
        EventName {
            id: first(&[&record["eventID"], &event["id"]]),
            name: first(&[&record["eventName"], &event["detail-type"]]),
            about: first(&[
                &request["family"],
                &response["taskDefinition"]["family"],
                &request["service"],
                &request["serviceName"],
                &request["taskDefinition"],
                &event["resources"][0],
            ]),
            time: first(&[&record["eventTime"], &event["time"]]),
        }
    }
}

impl std::fmt::Display for EventName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id.as_deref().unwrap_or("an event without an id"))?;
        let others: Vec<&str> =
            [&self.name, &self.about, &self.time].into_iter().flatten().map(String::as_str).collect();
        if others.is_empty() { Ok(()) } else { write!(f, " ({})", others.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(id: &str, name: &str) -> Value {
        json!({
            "eventSource": "ecs.amazonaws.com", "eventName": name, "eventID": id, "eventTime": "2026-11-21T12:00:00Z",
            "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "requestParameters": {"family": "web"}
        })
    }

    fn record() -> Value {
        call("e-1", "RegisterTaskDefinition")
    }

    fn envelope() -> Value {
        json!({
            "id": "b-1", "source": "aws.ecs", "detail-type": "AWS API Call via CloudTrail", "account": "111122223333",
            "region": "eu-west-1", "detail": record()
        })
    }

    fn found(text: &str) -> FoundEvents {
        FoundEvents::of(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn an_event_is_found_in_every_envelope() {
        let (record, envelope) = (record(), envelope());
        let sqs = |body: &Value| json!({"Messages": [{"MessageId": "m", "Body": body.to_string()}]});
        let sns = json!({"Type": "Notification", "TopicArn": "t", "Message": envelope.to_string()});
        let insights = json!({"results": [[
            {"field": "@timestamp", "value": "x"}, {"field": "@message", "value": record.to_string()}
        ]]});
        for (text, event) in [
            (record.clone(), &record),
            (envelope.clone(), &envelope),
            (json!([envelope]), &envelope),
            (json!({"Records": [record]}), &record),
            (json!({"Events": [{"EventId": "e-1", "CloudTrailEvent": record.to_string()}]}), &record),
            (json!({"EventId": "e-1", "CloudTrailEvent": record.to_string()}), &record),
            (json!({"Events": [{"EventId": "e-1", "CloudTrailEvent": record}]}), &record),
            (sqs(&envelope), &envelope),
            (sqs(&record), &record),
            (sqs(&sns), &envelope),
            (json!({"MessageId": "m", "Body": envelope.to_string()}), &envelope),
            (json!({"Records": [{"eventSource": "aws:sqs", "body": envelope.to_string()}]}), &envelope),
            (json!({"Records": [{"eventSource": "aws:sqs", "body": sns.to_string()}]}), &envelope),
            (json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": envelope.to_string()}}]}), &envelope),
            (sns.clone(), &envelope),
            (json!({"events": [{"logStreamName": "s", "message": record.to_string()}]}), &record),
            (json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": record.to_string()}]}), &record),
            (insights, &record),
            (json!({"QueryResultRows": [[{"eventID": "e-1"}, {"eventJson": record.to_string()}]]}), &record),
            (json!({"version": "1.0", "requestPayload": envelope, "responsePayload": {}}), &envelope),
            (json!(record.to_string()), &record),
        ] {
            let events = found(&text.to_string()).events;
            assert_eq!(events.len(), 1, "{text}");
            assert_eq!(&events[0].value(), event, "{text}");
            assert!(events[0].has_id("e-1") && events[0].is_handled(), "{text}");
            assert_eq!(found(&format!("{text:#}")).events.len(), 1, "in several lines");
        }
    }

    #[test]
    fn every_line_of_a_file_may_be_a_value() {
        let lines = format!("{}\n{}\n\n{:#}\n", record(), envelope(), json!({"Records": [record(), record()]}));
        assert_eq!(found(&lines).events.len(), 4);
        let error = FoundEvents::of(&format!("{}\n{{\"a\":", record())).err().unwrap();
        assert_eq!(error.line(), 2);
    }

    #[test]
    fn a_message_without_an_event_is_counted_and_no_error() {
        let lines = json!({"events": [
            {"message": "START RequestId: 1"}, {"message": record().to_string()}, {"message": "{\"level\":\"INFO\"}"},
            {"message": "{\"cut\":"}, {"message": 5}
        ]});
        let found = found(&lines.to_string());
        assert_eq!((found.events.len(), found.others), (1, 4));
    }

    #[test]
    fn deep_and_huge_values_are_no_events() {
        let mut nested = record();
        for _ in 0..2 * DEEPEST {
            nested = json!([nested]);
        }
        assert_eq!(found(&nested.to_string()).events.len(), 0);
        let mut huge = record();
        huge["requestParameters"]["x"] = "x".repeat(LARGEST).into();
        assert_eq!(found(&huge.to_string()).events.len(), 0);
        assert!(FoundEvents::bare(&huge.to_string()).is_none());
        let text = "[".repeat(100_000);
        assert!(FoundEvents::of(&text).is_err());
    }

    #[test]
    fn an_event_that_logweir_ignores_is_not_handled() {
        let failed = json!({"errorCode": "AccessDenied"});
        let mut denied = record();
        denied["errorCode"] = failed["errorCode"].clone();
        for event in [
            call("e-2", "DescribeTasks"),
            call("e-3", "DeleteCluster"),
            denied,
            json!({"detail-type": "x", "detail": {}}),
        ] {
            let found = found(&event.to_string());
            assert_eq!(found.events.iter().map(FoundEvent::is_handled).collect::<Vec<_>>(), [false], "{event}");
        }
    }

    #[test]
    fn the_name_of_an_event_is_safe_to_print() {
        let mut event = record();
        event["eventID"] = "e\u{1b}[31m-1\n".into();
        let name = found(&event.to_string()).events[0].name();
        assert_eq!(name.to_string(), "e[31m-1 (RegisterTaskDefinition, web, 2026-11-21T12:00:00Z)");
    }
}
