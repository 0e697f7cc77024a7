//! The results of all verbs, each as text and as JSON.

use serde::Serialize;
use serde_json::{Value, json};

use super::exec_sessions::{SessionsOutput, TranscriptOutput};
use super::human;
use super::human::baseline::{BaselineCheckOutput, BaselineOutput};
use super::human::doctor::Diagnosis;
use super::human::firelens::ShownPlan;
use super::human::init::{InitOutput, Learnt};
use super::human::records::{ListedRecord, RecordOutput, RecordsOutput};
use super::human::report::FunctionAnswer;
use super::human::rules::RulesOutput;
use super::json::{AgainstOutput, CheckOutput, ControlsOutput};
use crate::domain::baseline::BaselineError;
use crate::domain::report::{Report, schema};
use crate::domain::rules::packs::{RuleSummary, explanation};
use crate::domain::trail::activity::Activity;

/// A result that Logweir can show as text and as JSON.
pub trait Output {
    /// Returns the text for a terminal. The text may contain styles, which the printer removes if the output does not
    /// support styles.
    fn text(&self) -> String;

    /// Returns one JSON object with a versioned schema.
    fn json(&self) -> Value;
}

fn value(output: &impl Serialize) -> Value {
    serde_json::to_value(output).unwrap_or_default()
}

impl Output for Report {
    fn text(&self) -> String {
        human::report::text(&value(self))
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for FunctionAnswer {
    fn text(&self) -> String {
        human::report::text(&self.0)
    }

    fn json(&self) -> Value {
        self.0.clone()
    }
}

impl Output for CheckOutput {
    fn text(&self) -> String {
        human::check::closing(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for ControlsOutput {
    fn text(&self) -> String {
        human::runbook::controls(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for Activity {
    fn text(&self) -> String {
        human::activity::text(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for AgainstOutput {
    fn text(&self) -> String {
        human::against::closing(self)
    }

    fn json(&self) -> Value {
        value(self)
    }
}

impl Output for BaselineOutput {
    fn text(&self) -> String {
        human::baseline::settings(self)
    }

    fn json(&self) -> Value {
        let Self { baseline, workload, settings, exemptions } = self;
        json!({
            "schema": schema::BASELINE, "baseline": baseline, "workload": workload, "settings": settings,
            "exemptions": exemptions
        })
    }
}

impl Output for BaselineCheckOutput {
    fn text(&self) -> String {
        human::baseline::check(self)
    }

    fn json(&self) -> Value {
        let Self { path, digest, exemptions, error } = self;
        let errors: Vec<Value> = error
            .iter()
            .map(|BaselineError { line, column, message, help }| {
                json!({"line": line, "column": column, "message": message, "help": help})
            })
            .collect();
        json!({
            "schema": schema::BASELINE_CHECK, "baseline": {"path": path, "digest": digest}, "valid": errors.is_empty(),
            "errors": errors, "exemptions": exemptions
        })
    }
}

impl Output for ShownPlan {
    fn text(&self) -> String {
        human::firelens::text(self)
    }

    fn json(&self) -> Value {
        value(&self.plan)
    }
}

impl Output for InitOutput {
    fn text(&self) -> String {
        human::init::text(self)
    }

    fn json(&self) -> Value {
        let Self { path, digest, learnt, .. } = self;
        let learnt = learnt.as_ref().map(|learnt| {
            let Learnt { definitions, containers, left_out, errors, settings, regions, passed_over } = learnt;
            json!({
                "task_definitions": definitions, "containers": containers, "containers_left_out": left_out,
                "errors": errors, "settings": settings, "regions": regions, "passed_over": passed_over
            })
        });
        json!({"schema": schema::INIT, "path": path, "digest": digest, "learnt": learnt})
    }
}

impl Output for RecordsOutput {
    fn text(&self) -> String {
        human::records::table(self)
    }

    fn json(&self) -> Value {
        let Self { records, stopped, clusters, resources, settings, unreadable, .. } = self;
        let stopped: Vec<_> = stopped.iter().map(|stopped| &stopped.family).collect();
        let record = |ListedRecord { head, backout }: &ListedRecord| {
            let mut value = json!(head);
            value["backout"] = json!(backout);
            value
        };
        let records: Vec<Value> = records.iter().map(record).collect();
        json!({
            "schema": schema::RECORDS, "records": records, "stopped": stopped, "clusters": clusters,
            "resources": resources, "settings": settings, "unreadable": unreadable
        })
    }
}

impl Output for RecordOutput {
    fn text(&self) -> String {
        human::records::text(self)
    }

    fn json(&self) -> Value {
        let Self { record, stopped, backout, .. } = self;
        let (head, entries) = (&record.head, &record.entries);
        let stopped = stopped.as_ref().map(|stopped| &stopped.family);
        json!({"schema": schema::RECORD, "record": head, "entries": entries, "stopped": stopped, "backout": backout})
    }
}

impl Output for Diagnosis {
    fn text(&self) -> String {
        human::doctor::text(self)
    }

    fn json(&self) -> Value {
        let Self { account, region, deployment, checks, dead_letters, redriven } = self;
        json!({
            "schema": schema::DOCTOR, "account": account, "region": region, "deployment": deployment,
            "checks": checks, "dead_letters": dead_letters, "redriven": redriven
        })
    }
}

impl Output for RulesOutput {
    fn text(&self) -> String {
        human::rules::text(self)
    }

    fn json(&self) -> Value {
        let line = |RuleSummary { name, summary }: &RuleSummary| json!({"rule": name, "severity": name.severity(), "finds": summary, "explanation": explanation(*name)});
        json!({"schema": schema::RULES, "rules": self.rules.iter().map(line).collect::<Vec<_>>()})
    }
}

impl Output for SessionsOutput {
    fn text(&self) -> String {
        self.text()
    }

    fn json(&self) -> Value {
        self.json()
    }
}

impl Output for TranscriptOutput {
    fn text(&self) -> String {
        self.text()
    }

    fn json(&self) -> Value {
        self.json()
    }
}
