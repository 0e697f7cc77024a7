//! Reads EventBridge rules and their targets, and tests whether the pattern of a rule matches an event.

use serde_json::{Value, json};

use super::LONGEST;
use super::members::{flag, list, optional, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::doctor::rules::EventRule;
use crate::ports::Answer;

const EVENTS: Service = Service::json("events", JSON_1_1, "AWSEvents").within(LONGEST);
const DESCRIBE_RULE: Operation = EVENTS.read("DescribeRule");
const LIST_TARGETS_BY_RULE: Operation = EVENTS.read("ListTargetsByRule");
const TEST_EVENT_PATTERN: Operation = EVENTS.read("TestEventPattern");

impl Aws {
    /// Returns a rule of the default event bus, without the targets of the rule.
    pub async fn event_rule(&self, name: &str) -> Answer<EventRule> {
        let answer = self.signed.ask(&DESCRIBE_RULE, &json!({"Name": name})).await?;
        Ok(EventRule {
            arn: text(&DESCRIBE_RULE, &answer, "Arn")?,
            state: text(&DESCRIBE_RULE, &answer, "State")?,
            pattern: optional(&answer, "EventPattern"),
        })
    }

    /// Returns the ARNs of a rule's targets.
    pub async fn rule_targets(&self, name: &str) -> Answer<Vec<String>> {
        let answer = self.signed.ask(&LIST_TARGETS_BY_RULE, &json!({"Rule": name})).await?;
        let targets = list(&LIST_TARGETS_BY_RULE, &answer, "Targets")?.iter();
        targets.map(|target| text(&LIST_TARGETS_BY_RULE, target, "Arn")).collect()
    }

    /// Asks EventBridge whether the event pattern `pattern` matches the event `event`.
    pub async fn matches(&self, pattern: &str, event: &Value) -> Answer<bool> {
        let body = json!({"EventPattern": pattern, "Event": event.to_string()});
        flag(&TEST_EVENT_PATTERN, &self.signed.ask(&TEST_EVENT_PATTERN, &body).await?, "Result")
    }
}
