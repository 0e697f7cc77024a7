//! The check of the EventBridge rules: whether the rules exist, are enabled, send to the queue and match the right
//! events.

use serde_json::Value;

use super::deployment::StackDeployment;
use super::{Check, RESTORE, ReadResult, names};
use crate::domain::event::Home;
use crate::domain::text::count;

pub use super::samples::{Sample, samples};

const CHECK: &str = "rules";

/// The configuration of a rule in EventBridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRule {
    pub arn: String,
    /// The state of the rule: `ENABLED`, `DISABLED`, …
    pub state: String,
    /// The event pattern. `None` for a schedule.
    pub pattern: Option<String>,
}

/// The facts that `doctor` has read about one of the stack's EventBridge rules.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub rule: ReadResult<EventRule>,
    /// The ARNs of the targets.
    pub targets: ReadResult<Vec<String>>,
}

impl Known {
    /// Returns the pattern of the rule, if the rule is enabled and is not a schedule.
    pub fn pattern(&self) -> Option<&str> {
        self.rule.as_ref().ok().filter(|rule| rule.is_on()).and_then(|rule| rule.pattern.as_deref())
    }
}

impl EventRule {
    fn is_on(&self) -> bool {
        self.state.starts_with("ENABLED")
    }
}

/// Checks that the stack's EventBridge rules exist, are enabled and have the right target.
pub fn check(rules: &[Known], deployment: &StackDeployment, home: &Home) -> Vec<Check> {
    let mut checks: Vec<Check> = rules.iter().filter_map(|known| fault(known, deployment, home)).collect();
    if rules.is_empty() {
        checks.push(Check::problem(CHECK, "the SSM parameter /logweir/deployment names no rule", RESTORE));
    }
    if checks.is_empty() {
        checks.push(Check::ok(CHECK, format!("{} enabled, with the right target", count_are(rules.len()))));
    }
    checks
}

fn count_are(number: usize) -> String {
    format!("{} {}", count(number as u64, "rule"), if number == 1 { "is" } else { "are" })
}

fn fault(known: &Known, deployment: &StackDeployment, home: &Home) -> Option<Check> {
    let Known { name, rule, targets } = known;
    let rule = match rule {
        Ok(rule) => rule,
        Err(unseen) if unseen.is_missing => {
            let says = format!("rule {name} does not exist");
            return Some(Check::problem(CHECK, says, RESTORE));
        }
        Err(unseen) => {
            let what = format!("doctor cannot tell whether rule {name} is enabled");
            return Some(Check::unknown(CHECK, what, unseen));
        }
    };
    if !rule.is_on() {
        let says = format!("rule {name} is {}, so its events are lost", rule.state);
        let help = format!("enable the rule: aws events enable-rule --name {name} --region {}", home.region);
        return Some(Check::problem(CHECK, says, help));
    }
    let targets = match targets {
        Ok(targets) => targets,
        Err(unseen) => {
            let what = format!("doctor cannot tell where rule {name} sends its events");
            return Some(Check::unknown(CHECK, what, unseen));
        }
    };
    let queue = deployment.queue_arn(home);
    let is_right = |target: &String| {
        // The schedule of the backout function calls this function directly, without the queue.
        *target == queue || (rule.pattern.is_none() && *target == deployment.function_arn(&deployment.backout, home))
    };
    if targets.iter().any(is_right) {
        return None;
    }
    let found = if targets.is_empty() { "no target".to_owned() } else { names(targets.iter().map(String::as_str)) };
    let says = format!("rule {name} sends to {found} instead of {queue}");
    Some(Check::problem(CHECK, says, RESTORE))
}

/// The result of a test: whether an EventBridge rule matched a sample event.
#[derive(Clone, Debug)]
pub struct Tried {
    pub rule: String,
    /// The description of the sample event ([`Sample::what`]).
    pub sample: &'static str,
    pub matched: ReadResult<bool>,
}

