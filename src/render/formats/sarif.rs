//! The findings of a check as a log of SARIF 2.1.0.

use serde_json::{Value, json};

use super::sarif_log::{self, Descriptor, Log, Results, fingerprints, region};
use super::shown::{exemption, fix, message, resource, shown};
use super::{Emitter, Run};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::packs::{RuleSummary, explanation, summaries};
use crate::render::json::{
    FindingLine, Place, Replacement, State, TargetOutput, UnknownLine, UsageLine, documentation,
};

pub(super) struct Sarif;

impl Emitter for Sarif {
    fn emit(&self, run: &Run<'_>) -> String {
        let check = run.check;
        let found = || -> Results<'_> {
            let decided = check.findings().filter(|(_, finding)| finding.is_decided());
            Box::new(decided.map(|(target, finding)| (finding.severity, result(target, finding))))
        };
        let log = Log {
            category: check.verb,
            rules: summaries().into_iter().map(descriptor).collect(),
            results: &found,
            notifications: check.targets.iter().flat_map(notifications).collect(),
            is_complete: check.summary.errors == 0,
            time: run.now,
        };
        let mut text = Vec::new();
        // A text in memory has no error.
        let _ = log.write(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

fn descriptor(rule: RuleSummary) -> Value {
    let name = rule.name;
    let text = explanation(name).unwrap_or_default();
    // The explanation begins with a list of facts about the rule, and then describes the fault in one paragraph.
    let description = text.split("\n\n").find(|part| !part.starts_with('-')).unwrap_or(text).replace('\n', " ");
    let descriptor = Descriptor {
        rule: name.name(),
        severity: name.severity(),
        summary: rule.summary,
        description: shown(&description),
        help: text,
        page: documentation(name),
        tags: &["security", "reliability", "ecs", "logging"],
    };
    descriptor.value()
}

fn result(target: &TargetOutput, finding: &FindingLine) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": index(finding.rule),
        "level": finding.severity,
        "message": {"text": format!("{}. {}.", message(finding), fix(finding))},
        "locations": locations(target, finding.place),
        "partialFingerprints": fingerprints(&finding.fingerprint),
        "properties": {
            "decided": finding.decided,
            "container": finding.container.as_deref().map(shown),
            "family": target.family.as_deref().map(shown),
            "effective": finding.effective.as_deref().map(shown),
            "safety": finding.fix.safety,
        },
    });
    if let Some(UsageLine { scopes, users, desired, running, owner }) = &target.usage {
        let users: Vec<String> = users.iter().map(|user| shown(user)).collect();
        result["properties"]["usage"] = json!({
            "scopes": scopes, "users": users, "desired": desired, "running": running, "owner": owner.as_deref().map(shown)
        });
    }
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

fn artifact(target: &TargetOutput) -> Option<Value> {
    target.artifact().map(|path| sarif_log::artifact(&path))
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
