//! The JSON output of `logweir check` and of `logweir check --against`. Each output has a versioned schema.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::domain::baseline::{Difference, Exempted, ExemptionRemark, Workload};
use crate::domain::plan::Plan;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::severity::Severity;
use crate::domain::text::place::Position;

#[derive(Serialize)]
pub struct CheckOutput {
    pub schema: &'static str,
    pub baseline: BaselineLine,
    pub summary: Summary,
    pub passed_over: PassedOver,
    /// The exemptions that end soon, or that cover no finding.
    pub exemptions: Vec<ExemptionRemark>,
    pub targets: Vec<TargetOutput>,
    /// The number of findings that `logweir fix` can fix. The JSON output does not contain this number.
    #[serde(skip)]
    pub fixable: usize,
    /// The rules that Logweir could not check on at least one target. The JSON output names the unchecked rules of each
    /// target instead.
    #[serde(skip)]
    pub not_checked: BTreeSet<&'static str>,
    /// Whether a read failed, so that rules about a registered revision were not checked.
    #[serde(skip)]
    pub is_unread: bool,
    /// The baseline of the registered revisions, if the run also checked files with another baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_baseline: Option<BaselineLine>,
    /// Whether the text output shows the baseline.
    #[serde(skip)]
    pub is_baseline_shown: bool,
}

impl CheckOutput {
    /// Adds a checked target to the output.
    pub fn add(&mut self, target: TargetOutput) {
        self.summary.checked += 1;
        self.targets.push(target);
    }
}

#[derive(Serialize)]
pub struct BaselineLine {
    pub path: String,
    pub digest: String,
    /// How Logweir found the baseline, such as `from --baseline`.
    pub origin: String,
}

impl BaselineLine {
    /// Returns the place and the digest of the baseline.
    pub fn name(&self) -> String {
        format!("{} ({})", self.path, self.digest)
    }
}

impl fmt::Display for BaselineLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name(), self.origin)
    }
}

/// The task definition, container or service for which `logweir baseline show` shows the settings.
#[derive(Serialize)]
pub struct WorkloadLine {
    pub family: Option<String>,
    pub container: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub cluster: Option<String>,
}

impl From<&Workload<'_>> for WorkloadLine {
    fn from(workload: &Workload<'_>) -> Self {
        let Workload { family, container, account, region, cluster, .. } = *workload;
        let [family, container, account, region, cluster] =
            [family, container, account, region, cluster].map(|text| text.map(String::from));
        Self { family, container, account, region, cluster }
    }
}

/// The JSON output of `logweir check --against`.
#[derive(Serialize)]
pub struct AgainstOutput {
    pub schema: &'static str,
    pub baseline: BaselineLine,
    pub against: BaselineLine,
    pub summary: AgainstSummary,
    pub passed_over: PassedOver,
    /// The settings that differ between the two baselines, whether or not the findings differ.
    pub settings: Vec<Difference>,
    pub targets: Vec<Compared>,
}

#[derive(Serialize, Default, Clone, Copy)]
pub struct AgainstSummary {
    pub checked: usize,
    /// The number of targets whose findings differ.
    pub differ: usize,
    pub come: usize,
    pub go: usize,
    /// The number of settings that differ.
    pub settings: usize,
    pub errors: usize,
}

#[derive(Serialize)]
pub struct Compared {
    pub target: String,
    pub error: Option<String>,
    /// The new findings, which exist only with the baseline `baseline`.
    pub come: Vec<FindingLine>,
    /// The resolved findings, which exist only with the baseline `against`.
    pub go: Vec<FindingLine>,
}

#[derive(Serialize, Default, Clone, Copy)]
pub struct Summary {
    pub checked: usize,
    pub compliant: usize,
    pub findings: usize,
    pub exempt: usize,
    pub errors: usize,
    /// The number of findings of each severity. The sum of the three numbers is `findings`.
    pub severities: Severities,
}

/// The files of folders that contain no task definition, or that Logweir does not read.
#[derive(Serialize, Default, Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The files that are not of any other kind in this list.
    pub other: usize,
    pub cloudformation: usize,
    pub terraform: usize,
    pub yaml: usize,
    pub jsonnet: usize,
    /// The lists of containers without a task definition around them.
    pub container_lists: usize,
    /// The symbolic links, which Logweir does not follow.
    pub symbolic_links: usize,
}

