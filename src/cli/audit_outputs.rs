//! The outputs of `logweir audit`: the format on standard output, and further formats in files.

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::is_of_every_verb;
use super::output_files::{self, OutputFile};
use crate::domain::audit::Audit;
use crate::render::audit::AuditRun;
use crate::render::formats::FormatName;
use crate::render::human::family_sources;
use crate::render::json::{AuditOutput, BaselineLine, OwnedFamily};

#[derive(Args)]
pub(super) struct AuditOutputArgs {
    /// Also write the results to a file; repeatable. FORMAT, also of --format, is text, json, sarif, junit, github,
    /// github-summary, gitlab, csv, markdown, ocsf, asff or html
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file)]
    output: Vec<OutputFile>,
    /// Show each finding in full, with who uses its revision, after the table
    #[arg(long)]
    details: bool,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    OutputFile::parse(text, &FormatName::ALL)
}

impl AuditOutputArgs {
    /// Returns an error if two outputs have the same file, or if a file cannot be written.
    pub(super) fn check(&self) -> Result<(), Failure> {
        output_files::check(&self.output)
    }

    /// Shows audits, and writes them to all files. `sources` are the owners and files of the families with faults.
    /// Returns the exit code for files that could not be written.
    pub(super) fn show(
        &self,
        context: &Context,
        audits: &[Audit],
        baseline: BaselineLine,
        owner_tags: &[String],
        sources: Vec<OwnedFamily>,
    ) -> Exit {
        let output = AuditOutput { sources, ..AuditOutput::of(audits, baseline, owner_tags) };
        let (now, has_details) = (output_files::now(), self.details);
        let run = AuditRun { audits, output: &output, owner_tags, now, has_details };
        let printer = &context.printer;
        printer.text(|| run.text(printer.is_styled()) + &family_sources::text(&output.sources));
        if printer.is_json() {
            output.write(audits, |part| printer.document(&part));
        } else if !is_of_every_verb(context.global.format) {
            printer.document(&run.emit(context.global.format));
        }
        output_files::write(context, &self.output, |format| run.emit(format))
    }
}
