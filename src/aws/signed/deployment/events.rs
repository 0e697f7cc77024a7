//! EventBridge's rules, and what they would match.

use serde_json::{Value, json};

use super::{lacks, list, operation, optional, text};
use crate::aws::Aws;
use crate::domain::doctor::rules::EventRule;
use crate::ports::Answer;

impl Aws {
    /// A rule of the default bus, without its targets.
    pub async fn event_rule(&self, name: &str) -> Answer<EventRule> {
        const CALL: &str = "DescribeRule";
        let answer =
            self.asks(&operation!("events", "1.1", "AWSEvents", "DescribeRule"), &json!({"Name": name})).await?;
        Ok(EventRule {
            arn: text(CALL, &answer, "Arn")?,
            state: text(CALL, &answer, "State")?,
            pattern: optional(&answer, "EventPattern"),
        })
    }

    /// The ARNs of what a rule sends its events to.
    pub async fn rule_targets(&self, name: &str) -> Answer<Vec<String>> {
        const CALL: &str = "ListTargetsByRule";
        let operation = operation!("events", "1.1", "AWSEvents", "ListTargetsByRule");
        let answer = self.asks(&operation, &json!({"Rule": name})).await?;
        list(CALL, &answer, "Targets")?.iter().map(|target| text(CALL, target, "Arn")).collect()
    }

    /// Whether EventBridge would find that the pattern matches the event.
    pub async fn matches(&self, pattern: &str, event: &Value) -> Answer<bool> {
        const CALL: &str = "TestEventPattern";
        let operation = operation!("events", "1.1", "AWSEvents", "TestEventPattern");
        let answer = self.asks(&operation, &json!({"EventPattern": pattern, "Event": event.to_string()})).await?;
        answer["Result"].as_bool().ok_or_else(|| lacks(CALL, "Result"))
    }
}
