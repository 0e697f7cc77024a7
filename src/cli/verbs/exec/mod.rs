//! `logweir exec`: the logging of the sessions of ECS Exec.

mod apply;
mod check;
mod writers;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::failure::VerbResult;
use crate::cli::help::examples;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir exec check                        whether each session in the account is logged",
    "logweir exec apply prod --dry-run         show what would change in the cluster; change nothing",
    "logweir exec apply prod                   ask, then log the sessions of the cluster to its own log group",
];

#[derive(Args)]
pub(in crate::cli) struct ExecArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Check the logging of sessions, and whether sessions work; change nothing
    #[command(after_help = check::EXAMPLES)]
    Check(Box<check::ExecCheckArgs>),
    /// Log the sessions of clusters that log none to a log group. Shows the plan and asks first
    #[command(after_help = apply::EXAMPLES)]
    Apply(apply::ExecApplyArgs),
}

impl ExecArgs {
    /// Whether the verb can show its results in every format of `logweir check`.
    pub(in crate::cli) fn has_all_formats(&self) -> bool {
        match &self.act {
            Act::Check(_) => true,
            Act::Apply(_) => false,
        }
    }

    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        match &self.act {
            Act::Check(check) => check.run(context),
            Act::Apply(apply) => apply.run(context),
        }
    }
}
