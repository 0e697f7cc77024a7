//! `logweir replay`: handles an event as the deployed function does, or takes back what was done for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::backout::Backout;
use crate::cli::acting::{Acting, Intent, patiently, worker};
use crate::cli::live::wait;
use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::outcome::Mode;
use crate::domain::report::Report;
use crate::settings::LEASE;
use crate::workflow::{Order, Origin, handle_event};

#[derive(Args)]
pub(in crate::cli) struct Replay {
    /// A call that CloudTrail recorded or ECS's news of a deployment, as EventBridge delivers it; with --backout also a
    /// record: FAMILY:REVISION or an ARN
    #[arg(value_name = "EVENT.json")]
    target: PathBuf,
    /// observe, register or rollout
    #[arg(long, env = "LOGWEIR_MODE", hide_env_values = true, default_value = "observe")]
    mode: Mode,
    /// How long to wait for somebody else who is at the record, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// Take back what was done for the revision that the event or the record names
    #[arg(long)]
    backout: bool,
    #[command(flatten)]
    options: Backout,
}

impl Replay {
    pub(in crate::cli) fn run(&self, context: &Context) -> Ended {
        let patience = Duration::from_secs(self.wait);
        if self.backout {
            return self.options.run(context, &self.target, patience);
        }
        let event = read(&self.target)?;
        let report = wait(async {
            let intent = if self.mode == Mode::Observe { Intent::Look } else { Intent::Act };
            let acting = context.acting(intent).await?;
            let before = acting.calls.count();
            let report = patiently(patience, || self.handle(context, &acting, &event)).await;
            Ok::<_, Failure>(Report { aws_calls: acting.calls.count() - before, ..report })
        })??;
        context.show(&report);
        Ok(Exit::from(&report))
    }

    async fn handle(&self, context: &Context, acting: &Acting, event: &Value) -> Report {
        let order = Order {
            mode: self.mode,
            finishes: self.mode,
            baseline: &context.baseline,
            home: &acting.home,
            origin: Origin::Replay,
            worker: worker(),
            registrar: Some(&acting.caller),
            lease: LEASE,
            backout: &acting.backout,
        };
        handle_event(&acting.ports, &order, event).await.report
    }
}

/// The one event of a file. A CloudTrail log file with one record is taken too.
pub(in crate::cli) fn read(path: &Path) -> Result<Value, Failure> {
    let shown = path.display();
    let could_not = |message: String| Failure::could_not(format!("{shown}{message}"));
    let text = std::fs::read_to_string(path).map_err(|error| could_not(format!(": {error}")))?;
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

fn family(event: &Value) -> Option<&str> {
    let record = event.get("detail").unwrap_or(event);
    record.pointer("/requestParameters/family").or(record.pointer("/responseElements/taskDefinition/family"))?.as_str()
}
