//! The command line, which reads the arguments and runs a verb, such as `check`.

mod accounts;
mod audit_outputs;
mod baseline;
mod checked;
mod commands;
mod connect;
mod context;
mod destination;
mod environment;
mod event_file;
mod failed_reads;
mod failure;
mod families;
mod family_sources;
mod fleet_target;
mod help;
mod interrupt;
mod journal;
mod judged;
mod load;
mod loaded;
mod lookup;
mod moment;
mod options;
mod output_files;
mod outputs;
mod passed_over;
mod patch_path;
mod placed_baseline;
mod printer;
mod progress;
mod question;
mod record_name;
mod rule_choice;
mod runbook_outputs;
mod session;
mod suggestions;
mod targets;
mod verbs;
mod whole_file;

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use context::{Context, Given};
use failure::{Exit, Failure, VerbResult};
use options::{Global, is_of_every_verb};

use crate::render::formats::FormatName;
use crate::render::runbook;

/// Keeps Amazon ECS tasks from blocking on their logs.
#[derive(Parser)]
#[command(
    name = "logweir",
    version,
    max_term_width = 100,
    disable_help_flag = true,
    after_help = help::exit_codes!()
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Compare task definitions with the baseline; files need no AWS account
    #[command(after_help = verbs::check::EXAMPLES)]
    Check(verbs::check::CheckArgs),
    /// Audit an account and Region: what runs, what would run next, and the faults of both
    #[command(after_help = verbs::audit::EXAMPLES)]
    Audit(Box<verbs::audit::AuditArgs>),
    /// Print corrected task definitions, or write them to files
    #[command(after_help = verbs::fix::EXAMPLES)]
    Fix(verbs::fix::FixArgs),
    /// Register a corrected revision for each task definition and, with `--mode rollout`, update the services that run
    /// it. Shows the plan and asks first
    #[command(after_help = verbs::apply::EXAMPLES)]
    Apply(verbs::apply::ApplyArgs),
    /// Check FireLens routers and the outputs of the containers that log to them, or plan or register the move from
    /// awslogs
    #[command(after_help = verbs::firelens::EXAMPLES)]
    Firelens(verbs::firelens::FirelensArgs),
    /// Check and log the sessions of ECS Exec, and list who opened them
    #[command(after_help = verbs::exec::EXAMPLES)]
    Exec(verbs::exec::ExecArgs),
    /// Undo a correction: roll services back, deregister the corrected revision, restore the retention
    #[command(after_help = verbs::backout::EXAMPLES)]
    Backout(verbs::backout::BackoutArgs),
    /// Put a family on hold, so that Logweir does not correct it, or end the hold
    #[command(after_help = verbs::hold::EXAMPLES)]
    Hold(verbs::hold::HoldArgs),
    /// Process an event as the deployed function does, or back out its correction
    #[command(after_help = verbs::replay::EXAMPLES)]
    Replay(verbs::replay::ReplayArgs),
    /// List the records of corrections, or show one with its backout command
    #[command(after_help = verbs::records::EXAMPLES)]
    Records(verbs::records::RecordsArgs),
    /// Check the deployed stack and say how to resolve each problem; `--fix` redrives dead letters
    #[command(after_help = verbs::doctor::EXAMPLES)]
    Doctor(verbs::doctor::DoctorArgs),
    /// Judge an account, or task definitions, by the ECS security runbook
    #[command(after_help = verbs::runbook::EXAMPLES)]
    Runbook(verbs::runbook::RunbookArgs),
    /// Print the controls of other catalogues for each requirement of the ECS security runbook
    #[command(after_help = verbs::controls::EXAMPLES)]
    Controls(verbs::controls::ControlsArgs),
    /// Report who called which API of ECS, when and from where, according to CloudTrail
    #[command(after_help = verbs::activity::EXAMPLES)]
    Activity(Box<verbs::activity::ActivityArgs>),
    /// List the rules, or explain one
    #[command(after_help = verbs::rules::EXAMPLES)]
    Rules(verbs::rules::RulesArgs),
    /// Show the settings of a baseline that are in effect, or check whether a baseline is valid
    #[command(after_help = verbs::baseline::EXAMPLES)]
    Baseline(verbs::baseline::BaselineArgs),
    /// Write a commented baseline file; `--learn` fits it to the task definitions that exist
    #[command(after_help = verbs::init::EXAMPLES)]
    Init(verbs::init::InitArgs),
    /// Print the JSON Schema of an output or of the baseline
    #[command(after_help = verbs::schema::EXAMPLES)]
    Schema(verbs::schema::SchemaArgs),
    /// Print a completion script for a shell
    #[command(after_help = verbs::completions::EXAMPLES)]
    Completions(verbs::completions::CompletionsArgs),
    /// Print the man page, or write the pages of all verbs to a folder
    #[command(after_help = verbs::man::EXAMPLES)]
    Man(verbs::man::ManArgs),
}

