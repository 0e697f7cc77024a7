//! A log group whose events never expire, or expire earlier than the baseline asks.
//!
//! A log group without a retention keeps all its events, so a new retention may delete events. Logweir sets a retention
//! only on a log group that is empty or that the baseline adopts by name, and never shortens a retention.

use super::defined_retention;
use crate::domain::edit::{Ground, LogGroupChange};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::LogGroup;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct UnboundedRetention;

const NAME: RuleName = RuleName::UnboundedRetention;

/// The combined requirements of containers that share one log group. The exempt containers of a log group form one
/// `Wish`, and the other containers of the group form another `Wish`.
struct Wish<'c, 'a> {
    subject: Subject<'c, 'a>,
    exempt: bool,
    name: String,
    found: &'a LogGroup,
    /// The longest retention that any of the containers requires, in days. `None` if no container requires a retention.
    days: Option<u32>,
    /// Whether `log-group.adopt` in the settings of any of the containers matches the log group.
    adopted: bool,
}

impl Rule for UnboundedRetention {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log group whose events never expire, or expire earlier than the baseline asks"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        if case.seen.template.is_some() {
            return defined_retention::check(case);
        }
        let mut wishes: Vec<Wish<'_, '_>> = Vec::new();
        for subject in case.subjects() {
            let Some((name, found)) = subject.observed_group() else { continue };
            let (days, adopted) = (subject.settings.log_group.retention_days, subject.settings.log_group.adopts(&name));
            let exempt = subject.is_exempt(NAME);
            match wishes.iter_mut().find(|wish| wish.name == name && wish.exempt == exempt) {
                Some(wish) => (wish.days, wish.adopted) = (wish.days.max(days), wish.adopted || adopted),
                None => wishes.push(Wish { subject, exempt, name, found, days, adopted }),
            }
        }
        let keeps = |name: &str| wishes.iter().any(|other| other.exempt && other.name == name);
        wishes.iter().filter_map(|wish| wish.check(!wish.exempt && keeps(&wish.name))).collect()
    }

    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.lacks_log_groups()
    }
}

impl Wish<'_, '_> {
    /// Returns a finding if the retention of the log group is shorter than the containers require. `kept` says whether
    /// an exempt container also logs to the group.
    fn check(&self, kept: bool) -> Option<Finding> {
        let LogGroup::Exists { retention, policy, empty } = self.found else { return None };
        let Self { name, days: Some(new), .. } = self else { return None };
        let message = match retention {
            Some(days) if days >= new => return None,
            Some(days) => {
                format!("events in log group `{name}` expire after {days} days, but the baseline asks for {new} days")
            }
            None => format!(
                "events in log group `{name}` never expire, but the baseline requires a retention of {new} days"
            ),
        };
        let fix = if let Some(policy) = policy {
            Fix::Advice(format!(
                "change the account-level policy `{policy}`, which overrides the retention of the group"
            ))
        } else if kept {
            Fix::Advice(format!(
                "use another log group for containers that are not exempt; an exempt container also logs to `{name}`"
            ))
        } else if *empty == Some(true) || self.adopted {
            let ground = if self.adopted { Ground::Adopted } else { Ground::Empty };
            Fix::LogGroup(LogGroupChange::SetRetention { name: name.clone(), old: *retention, new: *new, ground })
        } else if retention.is_some() {
            let advice = "raise the retention by hand, or list the group under log-group.adopt in the baseline; \
                          Logweir assumes that the current retention is intended";
            Fix::Advice(advice.into())
        } else {
            let advice = "set a retention by hand, or list the group under log-group.adopt in the baseline; a \
                          retention deletes older events, which may still be needed";
            Fix::Advice(advice.into())
        };
        Some(self.subject.finding(NAME, "/options/awslogs-group", message, fix))
    }
}
