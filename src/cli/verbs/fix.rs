//! `logweir fix`: prints or writes corrected documents.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::patch_path::patch_path;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{self, Target, WalkArgs};
use crate::cli::whole_file;
use crate::domain::edit::patch;
use crate::domain::plan::SANDBOX;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::rules::packs::LOGGING;
use crate::domain::text::plain::without_number;
use crate::render::human::passed_over;
use crate::render::unified_diff;
use crate::sources::{Document, FileTarget};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir fix web.json                      print the corrected task definition",
    "logweir fix infra/ --diff | git apply     show the changes as a patch, and apply the patch",
    "logweir fix infra/ --in-place             rewrite each file; keep every line without a fault",
    "logweir fix ecs:web --output-dir fixed    write web-REVISION.json to a folder",
    "logweir fix template.yaml --unsafe --diff also define missing log groups and retentions",
];

#[derive(Args)]
pub(in crate::cli) struct FixArgs {
    /// Files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// Rewrite each file
    #[arg(long, conflicts_with = "output_dir", env = "LOGWEIR_IN_PLACE", hide_env = true)]
    in_place: bool,
    /// Write the corrected task definitions to this folder
    #[arg(long, value_name = "DIR", env = "LOGWEIR_OUTPUT_DIR", hide_env = true)]
    output_dir: Option<PathBuf>,
    /// The former name of --output-dir
    #[arg(long, value_name = "DIR", hide = true)]
    output: Option<PathBuf>,
    /// Print the changes of files as a patch for `git apply` or `patch -p1`; write no file. The patch contains lines of
    /// the files, which may contain secrets
    #[arg(long, conflicts_with_all = ["in_place", "output_dir"])]
    diff: bool,
    /// Also make the unsafe fixes of templates and HCL files: define a missing log group, and set a retention where events
    /// never expire. A deployment of such a retention deletes older events
    #[arg(long = "unsafe")]
    with_unsafe: bool,
    /// Write no file; exit with 1 if a file would change
    #[arg(long, conflicts_with_all = ["in_place", "output_dir"])]
    check: bool,
    #[command(flatten)]
    walk: WalkArgs,
    #[command(flatten)]
    rules: RuleChoiceArgs,
}

