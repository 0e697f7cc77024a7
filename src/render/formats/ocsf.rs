//! The findings of a check in the Open Cybersecurity Schema Framework, as a JSON array of events.

use serde_json::{Value, json};

use super::compliance_finding::{self, Compliance, ComplianceFinding, EventSeverity};
use super::shown::{exemption, fix, message, place, resource, shown};
use super::{Emitter, Run};
use crate::domain::rules::packs::summary;
use crate::domain::severity::Severity;
use crate::render::json::{FindingLine, TargetOutput};

pub(super) struct Ocsf;

impl Emitter for Ocsf {
    fn emit(&self, run: &Run<'_>) -> String {
        let events: Vec<Value> = run.check.findings().map(|(target, finding)| event(run, target, finding)).collect();
        format!("{:#}\n", Value::Array(events))
    }
}

fn event(run: &Run<'_>, target: &TargetOutput, finding: &FindingLine) -> Value {
    let baseline = &run.check.baseline.digest;
    let mut unmapped = json!({
        "decided": finding.decided,
        "container": finding.container.as_deref().map(shown),
        "place": place(target, finding.place),
        "baseline": baseline,
    });
    if let Some(usage) = &target.usage {
        unmapped["scopes"] = json!(usage.scopes);
        unmapped["usage"] = shown(&usage.phrase()).into();
    }
    let finding = ComplianceFinding {
        time: run.now,
        severity: match finding.severity {
            Severity::Error => EventSeverity::High,
            Severity::Warning => EventSeverity::Medium,
            Severity::Note => EventSeverity::Informational,
        },
        rule: finding.rule.name(),
        uid: &finding.fingerprint,
        title: summary(finding.rule).to_owned(),
        message: message(finding),
        kind: "Logging",
        compliance: match finding.severity {
            _ if !finding.is_decided() => Compliance::Unknown,
            Severity::Note => Compliance::Warning,
            _ => Compliance::Fail,
        },
        standard: format!("Logweir baseline {baseline}"),
        control: finding.rule.name(),
        requirements: finding.controls.clone(),
        remedy: fix(finding),
        references: &finding.references,
        resource: resources(run, target),
        cloud: cloud(run, target),
        unmapped,
        exemption: exemption(finding),
    };
    finding.event()
}

fn resources(run: &Run<'_>, target: &TargetOutput) -> Value {
    let kind = target.resource.as_ref().map_or("AWS::ECS::TaskDefinition", |resource| resource.kind.as_str());
    let mut value = json!({
        "type": shown(kind),
        "uid": target.live.as_ref().map_or_else(|| place(target, None), |live| shown(&live.arn)),
        "name": resource(target).unwrap_or_else(|| shown(&target.target)),
    });
    if let Some(region) = target.live.as_ref().map(|live| live.region.as_str()).or(run.region) {
        value["region"] = shown(region).into();
    }
    if let Some(live) = &target.live {
        value["cloud_partition"] = live.partition.clone().into();
    }
    value
}

/// Returns the account of the finding. Returns `None` for a file, unless the caller named an account.
fn cloud(run: &Run<'_>, target: &TargetOutput) -> Option<Value> {
    let live = target.live.as_ref();
    let account = live.map(|live| live.account.as_str()).or(run.account)?;
    Some(compliance_finding::cloud(account, live.map(|live| live.region.as_str()).or(run.region)))
}
