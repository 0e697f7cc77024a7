//! Whether the pattern of an EventBridge rule matches an event of ECS, as far as the members outside `detail` decide.

use serde_json::Value;
use wildmatch::WildMatch;

use super::trail::EventRule;
use crate::domain::trail::selectors::{all, any};

/// The members of an event outside `detail`.
#[derive(Clone, Copy, Debug)]
pub struct EventHead<'e> {
    pub source: &'e str,
    pub detail_type: &'e str,
    pub account: &'e str,
    pub region: &'e str,
}

impl EventRule {
    /// Whether the rule is on, and its pattern can match an event of ECS.
    pub fn may_match_ecs(&self) -> bool {
        let sources = |pattern: &Value| match pattern.get("source") {
            Some(matchers) => matches(matchers, "aws.ecs") != Some(false),
            None => true,
        };
        self.is_enabled && self.pattern.as_ref().is_none_or(sources)
    }

    /// Whether the pattern matches each event with this head. `None` if further members of the event decide.
    pub fn matches(&self, event: &EventHead<'_>) -> Option<bool> {
        matches_event(self.pattern.as_ref()?, event)
    }
}

fn matches_event(pattern: &Value, event: &EventHead<'_>) -> Option<bool> {
    all(pattern.as_object()?.iter().map(|(member, matchers)| match member.as_str() {
        "source" => matches(matchers, event.source),
        "detail-type" => matches(matchers, event.detail_type),
        "account" if !event.account.is_empty() => matches(matchers, event.account),
        "region" => matches(matchers, event.region),
        "$or" => any(matchers.as_array()?.iter().map(|pattern| matches_event(pattern, event))),
        _ => None,
    }))
}

/// Whether one of the matchers matches the value. `None` for a matcher that Logweir does not know.
fn matches(matchers: &Value, value: &str) -> Option<bool> {
    any(matchers.as_array()?.iter().map(|matcher| is_match(matcher, value)))
}

/// Whether a matcher matches the value (source: EventBridge user guide, comparison operators).
fn is_match(matcher: &Value, value: &str) -> Option<bool> {
    let (operator, operand) = match matcher {
        Value::String(text) => return Some(text == value),
        Value::Null | Value::Bool(_) | Value::Number(_) => return Some(false),
        Value::Object(members) if members.len() == 1 => members.iter().next()?,
        _ => return None,
    };
    match (operator.as_str(), operand) {
        ("prefix", Value::String(text)) => Some(value.starts_with(text.as_str())),
        ("suffix", Value::String(text)) => Some(value.ends_with(text.as_str())),
        ("equals-ignore-case", Value::String(text)) => Some(value.eq_ignore_ascii_case(text)),
        ("wildcard", Value::String(text)) if !text.contains(['?', '\\']) => Some(WildMatch::new(text).matches(value)),
        ("exists", Value::Bool(exists)) => Some(*exists),
        ("numeric", _) => Some(false),
        ("anything-but", Value::Array(texts)) => Some(texts.iter().all(|text| text != value)),
        ("anything-but", Value::String(text)) => Some(text != value),
        ("anything-but", Value::Object(_)) => is_match(operand, value).map(|is_it| !is_it),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Fact, trail::EventRule};
    use super::*;
    use crate::domain::runbook::depth::Depth;

    fn rule(pattern: Value) -> EventRule {
        let targets = Fact::NotAsked(Depth::Trail);
        EventRule { name: "r".into(), arn: "arn".into(), is_enabled: true, pattern: Some(pattern), targets }
    }

    #[test]
    fn the_head_of_an_event_decides_unless_the_pattern_needs_its_detail() {
        let event = EventHead {
            source: "aws.ecs",
            detail_type: "ECS Task State Change",
            account: "111122223333",
            region: "eu-west-1",
        };
        for (pattern, expected) in [
            (json!({"source": ["aws.ecs"]}), Some(true)),
            (json!({"source": ["aws.ec2"]}), Some(false)),
            (json!({"source": ["aws.ec2", "aws.ecs"], "detail-type": ["ECS Task State Change"]}), Some(true)),
            (json!({"source": ["aws.ecs"], "detail-type": ["ECS Service Action"]}), Some(false)),
            (json!({"source": [{"prefix": "aws."}]}), Some(true)),
            (json!({"source": [{"wildcard": "aws.e*"}]}), Some(true)),
            (json!({"source": [{"anything-but": ["aws.ecs"]}]}), Some(false)),
            (json!({"source": [{"anything-but": {"prefix": "com."}}]}), Some(true)),
            (json!({"source": [{"new": "x"}]}), None),
            (json!({"region": ["us-east-1"]}), Some(false)),
            (json!({"account": ["111122223333"]}), Some(true)),
            (json!({"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"]}}), None),
            (json!({"source": ["aws.ec2"], "detail": {"lastStatus": ["STOPPED"]}}), Some(false)),
            (json!({"$or": [{"source": ["aws.ec2"]}, {"source": ["aws.ecs"]}]}), Some(true)),
            (json!({}), Some(true)),
            (json!([]), None),
        ] {
            assert_eq!(rule(pattern.clone()).matches(&event), expected, "{pattern}");
        }
    }

    #[test]
    fn only_an_enabled_rule_with_a_fitting_source_may_match() {
        assert!(rule(json!({"source": ["aws.ecs"]})).may_match_ecs());
        assert!(rule(json!({"detail-type": ["ECS Task State Change"]})).may_match_ecs());
        assert!(!rule(json!({"source": ["aws.ec2"]})).may_match_ecs());
        let off = EventRule { is_enabled: false, ..rule(json!({"source": ["aws.ecs"]})) };
        assert!(!off.may_match_ecs());
    }
}
