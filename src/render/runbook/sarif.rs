//! The results of the runbook as a log of SARIF 2.1.0. Failures and advice are results. What no rule decided is a
//! notification, one for each rule.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::resource::subject;
use super::{RunbookRun, catalogues, page, resource};
use crate::domain::runbook::{Requirement, Verdict, rule_names};
use crate::domain::severity::Severity;
use crate::domain::text::count;
use crate::render::formats::sarif_log::{Descriptor, Log, Results, fingerprints};
use crate::render::formats::shown::shown;
use crate::render::json::{RequirementLine, ResultLine, RunbookOutput};

pub(super) fn log(run: &RunbookRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules = Rules::all();
    let output = run.output;
    let found = || -> Results<'_> {
        Box::new(output.results().filter_map(|(of, line)| {
            let severity = match line.result.verdict {
                Verdict::Fail => Severity::Error,
                Verdict::Advice => Severity::Note,
                _ => return None,
            };
            Some((severity, result(&rules, of, &line, severity)))
        }))
    };
    let log = Log {
        category: "runbook",
        results: &found,
        notifications: notifications(&rules, output),
        rules: rules.descriptors(output),
        is_complete: output.is_read(),
        time: run.now,
    };
    log.write(out)
}

/// The rules in the order of the log. A rule of two requirements is two rules of the log.
struct Rules(Vec<(String, Requirement, &'static str)>);

impl Rules {
    fn all() -> Self {
        Self(rule_names().into_iter().map(|(of, rule)| (identifier(of.id(), rule), of, rule)).collect())
    }

    fn index(&self, identifier: &str) -> Option<usize> {
        self.0.iter().position(|(other, ..)| other == identifier)
    }

    fn descriptors(&self, output: &RunbookOutput) -> Vec<Value> {
        let one = |(identifier, of, rule): &(String, Requirement, &'static str)| {
            let line = output.requirements.iter().find(|line| line.id == of.id())?;
            let controls = catalogues::line(&line.controls);
            let help = format!("{}\n\nRequirement {} of the ECS security runbook. {controls}", line.remedy, line.id);
            let descriptor = Descriptor {
                rule: identifier,
                severity: Severity::Error,
                summary: line.title,
                description: format!("Finds `{rule}`, a fault of requirement {}: {}.", line.id, line.title),
                help: &help,
                page: page::documentation(line),
                tags: &["security", "ecs", "runbook"],
            };
            Some(descriptor.value())
        };
        self.0.iter().filter_map(one).collect()
    }
}

/// Returns the identifier of a rule of a requirement, such as `runbook-11-root-user`.
fn identifier(requirement: &str, rule: &str) -> String {
    format!("runbook-{requirement}-{rule}")
}

fn result(rules: &Rules, of: &RequirementLine, line: &ResultLine, severity: Severity) -> Value {
    let result = &line.result;
    let identifier = identifier(of.id, result.rule);
    let message = shown(&format!("{}: {}", subject(result), result.message));
    let mut value = json!({
        "ruleId": identifier,
        "ruleIndex": rules.index(&identifier),
        "level": severity,
        "message": {"text": format!("{message}. {}", of.remedy)},
        "locations": [resource::location(line)],
        "partialFingerprints": fingerprints(&line.fingerprint),
        "properties": {
            "requirement": of.id,
            "verdict": result.verdict,
            "container": result.resource.container.as_deref().map(shown),
            "member": result.evidence.as_ref().map(|evidence| shown(&evidence.member)),
            "controls": catalogues::each(&of.controls),
        },
    });
    if let Some(why) = resource::exemption(line) {
        value["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": why}]);
    }
    value
}

/// Returns what is not a result: the errors of targets, the failed reads, and the rules that decided nothing about some
/// resources.
fn notifications(rules: &Rules, output: &RunbookOutput) -> Vec<Value> {
    let errors = output.coverage.errors.iter().map(|error| {
        let text = shown(&format!("{}: {}", error.target, error.message));
        json!({"level": "error", "message": {"text": text}})
    });
    let rights = output.missing_rights().iter().map(|missing| {
        let text = shown(&format!("AWS denied {}: {}", missing.right, missing.message));
        json!({"level": "error", "message": {"text": text}})
    });
    let failed = output.failed_reads().iter().map(|read| {
        let text = shown(&format!("{} failed: {}", read.operation, read.message));
        json!({"level": "error", "message": {"text": text}})
    });
    let mut open: BTreeMap<(usize, &str), (usize, String)> = BTreeMap::new();
    for (of, line) in output.results() {
        let verdict = line.result.verdict;
        if let (Verdict::Undecidable | Verdict::NotChecked, Some(index)) =
            (verdict, rules.index(&identifier(of.id, line.result.rule)))
        {
            open.entry((index, verdict.name())).or_insert((0, line.result.message)).0 += 1;
        }
    }
    let open = open.into_iter().map(|((index, verdict), (number, message))| {
        let text = format!("{} {verdict}: {}", count(number as u64, "result"), shown(&message));
        json!({
            "level": "note", "message": {"text": text}, "associatedRule": {"id": rules.0[index].0, "index": index}
        })
    });
    errors.chain(rights).chain(failed).chain(open).collect()
}
