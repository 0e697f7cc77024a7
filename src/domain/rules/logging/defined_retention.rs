//! The retention of the log groups that a template defines, for the rule `unbounded-retention`.

use std::collections::BTreeMap;

use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::{DefinedGroup, DefinedRetention, RetentionBranch};
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::verdict::{Decided, ParameterDefault};

const NAME: RuleName = RuleName::UnboundedRetention;

/// Judges each log group of the template that a container uses. A group that no container uses is not judged.
pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    // Each group with its first container, and with the longest retention that its containers require.
    let mut used: BTreeMap<&str, (Subject<'_, '_>, &DefinedGroup, Option<u32>)> = BTreeMap::new();
    for subject in case.subjects() {
        let Some(group) = subject.defined_group() else { continue };
        let days = subject.settings.log_group.retention_days;
        let entry = used.entry(&group.id).or_insert((subject, group, days));
        entry.2 = entry.2.max(days);
    }
    let judged = |(subject, group, days): (Subject<'_, '_>, &DefinedGroup, Option<u32>)| {
        let Some(days) = days else { return Vec::new() };
        match group.branches.as_slice() {
            [] => judge(&subject, group, days).into_iter().collect(),
            branches => branches.iter().filter_map(|branch| in_branch(&subject, group, branch, days)).collect(),
        }
    };
    used.into_values().flat_map(judged).collect()
}

/// Judges a log group in one branch of a condition. The condition stays, so a person has to change the branch.
fn in_branch(subject: &Subject<'_, '_>, group: &DefinedGroup, branch: &RetentionBranch, days: u32) -> Option<Finding> {
    let RetentionBranch { when, retention, defaults } = branch.clone();
    let group = DefinedGroup { retention, defaults, is_editable: false, ..group.clone() };
    let finding = judge(subject, &group, days)?;
    let fix = match finding.decided {
        Decided::Yes => Fix::Advice(format!("set a retention of {days} days in this branch of the condition")),
        Decided::ByDefault | Decided::Likely | Decided::Unknown => finding.fix,
    };
    Some(Finding { message: format!("{}, if {when}", finding.message), fix, ..finding })
}

/// Returns the JSON pointer to the retention of a log group. The groups of the template are not part of the task
/// definition; `sources` maps this pointer to the resource of the group.
fn pointer(group: &DefinedGroup) -> String {
    format!("/logGroups/{}/retentionInDays", group.id.replace('~', "~0").replace('/', "~1"))
}

fn judge(subject: &Subject<'_, '_>, group: &DefinedGroup, new: u32) -> Option<Finding> {
    let id = &group.id;
    let asked = format!("but the baseline requires a retention of {new} days");
    let never = format!("events in the log group `{id}` never expire, {asked}");
    let after = |days| format!("events in the log group `{id}` expire after {days} days, {asked}");
    let fix = |safety| match group.is_editable {
        true => Fix::Retention { safety, group: id.clone(), days: new },
        false => Fix::Advice(format!("set the retention of the log group to {new} days in the file that defines it")),
    };
    let advice = || {
        Fix::Advice(format!(
            "set the default of the parameter to {new}, or give the parameter a value at each deployment"
        ))
    };
    let (message, fix, decided) = match group.retention {
        DefinedRetention::Days(days) | DefinedRetention::ByDefault(days) if days >= new => return None,
        DefinedRetention::Days(days) => (after(days), fix(Safety::Safe), Decided::Yes),
        DefinedRetention::Unbounded => (never, fix(Safety::Unsafe), Decided::Yes),
        DefinedRetention::ByDefault(days) => {
            (after(days) + &ParameterDefault::because(&group.defaults), advice(), Decided::ByDefault)
        }
        DefinedRetention::Unknown => (
            format!("a function or a parameter gives the retention of the log group `{id}`"),
            Fix::Advice(format!("set a retention of at least {new} days")),
            Decided::Unknown,
        ),
    };
    let finding = subject.finding(NAME, "/options/awslogs-group", message, fix);
    let notes = match decided {
        Decided::Yes if group.retention == DefinedRetention::Unbounded => {
            vec!["a deployment of the retention deletes the events that are older than it".to_owned()]
        }
        _ => Vec::new(),
    };
    let defaults = if decided == Decided::ByDefault { group.defaults.clone() } else { Vec::new() };
    Some(Finding { pointer: pointer(group), decided, defaults, notes, ..finding })
}
