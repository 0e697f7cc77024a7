//! The rules of the runbook. Each rule has the name of the fault that it finds, and a file.
//!
//! The folder `task_definition` has the rules that a task definition alone decides. The other folders have the rules
//! about the account, one folder for each [`Depth`]. To add a rule about the account:
//!
//! 1. Add the facts to the module of their service in `account`. Each list or answer of an operation is a
//!    [`Fact`](super::account::Fact): read, unread with the missing right, or not asked. `EcsFacts::definitions` has what
//!    the task definitions in scope name: roles, images and secrets.
//! 2. Add a file to the folder of the depth, with `NAME` and `check`, and an entry to the list `RULES` of the folder.
//!    The entry names the requirement, the depth and the rights that the reads need.
//! 3. `check` returns one result for each resource, and never a pass for a missing fact: [`judged`] has the functions
//!    that turn a fact into results.
//!
//! A run of a smaller depth does not call `check`. The rule then has one result, `not-checked`, about the account.

mod ecs;
mod identity;
mod images;
mod judged;
mod network;
mod task_definition;
mod trail;

use self::judged::reason;
pub use self::task_definition::is_root;
use super::account::{Account, Missing};
use super::depth::Depth;
use super::requirement::Requirement as R;
use super::subject::Subject;
use super::verdict::{Evidence, RunbookResult, Verdict};
use crate::domain::baseline::Baseline;

/// The results of one rule.
type Checked = Vec<RunbookResult>;

/// A rule about an account.
struct AccountRule {
    requirement: R,
    name: &'static str,
    depth: Depth,
    /// The IAM actions that the reads of the rule's facts need.
    reads: &'static [&'static str],
    /// The IAM actions of the reads that show the resources which the rule judges.
    subjects: &'static [&'static str],
    /// `None` for a rule whose facts this version of Logweir does not read.
    check: Option<fn(&Account, &Baseline) -> Checked>,
}

/// The rules about an account, by depth.
const OF_ACCOUNTS: [&[AccountRule]; 5] =
    [&ecs::RULES, &network::RULES, &identity::RULES, &images::RULES, &trail::RULES];

fn of_accounts() -> impl Iterator<Item = &'static AccountRule> {
    OF_ACCOUNTS.into_iter().flatten()
}

/// Returns the names of the rules of a depth, each with the IAM actions that its reads need.
pub(super) fn of_depth(depth: Depth) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    of_accounts().filter(move |rule| rule.depth == depth).map(|rule| (rule.name, rule.reads))
}

/// Returns the name of every rule with its requirement.
pub(super) fn names() -> impl Iterator<Item = (R, &'static str)> {
    task_definition::names().chain(of_accounts().map(|rule| (rule.requirement, rule.name)))
}

/// Returns the name of every rule about a task definition, with its requirement.
pub(super) fn of_task_definitions() -> impl Iterator<Item = (R, &'static str)> {
    task_definition::names()
}

/// Returns the results of all rules about a task definition. Without the facts of an account, the rules about accounts
/// are not checked.
pub(super) fn of_task_definition(subject: &Subject<'_>) -> Vec<(R, RunbookResult)> {
    let mut results = task_definition::results(subject);
    if !subject.is_with_account {
        results.extend(of_accounts().map(|rule| {
            let reads = rule.reads.join(", ");
            let message = format!("Logweir did not read the account; these operations show the facts: {reads}");
            (rule.requirement, RunbookResult::not_checked(subject.resource(), rule.name, message))
        }));
    }
    results
}

/// Returns the results of each rule about an account.
pub(super) fn of_account<'a>(
    account: &'a Account,
    baseline: &'a Baseline,
) -> impl Iterator<Item = Vec<(R, RunbookResult)>> + 'a {
    let of_rule = move |rule: &'static AccountRule| {
        let not_checked = |message: String| vec![RunbookResult::not_checked(account.resource(), rule.name, message)];
        let results = match rule.check {
            None => not_checked("this version of Logweir does not read the facts".to_owned()),
            Some(_) if !account.depth.reads(rule.depth) => {
                not_checked(format!("this run does not read the facts; use --depth {}", rule.depth.name()))
            }
            Some(check) => whole(account, rule, check(account, baseline)),
        };
        results.into_iter().map(move |result| (rule.requirement, result)).collect()
    };
    of_accounts().map(of_rule)
}

/// Returns the results, with one about the account for each failed read that may hide further resources, and that no
/// result names. Without any result, the rule is not applicable to the account.
fn whole(account: &Account, rule: &AccountRule, mut results: Checked) -> Checked {
    for unread in account.unread().into_iter().filter(|unread| rule.subjects.contains(&unread.action)) {
        let reason = reason(Missing::Unread(unread));
        let names_it = |one: &RunbookResult| one.verdict == Verdict::NotChecked && one.message.contains(&reason);
        if !results.iter().any(names_it) {
            results.push(RunbookResult::not_checked(account.resource(), rule.name, reason));
        }
    }
    if results.is_empty() {
        results.push(about_none(account, rule));
    }
    results
}

/// Returns the result of a rule that found no resource to judge. The evidence is the read that would show one.
fn about_none(account: &Account, rule: &AccountRule) -> RunbookResult {
    let message = account.scoped("the account has no resource that the rule is about");
    let evidence = Evidence {
        source: rule.subjects.last().copied().unwrap_or_default().to_owned(),
        member: String::new(),
        value: Some("no resource".to_owned()),
        time: account.ecs.clusters.get().ok().map(|(_, origin)| origin.time),
    };
    RunbookResult::decided(account.resource(), rule.name, (Verdict::NotApplicable, message), evidence)
}

/// The reads that show the clusters, and what runs in them.
const CLUSTERS: &[&str] = &["ecs:ListClusters", "ecs:DescribeClusters"];
const SERVICES: &[&str] = &["ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices"];
const WORKLOADS: &[&str] = &[
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:ListServices",
    "ecs:DescribeServices",
];

/// The reads that show the task definitions in scope: the newest one of each family, and those that something uses.
const DEFINITIONS: &[&str] = &[
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:DescribeTaskDefinition",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_of_a_folder_has_the_depth_of_the_folder() {
        for (rules, depth) in OF_ACCOUNTS.into_iter().zip(Depth::ALL) {
            assert!(rules.iter().all(|rule| rule.depth == depth && !rule.reads.is_empty()), "{}", depth.name());
        }
    }
}
