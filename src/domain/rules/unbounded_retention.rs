//! A log group that never expires, or earlier than the baseline asks.
//!
//! A group without retention keeps its data for ever, so giving it one is a shortening: done where there is nothing to
//! lose (a group that is still empty) or where the baseline adopts the group by name, and never to less than it has.

use super::{Case, Rule};
use crate::domain::finding::{Finding, Fix, LogGroupChange};
use crate::domain::observation::LogGroup;

pub(super) struct Fault;

const NAME: &str = "unbounded-retention";

impl Rule for Fault {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log group that never expires, or earlier than the baseline asks"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let mut findings: Vec<(String, Finding)> = Vec::new();
        for subject in case.subjects() {
            let Some((name, LogGroup::Exists { retention, policy, empty })) = subject.observed_group() else { continue };
            let wanted = &subject.settings.log_group;
            let mut new = wanted.retention_days;
            // Containers that share a group share its finding; the longest retention that any of them asks for counts.
            let shared = findings.iter().position(|(other, _)| *other == name);
            if let Some((_, finding)) = shared.map(|at| &findings[at])
                && let Fix::LogGroup(LogGroupChange::SetRetention { new: other, .. }) = finding.fix
            {
                new = new.max(other);
            }
            let message = match retention {
                Some(days) if *days >= new => continue,
                Some(days) => format!("the log group `{name}` expires after {days} days, the baseline asks for {new}"),
                None => format!("the log group `{name}` never expires, the baseline asks for {new} days"),
            };
            let fix = if let Some(policy) = policy {
                Fix::Advice(format!("the account-level policy `{policy}` decides over it, whatever is set on the group"))
            } else if *empty == Some(true) || wanted.adopts(&name) {
                Fix::LogGroup(LogGroupChange::SetRetention { name: name.clone(), old: *retention, new })
            } else {
                Fix::Advice("it holds data that others may need: set a retention by hand, or list it under log-group.adopt".into())
            };
            let finding = subject.finding(NAME, "/options/awslogs-group", message, fix);
            match shared {
                Some(at) => findings[at].1 = finding,
                None => findings.push((name, finding)),
            }
        }
        findings.into_iter().map(|(_, finding)| finding).collect()
    }

    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.seen.log_groups.is_none()
    }
}
