//! Parses the argument TARGET, which names a file, a folder, standard input or a registered revision.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::sources::{self, Document, FileTarget, SourceError};

pub(super) enum Target {
    Stdin,
    File(FileTarget),
    /// A registered revision. The text is the argument for DescribeTaskDefinition: an ARN, `FAMILY:REVISION` or
    /// `FAMILY`.
    Live(String),
    /// A file or folder that Logweir could not read.
    Unreadable(SourceError),
}

/// Parses the TARGET arguments. Replaces each folder with the files in the folder.
pub(super) fn read(arguments: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for argument in arguments {
        if argument == "-" {
            if targets.iter().any(|target| matches!(target, Target::Stdin)) {
                return Err(Failure::usage("standard input can be a target only once"));
            }
            targets.push(Target::Stdin);
        } else if let Some(name) = argument.strip_prefix("ecs:") {
            targets.push(Target::Live(live(name)?));
        } else if argument.starts_with("arn:") {
            let arn: RevisionArn = argument.parse().map_err(|error| Failure::usage(format!("{argument}: {error}")))?;
            targets.push(Target::Live(arn.to_string()));
        } else {
            match sources::discover(Path::new(argument)) {
                Ok(files) => targets.extend(files.into_iter().map(Target::File)),
                Err(error) => targets.push(Target::Unreadable(error)),
            }
        }
    }
    Ok(targets)
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

    /// Reads the document of the target. Returns `None` for a registered revision, which is not in a document.
    pub(super) fn document(&self) -> Option<Result<Document, SourceError>> {
        match self {
            Self::Stdin => Some(sources::read_stdin()),
            Self::File(file) => Some(sources::read_file(file)),
            Self::Unreadable(error) => Some(Err(error.clone())),
            Self::Live(_) => None,
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
