//! The outputs of `logweir check`: the format on standard output, and further formats in files.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::is_of_every_verb;
use super::output_files::{self, OutputFacts, OutputFile};
use super::targets::{Target, Targets};
use crate::bounded_file;
use crate::domain::text::plain::without_number;
use crate::render::formats::{FormatName, Run};
use crate::render::json::{CheckOutput, KnownFindings};

/// The size of the largest report that Logweir reads, in bytes.
const LARGEST_REPORT: u64 = 256 << 20;

#[derive(Args)]
pub(super) struct OutputArgs {
    /// Also write the results to a file; repeatable. FORMAT, also of --format, is text, json, sarif, junit, github,
    /// github-summary, gitlab, csv, markdown, ocsf, asff or html
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file)]
    output: Vec<OutputFile>,
    /// The account of files, for asff and ocsf
    #[arg(long, value_name = "ID", value_parser = output_files::account)]
    account: Option<String>,
    /// Fail only on findings that this earlier JSON report does not contain
    #[arg(long, value_name = "REPORT")]
    new_since: Option<PathBuf>,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    OutputFile::parse(text, &FormatName::ALL)
}

impl OutputArgs {
    /// Whether one of the outputs has a format.
    pub(super) fn has(&self, context: &Context, is: fn(FormatName) -> bool) -> bool {
        is(context.global.format) || self.output.iter().any(|output| is(output.format))
    }

    /// Whether one of the files has the format `text`.
    pub(super) fn writes_text(&self) -> bool {
        self.output.iter().any(|output| output.format == FormatName::Text)
    }

    /// Whether an output needs all targets at the end of the run. The text and the JSON on standard output need each
    /// target only once.
    pub(super) fn keeps_targets(&self, context: &Context) -> bool {
        !self.output.is_empty() || !is_of_every_verb(context.global.format)
    }

    /// Reads the report of `--new-since`.
    pub(super) fn known(&self) -> Result<Option<KnownFindings>, Failure> {
        let Some(path) = &self.new_since else { return Ok(None) };
        let failed = |message: &str| Failure::error(format!("{}: {message}", path.display()));
        let text = bounded_file::read_text(path, LARGEST_REPORT)
            .map_err(|error| failed(without_number(&error.to_string())))?;
        let known = KnownFindings::parse(&text).map_err(|error| {
            failed(&error.to_string()).help("write the report with this version: logweir check --format json")
        })?;
        Ok(Some(known))
    }

    /// Returns an error if two outputs have the same file, or if a file cannot be written.
    pub(super) fn check(&self) -> Result<(), Failure> {
        output_files::check(&self.output)
    }

    /// Finds the facts that the formats need. Fails if a format needs a fact that is not known, before any target is
    /// checked.
    pub(super) fn facts(&self, context: &Context, targets: &Targets) -> Result<OutputFacts, Failure> {
        let has_files = targets.list.iter().any(|target| !matches!(target, Target::Live(_)));
        output_files::facts(context, |is| self.has(context, is), self.account.as_deref(), has_files)
    }

    /// Writes the results to standard output, unless the run has written them in parts, and to all files. Returns the
    /// exit code for files that could not be written.
    pub(super) fn write(&self, context: &Context, check: &CheckOutput, facts: &OutputFacts) -> Exit {
        let OutputFacts { account, region, now } = facts;
        let run = Run { check, now: *now, account: account.as_deref(), region: region.as_deref() };
        if !is_of_every_verb(context.global.format) {
            context.printer.document(&context.global.format.emitter().emit(&run));
        }
        output_files::write(context, &self.output, |format| format.emitter().emit(&run))
    }
}
