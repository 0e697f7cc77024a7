//! The report on a decision: the findings, the actions, the skipped items and the undo command. A report is one flat
//! JSON object. The function's log, the function's response and the command line's JSON output contain the same report.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::action::{ClusterAction, LogGroupAction, ServiceAction};
use super::schema;
use super::session::SessionReport;
use super::setting::SettingReport;
use crate::domain::baseline::Baseline;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::edit::{Edit, OptionChange};
use crate::domain::event::{Cause, Home};
use crate::domain::outcome::{Conclusion, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::plan::Plan;
use crate::domain::text::plain::{plain, shortened};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    #[serde(serialize_with = "milliseconds")]
    pub timestamp: Timestamp,
    /// The log level for Lambda: `INFO`, `WARN` or `ERROR`.
    pub level: &'static str,
    pub message: String,
    pub schema: &'static str,
    pub event: &'static str,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    /// The error in words, without any part of a task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub mode: ReportMode,
    pub trigger: TriggerKind,
    pub record: Option<String>,
    pub source: Option<String>,
    pub corrected: Option<String>,
    /// The revision that a backout registered in place of the source revision, because the source revision was no
    /// longer ACTIVE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<String>,
    /// The revision that a migration registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrated: Option<String>,
    pub family: Option<String>,
    pub account: String,
    pub region: String,
    pub baseline_digest: String,
    pub actor: Option<String>,
    pub actor_type: Option<String>,
    pub user_agent: Option<String>,
    pub source_ip: Option<String>,
    pub cloudtrail_event_id: Option<String>,
    pub rules: Vec<String>,
    pub changes: Vec<ReportedChange>,
    pub log_groups: Vec<LogGroupReport>,
    pub services: Vec<ServiceReport>,
    /// The session on a container that the report is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Box<SessionReport>>,
    /// The change of a cluster's configuration of ECS Exec. `None` if the decision is about no cluster, or if the
    /// cluster needs no change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// The change of the account setting `defaultLogDriverMode`. `None` if the decision is about no setting, or if the
    /// setting needs no change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<SettingReport>,
    /// The tool that registers this family from a description, such as CloudFormation or Terraform. `None` if Logweir
    /// detected no such tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<&'static str>,
    /// Further information for the reader of the report, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub aws_calls: u64,
    pub duration_ms: i64,
    pub event_age_ms: Option<i64>,
    pub backout: Option<String>,
}

/// The change of one log option of one container. The old and new values are shown only for options that are known to
/// contain no secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedChange {
    pub container: String,
    pub option: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogGroupReport {
    pub name: String,
    pub action: LogGroupAction,
    pub retention_days: Option<u32>,
}

/// A service or another consumer of a revision, and the action on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceReport {
    /// The short name of a service (`prod/web`), or the kind and the name of another consumer (`task prod/0123abcd`).
    pub service: String,
    pub action: ServiceAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Details in addition to the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where a cluster logs the sessions of ECS Exec, before and after an action of Logweir.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterReport {
    pub action: ClusterAction,
    /// The logging in words, such as `NONE` or `OVERRIDE to log group /ecs/exec/prod`.
    pub from: String,
    pub to: String,
}

/// The program that backs a correction out when an operator runs the undo command of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackoutBy {
    /// The backout function of the stack.
    Function { name: String, region: String },
    /// The command line `logweir`, with the arguments that select the journal and the account.
    Journal(Vec<String>),
}

impl BackoutBy {
    /// Returns the shell command that backs a record out.
    pub fn command(&self, source: &RevisionArn) -> String {
        // The command names the full ARN, because the reader's own account may have a record with the same short name.
        self.command_for(&source.to_string())
    }

    /// Returns the shell command that backs the record out that this ARN of a revision or cluster names.
    pub fn command_for(&self, record: &str) -> String {
        let arguments = match self {
            Self::Function { name, region } => {
                vec!["--function".into(), name.clone(), "--region".into(), region.clone()]
            }
            Self::Journal(arguments) => arguments.clone(),
        };
        let words = ["logweir", "backout", record].into_iter().chain(arguments.iter().map(String::as_str));
        let quoted = words.map(|word| shlex::try_quote(word).unwrap_or(word.into()));
        quoted.collect::<Vec<_>>().join(" ")
    }
}

