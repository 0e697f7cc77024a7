//! The outputs of `logweir runbook`: the format on standard output, and further formats in files.

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::is_of_every_verb;
use super::output_files::{self, OutputFacts, OutputFile};
use crate::render::formats::FormatName;
use crate::render::json::RunbookOutput;
use crate::render::runbook::{FORMATS, RunbookRun};

#[derive(Args)]
pub(super) struct RunbookOutputArgs {
    /// Also write the results to a file; repeatable. FORMAT, also of --format, is text, json, markdown, csv, ocsf,
    /// asff, sarif or html
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file)]
    output: Vec<OutputFile>,
    /// The account of files, for asff and ocsf
    #[arg(long, value_name = "ID", value_parser = output_files::account)]
    account: Option<String>,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    OutputFile::parse(text, &FORMATS)
}

impl RunbookOutputArgs {
    /// Finds the facts that the formats need. Fails if a format needs a fact that is not known, before any target is
    /// judged. `has_files` says whether a target is a file, which shows neither account nor Region.
    pub(super) fn facts(&self, context: &Context, has_files: bool) -> Result<OutputFacts, Failure> {
        output_files::distinct(&self.output)?;
        let has = |is: fn(FormatName) -> bool| {
            is(context.global.format) || self.output.iter().any(|output| is(output.format))
        };
        output_files::facts(context, has, self.account.as_deref(), has_files)
    }

    /// Shows the results, and writes them to all files. Returns the exit code for files that could not be written.
    pub(super) fn write(&self, context: &Context, output: &RunbookOutput, facts: &OutputFacts) -> Exit {
        let OutputFacts { account, region, now } = facts;
        let run = RunbookRun { output, now: *now, account: account.as_deref(), region: region.as_deref() };
        let emit = |format: FormatName| run.emit(format).unwrap_or_default();
        if is_of_every_verb(context.global.format) {
            context.printer.show(output);
        } else {
            context.printer.document(&emit(context.global.format));
        }
        output_files::write(context, &self.output, emit)
    }
}
