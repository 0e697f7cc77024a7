//! The rules: each is there, is on and sends to the queue, and they match what they should.

use serde_json::Value;

use super::deployment::StackDeployment;
use super::{Check, Looked, PUT_BACK, names};
use crate::domain::event::Home;
use crate::domain::text::count;

pub use super::samples::{Sample, samples};

const CHECK: &str = "rules";

/// A rule as EventBridge describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRule {
    pub arn: String,
    /// `ENABLED`, `DISABLED`, …
    pub state: String,
    /// None: a schedule.
    pub pattern: Option<String>,
}

/// What is known of one of the deployment's rules.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub rule: Looked<EventRule>,
    /// ARNs.
    pub targets: Looked<Vec<String>>,
}

impl Known {
    /// The pattern of a rule that takes part: one that is on, and no schedule.
    pub fn pattern(&self) -> Option<&str> {
        self.rule.as_ref().ok().filter(|rule| rule.is_on()).and_then(|rule| rule.pattern.as_deref())
    }
}

impl EventRule {
    fn is_on(&self) -> bool {
        self.state.starts_with("ENABLED")
    }
}

/// Whether the rules are there, on, and send where they should.
pub fn check(rules: &[Known], deployment: &StackDeployment, home: &Home) -> Vec<Check> {
    let mut checks: Vec<Check> = rules.iter().filter_map(|known| fault(known, deployment, home)).collect();
    if rules.is_empty() {
        checks.push(Check::problem(CHECK, "the deployment names no rule", PUT_BACK));
    }
    if checks.is_empty() {
        checks.push(Check::ok(CHECK, format!("{} on, and send where they should", count_are(rules.len()))));
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
            let says = format!("rule {name} is gone: somebody has deleted it");
            return Some(Check::problem(CHECK, says, PUT_BACK));
        }
        Err(unseen) => return Some(Check::unknown(CHECK, format!("rule {name}"), unseen)),
    };
    if !rule.is_on() {
        let says = format!("rule {name} is {}, so its events are lost", rule.state);
        let help = format!("aws events enable-rule --name {name} --region {}", home.region);
        return Some(Check::problem(CHECK, says, help));
    }
    let targets = match targets {
        Ok(targets) => targets,
        Err(unseen) => return Some(Check::unknown(CHECK, format!("where rule {name} sends its events"), unseen)),
    };
    let queue = deployment.queue_arn(home);
    let is_right = |target: &String| {
        // The backout function has a schedule of its own, and no queue.
        *target == queue || (rule.pattern.is_none() && *target == deployment.function_arn(&deployment.backout, home))
    };
    if targets.iter().any(is_right) {
        return None;
    }
    let found = if targets.is_empty() { "nothing".to_owned() } else { names(targets.iter().map(String::as_str)) };
    let says = format!("rule {name} sends to {found}, and not to {queue}");
    Some(Check::problem(CHECK, says, PUT_BACK))
}

/// Whether a rule matched a sample.
#[derive(Clone, Debug)]
pub struct Tried {
    pub rule: String,
    /// [`Sample::what`].
    pub sample: &'static str,
    pub matched: Looked<bool>,
}

/// Whether the rules match what they should, and nothing that Logweir itself does.
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
                format!("{} is handed on by {}: it would answer itself", sample.what, names(matching)),
                format!("the patterns that were deployed leave its own roles out: {PUT_BACK}"),
            )),
            (_, true, Some(unseen)) => {
                checks.push(Check::unknown(CHECK, format!("whether {} is handed on", sample.what), unseen));
            }
            (true, true, None) => checks.push(Check::problem(
                CHECK,
                format!("no rule that is on hands on {}", sample.what),
                format!("somebody has changed a pattern, or switched its rule off: {PUT_BACK}"),
            )),
            (false, true, None) => {}
        }
    }
    if checks.is_empty() {
        let says = "they match what others register, update and deploy, and nothing of Logweir's own";
        checks.push(Check::ok(CHECK, says));
    }
    checks
}

/// Whether a queue's policy lets a rule send, by the rule's ARN.
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

/// The ARNs that a condition lets in; none: it does not ask.
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

/// Whether the queue lets in each of the rules that send to it.
pub fn check_policy(rules: &[Known], queue: &str, policy: &Value) -> Option<Check> {
    let sends = |known: &&Known| known.targets.as_ref().is_ok_and(|targets| targets.iter().any(|arn| arn == queue));
    let shut_out: Vec<&str> = rules
        .iter()
        .filter(sends)
        .filter(|known| known.rule.as_ref().is_ok_and(|rule| !may_send(policy, &rule.arn)))
        .map(|known| known.name.as_str())
        .collect();
    (!shut_out.is_empty()).then(|| {
        let says = format!("the queue's policy lets nothing in from {}", names(shut_out));
        Check::problem(CHECK, says, format!("somebody has changed the queue's policy: {PUT_BACK}"))
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
