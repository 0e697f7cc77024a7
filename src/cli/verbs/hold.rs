//! `logweir hold`: puts a family on hold, or ends its hold. Either this process or the deployed function changes the
//! hold.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::backout::invoke;
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::moment::until;
use crate::domain::ecs::revision::is_family;
use crate::domain::limits::family::may_be_held;
use crate::render::human::report::FunctionAnswer;
use crate::workflow::{HoldRequest, hold};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir hold web --until 2h --reason 'INC-42'",
    "logweir hold web --until 2026-12-24       through the end of this day, in UTC",
    "logweir hold web --until 7d --function logweir-backout",
    "logweir hold --release web                end the hold now",
    "logweir records                           list the families on hold",
];

#[derive(Args)]
pub(in crate::cli) struct HoldArgs {
    /// The task-definition family, or cluster/NAME for the ECS Exec logging of a cluster
    #[arg(value_name = "FAMILY", value_parser = family)]
    family: String,
    /// The end of the hold: a time, a day (through its end, in UTC) or a span from now (`2h`, `7d`)
    #[arg(long, value_name = "UNTIL", value_parser = until, required_unless_present = "release")]
    until: Option<Timestamp>,
    /// End the hold of the family. The next scheduled run then corrects the revisions that the hold deferred
    #[arg(long, conflicts_with_all = ["until", "reason"])]
    release: bool,
    /// The reason for the hold, which reports show
    #[arg(long)]
    reason: Option<String>,
    /// The person or the ticket that requests the hold [default: the AWS caller]
    #[arg(long, value_name = "WHO")]
    requested_by: Option<String>,
    /// Invoke this deployed function (the backout function), which changes the hold
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Seconds to retry while the function fails
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
}

/// Parses the name of a family, which may have the prefix `ecs:`.
fn family(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("ecs:").unwrap_or(text);
    match name.split_once(':') {
        _ if may_be_held(name) => Ok(name.to_owned()),
        Some((family, _)) if is_family(family) => Err(format!("a hold is for a whole family: use {family}")),
        _ => Err("this is not the name of a family or of a cluster (cluster/NAME)".into()),
    }
}

impl HoldArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        wait(async {
            match &self.function {
                Some(function) => self.ask(context, function).await,
                None => self.hold_here(context).await,
            }
        })
    }

    async fn hold_here(&self, context: &Context) -> VerbResult {
        context.needs_folder(&context.journal_place().await?)?;
        let session = context.session(Intent::Act, None).await?;
        let report = hold(&session.ports, &session.home, &self.request(&session.caller)?).await.report;
        context.printer.show(&report);
        Ok(Exit::from(&report))
    }

    /// Invokes the deployed function, and shows the report that the function returns.
    async fn ask(&self, context: &Context, function: &str) -> VerbResult {
        let aws = context.aws(Intent::Act).await?;
        let (home, caller) = home(&aws).await?;
        context.show_destination(&aws, &home, &[format!("function: {function}, with its own journal")]).await?;
        let caller = self.requested_by.clone().unwrap_or(caller);
        let request = json!(self.request(&caller)?);
        let answer = FunctionAnswer(invoke(&aws, function, &request, Duration::from_secs(self.wait)).await?);
        context.printer.show(&answer);
        Ok(Exit::of_answer(&answer.0, false))
    }

    fn request(&self, caller: &str) -> Result<HoldRequest, Failure> {
        let family = self.family.clone();
        let requested_by = Some(self.requested_by.clone().unwrap_or_else(|| caller.to_owned()));
        match self.until {
            _ if self.release => Ok(HoldRequest::Release { family, requested_by }),
            Some(until) => Ok(HoldRequest::Hold { family, until, reason: self.reason.clone(), requested_by }),
            None => Err(Failure::usage("the end of the hold is missing").help("add --until UNTIL, such as --until 2h")),
        }
    }
}
