//! The readings of a task definition: its forms for each branch of the conditions of its template, with and without the
//! defaults of the template's parameters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::baseline::Baseline;
use super::ecs::task_definition::TaskDefinition;
use super::edit::Edit;
use super::plan::{Plan, UnsafeEdit, plan_by};
use super::rule_name::RuleName;
use super::rules::Rule;
use super::rules::facts::Observation;
use super::rules::finding::{Finding, Fix};
use super::verdict::{Decided, ParameterDefault};

/// One of the forms that a task definition of a template can have.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The task definition without the defaults of parameters. Its values under parameters are intrinsic functions.
    pub definition: TaskDefinition,
    /// The task definition with the defaults of the parameters. `None` if it has no value of such a parameter.
    pub defaulted: Option<TaskDefinition>,
    /// The parameters whose defaults the task definition has.
    pub defaults: Vec<ParameterDefault>,
    /// The values of the conditions that the reading assumes.
    pub branches: Vec<Branch>,
    /// The forms of the task definition for each branch of further conditions, which decide about values that only the
    /// rules of the runbook read. Empty without such a condition.
    pub further: Vec<TaskDefinition>,
}

/// A condition of the template with its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Branch {
    pub condition: String,
    pub is_true: bool,
}

impl Reading {
    /// Returns the only reading of a task definition without conditions and parameters.
    pub fn of(definition: TaskDefinition) -> Self {
        Self { definition, defaulted: None, defaults: Vec::new(), branches: Vec::new(), further: Vec::new() }
    }

    /// Returns the task definition for each branch of all conditions, also of those that only the rules of the runbook
    /// need.
    pub fn forms(&self) -> &[TaskDefinition] {
        match self.further.as_slice() {
            [] => std::slice::from_ref(&self.definition),
            further => further,
        }
    }
}

/// The verdict on all readings of a task definition.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// The plan of all readings together. Its edits are the edits of the first reading.
    pub plan: Plan,
    /// The index of the reading to which each finding's JSON pointer belongs, in the order of the findings.
    pub readings: Vec<usize>,
    /// The edits of each reading, in the order of the readings.
    pub edits: Vec<ReadingEdits>,
}

/// The edits of one reading.
#[derive(Clone, Debug, Default)]
pub struct ReadingEdits {
    pub safe: Vec<Edit>,
    pub needing_consent: Vec<UnsafeEdit>,
}

/// Judges all readings by the rules. `seen` returns the facts about a reading's task definition, and `pointer` returns the pointer
/// in the whole file for a pointer into the reading with this index.
pub fn judge<'a>(
    readings: &'a [Reading],
    rules: &[&dyn Rule],
    seen: impl Fn(&'a TaskDefinition) -> Observation<'a>,
    baseline: &Baseline,
    pointer: impl Fn(usize, &str) -> String,
) -> Judged {
    let mut plans: Vec<Plan> = readings.iter().map(|reading| one(reading, rules, &seen, baseline)).collect();
    let edits = plans
        .iter_mut()
        .map(|plan| ReadingEdits { safe: plan.edits.clone(), needing_consent: plan.unsafe_edits.clone() })
        .collect();
    if plans.len() == 1 {
        let plan = plans.remove(0);
        return Judged { readings: vec![0; plan.findings.len()], plan, edits };
    }
    let (findings, of) = merged(readings, &plans, pointer);
    let mut plan = plans.first().cloned().unwrap_or_default();
    for other in plans.iter().skip(1) {
        plan.log_groups
            .extend(other.log_groups.iter().filter(|it| !plan.log_groups.contains(it)).cloned().collect::<Vec<_>>());
        plan.retentions
            .extend(other.retentions.iter().filter(|it| !plan.retentions.contains(it)).cloned().collect::<Vec<_>>());
        plan.logs_to.extend(other.logs_to.clone());
        plan.refusal = plan.refusal.or(other.refusal);
    }
    let unchecked = |rule: &RuleName| plans.iter().any(|plan| plan.not_checked.contains(rule));
    plan.not_checked = RuleName::ALL.into_iter().filter(unchecked).collect();
    plan.findings = findings;
    Judged { plan, readings: of, edits }
}

