//! awslogs without a group, a Region or a stream prefix.

use serde_json::Value;

use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct UnnamedLogGroup;

const NAME: RuleName = RuleName::UnnamedLogGroup;

impl Rule for UnnamedLogGroup {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "awslogs without a group, a Region or a stream prefix"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for subject in case.subjects() {
            if let Log::Configured { driver: "awslogs", options: Options::Malformed(found) } = subject.container.log() {
                let message = format!(
                    "the options of {} are {found} where an object belongs: ECS refuses them",
                    subject.called()
                );
                findings.push(subject.finding(
                    NAME,
                    "/options",
                    message,
                    Fix::Advice("write an object; what it was meant to be is not guessed".into()),
                ));
            }
            let Some(options) = subject.awslogs() else { continue };
            if let Some(group) = options.text("awslogs-group").filter(|group| !subject.could_be_a_group(group)) {
                let message = format!("{} logs to `{group}`, and CloudWatch Logs takes no such name", subject.called());
                let advice = "use letters, digits and ._-/# (at most 512)";
                findings.push(subject.finding(NAME, "/options/awslogs-group", message, Fix::Advice(advice.into())));
            }
            findings.extend(check(&subject, options, "awslogs-group", "log group", subject.baseline_group()));
            findings.extend(check(
                &subject,
                options,
                "awslogs-region",
                "Region for its log group",
                subject.baseline_region(),
            ));
            findings.extend(check(
                &subject,
                options,
                "awslogs-stream-prefix",
                "stream prefix",
                subject.baseline_prefix(),
            ));
        }
        findings
    }
}

fn check(
    subject: &Subject<'_, '_>,
    options: Options<'_>,
    option: &'static str,
    what: &str,
    baseline: Result<String, &str>,
) -> Option<Finding> {
    let at = format!("/options/{option}");
    match options.value(option) {
        Some(Value::String(text)) if !text.is_empty() => None,
        None | Some(Value::Null | Value::String(_)) => {
            let fix = match baseline {
                Ok(value) => Fix::Options(vec![(option, Some(value))]),
                Err(why) => Fix::Advice(format!("set {option}; nothing is written, as {why}")),
            };
            Some(subject.finding(NAME, &at, format!("{} names no {what}", subject.called()), fix))
        }
        Some(_) => {
            let message = format!("{option} of {} is not a text: ECS refuses it", subject.called());
            Some(subject.finding(
                NAME,
                &at,
                message,
                Fix::Advice("write a text; what it was meant to be is not guessed".into()),
            ))
        }
    }
}
