//! The AWS Security Finding Format, as JSON lines. Each line is the input of one call of BatchImportFindings, which
//! accepts at most 100 findings. Source of the members and limits: AWS Security Hub API reference, AwsSecurityFinding.

use serde_json::{Value, json};

use super::shown::{exemption, fix, message, place, resource, shown};
use super::{Emitter, Run};
use crate::domain::rules::packs::summary;
use crate::domain::severity::Severity;
use crate::domain::text::plain::shortened;
use crate::render::json::{FindingLine, TargetOutput, documentation};

/// The largest number of findings in one call.
const MOST: usize = 100;

/// The maximum lengths of texts, in characters.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const RECOMMENDATION: usize = 512;
const RESOURCE: usize = 512;

pub(super) struct Asff;

impl Emitter for Asff {
    fn emit(&self, run: &Run<'_>) -> String {
        let decided = run.check.findings().filter(|(_, finding)| finding.is_decided());
        let findings: Vec<Value> = decided.map(|(target, finding)| security_finding(run, target, finding)).collect();
        findings.chunks(MOST).map(|batch| format!("{}\n", json!({"Findings": batch}))).collect()
    }
}

fn security_finding(run: &Run<'_>, target: &TargetOutput, finding: &FindingLine) -> Value {
    let live = target.live.as_ref();
    let account = live.map(|live| live.account.as_str()).or(run.account).unwrap_or_default();
    let region = live.map(|live| live.region.as_str()).or(run.region).unwrap_or_default();
    let partition = live.map_or_else(|| partition(region), |live| &live.partition);
    let label = match finding.severity {
        Severity::Error => "HIGH",
        Severity::Warning => "MEDIUM",
        Severity::Note => "INFORMATIONAL",
    };
    let severity = json!({"Label": label, "Original": finding.severity});
    let types = ["Software and Configuration Checks/AWS Security Best Practices"];
    let now = format!("{:.3}", run.now);
    let mut value = json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("logweir/{account}/{region}/{}", finding.fingerprint),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "ProductName": "Logweir",
        "CompanyName": "Logweir",
        "GeneratorId": format!("logweir/{}", finding.rule),
        "AwsAccountId": account,
        "Region": region,
        "Types": types,
        "CreatedAt": now,
        "UpdatedAt": now,
        "Severity": severity,
        "Title": shortened(&title(finding), TITLE),
        "Description": shortened(&message(finding), DESCRIPTION),
        "Remediation": {
            "Recommendation": {"Text": shortened(&fix(finding), RECOMMENDATION), "Url": documentation(finding.rule)}
        },
        "ProductFields": {
            "logweir/fingerprint": finding.fingerprint,
            "logweir/decided": finding.decided,
            "logweir/place": place(target, finding.place),
            "logweir/baseline": run.check.baseline.digest,
        },
        "Resources": [resource_of(target, region, partition)],
        "Compliance": {"Status": if finding.severity.is_fault() { "FAILED" } else { "WARNING" }},
        "RecordState": "ACTIVE",
        "Workflow": {"Status": if finding.exempt.is_some() { "SUPPRESSED" } else { "NEW" }},
        "FindingProviderFields": {"Severity": severity, "Types": types},
    });
    if let Some(why) = exemption(finding) {
        value["Note"] = json!({"Text": shortened(&why, 512), "UpdatedBy": "logweir", "UpdatedAt": now});
    }
    value
}

fn title(finding: &FindingLine) -> String {
    let summary = summary(finding.rule);
    match &finding.container {
        Some(container) => format!("{summary}: container {}", shown(container)),
        None => summary.to_owned(),
    }
}

/// Returns the task definition. A file is a resource of the type `Other`, because it has no ARN.
fn resource_of(target: &TargetOutput, region: &str, partition: &str) -> Value {
    let (kind, id) = match &target.live {
        Some(live) => (security_hub_type(target), live.arn.clone()),
        None => {
            let file = target.artifact().unwrap_or_else(|| target.target.clone());
            let name = resource(target).map(|name| format!("#{name}")).unwrap_or_default();
            ("Other", format!("file:{}{name}", super::uri::relative(&file)))
        }
    };
    json!({"Type": kind, "Id": shortened(&id, RESOURCE), "Partition": partition, "Region": region})
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

/// Returns the partition of a Region. Source: AWS documentation, Amazon Resource Names.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