/// Checks that the EventBridge rules match the events that Logweir needs, and no event about a call by Logweir itself.
pub fn check_patterns(rules: &[Known], samples: &[Sample], tried: &[Tried]) -> Vec<Check> {
    const CHECK: &str = "patterns";
    let mut checks = Vec::new();
    let unread = rules.iter().find_map(|known| known.rule.as_ref().err().filter(|unseen| !unseen.is_missing));
    for sample in samples {
        let of_it = || tried.iter().filter(|tried| tried.sample == sample.what);
        let matching: Vec<&str> =
            of_it().filter(|tried| tried.matched == Ok(true)).map(|tried| tried.rule.as_str()).collect();
        let unseen = of_it().find_map(|tried| tried.matched.as_ref().err()).or(unread);
        match (sample.is_wanted, matching.is_empty(), unseen) {
            (true, false, _) => {}
            (false, false, _) => checks.push(Check::problem(
                CHECK,
                format!("{} is matched by {}, so Logweir would react to its own calls", sample.what, names(matching)),
                format!("the rule's pattern in the template excludes Logweir's own roles: {RESTORE}"),
            )),
            (_, true, Some(unseen)) => {
                let what = format!("doctor cannot tell whether a rule matches {}", sample.what);
                checks.push(Check::unknown(CHECK, what, unseen));
            }
            (true, true, None) => checks.push(Check::problem(
                CHECK,
                format!("no enabled rule matches {}", sample.what),
                format!("a rule was disabled, or its pattern was changed, outside the stack: {RESTORE}"),
            )),
            (false, true, None) => {}
        }
    }
    if checks.is_empty() {
        let says = "the rules match registrations, service updates and deployments, but not Logweir's own calls";
        checks.push(Check::ok(CHECK, says));
    }
    checks
}

/// Whether a queue's policy allows the rule with this ARN to send messages.
fn may_send(policy: &Value, rule: &str) -> bool {
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        one => vec![one.clone()],
    };
    statements.iter().any(|statement| {
        statement["Effect"] == "Allow"
            && texts(&statement["Principal"]["Service"]).iter().any(|service| service == "events.amazonaws.com")
            && texts(&statement["Action"])
                .iter()
                .any(|action| matches!(action.to_ascii_lowercase().as_str(), "sqs:sendmessage" | "sqs:*" | "*"))
            && sources(&statement["Condition"])
                .is_none_or(|sources| sources.iter().any(|source| wildmatch::WildMatch::new(source).matches(rule)))
    })
}

/// Returns the source ARNs that a condition allows. Returns `None` if the condition allows every source ARN.
fn sources(condition: &Value) -> Option<Vec<String>> {
    let operators = condition
        .as_object()?
        .iter()
        .filter(|(operator, _)| ["ArnEquals", "ArnLike", "StringEquals", "StringLike"].contains(&operator.as_str()));
    let keys = operators.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    let mut sources = keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn")).peekable();
    sources.peek()?;
    Some(sources.flat_map(|(_, value)| texts(value)).collect())
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(String::from).collect(),
        _ => Vec::new(),
    }
}

/// Checks that the queue's policy allows messages from each rule that sends to the queue. Returns `None` if the policy
/// allows the messages of all these rules.
pub fn check_policy(rules: &[Known], queue: &str, policy: &Value) -> Option<Check> {
    let sends = |known: &&Known| known.targets.as_ref().is_ok_and(|targets| targets.iter().any(|arn| arn == queue));
    let shut_out: Vec<&str> = rules
        .iter()
        .filter(sends)
        .filter(|known| known.rule.as_ref().is_ok_and(|rule| !may_send(policy, &rule.arn)))
        .map(|known| known.name.as_str())
        .collect();
    (!shut_out.is_empty()).then(|| {
        let says = format!("the queue's policy does not allow messages from rule {}", names(shut_out));
        Check::problem(CHECK, says, format!("the queue's policy was changed outside the stack: {RESTORE}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULE: &str = "arn:aws:events:eu-west-1:111122223333:rule/logweir-Registered";

    #[test]
    fn a_policy_lets_a_rule_in_that_it_names_or_where_it_asks_for_none() {
        let policy = |principal: Value, action: &str, condition: Value| {
            json!({"Statement": [
                {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition}
            ]})
        };
        let events = json!({"Service": "events.amazonaws.com"});
        let named = |arn: &str| json!({"ArnEquals": {"aws:SourceArn": [arn]}});
        for (policy, lets_in) in [
            (policy(events.clone(), "sqs:SendMessage", named(RULE)), true),
            (policy(events.clone(), "SQS:SendMessage", named("arn:aws:events:*:111122223333:rule/logweir-*")), true),
            (policy(events.clone(), "sqs:SendMessage", json!({})), true),
            (policy(events.clone(), "sqs:SendMessage", named("arn:aws:events:eu-west-1:111122223333:rule/x")), false),
            (policy(events, "sqs:ReceiveMessage", named(RULE)), false),
            (policy(json!({"Service": "sns.amazonaws.com"}), "sqs:SendMessage", named(RULE)), false),
            (Value::Null, false),
        ] {
            assert_eq!(may_send(&policy, RULE), lets_in, "{policy}");
        }
    }
}
