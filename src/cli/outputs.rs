//! The outputs of `logweir check`: the format on standard output, and further formats in files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::connect::{Intent, wait};
use super::context::Context;
use super::failure::{Exit, Failure};
use super::load;
use super::options::is_of_every_verb;
use super::targets::{Target, Targets};
use super::whole_file;
use crate::bounded_file;
use crate::domain::ecs::arn::is_account;
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
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// Fail only on findings that this earlier JSON report does not contain
    #[arg(long, value_name = "REPORT")]
    new_since: Option<PathBuf>,
}

/// A file for the results in one format.
#[derive(Clone)]
struct OutputFile {
    format: FormatName,
    path: PathBuf,
}

/// The facts that some formats need beside the results.
pub(super) struct OutputFacts {
    account: Option<String>,
    region: Option<String>,
    now: Timestamp,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    let names = || FormatName::ALL.map(FormatName::name).join(", ");
    let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("use the form FORMAT=FILE, such as sarif=logweir.sarif".to_owned());
    };
    match FormatName::ALL.into_iter().find(|name| name.name() == format) {
        Some(format) => Ok(OutputFile { format, path: path.into() }),
        None => Err(format!("no format is called `{format}`; the formats are {}", names())),
    }
}

pub(super) fn account(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("the ID of an account has twelve digits".to_owned()) }
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

    /// Finds the facts that the formats need. Fails if a format needs a fact that is not known, before any target is
    /// checked.
    pub(super) fn facts(&self, context: &Context, targets: &Targets) -> Result<OutputFacts, Failure> {
        let mut paths = BTreeSet::new();
        if let Some(twice) = self.output.iter().find(|output| !paths.insert(&output.path)) {
            return Err(Failure::usage(format!("two outputs would be written to {}", twice.path.display()))
                .help("name another file for each --output"));
        }
        let has_files = targets.list.iter().any(|target| !matches!(target, Target::Live(_)));
        let needs = has_files && self.has(context, |format| format == FormatName::Asff);
        let names_region = self.has(context, |format| matches!(format, FormatName::Asff | FormatName::Ocsf));
        let region = if names_region { wait(async { Ok(load::region(&context.global).await) })? } else { None };
        if needs && region.is_none() {
            return Err(Failure::usage("the format asff needs a Region for files").help("add --region"));
        }
        let account = match &self.account {
            None if needs => Some(of_credentials(context)?),
            account => account.clone(),
        };
        Ok(OutputFacts { account, region, now: now() })
    }

    /// Writes the results to standard output, unless the run has written them in parts, and to all files. Returns the
    /// exit code for files that could not be written.
    pub(super) fn write(&self, context: &Context, check: &CheckOutput, facts: &OutputFacts) -> Exit {
        let OutputFacts { account, region, now } = facts;
        let run = Run { check, now: *now, account: account.as_deref(), region: region.as_deref() };
        if !is_of_every_verb(context.global.format) {
            context.printer.document(&context.global.format.emitter().emit(&run));
        }
        let mut exit = Exit::Fine;
        for OutputFile { format, path } in &self.output {
            if let Err(error) = whole_file::put(path, &format.emitter().emit(&run)) {
                context.printer.failure(&unwritten(path, &error));
                exit = Exit::Error;
            }
        }
        exit
    }
}

fn of_credentials(context: &Context) -> Result<String, Failure> {
    let identity = wait(async { Ok(context.aws(Intent::Look).await?.identity().await?) });
    identity.map(|identity| identity.account).map_err(|failure| {
        Failure::usage(format!("the format asff needs an account for files, and {}", failure.message))
            .help("name the account with --account")
    })
}

pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::error(format!("cannot write {}: {}", path.display(), without_number(&error.to_string())));
    match error.kind() {
        std::io::ErrorKind::StorageFull => failure.help("free disk space, and run the command again"),
        std::io::ErrorKind::NotFound => failure.help("create the folder of the file first"),
        _ => failure,
    }
}

/// Returns the time of the run. The variable `SOURCE_DATE_EPOCH` (seconds since 1970) replaces the clock, so that two
/// runs can write the same bytes.
pub(super) fn now() -> Timestamp {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    fixed.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(Timestamp::now)
}
