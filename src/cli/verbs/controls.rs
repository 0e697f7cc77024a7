//! `logweir controls`: prints the controls of other catalogues for each requirement of the ECS security runbook.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::render::json::ControlsOutput;

pub(in crate::cli) const EXAMPLES: &str =
    examples!["logweir controls", "logweir controls --format json > controls.json",];

#[derive(Args)]
pub(in crate::cli) struct ControlsArgs {}

impl ControlsArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        context.printer.show(&ControlsOutput::default());
        Ok(Exit::Fine)
    }
}
