//! A finding of the AWS Security Finding Format. Source of the members and limits: AWS Security Hub API reference,
//! AwsSecurityFinding.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::text::plain::shortened;

/// The largest number of findings in one call of BatchImportFindings.
pub(in crate::render) const MOST: usize = 100;

/// The largest number of related requirements of a finding.
const MOST_REQUIREMENTS: usize = 32;

/// The maximum lengths of texts, in characters.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const RECOMMENDATION: usize = 512;
const RESOURCE: usize = 512;
const NOTE: usize = 512;

/// The resource of a finding.
pub(in crate::render) struct AffectedResource {
    /// The resource type of Security Hub, or `Other`.
    pub(in crate::render) kind: &'static str,
    /// The ARN, or a text that begins with `file:`.
    pub(in crate::render) id: String,
    pub(in crate::render) account: String,
    pub(in crate::render) region: String,
    pub(in crate::render) partition: String,
}

/// The members of a finding that depend on the result. Texts from a document are already neutral.
pub(in crate::render) struct SecurityFinding<'f> {
    pub(in crate::render) time: Timestamp,
    pub(in crate::render) fingerprint: &'f str,
    /// The name of the rule.
    pub(in crate::render) rule: &'f str,
    /// The label of Security Hub, and Logweir's own word.
    pub(in crate::render) severity: (&'static str, &'static str),
    pub(in crate::render) title: String,
    pub(in crate::render) description: String,
    pub(in crate::render) recommendation: String,
    pub(in crate::render) page: String,
    /// Further members of `ProductFields`, whose names begin with `logweir/`.
    pub(in crate::render) fields: Value,
    pub(in crate::render) resource: AffectedResource,
    /// `PASSED`, `WARNING`, `FAILED` or `NOT_AVAILABLE`.
    pub(in crate::render) status: &'static str,
    /// The controls of other catalogues.
    pub(in crate::render) requirements: Vec<String>,
    /// Why the finding is suppressed. `None` for a finding that counts.
    pub(in crate::render) exemption: Option<String>,
}

impl SecurityFinding<'_> {
    pub(in crate::render) fn value(self) -> Value {
        let AffectedResource { kind, id, account, region, partition } = &self.resource;
        let severity = json!({"Label": self.severity.0, "Original": self.severity.1});
        let types = ["Software and Configuration Checks/AWS Security Best Practices"];
        let now = format!("{:.3}", self.time);
        let workflow = match self.status {
            _ if self.exemption.is_some() => "SUPPRESSED",
            "PASSED" => "RESOLVED",
            _ => "NEW",
        };
        let mut value = json!({
            "SchemaVersion": "2018-10-08",
            "Id": format!("logweir/{account}/{region}/{}", self.fingerprint),
            "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
            "ProductName": "Logweir",
            "CompanyName": "Logweir",
            "GeneratorId": format!("logweir/{}", self.rule),
            "AwsAccountId": account,
            "Region": region,
            "Types": types,
            "CreatedAt": now,
            "UpdatedAt": now,
            "Severity": severity,
            "Title": shortened(&self.title, TITLE),
            "Description": shortened(&self.description, DESCRIPTION),
            "Remediation": {
                "Recommendation": {"Text": shortened(&self.recommendation, RECOMMENDATION), "Url": self.page}
            },
            "ProductFields": self.fields,
            "Resources": [{"Type": kind, "Id": shortened(id, RESOURCE), "Partition": partition, "Region": region}],
            "Compliance": {"Status": self.status},
            "RecordState": "ACTIVE",
            "Workflow": {"Status": workflow},
            "FindingProviderFields": {"Severity": severity, "Types": types},
        });
        if !self.requirements.is_empty() {
            let requirements: Vec<&String> = self.requirements.iter().take(MOST_REQUIREMENTS).collect();
            value["Compliance"]["RelatedRequirements"] = json!(requirements);
        }
        if let Some(why) = &self.exemption {
            value["Note"] = json!({"Text": shortened(why, NOTE), "UpdatedBy": "logweir", "UpdatedAt": now});
        }
        value
    }
}

/// Returns findings as JSON lines. Each line is the input of one call of BatchImportFindings, which accepts at most 100
/// findings.
pub(in crate::render) fn calls(findings: &[Value]) -> String {
    findings.chunks(MOST).map(|batch| format!("{}\n", json!({"Findings": batch}))).collect()
}

/// Returns the partition of a Region. Source: AWS documentation, Amazon Resource Names.
pub(in crate::render) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
