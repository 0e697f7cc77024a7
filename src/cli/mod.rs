//! The command line: reads the arguments and runs a verb.

mod baseline;
mod commands;
mod connect;
mod context;
mod event_file;
mod failure;
mod journal;
mod load;
mod loaded;
mod moment;
mod options;
mod printer;
mod progress;
mod question;
mod record_name;
mod session;
mod targets;
mod verbs;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use context::Context;
use failure::{Exit, VerbResult};
use options::Global;

/// Keeps Amazon ECS tasks from blocking on their logs.
#[derive(Parser)]
#[command(
    name = "logweir",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 nothing to mend · 1 findings · 2 could not · 64 wrong usage"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what departs from the baseline; files need no AWS
    Check(verbs::check::CheckArgs),
    /// Print the corrected document, or write it in place
    Fix(verbs::fix::FixArgs),
    /// Correct live revisions, and lead services to them: shows the plan, asks, acts
    Apply(verbs::apply::ApplyArgs),
    /// Handle an event as the deployed function does, or take back what was done for it
    Replay(verbs::replay::ReplayArgs),
    /// Show what was done, and how to take it back
    Records(verbs::records::RecordsArgs),
    /// Say what is wrong with the deployment, and what to do; put dead letters back
    Doctor(verbs::doctor::DoctorArgs),
    /// List the rules, or explain one
    Rules(verbs::rules::RulesArgs),
}

/// Runs the command line and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return Exit::from(&error) as u8;
        }
    };
    let context = Context::new(cli.global);
    let ended = cli.verb.run(&context);
    let exit = ended.unwrap_or_else(|failure| {
        context.printer.failure(&failure);
        failure.exit
    });
    exit as u8
}

impl Verb {
    fn run(&self, context: &Context) -> VerbResult {
        match self {
            Self::Check(check) => check.run(context),
            Self::Fix(fix) => fix.run(context),
            Self::Apply(apply) => apply.run(context),
            Self::Replay(replay) => replay.run(context),
            Self::Records(records) => records.run(context),
            Self::Doctor(doctor) => doctor.run(context),
            Self::Rules(rules) => rules.run(context),
        }
    }
}
