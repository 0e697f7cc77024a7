//! `logweir replay`: handles an event as the deployed function does.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::live::wait;
use super::{Context, Ended, Exit, Failure};
use crate::aws::Aws;
use crate::domain::event::Home;
use crate::domain::report::Report;
use crate::handler::{Reply, handle};
use crate::ports::{Adapters, Journal, SystemClock};
use crate::render;
use crate::settings::{JournalPlace, LEASE};
use crate::workflow::{Mode, Order};

#[derive(Args)]
pub(super) struct Replay {
    /// A CloudTrail event, as EventBridge delivers it
    #[arg(value_name = "EVENT.json")]
    event: PathBuf,
    /// observe or register
    #[arg(long, env = "LOGWEIR_MODE", hide_env_values = true, default_value = "observe")]
    mode: Mode,
}

impl Replay {
    pub(super) fn run(&self, context: &Context) -> Ended {
        let event = self.read()?;
        let report = wait(async {
            let aws = context.aws().await?;
            let home = context.home(&aws).await?;
            match context.journal_place()? {
                JournalPlace::Folder(folder) => {
                    let journal = context.file_journal(&folder)?;
                    self.handle(context, aws, journal, home, &event).await
                }
                JournalPlace::Table(table) => {
                    let journal = aws.journal(&table);
                    self.handle(context, aws, journal, home, &event).await
                }
            }
        })??;
        match context.is_json() {
            true => context.printer.json(&serde_json::to_value(&report).unwrap_or_default()),
            false => context.printer.result(&render::report::text(&report)),
        }
        Ok(match report.exit_code() {
            0 => Exit::Fine,
            1 => Exit::Findings,
            _ => Exit::CouldNot,
        })
    }

    /// The one event of the file. A CloudTrail log file with one record is taken too.
    fn read(&self) -> Result<Value, Failure> {
        let path = self.event.display();
        let could_not = |message: String| Failure::could_not(format!("{path}{message}"));
        let text = std::fs::read_to_string(&self.event).map_err(|error| could_not(format!(": {error}")))?;
        let event: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| could_not(format!(":{}:{}: not JSON", error.line(), error.column())))?;
        let events = match &event {
            Value::Array(events) => events.clone(),
            event => event["Records"].as_array().cloned().unwrap_or_else(|| vec![event.clone()]),
        };
        match events.as_slice() {
            [event] => Ok(match event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()) {
                Some(wrapped) if event["eventSource"] == "aws:sqs" => wrapped,
                _ => event.clone(),
            }),
            [] => Err(could_not(": holds no event".into())),
            events => {
                let families: std::collections::BTreeSet<&str> = events.iter().filter_map(family).collect();
                let families: Vec<&str> = families.into_iter().collect();
                Err(could_not(format!(": holds {} events, of {}", events.len(), families.join(", ")))
                    .help("replay takes one event at a time"))
            }
        }
    }

    async fn handle<J: Journal>(
        &self,
        context: &Context,
        aws: Aws,
        journal: J,
        (home, caller): (Home, String),
        event: &Value,
    ) -> Result<Report, Failure> {
        let calls = aws.calls().clone();
        let ports = Adapters {
            task_definitions: aws.task_definitions,
            log_groups: aws.log_groups,
            journal,
            clock: SystemClock,
        };
        let order = Order {
            mode: self.mode,
            baseline: &context.baseline,
            home: &home,
            trigger: "replay",
            worker: format!("cli-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond()),
            registrar: Some(&caller),
            lease: LEASE,
        };
        match handle(&ports, &order, event, &|| calls.count(), |_| {}).await {
            Reply::One(report) => Ok(*report),
            Reply::Batch(_) => Err(Failure::could_not("a batch of messages is not one event")),
        }
    }
}

fn family(event: &Value) -> Option<&str> {
    let record = event.get("detail").unwrap_or(event);
    record.pointer("/requestParameters/family").or(record.pointer("/responseElements/taskDefinition/family"))?.as_str()
}
