//! A container that logs through awslogs without a log group, a Region or a stream prefix.

use super::naming::is_group_name;
use super::options::{Given, RENDER};
use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::verdict::Decided;

pub(in crate::domain::rules) struct UnnamedLogGroup;

const NAME: RuleName = RuleName::UnnamedLogGroup;

impl Rule for UnnamedLogGroup {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a container that logs through awslogs without a log group, a Region or a stream prefix"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for subject in case.subjects() {
            if let Log::Configured { driver: "awslogs", options } = subject.container.log() {
                findings.extend(unreadable(&subject, options));
            }
            let Some(options) = subject.awslogs() else { continue };
            if let Given::Text(group) = subject.given(options, "awslogs-group")
                && !is_group_name(group)
            {
                let message =
                    format!("{} logs to `{group}`, which is not a valid name of a log group", subject.called());
                let advice =
                    "give the log group a name of at most 512 letters, digits and ._-/#, without the prefix aws/";
                findings.push(subject.finding(NAME, "/options/awslogs-group", message, Fix::Advice(advice.into())));
            }
            findings.extend(check(&subject, options, "awslogs-group", "log group", subject.named_group()));
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

/// Returns a finding if the options cannot be read.
fn unreadable(subject: &Subject<'_, '_>, options: Options<'_>) -> Option<Finding> {
    let called = subject.called();
    let (message, advice) = match options {
        Options::Malformed(found) => (
            format!("the options of {called} are {found} instead of an object: ECS refuses them"),
            "write the options as an object; Logweir does not guess the intended options",
        ),
        Options::Unknown => (format!("the options of {called} are a placeholder or an intrinsic function"), RENDER),
        _ => return None,
    };
    let is_intrinsic = subject.container.has_intrinsic_options();
    let decided = if is_intrinsic { Decided::Unknown } else { Decided::Yes };
    Some(Finding { decided, ..subject.finding(NAME, "/options", message, Fix::Advice(advice.into())) })
}

fn check<'a>(
    subject: &Subject<'_, 'a>,
    options: Options<'a>,
    option: &'static str,
    what: &str,
    baseline: Result<String, &str>,
) -> Option<Finding> {
    let at = format!("/options/{option}");
    match subject.given(options, option) {
        Given::Text(_) | Given::Unknown(_) => None,
        Given::Absent => {
            let fix = match baseline {
                Ok(value) => Fix::Options(vec![(option, Some(value))]),
                Err(why) => Fix::Advice(format!("set {option}; Logweir does not write it, because {why}")),
            };
            Some(subject.finding(NAME, &at, format!("{} names no {what}", subject.called()), fix))
        }
        Given::Malformed(_) => {
            let message = format!("{option} of {} is not a string: ECS refuses it", subject.called());
            Some(subject.finding(
                NAME,
                &at,
                message,
                Fix::Advice("write the value as a string; Logweir does not guess the intended value".into()),
            ))
        }
    }
}
