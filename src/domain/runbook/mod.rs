//! The ECS security runbook: fifteen requirements, four practices and eight further checks. Each rule judges one fact,
//! and each result has its evidence.

mod controls;
mod requirement;
mod rules;
mod subject;
mod verdict;

use std::collections::BTreeMap;

pub use controls::{CORRECTIONS, CisControl, Controls, Correction};
pub use requirement::Requirement;
pub use subject::Subject;
pub use verdict::{Evidence, Resource, RunbookResult, Verdict};

/// Returns the results of all rules about one task definition. A template may have several readings, one for each
/// branch of its conditions. The result of a rule is then its worst result over all readings.
pub fn judge<'s>(readings: impl IntoIterator<Item = Subject<'s>>) -> Vec<(Requirement, RunbookResult)> {
    let mut worst: BTreeMap<(Requirement, &'static str, Resource), RunbookResult> = BTreeMap::new();
    for subject in readings {
        for (requirement, result) in rules::of_task_definition(&subject) {
            let key = (requirement, result.rule, result.resource.clone());
            match worst.get(&key) {
                Some(known) if known.verdict >= result.verdict => {}
                _ => drop(worst.insert(key, result)),
            }
        }
    }
    worst.into_iter().map(|((requirement, ..), result)| (requirement, result)).collect()
}

/// Returns the name of every rule with its requirement. A rule of two requirements occurs twice.
pub fn rule_names() -> Vec<(Requirement, &'static str)> {
    rules::names().collect()
}
