//! The plan for one task definition: findings, edits and log-group changes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;

use super::baseline::{Baseline, Exempt};
use super::ecs::task_definition::{Log, Options};
use super::edit::{Change, Edit, Holder, LogGroupChange, NewLogGroup, OptionChange};
use super::rule_name::RuleName;
use super::rules::Rule;
use super::rules::case::{Case, Subject};
use super::rules::facts::{LogGroup, Observation};
use super::rules::finding::{Finding, Fix, Safety};
use super::rules::logging::options::RENDER;
use super::rules::packs::LOGGING;

/// Why Logweir changes nothing in a confidential sandbox.
pub const SANDBOX: &str =
    "a signed attestation covers the containers of a confidential sandbox, and a change may invalidate it";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub findings: Vec<Finding>,
    pub edits: Vec<Edit>,
    pub log_groups: Vec<LogGroupChange>,
    /// The edits that the user has to allow with `--unsafe`, because each needs a new log group in the template or the
    /// HCL file. Empty for any other task definition.
    pub unsafe_edits: Vec<UnsafeEdit>,
    /// The retentions of log groups that the template or the HCL file defines.
    pub retentions: Vec<DefinedRetention>,
    /// The log groups in the task's Region that the corrected definition logs to, each with the retention in days that
    /// the baseline requires. `None` if the baseline requires no retention.
    pub logs_to: BTreeMap<String, Option<u32>>,
    /// The rules that Logweir could not check, or could not check for every container, because facts are missing.
    pub not_checked: Vec<RuleName>,
    /// The reason why Logweir does not correct the registered revision, although the plan has changes, or would have
    /// changes without this reason.
    pub refusal: Option<Refusal>,
}

/// An edit that needs a new log group in the template or the HCL file.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsafeEdit {
    pub edit: Edit,
    pub creates: NewLogGroup,
}

/// The new retention of a log group that the template or the HCL file defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinedRetention {
    /// The logical id of the group.
    pub group: String,
    pub days: u32,
    pub safety: Safety,
}

/// The reason why Logweir does not correct a registered revision, although it has faults that Logweir can correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A signed attestation covers the containers of the task definition, and a correction may invalidate the
    /// attestation.
    Sandboxed,
    /// The task definition has no execution role, so ECS would refuse the corrected revision, or its containers could
    /// not deliver their logs.
    MissingExecutionRole,
}

impl Plan {
    /// Whether the plan has no finding, or only exempt findings, and Logweir could check the delivery mode and the
    /// buffer of every container.
    pub fn is_compliant(&self) -> bool {
        let is_open =
            [RuleName::BlockingDelivery, RuleName::UnsizedBuffer].iter().any(|rule| self.not_checked.contains(rule));
        !is_open && !self.findings.iter().any(Finding::counts)
    }

    /// Whether the plan has an edit or a log-group change.
    pub fn changes_something(&self) -> bool {
        !self.edits.is_empty() || !self.log_groups.is_empty()
    }
}

/// Returns the plan of the deployed function, which judges by the rules of the pack `logging`.
pub fn plan(seen: &Observation<'_>, baseline: &Baseline) -> Plan {
    plan_by(LOGGING, seen, baseline)
}

/// Returns the plan that follows from the findings of the rules.
pub fn plan_by(rules: &[&dyn Rule], seen: &Observation<'_>, baseline: &Baseline) -> Plan {
    let case = Case::new(seen, baseline);
    let mut plan = Plan::default();
    for rule in rules {
        plan.findings.extend(rule.check(&case));
        if rule.lacks_evidence(&case) && !case.is_off(rule.name()) {
            plan.not_checked.push(rule.name());
        }
    }
    plan.findings.sort_by_key(|finding| finding.index.unwrap_or(usize::MAX));
    for finding in &mut plan.findings {
        exempt(&case, finding);
    }
    let held = hold(&case, &mut plan.findings);
    for subject in case.subjects().filter(|subject| !held.containers.contains(&subject.container.index)) {
        match (edit(&subject, &plan.findings), creates(&subject, &plan.findings)) {
            (Some(edit), Some(creates)) => plan.unsafe_edits.push(UnsafeEdit { edit, creates }),
            (edit, _) => plan.edits.extend(edit),
        }
    }
    for finding in plan.findings.iter().filter(|finding| finding.counts()) {
        match &finding.fix {
            Fix::LogGroup(change) => add_group(&mut plan.log_groups, change),
            Fix::Retention { safety, group, days } => {
                plan.retentions.push(DefinedRetention { group: group.clone(), days: *days, safety: *safety });
            }
            _ => {}
        }
    }
    plan.logs_to = logs_to(&case);
    plan.refusal = refusal(seen, &plan, &held);
    plan.findings.retain(|finding| !finding.is_off);
    if plan.refusal == Some(Refusal::Sandboxed) {
        plan.edits.clear();
        plan.unsafe_edits.clear();
        plan.log_groups.clear();
    }
    if seen.definition.is_sandboxed() {
        explain_sandbox(&mut plan.findings);
    }
    plan
}