/// Returns the plan of one reading. A finding that exists only with the defaults of parameters is decided by default,
/// and has no fix.
fn one<'a>(
    reading: &'a Reading,
    rules: &[&dyn Rule],
    seen: &impl Fn(&'a TaskDefinition) -> Observation<'a>,
    baseline: &Baseline,
) -> Plan {
    let mut literal = plan_by(rules, &seen(&reading.definition), baseline);
    let Some(defaulted) = &reading.defaulted else { return literal };
    let mut by_default = plan_by(rules, &seen(defaulted), baseline);
    let key = |finding: &Finding| (finding.rule.name(), finding.pointer.clone());
    let certain = literal.findings.iter().filter(|finding| finding.decided == Decided::Yes);
    let mut certain: BTreeMap<_, Finding> = certain.map(|finding| (key(finding), finding.clone())).collect();
    for finding in &mut by_default.findings {
        match certain.remove(&key(finding)) {
            Some(same) => *finding = same,
            None if finding.decided == Decided::Yes => {
                finding.decided = Decided::ByDefault;
                finding.defaults = defaults_behind(reading, &finding.pointer);
                finding.message += &ParameterDefault::because(&finding.defaults);
                finding.fix = Fix::Advice(
                    "change the default of the parameter, or give the parameter another value at each deployment"
                        .into(),
                );
            }
            None => {}
        }
    }
    by_default.findings.extend(certain.into_values());
    by_default.findings.sort_by_key(|finding| finding.index.unwrap_or(usize::MAX));
    literal.findings = by_default.findings;
    literal.not_checked = by_default.not_checked;
    literal.logs_to = by_default.logs_to;
    literal
}

/// Returns the parameters that give the value at the pointer, or the nearest value around it that has a parameter.
fn defaults_behind(reading: &Reading, pointer: &str) -> Vec<ParameterDefault> {
    let mut around = Some(pointer);
    while let Some(at) = around {
        let value = reading.definition.view().pointer(at);
        let has = |default: &&ParameterDefault| value.is_some_and(|value| mentions(value, &default.parameter));
        let found: Vec<ParameterDefault> = reading.defaults.iter().filter(has).cloned().collect();
        if !found.is_empty() {
            return found;
        }
        around = at.rsplit_once('/').map(|(around, _)| around);
    }
    Vec::new()
}

/// Whether a value is, or contains, a function that names the parameter.
fn mentions(value: &Value, parameter: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| match (key.as_str(), value) {
            ("Ref", Value::String(name)) => name == parameter,
            ("Fn::Sub", Value::String(text)) => text.contains(&format!("${{{parameter}}}")),
            (_, value) => mentions(value, parameter),
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, parameter)),
        _ => false,
    }
}

/// Returns the findings of all readings, each once, and the index of the reading of each finding. A finding that only
/// some readings have names their conditions.
fn merged(readings: &[Reading], plans: &[Plan], pointer: impl Fn(usize, &str) -> String) -> (Vec<Finding>, Vec<usize>) {
    let mut order: Vec<(Vec<usize>, &Finding)> = Vec::new();
    let mut known: HashMap<(&str, String, &str), usize> = HashMap::new();
    for (index, plan) in plans.iter().enumerate() {
        for finding in &plan.findings {
            let key = (finding.rule.name(), pointer(index, &finding.pointer), finding.message.as_str());
            let at = *known.entry(key).or_insert(order.len());
            match order.get_mut(at) {
                Some((of, _)) => of.push(index),
                None => order.push((vec![index], finding)),
            }
        }
    }
    order.sort_by_key(|(_, finding)| finding.index.unwrap_or(usize::MAX));
    let mut findings = Vec::new();
    let mut first = Vec::new();
    for (of, finding) in order {
        let mut finding = finding.clone();
        if of.len() < readings.len() {
            finding.message += &format!(", {}", conditions(readings, &of));
        }
        first.push(of[0]);
        findings.push(finding);
    }
    (findings, first)
}

/// Returns the conditions under which a finding exists that the readings `of` have.
fn conditions(readings: &[Reading], of: &[usize]) -> String {
    let mut common: BTreeSet<&Branch> = readings[of[0]].branches.iter().collect();
    common.retain(|branch| of.iter().all(|index| readings[*index].branches.contains(branch)));
    // A condition that every reading with the finding and every other reading assumes alike decides nothing.
    common.retain(|branch| readings.iter().any(|reading| !reading.branches.contains(branch)));
    if common.is_empty() {
        return "for some values of the conditions".into();
    }
    let one = |branch: &&Branch| format!("`{}` is {}", branch.condition, branch.is_true);
    format!("if condition {}", common.iter().map(one).collect::<Vec<_>>().join(" and "))
}
