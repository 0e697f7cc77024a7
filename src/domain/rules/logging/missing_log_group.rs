//! A log group that a container logs to, but that does not exist.

use crate::domain::edit::{LogGroupChange, NewLogGroup};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::LogGroup;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct MissingLogGroup;

const NAME: RuleName = RuleName::MissingLogGroup;

impl Rule for MissingLogGroup {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log group that a container logs to, but that does not exist"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter_map(|subject| {
                let (name, LogGroup::Missing) = subject.observed_group()? else { return None };
                let message = format!("the log group `{name}` of {} does not exist", subject.called());
                let fix = if subject.settings.log_group.may_create(&name) {
                    Fix::LogGroup(LogGroupChange::Create(wanted(&subject, name)))
                } else {
                    Fix::Advice("create the log group, or list its name under log-group.create in the baseline".into())
                };
                Some(Finding {
                    effective: effective(&subject),
                    ..subject.finding(NAME, "/options/awslogs-group", message, fix)
                })
            })
            .collect()
    }

    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.lacks_log_groups()
    }
}

/// Returns the log group to create, with settings for all containers that log to the group, including exempt
/// containers. The log group gets the longest retention that any of the containers requires, and a KMS key if any of
/// the containers requires a KMS key.
fn wanted(subject: &Subject<'_, '_>, name: String) -> NewLogGroup {
    let own = &subject.settings.log_group;
    let sharing = || subject.case.subjects().filter(|other| other.group().as_ref() == Some(&name));
    let days = sharing().map(|other| other.settings.log_group.retention_days).max();
    let key = own.kms_key.clone().or_else(|| sharing().find_map(|other| other.settings.log_group.kms_key.clone()));
    NewLogGroup { class: own.class.clone(), kms_key: key, retention_days: days.unwrap_or(own.retention_days), name }
}

/// Returns the effect of the missing log group on the container, if the document already names the group.
fn effective(subject: &Subject<'_, '_>) -> Option<String> {
    let options = subject.awslogs()?;
    options.text("awslogs-group")?;
    let effect = if subject.container.creates_log_group() {
        "the container creates the group if its role allows logs:CreateLogGroup; events in such a group never expire"
    } else if subject.case.seen.definition.requires_fargate() {
        "the container does not start (Fargate)"
    } else {
        "the container does not start, or loses its logs (in non-blocking mode on EC2)"
    };
    Some(effect.into())
}