/// Returns the log groups in the task's Region that the rules need facts about, each with the retention in days that
/// the baseline requires. The observation need not contain facts about log groups, because the caller can read these
/// facts afterwards.
pub fn log_groups(seen: &Observation<'_>, baseline: &Baseline) -> BTreeMap<String, Option<u32>> {
    logs_to(&Case::new(seen, baseline))
}

/// Returns each log group that a container logs to, with the longest retention that the containers require, in days.
fn logs_to(case: &Case<'_>) -> BTreeMap<String, Option<u32>> {
    let mut groups = BTreeMap::new();
    for subject in case.subjects() {
        if let Some(group) = subject.group() {
            let days: &mut Option<u32> = groups.entry(group).or_default();
            *days = subject.settings.log_group.retention_days.max(*days);
        }
    }
    groups
}

fn refusal(seen: &Observation<'_>, plan: &Plan, held: &Held) -> Option<Refusal> {
    if plan.changes_something() && seen.definition.is_sandboxed() {
        return Some(Refusal::Sandboxed);
    }
    // An exempt finding counts too, because ECS refuses a registration without the execution role even if the baseline
    // exempts the task definition.
    let roleless = plan.findings.iter().any(|finding| finding.rule == RuleName::MissingExecutionRole);
    (roleless && (held.is_for_role || !plan.edits.is_empty())).then_some(Refusal::MissingExecutionRole)
}

/// Says in the findings why Logweir changes nothing.
fn explain_sandbox(findings: &mut [Finding]) {
    for finding in findings {
        match &finding.fix {
            Fix::Advice(_) => finding.notes.push(format!("Logweir changes nothing, because {SANDBOX}")),
            _ => {
                let advice = format!("change the task definition together with its attestation; {SANDBOX}");
                finding.fix = Fix::Advice(advice);
            }
        }
    }
}

fn exempt(case: &Case<'_>, finding: &mut Finding) {
    match case.exempts(finding.rule, finding.container.as_deref()) {
        Exempt::No => {}
        Exempt::Yes(exempted) => finding.exempt = Some(exempted),
        Exempt::Expired(was) => {
            let note = format!(
                "an exemption by {} (reason: {}) expired at the end of {} (UTC)",
                was.owner, was.reason, was.until
            );
            finding.notes.push(note);
        }
    }
}

/// The containers that Logweir does not edit.
#[derive(Default)]
struct Held {
    containers: BTreeSet<usize>,
    /// Whether Logweir leaves out a fix because the task lacks an execution role.
    is_for_role: bool,
}

/// Returns the containers that Logweir does not edit, and turns the fixes of these containers into advice. Logweir does
/// not edit a container if its name is not unique, or if its logs may not arrive after the correction. A container in
/// non-blocking mode on EC2 loses its logs without notice if, for example, its log group is missing.
fn hold(case: &Case<'_>, findings: &mut [Finding]) -> Held {
    let mut held = Held::default();
    let made: BTreeSet<String> = findings.iter().filter(|finding| finding.counts()).filter_map(made_group).collect();
    for subject in case.subjects() {
        held.is_for_role |= subject.waits_for_role();
        let (why, is_for_role) = if subject.container.has_variable_name() {
            (RENDER, false)
        } else if !case.is_editable(subject.container) {
            ("give the container a unique name; Logweir finds containers by name", false)
        } else if matches!(subject.observed_group(), Some((name, LogGroup::Missing)) if !made.contains(&name)) {
            ("create the log group first; Logweir does not change a container whose log group is missing", false)
        } else if let Some(why) = subject.held_back() {
            (why.advice, why.is_for_role)
        } else {
            continue;
        };
        held.containers.insert(subject.container.index);
        let of_container = of_container(findings, subject.container.index);
        for finding in &mut findings[of_container] {
            if matches!(finding.fix, Fix::Options(_) | Fix::Configuration { .. }) {
                held.is_for_role |= is_for_role && finding.counts();
                finding.fix = Fix::Advice(why.into());
            }
        }
    }
    held
}