/// The log options whose values may be shown in reports.
const SHOWN: [&str; 9] = [
    "logDriver",
    "mode",
    "max-buffer-size",
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
];

/// Whether the value of an option may be shown to everyone who can read logs.
pub fn is_shown(option: &str) -> bool {
    SHOWN.contains(&option)
}

/// The maximum length of a text in a report, in characters.
const LONGEST: usize = 512;

/// The maximum size of a report, in bytes of JSON. With 96 KiB, a report stays well below the 256 KB that EventBridge
/// and SNS accept for a message with its envelope (source: the quotas of EventBridge and SNS).
const LARGEST: usize = 96 * 1024;

/// The maximum number of items in each list of a report.
const MOST: usize = 64;

fn milliseconds<S: Serializer>(timestamp: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{timestamp:.3}"))
}

impl Report {
    pub fn new(home: &Home, mode: impl Into<ReportMode>, trigger: TriggerKind, cause: &Cause, now: Timestamp) -> Self {
        Self {
            timestamp: now,
            level: "ERROR",
            message: String::new(),
            schema: schema::REPORT,
            event: "remediation.summary",
            outcome: Outcome::Failed,
            reason: None,
            error: None,
            mode: mode.into(),
            trigger,
            record: None,
            source: None,
            corrected: None,
            restored: None,
            migrated: None,
            family: None,
            account: home.account.clone(),
            region: home.region.clone(),
            baseline_digest: String::new(),
            actor: cause.actor.clone(),
            actor_type: cause.actor_type.clone(),
            user_agent: cause.user_agent.clone(),
            source_ip: cause.source_ip.clone(),
            cloudtrail_event_id: cause.event_id.clone(),
            rules: Vec::new(),
            changes: Vec::new(),
            log_groups: Vec::new(),
            services: Vec::new(),
            session: None,
            cluster: None,
            setting: None,
            owner: None,
            notes: Vec::new(),
            aws_calls: 0,
            duration_ms: 0,
            event_age_ms: None,
            backout: None,
        }
    }

    /// Adds the baseline's digest, and the baseline's note if there is one, to the report.
    pub fn by(self, baseline: &Baseline) -> Self {
        Self {
            baseline_digest: baseline.digest().into(),
            notes: baseline.note().map(String::from).into_iter().collect(),
            ..self
        }
    }

    pub fn about(&mut self, source: &RevisionArn) {
        self.record = Some(source.short());
        self.source = Some(source.to_string());
        self.family = Some(source.family.clone());
    }

    pub fn about_cluster(&mut self, cluster: &ClusterArn) {
        self.record = Some(cluster.short());
        self.source = Some(cluster.to_string());
    }

    pub fn about_setting(&mut self, name: &SettingName) {
        self.record = Some(name.to_string());
    }

