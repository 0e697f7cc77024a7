//! SARIF 2.1.0 (OASIS), with the members that code scanning of GitHub reads. Source of the limits: GitHub Docs, SARIF
//! support for code scanning.

use serde_json::{Value, json};

use super::shown::{exemption, fix, message, resource, shown};
use super::uri::relative;
use super::{Emitter, Run};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::packs::{RuleSummary, explanation, summaries};
use crate::domain::severity::Severity;
use crate::render::json::{FindingLine, Place, Replacement, State, TargetOutput, UnknownLine, documentation};

/// The largest number of results in one run that GitHub accepts.
const MOST_RESULTS: usize = 25_000;

/// The name of the folder to which the paths are relative.
const ROOT: &str = "%SRCROOT%";

pub(super) struct Sarif;

impl Emitter for Sarif {
    fn emit(&self, run: &Run<'_>) -> String {
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [self.run(run)],
        });
        format!("{log:#}\n")
    }
}

impl Sarif {
    fn run(&self, run: &Run<'_>) -> Value {
        let check = run.check;
        let mut found: Vec<_> = check.findings().filter(|(_, finding)| finding.is_decided()).collect();
        let omitted = found.len().saturating_sub(MOST_RESULTS);
        if omitted > 0 {
            found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
            found.truncate(MOST_RESULTS);
        }
        let mut notifications: Vec<Value> = check.targets.iter().flat_map(notifications).collect();
        if omitted > 0 {
            let text = format!("{omitted} findings are omitted, because a run has at most {MOST_RESULTS} results");
            notifications.push(json!({"level": "warning", "message": {"text": text}}));
        }
        json!({
            "tool": {"driver": {
                "name": "Logweir",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": summaries().into_iter().map(descriptor).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "logweir/check/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which Logweir ran."}}},
            "invocations": [{
                "executionSuccessful": check.summary.errors == 0,
                "endTimeUtc": format!("{:.3}", run.now),
                "toolExecutionNotifications": notifications,
            }],
            "results": found.into_iter().map(|(target, finding)| result(target, finding)).collect::<Vec<_>>(),
        })
    }
}

fn descriptor(rule: RuleSummary) -> Value {
    let name = rule.name;
    let text = explanation(name).unwrap_or_default();
    // The explanation begins with a list of facts about the rule, and then describes the fault in one paragraph.
    let description = text.split("\n\n").find(|part| !part.starts_with('-')).unwrap_or(text).replace('\n', " ");
    let (level, problem, score) = match name.severity() {
        Severity::Error => ("error", "error", "7.0"),
        Severity::Warning => ("warning", "warning", "5.0"),
        Severity::Note => ("note", "recommendation", "2.0"),
    };
    json!({
        "id": name,
        "name": pascal_case(name.name()),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": shown(&description)},
        "help": {"text": text, "markdown": text},
        "helpUri": documentation(name),
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["security", "reliability", "ecs", "logging"],
            "precision": "high",
            "problem.severity": problem,
            "security-severity": score,
        },
    })
}

/// Returns `missing-log-driver` as `MissingLogDriver`.
fn pascal_case(name: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').filter(|part| !part.is_empty()).map(word).collect()
}

fn result(target: &TargetOutput, finding: &FindingLine) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": index(finding.rule),
        "level": finding.severity,
        "message": {"text": format!("{}. {}.", message(finding), fix(finding))},
        "locations": locations(target, finding.place),
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", finding.fingerprint),
            "logweir/v1": finding.fingerprint,
        },
        "properties": {
            "decided": finding.decided,
            "container": finding.container.as_deref().map(shown),
            "family": target.family.as_deref().map(shown),
            "effective": finding.effective.as_deref().map(shown),
            "safety": finding.fix.safety,
        },
    });
    if let Some(state) = finding.state {
        result["baselineState"] = if state == State::New { "new" } else { "unchanged" }.into();
    }
    if let Some(why) = exemption(finding) {
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": why}]);
    }
    if let Some(changes) = changes(target, finding) {
        result["fixes"] = json!([{"description": {"text": fix(finding)}, "artifactChanges": [changes]}]);
    }
    result
}

fn index(rule: RuleName) -> Option<usize> {
    RuleName::ALL.iter().position(|other| *other == rule)
}

/// Returns the changes of the file that the fix of a finding makes. Returns `None` if the fix changes no file.
fn changes(target: &TargetOutput, finding: &FindingLine) -> Option<Value> {
    let replacements = &finding.fix.replacements;
    let location = artifact(target).filter(|_| !replacements.is_empty())?;
    let replacement =
        |one: &Replacement| json!({"deletedRegion": region(one.place), "insertedContent": {"text": one.text}});
    let replacements: Vec<Value> = replacements.iter().map(replacement).collect();
    Some(json!({"artifactLocation": location, "replacements": replacements}))
}

fn region(place: Place) -> Value {
    json!({
        "startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column
    })
}

fn artifact(target: &TargetOutput) -> Option<Value> {
    target.artifact().map(|path| json!({"uri": relative(&path), "uriBaseId": ROOT}))
}

/// Returns the location of a finding. Code scanning of GitHub needs a file and a line, so a registered revision has the
/// first line of a file that does not exist.
fn locations(target: &TargetOutput, place: Option<Place>) -> Value {
    let mut location = json!({});
    if let Some(artifact) = artifact(target) {
        let region = place.map_or_else(|| json!({"startLine": 1}), region);
        location["physicalLocation"] = json!({"artifactLocation": artifact, "region": region});
    }
    let name = target.live.as_ref().map(|live| shown(&live.arn)).or_else(|| resource(target));
    if let Some(name) = name {
        let mut logical = json!({"fullyQualifiedName": name, "kind": "resource"});
        if let Some(resource) = &target.resource {
            logical["name"] = shown(&resource.id).into();
        }
        location["logicalLocations"] = json!([logical]);
    }
    json!([location])
}

/// Returns what is not a result: the error of a target, and the parts that the text does not show.
fn notifications(target: &TargetOutput) -> Vec<Value> {
    let error = target.error.as_deref().map(|error| {
        let place = target.line.zip(target.column).map(|(line, column)| Place {
            line,
            column,
            end_line: line,
            end_column: column,
        });
        json!({"level": "error", "message": {"text": shown(error)}, "locations": locations(target, place)})
    });
    let undecided = target.findings.iter().filter(|finding| !finding.is_decided()).map(|finding| {
        json!({
            "level": "note", "message": {"text": message(finding)}, "locations": locations(target, finding.place),
            "associatedRule": {"id": finding.rule, "index": index(finding.rule)}
        })
    });
    let unknown = target.unknown.iter().map(|unknown: &UnknownLine| {
        let mut notification = json!({
            "level": "note", "message": {"text": shown(&unknown.why)}, "locations": locations(target, unknown.place)
        });
        if let Some(rule) = unknown.rule {
            notification["associatedRule"] = json!({"id": rule, "index": index(rule)});
        }
        notification
    });
    error.into_iter().chain(undecided).chain(unknown).collect()
}