/// Returns the log group that the template has to define for the fixes of a container.
fn creates(subject: &Subject<'_, '_>, findings: &[Finding]) -> Option<NewLogGroup> {
    let of_container = &findings[of_container(findings, subject.container.index)];
    of_container.iter().filter(|finding| finding.counts()).find_map(|finding| match &finding.fix {
        Fix::Configuration { creates, .. } => creates.clone(),
        _ => None,
    })
}

/// Returns the name of the log group that the fix of a finding creates.
fn made_group(finding: &Finding) -> Option<String> {
    match &finding.fix {
        Fix::LogGroup(LogGroupChange::Create(group)) => Some(group.name.clone()),
        _ => None,
    }
}

/// Returns the range of the findings about one container. `findings` is sorted by the index of the container.
fn of_container(findings: &[Finding], index: usize) -> Range<usize> {
    let first = |index| findings.partition_point(|finding| finding.index.unwrap_or(usize::MAX) < index);
    first(index)..first(index + 1)
}

/// Combines the fixes of all findings about one container into one edit, and leaves out exempt findings.
fn edit(subject: &Subject<'_, '_>, findings: &[Finding]) -> Option<Edit> {
    let mut options = Vec::new();
    let of_container = &findings[of_container(findings, subject.container.index)];
    for finding in of_container.iter().filter(|finding| finding.counts()) {
        match &finding.fix {
            Fix::Configuration { configuration, .. } => {
                let change = Change::Configuration {
                    old: subject.container.member("logConfiguration").cloned(),
                    new: Some(Value::Object(configuration.clone())),
                };
                return Some(Edit { container: subject.container.name()?.into(), change });
            }
            Fix::Options(set) => options.extend(set.iter().cloned()),
            Fix::LogGroup(_) | Fix::Retention { .. } | Fix::Advice(_) => {}
        }
    }
    let Log::Configured { options: standing, .. } = subject.container.log() else {
        return None;
    };
    let mut changes: Vec<OptionChange> = Vec::new();
    for (option, new) in options {
        let change =
            OptionChange { option: option.into(), old: standing.value(option).cloned(), new: new.map(Value::from) };
        if change.old != change.new && !changes.contains(&change) {
            debug_assert!(
                changes.iter().all(|other| other.option != change.option),
                "two rules set the option {option} to different values"
            );
            changes.push(change);
        }
    }
    let before = match standing {
        Options::Map(_) => Holder::Map,
        Options::Null => Holder::Null,
        Options::Absent | Options::Malformed(_) | Options::Unknown => Holder::Absent,
    };
    let change = Change::Options { before, after: Holder::Map, options: changes };
    match &change {
        Change::Options { options, .. } if options.is_empty() => None,
        _ => Some(Edit { container: subject.container.name()?.into(), change }),
    }
}

/// Adds a log-group change to the list, or merges the change into a listed change of the same log group. The merged
/// change has the longer of the two retentions, and a KMS key if one of the two changes has a KMS key.
fn add_group(changes: &mut Vec<LogGroupChange>, change: &LogGroupChange) {
    match (changes.iter_mut().find(|other| other.name() == change.name()), change) {
        (None, _) => changes.push(change.clone()),
        (Some(LogGroupChange::Create(other)), LogGroupChange::Create(group)) => {
            other.retention_days = other.retention_days.max(group.retention_days);
            other.kms_key = other.kms_key.take().or_else(|| group.kms_key.clone());
        }
        (Some(LogGroupChange::SetRetention { new: other, .. }), LogGroupChange::SetRetention { new, .. }) => {
            *other = (*other).max(*new)
        }
        (Some(_), _) => {}
    }
}
