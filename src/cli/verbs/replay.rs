//! `logweir replay`: handles an event as the deployed function does, or takes back what was done for it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::backout::BackoutArgs;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::event_file;
use crate::cli::failure::{Exit, VerbResult};
use crate::domain::outcome::Mode;
use crate::workflow::{Origin, handle_event};

#[derive(Args)]
pub(in crate::cli) struct ReplayArgs {
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
    options: BackoutArgs,
}

impl ReplayArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let patience = Duration::from_secs(self.wait);
        if self.backout {
            return self.options.run(context, &self.target, patience);
        }
        let baseline = &wait(context.baseline())?.baseline;
        let event = event_file::read(&self.target)?;
        let report = wait(async {
            let intent = if self.mode == Mode::Observe { Intent::Look } else { Intent::Act };
            let session = context.session(intent).await?;
            let attempt = async || {
                let order = session.order(baseline, self.mode, Origin::Replay);
                handle_event(&session.ports, &order, &event).await.report
            };
            Ok(session.patiently(patience, attempt).await)
        })?;
        context.printer.show(&report);
        Ok(Exit::from(&report))
    }
}