/// Runs the command line, and returns the exit code of the process.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut command = environment::without_empty(help::for_arguments(Cli::command(), &arguments));
    let parsed = command.try_get_matches_from_mut(arguments).and_then(|matches| {
        let is_given = |option| matches.value_source(option) == Some(ValueSource::CommandLine);
        let given = Given { baseline: is_given("baseline"), journal: is_given("journal"), region: is_given("region") };
        Cli::from_arg_matches(&matches).map(|cli| (cli, given))
    });
    let (cli, given) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = suggestions::add(error.format(&mut command));
            let written = printer::unwritten(error.print());
            return Exit::from(&error).max(written) as u8;
        }
    };
    let context = Context::new(cli.global, given);
    let ended = cli.verb.accepts(&context).and_then(|()| cli.verb.run(&context));
    let exit = ended.unwrap_or_else(|failure| {
        context.printer.failure(&failure);
        failure.exit
    });
    exit.max(context.printer.end()) as u8
}

impl Verb {
    /// Returns an error if the verb cannot show its results in the format that the caller named.
    fn accepts(&self, context: &Context) -> Result<(), Failure> {
        let format = context.global.format;
        if self.has_format(format) {
            return Ok(());
        }
        let verbs = match format {
            FormatName::Csv | FormatName::Html => {
                "`check`, `audit`, `firelens check`, `exec check`, `exec sessions` and `runbook`"
            }
            _ if runbook::FORMATS.contains(&format) => "`check`, `audit`, `firelens check`, `exec check` and `runbook`",
            _ => "`check`, `audit`, `firelens check` and `exec check`",
        };
        let own = FormatName::ALL.into_iter().filter(|format| self.has_format(*format)).map(FormatName::name);
        let help = format!("use one of these formats: {}", own.collect::<Vec<_>>().join(", "));
        Err(Failure::usage(format!("only {verbs} have the format {format}")).help(help))
    }

    /// Whether the verb can show its results in the format.
    fn has_format(&self, format: FormatName) -> bool {
        let has_format = match self {
            Self::Check(_) | Self::Audit(_) => true,
            Self::Firelens(firelens) => firelens.has_all_formats(),
            Self::Exec(exec) => exec.has_format(format),
            Self::Runbook(verb) => verb.has_format(format),
            _ => false,
        };
        is_of_every_verb(format) || has_format
    }

    fn run(&self, context: &Context) -> VerbResult {
        match self {
            Self::Check(check) => check.run(context),
            Self::Audit(audit) => audit.run(context),
            Self::Fix(fix) => fix.run(context),
            Self::Apply(apply) => apply.run(context),
            Self::Firelens(firelens) => firelens.run(context),
            Self::Exec(exec) => exec.run(context),
            Self::Backout(backout) => backout.run(context),
            Self::Hold(hold) => hold.run(context),
            Self::Replay(replay) => replay.run(context),
            Self::Records(records) => records.run(context),
            Self::Doctor(doctor) => doctor.run(context),
            Self::Runbook(runbook) => runbook.run(context),
            Self::Controls(controls) => controls.run(context),
            Self::Activity(activity) => activity.run(context),
            Self::Rules(rules) => rules.run(context),
            Self::Baseline(baseline) => baseline.run(context),
            Self::Init(init) => init.run(context),
            Self::Schema(schema) => schema.run(context),
            Self::Completions(completions) => completions.run(context, Cli::command()),
            Self::Man(man) => man.run(context, Cli::command()),
        }
    }
}
