//! `logweir firelens`: checks the FireLens routers of task definitions, and plans and registers the move to FireLens.

mod apply;
mod check;
mod migration;
mod plan;
mod rights;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::failure::VerbResult;
use crate::cli::help::examples;
use crate::cli::verbs::check::CheckArgs;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir firelens check web.json           the router and the outputs of a file; no AWS account needed",
    "logweir firelens plan web.json            the move from awslogs; change nothing",
    "logweir firelens plan web.json --to awslogs    the way back",
    "logweir firelens apply ecs:web            ask, then register the planned task definition",
];

#[derive(Args)]
pub(in crate::cli) struct FirelensArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Check routers, and the outputs of the containers that log to them
    #[command(after_help = check::EXAMPLES)]
    Check(Box<CheckArgs>),
    /// Plan the move of a task definition from awslogs to FireLens, or the way back; change nothing. The output contains
    /// the whole task definition, which may contain secrets
    #[command(after_help = plan::EXAMPLES)]
    Plan(Box<plan::PlanArgs>),
    /// Register the planned task definition as a new revision. Shows the plan and asks first; updates no service
    #[command(
        after_help = apply::EXAMPLES,
        mut_arg("target", |target| target.help("ecs:FAMILY[:REVISION] or the ARN of a task definition")),
        mut_arg("family", |family| family.hide(true))
    )]
    Apply(Box<apply::FirelensApplyArgs>),
}

impl FirelensArgs {
    /// Whether the verb can show its results in every format of `logweir check`.
    pub(in crate::cli) fn has_all_formats(&self) -> bool {
        matches!(self.act, Act::Check(_))
    }

    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        match &self.act {
            Act::Check(arguments) => check::run(arguments, context),
            Act::Plan(plan) => plan.run(context),
            Act::Apply(apply) => apply.run(context),
        }
    }
}
