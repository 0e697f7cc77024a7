//! A target of `logweir check` with its findings.

use serde::Serialize;
use serde_json::Value;

use super::finding::{FindingLine, PlacedFinding};
use super::fingerprint::Subject;
use super::place::Place;
use super::usage::UsageLine;
use crate::domain::plan::Plan;
use crate::domain::rule_name::RuleName;
use crate::domain::text::place::Position;
use crate::domain::verdict::Unknown;

#[derive(Serialize)]
pub struct TargetOutput {
    /// The name that messages use for the target.
    pub target: String,
    /// The file, as the caller named it. `None` for standard input and for a registered revision.
    pub file: Option<String>,
    /// The path of the file, relative to the working directory, with `/` between its parts.
    #[serde(skip)]
    pub path: Option<String>,
    pub scope: Scope,
    /// The resource of a template, an HCL file, a plan or a state, or the registered revision.
    pub resource: Option<ResourceLine>,
    pub family: Option<String>,
    pub revision: Option<u32>,
    /// `None` if there is no fault, but a value is unknown or an error prevented a verdict.
    pub compliant: Option<bool>,
    pub error: Option<String>,
    /// The line and the column of the error in the file. `None` if the error is not about a place in a file.
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub findings: Vec<FindingLine>,
    pub not_checked: Vec<RuleName>,
    /// The parts of the task definition that the text does not show.
    pub unknown: Vec<UnknownLine>,
    /// The JSON Patch (RFC 6902) that corrects the input document.
    pub patch: Value,
    pub log_groups: Vec<LogGroupLine>,
    /// The account and Region of a registered revision.
    #[serde(skip)]
    pub live: Option<LiveLine>,
    /// The findings in the style of compiler messages, if an output needs them later.
    #[serde(skip)]
    pub text: String,
    /// Who uses an audited revision. `None` for the target of another verb.
    #[serde(skip)]
    pub usage: Option<UsageLine>,
}

/// Where a target is: in a file, or in an AWS account.
#[derive(Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    File,
    Live,
}

/// A resource, such as `AWS::ECS::TaskDefinition` with its logical ID, or a registered revision with its ARN.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct ResourceLine {
    pub kind: String,
    pub id: String,
    /// The path of the construct in an app of the AWS CDK that made the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construct: Option<String>,
}

/// The account and the Region of a registered revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLine {
    pub arn: String,
    pub partition: String,
    pub account: String,
    pub region: String,
}

/// A part of a task definition that the text does not show.
#[derive(Serialize)]
pub struct UnknownLine {
    /// The rule that could not judge because of this part, if it is one rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// The rules that could not judge because of this part. Empty if the part may concern every rule.
    pub rules: Vec<RuleName>,
    pub pointer: String,
    pub place: Option<Place>,
    pub why: String,
}

/// A log group to which the corrected task definition sends logs.
#[derive(Serialize)]
pub struct LogGroupLine {
    pub name: String,
    pub region: Option<String>,
    /// The retention that the baseline requires, in days. `None` if the baseline requires no retention.
    pub retention_days: Option<u32>,
}

/// A task definition that Logweir has checked.
pub struct CheckedTarget<'c> {
    pub target: String,
    /// The path of the file, relative to the working directory. `None` for standard input and for a registered
    /// revision.
    pub path: Option<String>,
    pub resource: Option<ResourceLine>,
    pub live: Option<LiveLine>,
    pub family: Option<&'c str>,
    pub revision: Option<u32>,
    /// Why Logweir cannot say whether a registered revision is compliant.
    pub undecided: Option<String>,
    pub plan: &'c Plan,
    pub findings: Vec<PlacedFinding<'c>>,
    pub unknown: Vec<UnknownLine>,
    pub patch: Value,
    pub region: Option<&'c str>,
}

impl TargetOutput {
    /// Returns the output for a target that Logweir could not read.
    pub fn unread(
        target: String,
        scope: Scope,
        path: Option<String>,
        error: String,
        position: Option<Position>,
    ) -> Self {
        let file = path.is_some().then(|| target.clone());
        Self {
            target,
            file,
            path,
            scope,
            resource: None,
            family: None,
            revision: None,
            compliant: None,
            error: Some(error),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            findings: Vec::new(),
            not_checked: Vec::new(),
            unknown: Vec::new(),
            patch: Value::Array(Vec::new()),
            log_groups: Vec::new(),
            live: None,
            text: String::new(),
            usage: None,
        }
    }

