//! The outputs of `logweir runbook`: the format on standard output, and further formats in files.

use std::io;

use clap::Args;

use super::context::Context;
use super::failure::{Failure, VerbResult};
use super::output_files::{self, OutputFacts, OutputFile};
use crate::domain::text::plain::without_number;
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
    /// Returns an error if two outputs have the same file, or if a file cannot be written.
    pub(super) fn check(&self) -> Result<(), Failure> {
        output_files::check(&self.output)
    }

    /// Finds the facts that the formats need. Fails if a format needs a fact that is not known, before any target is
    /// judged. `has_files` says whether a target is a file, which shows neither account nor Region.
    pub(super) fn facts(&self, context: &Context, has_files: bool) -> Result<OutputFacts, Failure> {
        let has = |is: fn(FormatName) -> bool| {
            is(context.global.format) || self.output.iter().any(|output| is(output.format))
        };
        output_files::facts(context, has, self.account.as_deref(), has_files)
    }

    /// Shows the results, and writes them to all files. Returns the exit code for files that could not be written.
    /// Fails if the temporary file with the results has an error.
    pub(super) fn write(&self, context: &Context, output: &RunbookOutput, facts: &OutputFacts) -> VerbResult {
        output.intact().map_err(|error| unkept(&error))?;
        let OutputFacts { account, region, now } = facts;
        let run = RunbookRun { output, now: *now, account: account.as_deref(), region: region.as_deref() };
        match context.global.format {
            FormatName::Text => run.styled(&mut |text| context.printer.text(|| text.to_owned())),
            format => context.printer.pieces(|out| run.emit(format, out)),
        }
        let exit = output_files::write_with(context, &self.output, |format, out| {
            run.emit(format, out)?;
            output.intact()
        });
        output.intact().map_err(|error| unkept(&error)).map(|()| exit)
    }
}

fn unkept(error: &io::Error) -> Failure {
    let message = error.to_string();
    Failure::error(format!("cannot keep the results in a temporary file: {}", without_number(&message)))
        .help("free disk space in the folder for temporary files, or name another folder in TMPDIR")
}
