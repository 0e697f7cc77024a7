//! The code quality report of GitLab. Source: GitLab Docs, Code Quality report format.

use serde_json::{Value, json};

use super::shown::{fix, message};
use super::{Emitter, Run};
use crate::domain::severity::Severity;
use crate::render::json::{FindingLine, TargetOutput};

pub(super) struct CodeQuality;

impl Emitter for CodeQuality {
    /// GitLab compares the reports of two branches by the fingerprints, so the report contains known findings too.
    fn emit(&self, run: &Run<'_>) -> String {
        let counted = run.check.findings().filter(|(_, finding)| finding.is_decided() && finding.exempt.is_none());
        let issues: Vec<Value> = counted.filter_map(|(target, finding)| issue(target, finding)).collect();
        format!("{:#}\n", Value::Array(issues))
    }
}

fn issue(target: &TargetOutput, finding: &FindingLine) -> Option<Value> {
    let severity = match finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    let (begin, end) = finding.place.map_or((1, 1), |place| (place.line, place.end_line));
    Some(json!({
        "type": "issue",
        "check_name": finding.rule,
        "description": format!("{}. {}.", message(finding), fix(finding)),
        "categories": ["Bug Risk"],
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": {"path": target.artifact()?, "lines": {"begin": begin, "end": end}},
    }))
}