    /// Returns the output for a target that Logweir has read.
    pub fn of(checked: CheckedTarget<'_>) -> Self {
        let CheckedTarget { target, path, resource, live, family, revision, undecided, plan, .. } = checked;
        let artifact = artifact(path.as_deref(), live.as_ref(), family);
        let scope = if live.is_some() { Scope::Live } else { Scope::File };
        let named = resource.as_ref().filter(|_| live.is_none());
        let subject = Subject {
            artifact: artifact.as_deref(),
            resource: named.map(|resource| (resource.kind.as_str(), resource.id.as_str())),
            family,
        };
        let findings = checked.findings.into_iter().map(|placed| FindingLine::of(placed, &subject));
        let findings: Vec<FindingLine> = findings.collect();
        let has_fault = findings.iter().any(FindingLine::is_fault);
        let is_open = !checked.unknown.is_empty() || findings.iter().any(|finding| !finding.is_decided());
        let log_group = |(name, days): (&String, &Option<u32>)| LogGroupLine {
            name: name.clone(),
            region: checked.region.map(String::from),
            retention_days: *days,
        };
        Self {
            resource,
            family: family.map(String::from),
            revision,
            compliant: if has_fault { Some(false) } else { (!is_open && undecided.is_none()).then_some(true) },
            findings,
            not_checked: plan.not_checked.clone(),
            unknown: checked.unknown,
            patch: checked.patch,
            log_groups: plan.logs_to.iter().map(log_group).collect(),
            live,
            error: undecided,
            ..Self::unread(target, scope, path, String::new(), None)
        }
    }

    /// Returns the path of the file that holds the target, with `/` between its parts. A registered revision has the
    /// path of a file that does not exist. Returns `None` for a registered revision that Logweir could not read.
    pub fn artifact(&self) -> Option<String> {
        artifact(self.path.as_deref(), self.live.as_ref(), self.family.as_deref()).or_else(|| {
            let is_stdin = self.scope == Scope::File;
            is_stdin.then(|| STDIN.to_owned())
        })
    }
}

/// A resource of an account that Logweir has checked: a cluster, a workload in a cluster, or a task definition.
pub struct CheckedResource<'c> {
    pub target: String,
    /// The type of the resource, such as `AWS::ECS::Cluster`.
    pub kind: &'static str,
    pub live: LiveLine,
    pub family: Option<&'c str>,
    pub revision: Option<u32>,
    /// Why Logweir cannot say whether the resource is compliant.
    pub undecided: Option<String>,
    pub findings: Vec<PlacedFinding<'c>>,
    pub not_checked: Vec<RuleName>,
    pub unknown: Vec<UnknownLine>,
}

impl TargetOutput {
    /// Returns the output for a resource of an account.
    pub fn of_resource(checked: CheckedResource<'_>) -> Self {
        let CheckedResource { target, kind, live, family, revision, undecided, not_checked, unknown, .. } = checked;
        let artifact = artifact(None, Some(&live), family);
        let subject = Subject { artifact: artifact.as_deref(), resource: None, family };
        let findings = checked.findings.into_iter().map(|placed| FindingLine::of(placed, &subject));
        let findings: Vec<FindingLine> = findings.collect();
        let has_fault = findings.iter().any(FindingLine::is_fault);
        let is_open = !unknown.is_empty() || undecided.is_some();
        Self {
            resource: Some(ResourceLine { kind: kind.to_owned(), id: live.arn.clone(), construct: None }),
            family: family.map(String::from),
            revision,
            compliant: if has_fault { Some(false) } else { (!is_open).then_some(true) },
            findings,
            not_checked,
            unknown,
            live: Some(live),
            error: undecided,
            ..Self::unread(target, Scope::Live, None, String::new(), None)
        }
    }
}

/// The path of standard input in outputs that need a path.
const STDIN: &str = "stdin";

pub(super) fn artifact(file: Option<&str>, live: Option<&LiveLine>, family: Option<&str>) -> Option<String> {
    match (file, live, family) {
        (Some(file), ..) => Some(file.to_owned()),
        (None, Some(live), Some(family)) => {
            Some(format!(".logweir/aws/{}/{}/{family}.json", live.account, live.region))
        }
        (None, Some(live), None) => {
            let resource = live.arn.splitn(6, ':').nth(5)?;
            Some(format!(".logweir/aws/{}/{}/{resource}.json", live.account, live.region))
        }
        _ => None,
    }
}

impl UnknownLine {
    /// Returns the output for an unknown part at the JSON pointer `pointer` in the input document.
    pub fn of(unknown: &Unknown, pointer: String, place: Option<Place>) -> Self {
        let rule = if let [rule] = unknown.rules[..] { Some(rule) } else { None };
        Self { rule, rules: unknown.rules.clone(), pointer, place, why: unknown.why.clone() }
    }
}
