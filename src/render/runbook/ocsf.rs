//! The results of the runbook in the Open Cybersecurity Schema Framework, as a JSON array of events: one for each
//! result.

use std::io::{self, Write};

use serde::Serializer as _;
use serde_json::{Value, json};

use super::{RunbookRun, catalogues, page, resource};
use crate::domain::runbook::Verdict;
use crate::render::formats::compliance_finding::{Compliance, ComplianceFinding, EventSeverity};
use crate::render::formats::shown::shown;
use crate::render::json::{RequirementLine, ResultLine};

pub(super) fn events(run: &RunbookRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    let events = run.output.results().map(|(of, line)| event(run, of, &line));
    serde_json::Serializer::pretty(&mut *out).collect_seq(events)?;
    out.write_all(b"\n")
}

fn event(run: &RunbookRun<'_>, of: &RequirementLine, line: &ResultLine) -> Value {
    let result = &line.result;
    let (severity, compliance) = match result.verdict {
        Verdict::Fail => (EventSeverity::High, Compliance::Fail),
        Verdict::Advice => (EventSeverity::Low, Compliance::Warning),
        Verdict::Undecidable | Verdict::NotChecked => (EventSeverity::Informational, Compliance::Unknown),
        Verdict::Pass => (EventSeverity::Informational, Compliance::Pass),
        Verdict::NotApplicable => (EventSeverity::Informational, Compliance::Other),
    };
    let finding = ComplianceFinding {
        time: run.now,
        severity,
        rule: result.rule,
        uid: &line.fingerprint,
        title: format!("{} {}", of.id, of.title),
        message: shown(&result.message),
        kind: "Security",
        compliance,
        standard: "ECS security runbook".to_owned(),
        control: of.id,
        requirements: catalogues::each(&of.controls),
        remedy: of.remedy.to_owned(),
        references: &[page::documentation(of)],
        resource: resource::of_event(run, line),
        cloud: resource::cloud(run, line),
        unmapped: json!({
            "verdict": result.verdict,
            "container": result.resource.container.as_deref().map(shown),
            "place": resource::place(line),
            "evidence": result.evidence.as_ref().map(|evidence| json!({
                "source": shown(&evidence.source),
                "member": shown(&evidence.member),
                "value": evidence.value.as_deref().map(shown),
                "time": evidence.time,
            })),
            "scope": result.scope,
            "baseline": run.output.baseline.as_ref().map(|baseline| &baseline.digest),
        }),
        exemption: resource::exemption(line),
    };
    finding.event()
}
