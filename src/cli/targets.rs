//! Parses the argument TARGET, which names a file, a folder, standard input or a registered revision.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;

use super::failure::Failure;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::render::json::PassedOver;
use crate::sources::{self, Document, FileTarget, Found, Kind, SourceError, WalkOptions};

/// The options for the files of a folder, and for documents.
#[derive(Args, Default)]
pub(super) struct WalkArgs {
    /// Skip the paths in folders that match this pattern, in the syntax of .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Also read the files in folders that .gitignore lists, and node_modules
    #[arg(long)]
    no_ignore: bool,
    /// Pass over named files without a task definition, as in folders
    #[arg(long)]
    pass_over: bool,
    /// The family of documents that name none, such as lists of containers
    #[arg(long)]
    family: Option<String>,
}

pub(super) enum Target {
    Stdin,
    File(FileTarget),
    /// A registered revision. The text is the argument for DescribeTaskDefinition: an ARN, `FAMILY:REVISION` or
    /// `FAMILY`.
    Live(String),
    /// A file or folder that Logweir could not read.
    Unreadable(SourceError),
}

impl WalkArgs {
    /// Returns the options for a target that is no folder. `family` is the family of a document that names none.
    pub(super) fn of_family(family: Option<String>) -> Self {
        Self { family, ..Self::default() }
    }

    /// Whether the caller excludes files of the folders.
    pub(super) fn excludes(&self) -> bool {
        !self.exclude.is_empty()
    }
}

/// The targets that the caller named.
#[derive(Default)]
pub(super) struct Targets {
    /// The targets, with the files of a folder in place of the folder.
    pub(super) list: Vec<Target>,
    /// The folders that the caller named.
    pub(super) folders: Vec<Rc<Path>>,
    /// The optional files whose names show that they contain no task definition.
    pub(super) passed_over: PassedOver,
    /// The family of the documents that name none.
    pub(super) family: Option<String>,
}

/// What Logweir read from a target that is not a registered revision.
pub(super) enum Read {
    Documents(Vec<Document>),
    /// An optional file that contains no task definition.
    PassedOver(Kind),
}

/// Parses the TARGET arguments. Replaces each folder with the files in the folder that may contain task definitions.
pub(super) fn read(arguments: &[String], walk: &WalkArgs) -> Result<Targets, Failure> {
    let options = WalkOptions::new(&walk.exclude, walk.no_ignore).map_err(Failure::usage)?;
    let mut targets = Targets { family: walk.family.clone(), ..Targets::default() };
    for argument in arguments {
        if argument == "-" {
            if targets.list.iter().any(|target| matches!(target, Target::Stdin)) {
                return Err(Failure::usage("standard input can be a target only once"));
            }
            targets.list.push(Target::Stdin);
        } else if let Some(name) = argument.strip_prefix("ecs:") {
            targets.list.push(Target::Live(live(name)?));
        } else if argument.starts_with("arn:") {
            let arn: RevisionArn =
                of_any_revision(argument).parse().map_err(|error| Failure::usage(format!("{argument}: {error}")))?;
            debug_assert!(is_named(&arn, argument), "{argument}");
            targets.list.push(Target::Live(argument.clone()));
        } else if Path::new(argument).is_dir() {
            targets.add_folder(Path::new(argument), &options);
        } else {
            targets.add_file(Path::new(argument), walk.pass_over);
        }
    }
    Ok(targets)
}

impl Targets {
    /// Removes the optional files that contain no task definition from the list, and counts them. Reads each of these
    /// files, so that the list then has exactly one target for each document.
    pub(super) fn without_other_files(mut self) -> Self {
        let (passed_over, family) = (&mut self.passed_over, self.family.as_deref());
        self.list.retain(|target| match target {
            Target::File(file) if file.is_optional => match sources::read_found(file, family) {
                Ok(Found::Other(kind)) => {
                    passed_over.add(kind, 1);
                    false
                }
                Ok(Found::Documents(_)) | Err(_) => true,
            },
            _ => true,
        });
        self
    }

    fn add_file(&mut self, path: &Path, is_optional: bool) {
        match sources::optional(path) {
            Ok(file) if is_optional => self.list.push(Target::File(file)),
            Err(kind) if is_optional && path.exists() => self.passed_over.add(kind, 1),
            _ => self.list.push(Target::File(sources::named(path))),
        }
    }