impl FixArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if let Some(folder) = &self.output {
            return Err(Failure::usage("the option --output of fix is now --output-dir")
                .help(format!("use --output-dir {}", folder.display())));
        }
        let targets = targets::read(&self.targets, &self.walk)?.without_other_files();
        let baselines = wait(context.baselines(&targets.list))?;
        self.refuse_what_cannot_be_written(&targets.list)?;
        if context.global.baseline.is_none() && baselines.live.is_shown {
            context.printer.note(&baselines.live.to_string());
        }
        let mut worst = Exit::Fine;
        let passed_over =
            load_all(context, &baselines.choose(&self.rules, LOGGING), &targets, &mut |target, loaded| {
                let ended = loaded.and_then(|loaded| self.target(context, target, loaded));
                worst = worst.max(ended.unwrap_or_else(|failure| {
                    context.printer.target_failure(&target.origin(), &failure);
                    failure.exit
                }));
            })?;
        let passed_over = passed_over::line(&passed_over);
        if !passed_over.is_empty() {
            context.printer.note(passed_over.trim_end());
        }
        Ok(worst)
    }

    fn refuse_what_cannot_be_written(&self, targets: &[Target]) -> Result<(), Failure> {
        if self.in_place && targets.iter().any(|target| matches!(target, Target::Stdin | Target::Live(_))) {
            return Err(Failure::usage("--in-place can only rewrite files, but one target is not a file")
                .help("use --output-dir DIR, or standard output"));
        }
        if self.diff && targets.iter().any(|target| matches!(target, Target::Live(_))) {
            return Err(Failure::usage("--diff prints a patch of files, but one target is a registered revision")
                .help("use `logweir check --diff`, which shows the changes and no other line"));
        }
        if !self.in_place && self.output_dir.is_none() && !self.only_shows() && targets.len() > 1 {
            return Err(Failure::usage(format!("cannot write {} documents to standard output", targets.len()))
                .help("use --in-place, --output-dir DIR or --diff"));
        }
        let mut names = BTreeSet::new();
        if self.output_dir.is_some()
            && let Some(name) = targets.iter().filter_map(Target::relative).find(|name| !names.insert(name.clone()))
        {
            let message = format!("two documents would be written to {}", name.display());
            return Err(Failure::usage(message)
                .help("name the common folder of the documents as the target, or fix the documents one by one"));
        }
        Ok(())
    }

    /// Whether the verb only shows what it would change.
    fn only_shows(&self) -> bool {
        self.diff || self.check
    }

    /// Writes the fixed document of a target, and advises on the task definitions that Logweir does not change.
    fn target(&self, context: &Context, target: &Target, all: Vec<Loaded>) -> VerbResult {
        if all.is_empty() {
            context.printer.note(&nothing_to_judge(&target.origin()));
        }
        let is_read_only = |loaded: &Loaded| loaded.document.as_ref().is_some_and(Document::is_read_only);
        let (read_only, own): (Vec<Loaded>, Vec<Loaded>) = all.into_iter().partition(is_read_only);
        let exit = read_only.iter().map(|loaded| self.advised(context, loaded)).max().unwrap_or(Exit::Fine);
        Ok(exit.max(self.one(context, target, &own)?))
    }

    /// Prints what a user can write where the task definition is made. Returns the exit code for the findings.
    fn advised(&self, context: &Context, loaded: &Loaded) -> Exit {
        let correction =
            loaded.document.as_ref().map(|document| (document, loaded.correction(document, self.with_unsafe)));
        if let Some((document, Ok(correction))) = correction
            && let Err(refused) = document.splices(&correction)
        {
            context.printer.note(&format!("{}: {}; write there:", loaded.origin, refused.why));
            refused.text_to_write.iter().flat_map(|text| text.lines()).for_each(|line| context.printer.note(line));
        }
        self.left(context, loaded, true)
    }

    /// Writes the fixed document of a target, which may contain several task definitions.
    fn one(&self, context: &Context, target: &Target, all: &[Loaded]) -> VerbResult {
        let Some(first) = all.first() else { return Ok(Exit::Fine) };
        let is_edited = all.iter().any(|loaded| loaded.is_corrected(self.with_unsafe));
        let text = match self.corrected(all) {
            Ok(text) => text,
            Err(failure) => {
                let (what, lines) = (failure.message, failure.help.unwrap_or_default());
                context.printer.error(&what, None);
                lines.lines().for_each(|line| context.printer.note(line));
                for loaded in all {
                    self.left(context, loaded, true);
                }
                return Ok(failure.exit);
            }
        };
        let written = match (&self.output_dir, self.in_place, target) {
            _ if self.diff => {
                context.printer.document(&difference(target, first, &text));
                Ok(None)
            }
            _ if self.check => {
                if is_edited {
                    context.printer.text(|| format!("would fix {}\n", target.origin()));
                }
                Ok(None)
            }
            (Some(folder), ..) => write_new(folder, &name(target, first), &text).map(Some),
            (None, true, Target::File(_)) if !is_edited => Ok(None),
            (None, true, Target::File(file)) => replace(file, &text).map(Some),
            _ => {
                context.printer.document(&text);
                Ok(None)
            }
        };
        let written = written.map_err(|error| unwritten(&first.origin, &error))?;
        if let Some(path) = written {
            context.printer.note(&format!("wrote {}", path.display()));
        }
        let exit = all.iter().map(|loaded| self.left(context, loaded, false)).max().unwrap_or(Exit::Fine);
        let exit = if self.check { Exit::of_check(is_edited) } else { exit };
        all.iter().find_map(Loaded::unread).map_or(Ok(exit), Err)
    }

    /// Returns the text of a target after its corrections. Returns an error with exit code 1 if Logweir does not change
    /// the file.
    fn corrected(&self, all: &[Loaded]) -> Result<String, Failure> {
        let mut corrections = Vec::new();
        for loaded in all {
            let conflict = |conflict| Failure::error(format!("{}: {conflict}", loaded.origin));
            match &loaded.document {
                Some(document) => {
                    corrections.push((document, loaded.correction(document, self.with_unsafe).map_err(conflict)?));
                }
                None => {
                    let edits = if loaded.is_corrected(false) { &loaded.plan.edits[..] } else { &[] };
                    let fixed = patch::apply(&loaded.definition, edits).map_err(conflict)?;
                    return Ok(format!("{}\n", fixed.text()));
                }
            }
        }
        let corrections: Vec<_> = corrections.iter().map(|(document, correction)| (*document, correction)).collect();
        Document::corrected(&corrections).map_err(|refused| {
            let origin = all.first().map(|loaded| loaded.origin.as_str()).unwrap_or_default();
            let message = format!("{origin}: Logweir does not change this file: {}", refused.why);
            let failure = Failure { exit: Exit::Findings, ..Failure::error(message) };
            match refused.text_to_write {
                Some(text) => failure.help(text),
                None => failure,
            }
        })
    }

    /// Prints the findings that `logweir fix` did not resolve. Returns the exit code for these findings. `is_refused`
    /// says whether Logweir did not change the file.
    fn left(&self, context: &Context, loaded: &Loaded, is_refused: bool) -> Exit {
        let is_edited = !is_refused && loaded.is_corrected(self.with_unsafe);
        let findings = loaded.plan.findings.iter();
        let is_left = |finding: &&Finding| finding.counts() && !(is_edited && self.is_fixed(finding));
        let left: Vec<&Finding> = findings.filter(is_left).collect();
        for finding in &left {
            let (severity, rule, message) = (finding.severity, finding.rule, &finding.message);
            context.printer.note(&format!("{}: not fixed: {severity}[{rule}] {message}", loaded.origin));
        }
        if !self.with_unsafe && left.iter().any(|finding| needs_consent(&finding.fix)) {
            context.printer.note(&format!("{}: `--unsafe` makes the unsafe fixes, too", loaded.origin));
        }
        if loaded.definition.is_sandboxed() && !left.is_empty() {
            context.printer.note(&format!("{}: Logweir fixes nothing, because {SANDBOX}", loaded.origin));
        }
        Exit::of_left(left.iter().filter(|finding| finding.is_fault()).count())
    }

    /// Returns whether the written document resolves the finding. A finding about a log group remains, unless a
    /// template or a file in HCL defines the log group.
    fn is_fixed(&self, finding: &Finding) -> bool {
        let is_made = matches!(finding.fix, Fix::Options(_) | Fix::Configuration { .. } | Fix::Retention { .. });
        is_made && (self.with_unsafe || !needs_consent(&finding.fix))
    }
}

