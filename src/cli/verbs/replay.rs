//! `logweir replay`: processes an event as the deployed function does, or backs out the correction that the event caused.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::backout::BackoutFlags;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::event_file::EventFile;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::Mode;
use crate::workflow::{Order, Origin, handle_event};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir replay event.json                 show what the function would do; change nothing",
    "logweir replay trail.json.gz --event-id ID --mode register",
    "logweir replay --backout web:1            the same as `logweir backout web:1`",
];

#[derive(Args)]
#[command(mut_group("BackoutFlags", |group| group.requires("backout")))]
pub(in crate::cli) struct ReplayArgs {
    /// The file of an event, or `-`: an event of EventBridge, a log file of CloudTrail, or an output of the AWS CLI.
    /// With --backout, also the name of a record
    #[arg(value_name = "EVENT")]
    target: PathBuf,
    /// The id of the event, if the file contains several events
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// observe, register or rollout
    #[arg(long, env = "LOGWEIR_MODE", hide_env_values = true, default_value = "observe")]
    mode: Mode,
    /// Seconds to wait for a locked record
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// Act without asking; without a terminal, Logweir never asks
    #[arg(long)]
    yes: bool,
    /// Back out the correction of the revision that the event or the record names
    #[arg(long)]
    backout: bool,
    #[command(flatten, next_help_heading = "With --backout")]
    flags: BackoutFlags,
}

impl ReplayArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let patience = Duration::from_secs(self.wait);
        let event = EventFile { path: &self.target, id: self.event_id.as_deref() };
        if self.backout {
            return self.flags.run(context, event, patience, self.yes);
        }
        let event = event.read()?;
        let placed = wait(context.baseline())?;
        wait(async {
            let intent = if self.mode == Mode::Observe { Intent::Look } else { Intent::Act };
            let session = context.session(intent, Some(placed)).await?;
            let question = format!("Process this event in mode {}? [y/N] ", self.mode.name());
            let attempt = async || {
                // `logweir exec apply` corrects the cluster of an event.
                let (exec, exec_finishes) = (ExecMode::Observe, ExecMode::Observe);
                let order = session.order(&placed.baseline, self.mode, Origin::Replay);
                let order = Order { exec, exec_finishes, ..order };
                handle_event(&session.ports, &order, &event).await.report
            };
            let act = async || {
                let report = session.patiently(patience, attempt).await;
                context.printer.show(&report);
                Ok(Exit::from(&report))
            };
            context.if_agreed(intent, self.yes, &question, act).await
        })
    }
}
