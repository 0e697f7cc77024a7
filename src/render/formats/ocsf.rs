//! Compliance findings of the Open Cybersecurity Schema Framework (class 2003), as a JSON array of events. Source: OCSF
//! schema 1.5.0.

use serde_json::{Value, json};

use super::shown::{exemption, fix, message, place, resource, shown};
use super::{Emitter, Run};
use crate::domain::rules::packs::summary;
use crate::domain::severity::Severity;
use crate::render::json::{FindingLine, TargetOutput};

const SCHEMA: &str = "1.5.0";

pub(super) struct Ocsf;

impl Emitter for Ocsf {
    fn emit(&self, run: &Run<'_>) -> String {
        let events: Vec<Value> = run.check.findings().map(|(target, finding)| event(run, target, finding)).collect();
        format!("{:#}\n", Value::Array(events))
    }
}

fn event(run: &Run<'_>, target: &TargetOutput, finding: &FindingLine) -> Value {
    let (severity_id, severity) = match finding.severity {
        Severity::Error => (4, "High"),
        Severity::Warning => (3, "Medium"),
        Severity::Note => (1, "Informational"),
    };
    let (status_id, status) = if finding.exempt.is_some() { (3, "Suppressed") } else { (1, "New") };
    let cloud = cloud(run, target);
    let mut event = json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200_301,
        "type_name": "Compliance Finding: Create",
        "time": run.now.as_millisecond(),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": message(finding),
        "metadata": {
            "version": SCHEMA,
            "event_code": finding.rule,
            "product": {"name": "Logweir", "vendor_name": "Logweir", "version": env!("CARGO_PKG_VERSION")},
            "profiles": if cloud.is_some() { json!(["cloud"]) } else { json!([]) },
        },
        "finding_info": {
            "uid": finding.fingerprint,
            "title": title(finding),
            "desc": message(finding),
            "types": ["Logging"],
            "created_time": run.now.as_millisecond(),
            "src_url": finding.references.first(),
        },
        "compliance": compliance(run, finding),
        "remediation": {"desc": fix(finding), "references": finding.references},
        "resources": [resources(run, target)],
        "unmapped": {
            "decided": finding.decided,
            "container": finding.container.as_deref().map(shown),
            "place": place(target, finding.place),
            "baseline": run.check.baseline.digest,
        },
    });
    if let Some(cloud) = cloud {
        event["cloud"] = cloud;
    }
    if let Some(why) = exemption(finding) {
        event["status_detail"] = why.into();
    }
    event
}

fn compliance(run: &Run<'_>, finding: &FindingLine) -> Value {
    let (status_id, status) = match finding.severity {
        _ if !finding.is_decided() => (0, "Unknown"),
        Severity::Note => (2, "Warning"),
        _ => (3, "Fail"),
    };
    json!({
        "standards": [format!("Logweir baseline {}", run.check.baseline.digest)],
        "control": finding.rule,
        "requirements": finding.controls,
        "status_id": status_id,
        "status": status,
    })
}

fn title(finding: &FindingLine) -> &'static str {
    summary(finding.rule)
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
    let mut cloud = json!({"provider": "AWS", "account": {"uid": account, "type_id": 10, "type": "AWS Account"}});
    if let Some(region) = live.map(|live| live.region.as_str()).or(run.region) {
        cloud["region"] = shown(region).into();
    }
    Some(cloud)
}