/// Returns the note about a file in HCL, a plan or a state that contains no task definition.
pub(in crate::cli) fn nothing_to_judge(origin: &str) -> String {
    format!("{origin}: nothing to judge, because it contains no ECS task definition")
}

/// Whether `logweir fix` makes the fix only with `--unsafe`.
fn needs_consent(fix: &Fix) -> bool {
    matches!(fix, Fix::Configuration { creates: Some(_), .. } | Fix::Retention { safety: Safety::Unsafe, .. })
}

fn unwritten(origin: &str, error: &io::Error) -> Failure {
    let failure =
        Failure::error(format!("{origin}: cannot write the correction: {}", without_number(&error.to_string())));
    match error.kind() {
        io::ErrorKind::StorageFull => failure.help("free disk space, and run the command again"),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            failure.help("name a folder with --output-dir, and not a file")
        }
        io::ErrorKind::PermissionDenied => failure.help("get write access to the file, or use --output-dir DIR"),
        _ => failure,
    }
}

/// Returns the patch that changes the document of the target to `text`.
fn difference(target: &Target, loaded: &Loaded, text: &str) -> String {
    match (&loaded.document, target) {
        (Some(document), Target::File(file)) => {
            let folder = std::env::current_dir().unwrap_or_default();
            unified_diff(patch_path(&folder, &file.path), document.text(), text)
        }
        (Some(document), _) => unified_diff(name(target, loaded), document.text(), text),
        (None, _) => {
            let before = format!("{}\n", loaded.definition.text());
            unified_diff(name(target, loaded), &before, text)
        }
    }
}

/// Returns the path of the corrected file, relative to the output folder.
fn name(target: &Target, loaded: &Loaded) -> PathBuf {
    target.relative().unwrap_or_else(|| {
        match (loaded.definition.family(), loaded.revision.as_ref().map(|arn| arn.revision)) {
            (Some(family), Some(revision)) => format!("{family}-{revision}.json").into(),
            _ => "task-definition.json".into(),
        }
    })
}

/// Writes the file `name` in the output folder. Writes through no symbolic link below the folder, because the link may
/// point out of the folder.
fn write_new(folder: &Path, name: &Path, text: &str) -> io::Result<PathBuf> {
    let mut path = folder.to_owned();
    for part in name.components() {
        path.push(part);
        if path.is_symlink() {
            let message = format!("{} is a symbolic link", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    whole_file::replace(&path, text).map(|()| path)
}

/// Replaces a file as a whole. If the user named a symbolic link, replaces the target of the link. Never writes through
/// a symbolic link in a folder, because the link may point out of the folder. Returns the path of the replaced file.
fn replace(file: &FileTarget, text: &str) -> io::Result<PathBuf> {
    let path =
        if file.folder.is_none() && file.path.is_symlink() { file.path.canonicalize()? } else { file.path.clone() };
    let metadata = fs::symlink_metadata(&path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the file is no longer a regular file"));
    }
    if metadata.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    whole_file::replace(&path, text).map(|()| path)
}
