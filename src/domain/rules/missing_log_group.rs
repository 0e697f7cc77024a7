//! A log group that does not exist where the container logs.

use super::{Case, Rule, Subject};
use crate::domain::finding::{Finding, Fix, LogGroupChange, NewLogGroup};
use crate::domain::observation::LogGroup;

pub(super) struct Fault;

pub(crate) const NAME: &str = "missing-log-group";

impl Rule for Fault {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log group that does not exist where the container logs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter_map(|subject| {
                let (name, LogGroup::Missing) = subject.observed_group()? else { return None };
                let wanted = &subject.settings.log_group;
                let message = format!("the log group `{name}` of {} does not exist", subject.called());
                let fix = match wanted.may_create(&name) {
                    true => Fix::LogGroup(LogGroupChange::Create(NewLogGroup {
                        name,
                        class: wanted.class.clone(),
                        kms_key: wanted.kms_key.clone(),
                        retention_days: wanted.retention_days,
                    })),
                    false => Fix::Advice("make it where it belongs, or let the baseline: log-group.create".into()),
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

/// What the missing group does to a container that already logs there.
fn effective(subject: &Subject<'_, '_>) -> Option<String> {
    let options = subject.awslogs()?;
    options.text("awslogs-group")?;
    let effect = if options.text("awslogs-create-group") == Some("true") {
        "the container makes it when it starts, if its role may logs:CreateLogGroup; it then never expires"
    } else if subject.case.seen.definition.requires_fargate() {
        "the container does not start (Fargate)"
    } else {
        "the container does not start, or its logs are lost (non-blocking on EC2)"
    };
    Some(effect.into())
}
