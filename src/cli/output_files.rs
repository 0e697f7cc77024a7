//! The files of the option `--output`, each with its format.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::connect::{Intent, wait};
use super::context::Context;
use super::failure::{Exit, Failure};
use super::load;
use super::whole_file;
use crate::domain::ecs::arn::is_account;
use crate::domain::text::plain::without_number;
use crate::render::formats::FormatName;

/// A file for the results in one format.
#[derive(Clone)]
pub(super) struct OutputFile {
    pub(super) format: FormatName,
    pub(super) path: PathBuf,
}

/// The facts that some formats need beside the results.
pub(super) struct OutputFacts {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) now: Timestamp,
}

impl OutputFile {
    /// Returns the file in the form `FORMAT=FILE`, if the verb has the format.
    pub(super) fn parse(text: &str, formats: &[FormatName]) -> Result<Self, String> {
        let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err("use the form FORMAT=FILE, such as sarif=logweir.sarif".to_owned());
        };
        match formats.iter().find(|name| name.name() == format) {
            Some(format) => Ok(Self { format: *format, path: path.into() }),
            None => {
                let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
                Err(format!("no format is called `{format}`; the formats are {}", names.join(", ")))
            }
        }
    }
}

pub(super) fn account(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("the ID of an account has twelve digits".to_owned()) }
}

/// Returns an error if two outputs have the same file, or if a file cannot be written. A verb asks before it reads the
/// account.
pub(super) fn check(files: &[OutputFile]) -> Result<(), Failure> {
    let mut paths = BTreeSet::new();
    if let Some(twice) = files.iter().find(|output| !paths.insert(&output.path)) {
        return Err(Failure::usage(format!("two outputs would be written to {}", twice.path.display()))
            .help("name another file for each --output"));
    }
    files.iter().try_for_each(|output| writable(&output.path))
}

/// Returns an error if the file cannot be written.
pub(super) fn writable(path: &Path) -> Result<(), Failure> {
    whole_file::check(path).map_err(|error| unwritten(path, &error))
}

/// Finds the facts that the formats need. Fails if the format `asff` needs a fact that is not known. `needs` says
/// whether the targets show neither account nor Region.
pub(super) fn facts(
    context: &Context,
    has: impl Fn(fn(FormatName) -> bool) -> bool,
    account: Option<&str>,
    needs: bool,
) -> Result<OutputFacts, Failure> {
    let needs = needs && has(|format| format == FormatName::Asff);
    let names_region = has(|format| matches!(format, FormatName::Asff | FormatName::Ocsf));
    let region = if names_region { wait(async { Ok(load::region(&context.global).await) })? } else { None };
    if needs && region.is_none() {
        return Err(Failure::usage("the format asff needs a Region for files").help("add --region"));
    }
    let account = match account {
        None if needs => Some(of_credentials(context)?),
        account => account.map(String::from),
    };
    Ok(OutputFacts { account, region, now: now() })
}

/// Writes the results to all files. Returns the exit code for files that could not be written.
pub(super) fn write(context: &Context, files: &[OutputFile], emit: impl Fn(FormatName) -> String) -> Exit {
    write_with(context, files, |format, out| out.write_all(emit(format).as_bytes()))
}

/// Writes the results to all files, piece by piece. Returns the exit code for files that could not be written.
pub(super) fn write_with(
    context: &Context,
    files: &[OutputFile],
    emit: impl Fn(FormatName, &mut dyn Write) -> io::Result<()>,
) -> Exit {
    let mut exit = Exit::Fine;
    for OutputFile { format, path } in files {
        if let Err(error) = whole_file::put_with(path, &mut |out| emit(*format, out)) {
            context.printer.failure(&unwritten(path, &error));
            exit = Exit::Error;
        }
    }
    exit
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
