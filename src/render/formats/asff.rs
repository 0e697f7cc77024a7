//! The findings of a check in the AWS Security Finding Format, as JSON lines.

use serde_json::{Value, json};

use super::security_finding::{AffectedResource, SecurityFinding, calls, partition};
use super::shown::{exemption, fix, message, place, resource, shown};
use super::{Emitter, Run};
use crate::domain::rules::packs::summary;
use crate::domain::severity::Severity;
use crate::render::json::{FindingLine, TargetOutput, documentation};

pub(super) struct Asff;

impl Emitter for Asff {
    fn emit(&self, run: &Run<'_>) -> String {
        let decided = run.check.findings().filter(|(_, finding)| finding.is_decided());
        let findings: Vec<Value> = decided.map(|(target, finding)| security_finding(run, target, finding)).collect();
        calls(&findings)
    }
}

fn security_finding(run: &Run<'_>, target: &TargetOutput, finding: &FindingLine) -> Value {
    let label = match finding.severity {
        Severity::Error => "HIGH",
        Severity::Warning => "MEDIUM",
        Severity::Note => "INFORMATIONAL",
    };
    let mut fields = json!({
        "logweir/fingerprint": finding.fingerprint,
        "logweir/decided": finding.decided,
        "logweir/place": place(target, finding.place),
        "logweir/baseline": run.check.baseline.digest,
    });
    if let Some(usage) = &target.usage {
        fields["logweir/usage"] = shown(&usage.phrase()).into();
    }
    let finding = SecurityFinding {
        time: run.now,
        fingerprint: &finding.fingerprint,
        rule: finding.rule.name(),
        severity: (label, finding.severity.name()),
        title: title(finding),
        description: message(finding),
        recommendation: fix(finding),
        page: documentation(finding.rule),
        fields,
        resource: resource_of(run, target),
        status: if finding.severity.is_fault() { "FAILED" } else { "WARNING" },
        requirements: Vec::new(),
        exemption: exemption(finding),
    };
    finding.value()
}

fn title(finding: &FindingLine) -> String {
    let summary = summary(finding.rule);
    match &finding.container {
        Some(container) => format!("{summary}: container {}", shown(container)),
        None => summary.to_owned(),
    }
}

/// Returns the task definition. A file is a resource of the type `Other`, because it has no ARN.
fn resource_of(run: &Run<'_>, target: &TargetOutput) -> AffectedResource {
    let Some(live) = &target.live else {
        let file = target.artifact().unwrap_or_else(|| target.target.clone());
        let name = resource(target).map(|name| format!("#{name}")).unwrap_or_default();
        let region = run.region.unwrap_or_default();
        return AffectedResource {
            kind: "Other",
            id: format!("file:{}{name}", super::uri::relative(&file)),
            account: run.account.unwrap_or_default().to_owned(),
            region: region.to_owned(),
            partition: partition(region).to_owned(),
        };
    };
    AffectedResource {
        kind: security_hub_type(target),
        id: live.arn.clone(),
        account: live.account.clone(),
        region: live.region.clone(),
        partition: live.partition.clone(),
    }
}

/// Returns the resource type of Security Hub, which knows no type for daemons (source: AWS Security Hub user guide,
/// Resources ASFF objects).
fn security_hub_type(target: &TargetOutput) -> &'static str {
    match target.resource.as_ref().map(|resource| resource.kind.as_str()) {
        Some("AWS::ECS::Cluster") => "AwsEcsCluster",
        Some("AWS::ECS::Service") => "AwsEcsService",
        Some("AWS::ECS::Task") => "AwsEcsTask",
        Some("AWS::ECS::Daemon") => "Other",
        _ => "AwsEcsTaskDefinition",
    }
}