impl PassedOver {
    /// Whether no file can describe a task definition in another format.
    pub fn is_known(&self) -> bool {
        let Self { other: _, cloudformation, terraform, yaml, jsonnet, container_lists, symbolic_links } = *self;
        cloudformation + terraform + yaml + jsonnet + container_lists + symbolic_links == 0
    }
}

/// The number of findings of each severity.
#[derive(Serialize, Default, Clone, Copy)]
pub struct Severities {
    pub error: usize,
    pub warning: usize,
    pub note: usize,
}

impl Severities {
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.error += 1,
            Severity::Warning => self.warning += 1,
            Severity::Note => self.note += 1,
        }
    }

    /// Whether a finding has a severity that is a fault, so that the exit code is 1.
    pub fn are_faults(&self) -> bool {
        self.error + self.warning > 0
    }
}

#[derive(Serialize)]
pub struct TargetOutput {
    pub target: String,
    pub family: Option<String>,
    pub revision: Option<u32>,
    pub compliant: bool,
    pub error: Option<String>,
    /// The line and the column of the error in the file. `None` if the error is not about a place in a file.
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub findings: Vec<FindingLine>,
    pub not_checked: Vec<RuleName>,
    /// The JSON Patch (RFC 6902) that corrects the input document.
    pub patch: Value,
    pub log_groups: Vec<LogGroupLine>,
}

#[derive(Serialize)]
pub struct FindingLine {
    pub rule: RuleName,
    pub severity: Severity,
    pub container: Option<String>,
    pub pointer: String,
    /// The line and the column of the faulty member in the file. `None` for a registered revision.
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub message: String,
    pub effective: Option<String>,
    pub fix: Safety,
    pub exempt: Option<Exempted>,
    pub advice: Option<String>,
    pub notes: Vec<String>,
}

/// A log group to which the corrected task definition sends logs.
#[derive(Serialize)]
pub struct LogGroupLine {
    pub name: String,
    pub region: Option<String>,
    /// The retention that the baseline requires, in days. `None` if the baseline requires no retention.
    pub retention_days: Option<u32>,
}

impl TargetOutput {
    /// Returns the output for a target that Logweir could not read.
    pub fn unread(target: String, error: String, position: Option<Position>) -> Self {
        Self {
            target,
            family: None,
            revision: None,
            compliant: false,
            error: Some(error),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            findings: Vec::new(),
            not_checked: Vec::new(),
            patch: Value::Array(Vec::new()),
            log_groups: Vec::new(),
        }
    }

    /// Returns the output for a target that Logweir has read. `pointers` has the JSON pointer of each finding in the input
    /// document, and `positions` has the position of each finding.
    pub fn of(
        target: String,
        plan: &Plan,
        pointers: &[String],
        positions: &[Option<Position>],
        patch: Value,
        region: Option<&str>,
    ) -> Self {
        let findings = plan.findings.iter().zip(pointers).zip(positions);
        let line = |((finding, pointer), position): ((&Finding, &String), &Option<Position>)| {
            FindingLine::of(finding, pointer.clone(), *position)
        };
        Self {
            compliant: plan.is_compliant(),
            findings: findings.map(line).collect(),
            not_checked: plan.not_checked.clone(),
            patch,
            log_groups: plan
                .logs_to
                .iter()
                .map(|(name, days)| LogGroupLine {
                    name: name.clone(),
                    region: region.map(String::from),
                    retention_days: *days,
                })
                .collect(),
            error: None,
            ..Self::unread(target, String::new(), None)
        }
    }
}

impl FindingLine {
    /// Returns the output for a finding at the JSON pointer `pointer` in the input document.
    pub fn of(finding: &Finding, pointer: String, position: Option<Position>) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            container: finding.container.clone(),
            pointer,
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            message: finding.message.clone(),
            effective: finding.effective.clone(),
            fix: finding.fix.safety(),
            exempt: finding.exempt.clone(),
            advice: match &finding.fix {
                Fix::Advice(advice) => Some(advice.clone()),
                _ => None,
            },
            notes: finding.notes.clone(),
        }
    }
}

/// Returns the JSON Patch (RFC 6902) that changes `before` into `after`, with `prefix` before each pointer. For a
/// removed value, the patch contains only the pointer and not the value.
pub fn patch(before: &Value, after: &Value, prefix: &str) -> Value {
    let mut patch = serde_json::json!(json_patch::diff(before, after));
    for operation in patch.as_array_mut().into_iter().flatten() {
        let path = format!("{prefix}{}", operation["path"].as_str().unwrap_or_default());
        operation["path"] = path.into();
    }
    patch
}
