//! The ECS security runbook: fifteen requirements, four practices and eight further checks. Each rule judges one fact,
//! and each result has its evidence.
//!
//! [`judge`] judges a task definition. [`judge_account`] judges the facts about an account, which a run reads up to a
//! [`Depth`]. The head of `rules` says how to add a rule.

pub mod account;
mod controls;
mod depth;
mod exemptions;
mod known_agents;
mod remedy;
mod requirement;
mod rules;
mod secret_shape;
mod subject;
mod verdict;

use std::collections::BTreeMap;

use self::account::{Account, Missing};
use crate::domain::baseline::Baseline;
use crate::domain::fleet::facts::Unread;
use crate::domain::text::plain::plain;

pub use controls::{CORRECTIONS, CisControl, Controls, Correction};
pub use depth::Depth;
pub use exemptions::{RunbookExemptionRemark, RunbookExemptions};
pub use requirement::Requirement;
pub use rules::is_root as is_root_user;
pub use subject::Subject;
pub use verdict::{Evidence, Exempt, InScope, Resource, ResourceKind, RunbookResult, Verdict};

/// Results, each with its requirement.
pub type Results = Vec<(Requirement, RunbookResult)>;

/// Returns the results of all rules about one task definition. A template may have several readings, one for each
/// branch of its conditions. The result of a rule is then its worst result over all readings.
pub fn judge<'s>(readings: impl IntoIterator<Item = Subject<'s>>) -> Results {
    worst(readings.into_iter().flat_map(|subject| rules::of_task_definition(&subject)))
}

/// Returns the worst result of each rule over all readings of a template, after the exemptions of each reading. An exempt
/// result of one reading never hides a result of another one that counts.
pub fn worst_reading(readings: impl IntoIterator<Item = Results>) -> Results {
    worst(readings.into_iter().flatten())
}

/// Returns the results of all rules about an account.
pub fn judge_account(account: &Account, baseline: &Baseline) -> Results {
    worst(rules::of_account(account, baseline).flatten())
}

/// Returns the results of each rule about an account, so that a caller needs no memory for the results of all rules.
pub fn judge_by_rule<'a>(account: &'a Account, baseline: &'a Baseline) -> impl Iterator<Item = Results> + 'a {
    rules::of_account(account, baseline).map(|results| worst(results.into_iter()))
}

/// Returns the results of the rules about task definitions, if Logweir could not read them. `resource` is the task
/// definition, or the account if Logweir could not list its task definitions.
pub fn judge_unread_definition(resource: &Resource, unread: &Unread) -> Results {
    let message = plain(&Missing::Unread(unread).message(), 1000);
    let results = rules::of_task_definitions()
        .map(|(requirement, rule)| (requirement, RunbookResult::not_checked(resource.clone(), rule, message.clone())));
    results.collect()
}

/// Returns the worst result of each rule about each resource. A result that lacks several facts names each of them.
fn worst(results: impl Iterator<Item = (Requirement, RunbookResult)>) -> Results {
    let mut worst: BTreeMap<(Requirement, &'static str, Resource), RunbookResult> = BTreeMap::new();
    for (requirement, result) in results {
        let key = (requirement, result.rule, result.resource.clone());
        match worst.get_mut(&key) {
            Some(known) if known.verdict == Verdict::NotChecked && result.verdict == Verdict::NotChecked => {
                known.add_reason(&result.message);
            }
            Some(known) if known.weight() >= result.weight() => {}
            _ => drop(worst.insert(key, result)),
        }
    }
    worst.into_iter().map(|((requirement, ..), result)| (requirement, result)).collect()
}

/// Returns the names of the rules of a depth, each with the IAM actions that its reads need.
pub fn account_rules(depth: Depth) -> Vec<(&'static str, &'static [&'static str])> {
    rules::of_depth(depth).collect()
}

/// Returns the first name in an exemption of the baseline that is neither a requirement nor a rule of the runbook. The
/// baseline itself does not know these names, because the runbook is built on the baseline.
pub fn unknown_name(baseline: &Baseline) -> Option<&str> {
    let is_requirement = |name: &str| Requirement::ALL.iter().any(|one| one.id() == name);
    let is_rule = |name: &str| rules::names().any(|(_, rule)| rule == name);
    baseline.runbook().exemptions.iter().find_map(|exemption| {
        let requirement = exemption.requirements.iter().find(|name| !is_requirement(name));
        requirement.or_else(|| exemption.rules.iter().find(|name| !is_rule(name))).map(String::as_str)
    })
}

/// Returns the name of every rule with its requirement. A rule of two requirements occurs twice.
pub fn rule_names() -> Vec<(Requirement, &'static str)> {
    rules::names().collect()
}
