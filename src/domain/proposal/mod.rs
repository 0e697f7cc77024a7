//! Proposals for what the runbook finds in a task definition: changes that a person reviews and writes at the source.
//! Logweir never registers them.

mod advice;
mod change;
mod member;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ecs::task_definition::TaskDefinition;
use super::runbook::{RunbookResult, Verdict};
use super::text::plain::plain;

/// The longest name of a container in a proposal, in characters.
const LONGEST: usize = 100;

/// The largest number of containers for which Logweir proposes changes, because each change parses the text again. ECS
/// allows ten containers in a task definition (source: Amazon ECS service quotas).
const MOST_CONTAINERS: usize = 100;

/// What a person chose for the proposals.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The names of the rules whose changes a process may notice, and which the person wants all the same.
    pub rules: BTreeSet<String>,
    /// The `user` of containers that run as root. `None` proposes no user.
    pub user: Option<String>,
    /// The tags to add.
    pub tags: BTreeMap<String, String>,
    /// Whether the document has the tags of CloudFormation (`Key`, `Value`). `None` if Logweir cannot add tags to it.
    pub pascal_tags: Option<bool>,
}

/// What Logweir proposes about one result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Proposal {
    pub rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Whether the patch contains the change.
    pub in_patch: bool,
    /// What the change does to a running task, or what a person does instead.
    pub message: String,
}

/// A task definition with the proposed changes.
#[derive(Clone, Debug)]
pub struct Proposed {
    pub definition: TaskDefinition,
    pub proposals: BTreeSet<Proposal>,
}

/// The rule about the init process, which belongs to no requirement: sessions of ECS Exec leave processes behind that
/// only an init process removes.
pub const MISSING_INIT: &str = "missing-init";

/// The rules whose changes are in a patch only if the person names them. The tags and the user have options of their
/// own.
pub const OPT_IN: [&str; 7] = [
    "added-capability",
    "host-ipc",
    "host-pid",
    "kept-capabilities",
    MISSING_INIT,
    "privileged-container",
    "writable-root",
];

/// Returns the task definition with the changes that the choices allow, and what to do about every other result.
/// `results` are the results of the runbook about this task definition.
pub fn propose(definition: &TaskDefinition, results: &[&RunbookResult], choices: &Choices) -> Proposed {
    let mut proposed = Proposed { definition: definition.clone(), proposals: BTreeSet::new() };
    let is_small = definition.containers().count() <= MOST_CONTAINERS;
    let counts = |result: &&&RunbookResult| result.counts_as(Verdict::Fail) || result.counts_as(Verdict::Advice);
    for result in results.iter().filter(counts) {
        let container = result.evidence.as_ref().and_then(|evidence| container_index(&evidence.member));
        let changed = if is_small { change::of(&proposed.definition, result.rule, container, choices) } else { None };
        let message = match &changed {
            Some(_) => advice::effect(result.rule).to_owned(),
            None => advice::instead(result, choices),
        };
        let proposal = Proposal {
            rule: result.rule.to_owned(),
            container: result.resource.container.as_deref().map(|name| plain(name, LONGEST)),
            in_patch: changed.is_some(),
            message,
        };
        proposed.definition = changed.unwrap_or(proposed.definition);
        proposed.proposals.insert(proposal);
    }
    if is_small && choices.rules.contains(MISSING_INIT) {
        add_init(&mut proposed);
    }
    proposed
}

/// Adds an init process to each Linux container that says nothing about one.
fn add_init(proposed: &mut Proposed) {
    let containers: Vec<(usize, Option<String>)> =
        proposed.definition.containers().map(|it| (it.index, it.name().map(|name| plain(name, LONGEST)))).collect();
    for (index, container) in containers {
        let Some(changed) = change::init(&proposed.definition, index) else { continue };
        proposed.definition = changed;
        let (rule, message) = (MISSING_INIT.to_owned(), advice::effect(MISSING_INIT).to_owned());
        proposed.proposals.insert(Proposal { rule, container, in_patch: true, message });
    }
}

/// Returns the number of the container in a JSON pointer into the task definition.
fn container_index(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("/containerDefinitions/")?.split('/').next()?.parse().ok()
}
