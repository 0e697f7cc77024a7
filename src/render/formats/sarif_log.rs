//! A log of SARIF 2.1.0 (OASIS), with the members that code scanning of GitHub reads. Source of the limits: GitHub
//! Docs, SARIF support for code scanning.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::uri::relative;
use crate::domain::severity::Severity;
use crate::render::json::Place;

/// The largest number of results in one run that GitHub accepts.
const MOST_RESULTS: usize = 25_000;

/// The name of the folder to which the paths are relative.
const ROOT: &str = "%SRCROOT%";

/// The results of a log, each with its severity.
pub(in crate::render) type Results<'l> = Box<dyn Iterator<Item = (Severity, Value)> + 'l>;

/// A log with one run.
pub(in crate::render) struct Log<'l> {
    /// The name of the verb. Code scanning keeps the results of each verb apart.
    pub(in crate::render) category: &'static str,
    pub(in crate::render) rules: Vec<Value>,
    /// Returns the results, each with its severity.
    pub(in crate::render) results: &'l dyn Fn() -> Results<'l>,
    pub(in crate::render) notifications: Vec<Value>,
    /// Whether Logweir could read everything that the caller named.
    pub(in crate::render) is_complete: bool,
    pub(in crate::render) time: Timestamp,
}

impl Log<'_> {
    /// Writes the log piece by piece. If there are too many results, the log has those with the highest severities.
    pub(in crate::render) fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        let omitted = (self.results)().count().saturating_sub(MOST_RESULTS);
        if omitted > 0 {
            let text = format!("{omitted} findings are omitted, because a run has at most {MOST_RESULTS} results");
            self.notifications.push(json!({"level": "warning", "message": {"text": text}}));
        }
        let results = Written { results: self.results, is_whole: omitted == 0 };
        let log = Document {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [self.run(results)],
        };
        serde_json::to_writer_pretty(&mut *out, &log)?;
        out.write_all(b"\n")
    }

    fn run<'r>(self, results: Written<'r>) -> Run<'r> {
        Run {
            tool: json!({"driver": {
                "name": "Logweir",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": self.rules,
            }}),
            automation_details: json!({"id": format!("logweir/{}/", self.category)}),
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: json!({ROOT: {"description": {"text": "The folder in which Logweir ran."}}}),
            invocations: json!([{
                "executionSuccessful": self.is_complete,
                "endTimeUtc": format!("{:.3}", self.time),
                "toolExecutionNotifications": self.notifications,
            }]),
            results,
        }
    }
}

#[derive(Serialize)]
struct Document<'l> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'l>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'l> {
    tool: Value,
    automation_details: Value,
    column_kind: &'static str,
    original_uri_base_ids: Value,
    invocations: Value,
    results: Written<'l>,
}

/// The results that a log has.
struct Written<'l> {
    results: &'l dyn Fn() -> Results<'l>,
    is_whole: bool,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_severity = |wanted| (self.results)().filter(move |(severity, _)| *severity == wanted);
        let by_severity = || [Severity::Error, Severity::Warning, Severity::Note].into_iter().flat_map(of_severity);
        match self.is_whole {
            true => serializer.collect_seq((self.results)().map(|(_, result)| result)),
            false => serializer.collect_seq(by_severity().map(|(_, result)| result).take(MOST_RESULTS)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_with_too_many_results_has_those_with_the_highest_severities() {
        let results = || -> Results<'_> {
            let number = MOST_RESULTS + 5;
            let severity = move |index| if index + 7 > number { Severity::Error } else { Severity::Note };
            Box::new((0..number).map(move |index| (severity(index), json!(index))))
        };
        let (rules, notifications, time) = (Vec::new(), Vec::new(), Timestamp::UNIX_EPOCH);
        let mut text = Vec::new();
        Log { category: "check", rules, results: &results, notifications, is_complete: true, time }
            .write(&mut text)
            .unwrap();
        let log: Value = serde_json::from_slice(&text).unwrap();
        let run = &log["runs"][0];
        let found = run["results"].as_array().unwrap();
        assert_eq!((found.len(), &found[0], &found[6]), (MOST_RESULTS, &json!(MOST_RESULTS - 1), &json!(0)));
        let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert!(note.as_str().unwrap().starts_with("5 findings are omitted"), "{note}");
    }
}
