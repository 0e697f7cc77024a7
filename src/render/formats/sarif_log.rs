//! A log of SARIF 2.1.0 (OASIS), with the members that code scanning of GitHub reads. Source of the limits: GitHub
//! Docs, SARIF support for code scanning.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::uri::relative;
use crate::domain::severity::Severity;
use crate::render::json::Place;

/// The largest number of results in one run that GitHub accepts.
const MOST_RESULTS: usize = 25_000;

/// The name of the folder to which the paths are relative.
const ROOT: &str = "%SRCROOT%";

/// A log with one run.
pub(in crate::render) struct Log {
    /// The name of the verb. Code scanning keeps the results of each verb apart.
    pub(in crate::render) category: &'static str,
    pub(in crate::render) rules: Vec<Value>,
    /// The results, each with its severity.
    pub(in crate::render) results: Vec<(Severity, Value)>,
    pub(in crate::render) notifications: Vec<Value>,
    /// Whether Logweir could read everything that the caller named.
    pub(in crate::render) is_complete: bool,
    pub(in crate::render) time: Timestamp,
}

impl Log {
    /// Returns the log as text. If there are too many results, the log has those with the highest severities.
    pub(in crate::render) fn text(mut self) -> String {
        let omitted = self.results.len().saturating_sub(MOST_RESULTS);
        if omitted > 0 {
            self.results.sort_by_key(|(severity, _)| Reverse(*severity));
            self.results.truncate(MOST_RESULTS);
            let text = format!("{omitted} findings are omitted, because a run has at most {MOST_RESULTS} results");
            self.notifications.push(json!({"level": "warning", "message": {"text": text}}));
        }
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [self.run()],
        });
        format!("{log:#}\n")
    }

    fn run(self) -> Value {
        json!({
            "tool": {"driver": {
                "name": "Logweir",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": self.rules,
            }},
            "automationDetails": {"id": format!("logweir/{}/", self.category)},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which Logweir ran."}}},
            "invocations": [{
                "executionSuccessful": self.is_complete,
                "endTimeUtc": format!("{:.3}", self.time),
                "toolExecutionNotifications": self.notifications,
            }],
            "results": self.results.into_iter().map(|(_, result)| result).collect::<Vec<_>>(),
        })
    }
}

/// The description of a rule.
pub(in crate::render) struct Descriptor<'d> {
    pub(in crate::render) rule: &'d str,
    pub(in crate::render) severity: Severity,
    pub(in crate::render) summary: &'d str,
    pub(in crate::render) description: String,
    /// A text in Markdown.
    pub(in crate::render) help: &'d str,
    pub(in crate::render) page: String,
    pub(in crate::render) tags: &'d [&'d str],
}

impl Descriptor<'_> {
    pub(in crate::render) fn value(self) -> Value {
        let (level, problem, score) = match self.severity {
            Severity::Error => ("error", "error", "7.0"),
            Severity::Warning => ("warning", "warning", "5.0"),
            Severity::Note => ("note", "recommendation", "2.0"),
        };
        json!({
            "id": self.rule,
            "name": pascal_case(self.rule),
            "shortDescription": {"text": self.summary},
            "fullDescription": {"text": self.description},
            "help": {"text": self.help, "markdown": self.help},
            "helpUri": self.page,
            "defaultConfiguration": {"level": level},
            "properties": {
                "tags": self.tags,
                "precision": "high",
                "problem.severity": problem,
                "security-severity": score,
            },
        })
    }
}

/// Returns `missing-log-driver` as `MissingLogDriver`.
fn pascal_case(name: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').filter(|part| !part.is_empty()).map(word).collect()
}

/// Returns the fingerprint by which code scanning knows a result again.
pub(in crate::render) fn fingerprints(fingerprint: &str) -> Value {
    json!({"primaryLocationLineHash": format!("{fingerprint}:1"), "logweir/v1": fingerprint})
}

pub(in crate::render) fn region(place: Place) -> Value {
    json!({
        "startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column
    })
}

/// Returns a file as the location of an artifact. The path is relative to the working directory.
pub(in crate::render) fn artifact(path: &str) -> Value {
    json!({"uri": relative(path), "uriBaseId": ROOT})
}