    fn add_folder(&mut self, folder: &Path, options: &WalkOptions) {
        match sources::walk(folder, options) {
            Err(error) => self.list.push(Target::Unreadable(error)),
            Ok(walked) => {
                self.list.extend(walked.files.into_iter().map(Target::File));
                self.list.extend(walked.errors.into_iter().map(Target::Unreadable));
                self.passed_over.add_all(&walked.passed_over);
                self.folders.push(Rc::from(folder));
            }
        }
    }
}

/// Returns the help for a file that does not exist, but whose name may be the name of a registered revision.
fn suggestion(path: &Path) -> Option<String> {
    let name = live(path.to_str()?).ok().filter(|_| !path.exists())?;
    Some(format!("for a registered revision, use `ecs:{name}`"))
}

/// Returns the ARN of a revision. Returns revision 0 for the ARN of a family, which has no revision.
fn of_any_revision(arn: &str) -> String {
    let has_revision = arn.rsplit_once('/').is_some_and(|(_, name)| name.contains(':'));
    if has_revision { arn.to_owned() } else { format!("{arn}:0") }
}

/// Returns the argument of DescribeTaskDefinition for a target. ECS describes the newest ACTIVE revision of a family by
/// the name of the family, and not by an ARN without a revision.
pub(super) fn family_of(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some((_, family)) if !family.contains(':') => family,
        _ => name,
    }
}

/// Returns whether `arn`, with or without a revision, names this revision.
pub(super) fn is_named(revision: &RevisionArn, arn: &str) -> bool {
    let whole = revision.to_string();
    whole == arn || whole.strip_prefix(arn).is_some_and(|rest| rest.starts_with(':'))
}

/// Returns an error if the target is an ARN of another Region than the Region that this run calls.
pub(super) fn is_in_region(name: &str, region: &str) -> Result<(), Failure> {
    match of_any_revision(name).parse::<RevisionArn>() {
        Ok(arn) if name.starts_with("arn:") && arn.region != region => {
            let message = format!("the ARN is of Region {}, but this run calls Region {region}", arn.region);
            Err(Failure::error(message).help(format!("use --region {}", arn.region)))
        }
        _ => Ok(()),
    }
}

fn live(name: &str) -> Result<String, Failure> {
    let (family, revision) = name.split_once(':').map_or((name, None), |(family, revision)| (family, Some(revision)));
    let is_number = revision.is_none_or(|revision| revision.parse::<u32>().is_ok());
    if is_family(family) && is_number {
        Ok(name.to_owned())
    } else {
        Err(Failure::usage(format!("`ecs:{name}` is not a revision")).help("use ecs:FAMILY or ecs:FAMILY:REVISION"))
    }
}

impl Target {
    /// Returns the name that messages use for the target.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".into(),
            Self::File(file) => file.origin(),
            Self::Live(name) if name.starts_with("arn:") => name.clone(),
            Self::Live(name) => format!("ecs:{name}"),
            Self::Unreadable(error) => error.origin.clone(),
        }
    }

    /// Reads the task definitions in the target. `family` is the family of the task definitions that name none. Returns
    /// `None` for a registered revision, which is not in a document.
    pub(super) fn documents(&self, family: Option<&str>) -> Option<Result<Read, SourceError>> {
        match self {
            Self::Stdin => Some(sources::read_stdin(family).map(Read::Documents)),
            Self::File(file) if !file.is_optional => {
                let read = sources::read_file(file, family).map(Read::Documents);
                Some(read.map_err(|mut error| {
                    error.help = self.suggestion().or(error.help);
                    error
                }))
            }
            Self::File(file) => Some(sources::read_found(file, family).map(|found| match found {
                Found::Documents(documents) => Read::Documents(documents),
                Found::Other(kind) => Read::PassedOver(kind),
            })),
            Self::Unreadable(error) => Some(Err(error.clone())),
            Self::Live(_) => None,
        }
    }

    /// Returns the help for a target that may be meant as the name of a registered revision.
    pub(super) fn suggestion(&self) -> Option<String> {
        match self {
            Self::File(file) => suggestion(&file.path),
            _ => None,
        }
    }

    /// Returns the folder in which a walk found the target. Returns `None` for any other target.
    pub(super) fn folder(&self) -> Option<&Rc<Path>> {
        match self {
            Self::File(file) => file.folder.as_ref(),
            _ => None,
        }
    }

    /// Returns the path of the target's file, relative to the folder that the caller named. Returns `None` for a target
    /// that is not a file.
    pub(super) fn relative(&self) -> Option<PathBuf> {
        match self {
            Self::File(file) => Some(file.relative.clone()),
            _ => None,
        }
    }
}
