//! A log group that never expires, or earlier than the baseline asks.
//!
//! A group without retention keeps its data for ever, so giving it one is a shortening: done where there is nothing to
//! lose (a group that is still empty) or where the baseline adopts the group by name, and never to less than it has.

use crate::domain::edit::{Ground, LogGroupChange};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::LogGroup;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct UnboundedRetention;

const NAME: RuleName = RuleName::UnboundedRetention;

/// What the containers that share a group ask of it: the longest retention, and whether any of them adopts it.
/// Containers that are exempt ask for themselves alone.
struct Wish<'c, 'a> {
    subject: Subject<'c, 'a>,
    exempt: bool,
    name: String,
    found: &'a LogGroup,
    days: u32,
    adopted: bool,
}

impl Rule for UnboundedRetention {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log group that never expires, or earlier than the baseline asks"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
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
    /// `kept`: for a container that logs there too, and is exempt.
    fn check(&self, kept: bool) -> Option<Finding> {
        let LogGroup::Exists { retention, policy, empty } = self.found else { return None };
        let Self { name, days: new, .. } = self;
        let message = match retention {
            Some(days) if days >= new => return None,
            Some(days) => format!("the log group `{name}` expires after {days} days, the baseline asks for {new}"),
            None => format!("the log group `{name}` never expires, the baseline asks for {new} days"),
        };
        let fix = if let Some(policy) = policy {
            Fix::Advice(format!("the account-level policy `{policy}` decides over it, whatever is set on the group"))
        } else if kept {
            Fix::Advice("a container that is exempt logs there too: give the others a group of their own".into())
        } else if *empty == Some(true) || self.adopted {
            let ground = if self.adopted { Ground::Adopted } else { Ground::Empty };
            Fix::LogGroup(LogGroupChange::SetRetention { name: name.clone(), old: *retention, new: *new, ground })
        } else if retention.is_some() {
            Fix::Advice("somebody chose that: raise it by hand, or list the group under log-group.adopt".into())
        } else {
            Fix::Advice(
                "it may hold data that others need: set a retention by hand, or list the group under log-group.adopt"
                    .into(),
            )
        };
        Some(self.subject.finding(NAME, "/options/awslogs-group", message, fix))
    }
}
