//! What a container does when its logs cannot be delivered is not what the baseline asks for.

use serde_json::Value;

use crate::domain::baseline::{AbsentMode, Delivery};
use crate::domain::ecs::task_definition::{Options, kind};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::DefaultMode;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct BlockingDelivery;

const NAME: RuleName = RuleName::BlockingDelivery;

impl Rule for BlockingDelivery {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a container that stops when its logs cannot be delivered, or may one day"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects().filter_map(|subject| check(&subject, subject.awslogs()?)).collect()
    }

    /// An absent mode that is judged by its effect needs to know the effect.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        !matches!(case.seen.default_mode, DefaultMode::Known(_))
            && case.subjects().any(|subject| {
                subject.settings.logging.absent_mode == AbsentMode::Effective
                    && subject.awslogs().is_some_and(|options| matches!(mode(&subject, options), GivenMode::Absent))
            })
    }
}

enum GivenMode<'a> {
    Absent,
    Is(Delivery),
    Placeholder,
    Malformed(&'a Value),
}

fn mode<'a>(subject: &Subject<'_, '_>, options: Options<'a>) -> GivenMode<'a> {
    match options.value("mode") {
        None | Some(Value::Null) => GivenMode::Absent,
        Some(value @ Value::String(text)) => match text.as_str() {
            "" => GivenMode::Absent,
            "non-blocking" => GivenMode::Is(Delivery::NonBlocking),
            "blocking" => GivenMode::Is(Delivery::Blocking),
            text if subject.is_placeholder(text) => GivenMode::Placeholder,
            _ => GivenMode::Malformed(value),
        },
        Some(value) => GivenMode::Malformed(value),
    }
}

fn check(subject: &Subject<'_, '_>, options: Options<'_>) -> Option<Finding> {
    let wanted = subject.settings.logging.delivery;
    let called = subject.called();
    let consequence = |mode: Delivery| match mode {
        Delivery::Blocking => "stops when CloudWatch Logs does",
        Delivery::NonBlocking => "loses log lines rather than wait",
    };
    let mut set = vec![("mode", Some(wanted.mode().to_owned()))];
    // Docker refuses a buffer size next to `blocking` (source: moby, daemon/logger/factory.go).
    let oversized =
        wanted == Delivery::Blocking && options.value("max-buffer-size").is_some_and(|size| !size.is_null());
    if oversized {
        set.push(("max-buffer-size", None));
    }
    let fix = Fix::Options(set);
    let known = match &subject.case.seen.default_mode {
        DefaultMode::Known(mode) => Some(*mode),
        _ => None,
    };
    let settled = match mode(subject, options) {
        GivenMode::Is(mode) => Some(mode),
        GivenMode::Absent if subject.settings.logging.absent_mode == AbsentMode::Effective => Some(known?),
        _ => None,
    };
    if settled == Some(wanted) {
        let message =
            format!("{called} has a max-buffer-size beside mode `blocking`, which the container runtime refuses");
        return oversized.then(|| subject.finding(NAME, "/options/max-buffer-size", message, fix));
    }
    match mode(subject, options) {
        GivenMode::Is(mode) => {
            let message = format!(
                "{called} {}: its mode is `{}`, the baseline asks for `{}`",
                consequence(mode),
                mode.mode(),
                wanted.mode()
            );
            let mut finding = subject.finding(NAME, "/options/mode", message, fix);
            finding.effective = Some(mode.mode().into());
            Some(finding)
        }
        GivenMode::Absent => {
            let message = match known {
                Some(mode) if mode != wanted => format!(
                    "{called} {}: it sets no mode, and the account's default is `{}`",
                    consequence(mode),
                    mode.mode()
                ),
                _ => format!("{called} leaves its delivery mode to a default that may change"),
            };
            let mut finding = subject.finding(NAME, "/options/mode", message, fix);
            finding.effective = known.map(|mode| mode.mode().into());
            match &subject.case.seen.default_mode {
                DefaultMode::NotChecked => finding.notes.push(
                    "ECS's own default is non-blocking since 2025-06-25; the account setting defaultLogDriverMode can change it".into(),
                ),
                DefaultMode::Unreadable(why) => finding.notes.push(format!("what the default is today could not be read: {why}")),
                DefaultMode::Known(_) => {}
            }
            Some(finding)
        }
        GivenMode::Placeholder => {
            let message = format!("which mode {called} gets is a placeholder");
            Some(subject.finding(
                NAME,
                "/options/mode",
                message,
                Fix::Advice("render the document, then check it".into()),
            ))
        }
        GivenMode::Malformed(value) => {
            let value = match value {
                Value::String(_) => format!("the mode {value}"),
                other => format!("{} for its mode", kind(other)),
            };
            let message = format!("{called} has {value}, which no container runtime knows");
            Some(subject.finding(NAME, "/options/mode", message, fix))
        }
    }
}
