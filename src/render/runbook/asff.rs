//! The results of the runbook in the AWS Security Finding Format, as JSON lines: a finding for each result.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::resource::subject;
use super::{RunbookRun, catalogues, page, resource};
use crate::domain::runbook::Verdict;
use crate::render::formats::security_finding::{MOST, SecurityFinding, calls};
use crate::render::formats::shown::shown;
use crate::render::json::{RequirementLine, ResultLine};

pub(super) fn findings(run: &RunbookRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut findings = run.output.results().map(|(of, line)| finding(run, of, &line));
    loop {
        let batch: Vec<Value> = findings.by_ref().take(MOST).collect();
        if batch.is_empty() {
            return Ok(());
        }
        out.write_all(calls(&batch).as_bytes())?;
    }
}

fn finding(run: &RunbookRun<'_>, of: &RequirementLine, line: &ResultLine) -> Value {
    let result = &line.result;
    // Security Hub has one status for all results that say neither yes nor no (source: AWS Security Hub API reference,
    // Compliance).
    let (label, status) = match result.verdict {
        Verdict::Fail => ("HIGH", "FAILED"),
        Verdict::Advice => ("LOW", "WARNING"),
        Verdict::Pass => ("INFORMATIONAL", "PASSED"),
        Verdict::Undecidable | Verdict::NotChecked | Verdict::NotApplicable => ("INFORMATIONAL", "NOT_AVAILABLE"),
    };
    let mut fields = json!({
        "logweir/fingerprint": line.fingerprint,
        "logweir/requirement": of.id,
        "logweir/verdict": result.verdict,
    });
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields[format!("logweir/{name}")] = value.into();
        }
    };
    add("container", result.resource.container.as_deref().map(shown));
    add("place", resource::place(line));
    add("baseline", run.output.baseline.as_ref().map(|baseline| baseline.digest.clone()));
    if let Some(evidence) = &result.evidence {
        add("evidence-source", Some(shown(&evidence.source)));
        add("evidence-member", Some(shown(&evidence.member)));
        add("evidence-value", evidence.value.as_deref().map(shown));
        add("evidence-time", evidence.time.map(|time| time.to_string()));
    }
    let finding = SecurityFinding {
        time: run.now,
        fingerprint: &line.fingerprint,
        rule: result.rule,
        severity: (label, result.verdict.name()),
        title: format!("{} {}: {}", of.id, of.title, subject(result)),
        description: shown(&result.message),
        recommendation: of.remedy.to_owned(),
        page: page::documentation(of),
        fields,
        resource: resource::affected(run, line),
        status,
        requirements: catalogues::each(&of.controls),
        exemption: resource::exemption(line),
    };
    finding.value()
}
