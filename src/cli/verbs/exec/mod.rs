//! `logweir exec`: checks, lists and logs the sessions of ECS Exec.

mod apply;
mod check;
mod sessions;
mod trail;
mod transcript;
mod writers;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::failure::VerbResult;
use crate::cli::help::examples;
use crate::render::formats::FormatName;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir exec check                        whether each session in the account is logged",
    "logweir exec apply prod --dry-run         show what would change in the cluster; change nothing",
    "logweir exec apply prod                   ask, then log the sessions to the cluster's log group",
    "logweir exec sessions --since 7d          who opened each session, and whether transcripts exist",
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
    /// Correct clusters that log no session: log their sessions to a log group. Shows the plan and asks first
    #[command(after_help = apply::EXAMPLES)]
    Apply(apply::ExecApplyArgs),
    /// List the sessions: who opened each session, and whether its transcript exists. Reads no transcript
    #[command(after_help = sessions::EXAMPLES)]
    Sessions(sessions::ExecSessionsArgs),
    /// Print the transcript of a session, without its control sequences
    #[command(after_help = transcript::EXAMPLES)]
    Transcript(transcript::ExecTranscriptArgs),
}

impl ExecArgs {
    /// Whether the verb can show its results in this format, beside the formats of every verb.
    pub(in crate::cli) fn has_format(&self, format: FormatName) -> bool {
        match &self.act {
            Act::Check(_) => true,
            Act::Sessions(_) => matches!(format, FormatName::Csv | FormatName::Html),
            Act::Apply(_) | Act::Transcript(_) => false,
        }
    }

    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        match &self.act {
            Act::Check(check) => check.run(context),
            Act::Apply(apply) => apply.run(context),
            Act::Sessions(sessions) => sessions.run(context),
            Act::Transcript(transcript) => transcript.run(context),
        }
    }
}
