//! A compliance finding of the Open Cybersecurity Schema Framework (class 2003). Source: OCSF schema 1.5.0.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::shown::shown;

const SCHEMA: &str = "1.5.0";

/// How a resource fulfils a control.
#[derive(Clone, Copy)]
pub(in crate::render) enum Compliance {
    Unknown,
    Pass,
    Warning,
    Fail,
    /// The control is not about the resource.
    Other,
}

impl Compliance {
    const fn status(self) -> (u8, &'static str) {
        match self {
            Self::Unknown => (0, "Unknown"),
            Self::Pass => (1, "Pass"),
            Self::Warning => (2, "Warning"),
            Self::Fail => (3, "Fail"),
            Self::Other => (99, "Not applicable"),
        }
    }
}

/// The severity of an event.
#[derive(Clone, Copy)]
pub(in crate::render) enum EventSeverity {
    Informational,
    Low,
    Medium,
    High,
}

impl EventSeverity {
    const fn level(self) -> (u8, &'static str) {
        match self {
            Self::Informational => (1, "Informational"),
            Self::Low => (2, "Low"),
            Self::Medium => (3, "Medium"),
            Self::High => (4, "High"),
        }
    }
}

/// The members of an event that depend on the result. Texts from a document are already neutral.
pub(in crate::render) struct ComplianceFinding<'f> {
    pub(in crate::render) time: Timestamp,
    pub(in crate::render) severity: EventSeverity,
    /// The name of the rule.
    pub(in crate::render) rule: &'f str,
    pub(in crate::render) uid: &'f str,
    pub(in crate::render) title: String,
    pub(in crate::render) message: String,
    /// The kind of the finding, such as `Logging`.
    pub(in crate::render) kind: &'static str,
    pub(in crate::render) compliance: Compliance,
    pub(in crate::render) standard: String,
    pub(in crate::render) control: &'f str,
    pub(in crate::render) requirements: Vec<String>,
    pub(in crate::render) remedy: String,
    /// The addresses of the pages about the rule, the most important one first.
    pub(in crate::render) references: &'f [String],
    pub(in crate::render) resource: Value,
    /// The account and the Region. `None` if they are not known.
    pub(in crate::render) cloud: Option<Value>,
    pub(in crate::render) unmapped: Value,
    /// Why the finding is suppressed. `None` for a finding that counts.
    pub(in crate::render) exemption: Option<String>,
}

impl ComplianceFinding<'_> {
    pub(in crate::render) fn event(self) -> Value {
        let (severity_id, severity) = self.severity.level();
        let (status_id, status) = if self.exemption.is_some() { (3, "Suppressed") } else { (1, "New") };
        let (compliance_id, compliance) = self.compliance.status();
        let time = self.time.as_millisecond();
        let mut event = json!({
            "activity_id": 1,
            "activity_name": "Create",
            "category_uid": 2,
            "category_name": "Findings",
            "class_uid": 2003,
            "class_name": "Compliance Finding",
            "type_uid": 200_301,
            "type_name": "Compliance Finding: Create",
            "time": time,
            "severity_id": severity_id,
            "severity": severity,
            "status_id": status_id,
            "status": status,
            "message": self.message,
            "metadata": {
                "version": SCHEMA,
                "event_code": self.rule,
                "product": {"name": "Logweir", "vendor_name": "Logweir", "version": env!("CARGO_PKG_VERSION")},
                "profiles": if self.cloud.is_some() { json!(["cloud"]) } else { json!([]) },
            },
            "finding_info": {
                "uid": self.uid,
                "title": self.title,
                "desc": self.message,
                "types": [self.kind],
                "created_time": time,
                "src_url": self.references.first(),
            },
            "compliance": {
                "standards": [self.standard],
                "control": self.control,
                "requirements": self.requirements,
                "status_id": compliance_id,
                "status": compliance,
            },
            "remediation": {"desc": self.remedy, "references": self.references},
            "resources": [self.resource],
            "unmapped": self.unmapped,
        });
        if let Some(cloud) = self.cloud {
            event["cloud"] = cloud;
        }
        if let Some(why) = self.exemption {
            event["status_detail"] = why.into();
        }
        event
    }
}

/// Returns an account and a Region as the member `cloud`.
pub(in crate::render) fn cloud(account: &str, region: Option<&str>) -> Value {
    let mut cloud = json!({"provider": "AWS", "account": {"uid": account, "type_id": 10, "type": "AWS Account"}});
    if let Some(region) = region {
        cloud["region"] = shown(region).into();
    }
    cloud
}
