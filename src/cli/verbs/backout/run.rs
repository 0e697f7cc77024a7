//! `logweir backout --run ID` undoes every correction of a run of `logweir apply --all`.

use jiff::SignedDuration;

use super::BackoutFlags;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::interrupt::Interrupt;
use crate::cli::verbs::apply::TerminalWatch;
use crate::domain::run::{Fate, RunId, RunName};
use crate::render::human::run::ResultOutput;
use crate::workflow::{RunBackout, back_out_run, read_run};

impl BackoutFlags {
    pub(super) fn run_of(&self, context: &Context, id: &RunId, patience: SignedDuration, yes: bool) -> VerbResult {
        if self.function.is_some() {
            return Err(Failure::usage("--function backs out one record, and not a run")
                .help("leave --function out: Logweir backs out the run with your credentials"));
        }
        wait(async {
            let intent = if self.dry_run { Intent::Look } else { Intent::Act };
            context.needs_folder(&context.journal_place().await?)?;
            let session = context.session(intent, None).await?;
            let home = &session.home;
            let name = RunName { account: home.account.clone(), region: home.region.clone(), id: id.clone() };
            let Some((run, plan)) = read_run(&session.ports, &name).await? else {
                return Err(Failure::error(format!("the journal has no run {id} in this account and Region"))
                    .help("check the ID, --region and --journal"));
            };
            let question = format!("Back out all corrections of the run {id}? [y/N] ");
            let act = async || {
                let order = self.order(&session);
                let watch = TerminalWatch::begin(&context.printer, Interrupt::listen(), plan.items.len());
                let backout = RunBackout {
                    order: &order,
                    run: run.clone(),
                    plan: &plan,
                    watch: &watch,
                    patience,
                    is_preview: self.dry_run,
                };
                let result = back_out_run(&session.ports, &backout).await?;
                drop(watch);
                let backout = context.backout_run(&result.run, &home.region)?;
                let is_whole = result.lines.iter().all(|line| matches!(line.fate, Fate::Done | Fate::Skipped));
                context.printer.show(&ResultOutput { result, backout, resume: None });
                Ok(if is_whole { Exit::Fine } else { Exit::Error })
            };
            context.if_agreed(intent, yes, &question, act).await
        })
    }
}