    /// Adds the rules and the changes of the plan.
    pub fn planned(&mut self, plan: &Plan) {
        let rules: BTreeSet<&str> =
            plan.findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule.name()).collect();
        self.rules = rules.into_iter().map(String::from).collect();
        self.changes = plan.edits.iter().flat_map(changes).collect();
    }

    /// Adds the conclusion, and makes its explanation safe for a log line.
    pub fn ends(mut self, conclusion: impl Into<Conclusion>) -> Self {
        let Conclusion { outcome, reason, why } = conclusion.into();
        let message = match (self.mode, outcome) {
            (ReportMode::Backout, Outcome::Failed) => "backout failed",
            (ReportMode::Backout, Outcome::Refused) => "backout refused",
            (ReportMode::Backout, Outcome::Partial) => "backout partly completed",
            (ReportMode::Hold, Outcome::Failed) => "hold not changed",
            (ReportMode::Migration, Outcome::Failed) => "migration failed",
            (ReportMode::Migration, Outcome::Refused) => "migration refused",
            (ReportMode::Backout, Outcome::Observed) => "backout previewed, nothing changed",
            _ => outcome.message(),
        };
        self.message = message.to_owned();
        self.level = outcome.level();
        self.outcome = outcome;
        self.reason = reason;
        self.error = why.map(|why| shortened(&why, LONGEST));
        self
    }

    /// Returns the report in the form for logs and notifications. Each text loses its control characters and is cut to
    /// a maximum length, because another principal may have written the text. Long lists are cut to keep the report
    /// below its maximum size, and a note counts the omitted items.
    pub fn bounded(self) -> Self {
        let mut most = MOST;
        loop {
            let report = self.clone().cut(most);
            let size = serde_json::to_vec(&report).map_or(0, |json| json.len());
            if size <= LARGEST || most == 1 {
                return report;
            }
            most /= 2;
        }
    }

    fn cut(mut self, most: usize) -> Self {
        let mut left_out = Vec::new();
        let mut short = |name: &str, length: usize| {
            if length > most {
                left_out.push(format!("{} more {name}", length - most));
            }
        };
        short("changes", self.changes.len());
        short("log groups", self.log_groups.len());
        short("services", self.services.len());
        short("notes", self.notes.len());
        self.changes.truncate(most);
        self.log_groups.truncate(most);
        self.services.truncate(most);
        self.notes.truncate(most);
        if !left_out.is_empty() {
            self.notes.push(format!("omitted from this report: {}", left_out.join(", ")));
        }
        let cause = [
            &mut self.actor,
            &mut self.actor_type,
            &mut self.user_agent,
            &mut self.source_ip,
            &mut self.cloudtrail_event_id,
            &mut self.error,
        ];
        let changes = self.changes.iter_mut().flat_map(|change| {
            let values = change.from.iter_mut().chain(&mut change.to);
            [&mut change.container, &mut change.option].into_iter().chain(values)
        });
        let groups = self.log_groups.iter_mut().map(|group| &mut group.name);
        let services = self.services.iter_mut().flat_map(|it| [&mut it.service].into_iter().chain(&mut it.note));
        let cluster = self.cluster.iter_mut().flat_map(|cluster| [&mut cluster.from, &mut cluster.to]);
        let texts = cause.into_iter().flatten().chain(changes).chain(groups).chain(services).chain(cluster);
        texts.chain(&mut self.notes).chain(&mut self.rules).for_each(|text| *text = shortened(text, LONGEST));
        self
    }

    /// Returns the exit code of the command line: 0 if the work is done or there was no work, 1 if Logweir left work
    /// undone, and 2 for an error.
    pub fn exit_code(&self) -> u8 {
        match (self.outcome, self.reason) {
            (
                Outcome::Compliant
                | Outcome::Remediated
                | Outcome::RolledOut
                | Outcome::BackedOut
                | Outcome::Retired
                | Outcome::Migrated
                | Outcome::Held
                | Outcome::Released,
                _,
            ) => 0,
            (Outcome::Reported, Some(Reason::SessionUnlogged | Reason::SessionBypass)) => 1,
            (Outcome::Reported, _) => 0,
            // The preview of a backout reports no fault of the revision, so the exit code is 0.
            (Outcome::Observed, _) if self.mode == ReportMode::Backout => 0,
            (
                Outcome::Skipped,
                Some(
                    Reason::AdviceOnly
                    | Reason::Locked
                    | Reason::RateLimited
                    | Reason::ServiceOwned
                    | Reason::UnsupportedController
                    | Reason::ForeignAccount
                    | Reason::ForeignRegion
                    | Reason::OutOfScope,
                ),
            ) => 1,
            (Outcome::Skipped, _) => 0,
            (Outcome::Observed | Outcome::Superseded | Outcome::Refused, _) => 1,
            (Outcome::Failed | Outcome::Partial | Outcome::NeedsOperator, _) => 2,
        }
    }
}

/// Returns the log options that an edit changes, with their old and new values. Replaces each value that may contain a
/// secret by `(hidden)`.
pub fn changes(edit: &Edit) -> Vec<ReportedChange> {
    let shown = |option: &str, value: Option<Value>| {
        let text = match value? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(if is_shown(option) { plain(&text, LONGEST) } else { "(hidden)".into() })
    };
    edit.options()
        .into_iter()
        .map(|OptionChange { option, old, new }| ReportedChange {
            container: plain(&edit.container, LONGEST),
            from: shown(&option, old),
            to: shown(&option, new),
            option: plain(&option, LONGEST),
        })
        .collect()
}
