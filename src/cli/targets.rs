//! What a TARGET means: a file, a folder, standard input, or a live revision.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::sources::{self, Document, FileTarget, SourceError};

pub(super) enum Target {
    Stdin,
    File(FileTarget),
    /// What DescribeTaskDefinition is asked for: ARN, `FAMILY:REVISION` or `FAMILY`.
    Live(String),
    /// A path that could not even be looked at.
    Unreadable(SourceError),
}

/// Reads the arguments; folders become the files in them.
pub(super) fn read(arguments: &[String]) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for argument in arguments {
        if argument == "-" {
            if targets.iter().any(|target| matches!(target, Target::Stdin)) {
                return Err(Failure::usage("standard input can be read once"));
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
        Err(Failure::usage(format!("`ecs:{name}` is not a revision")).help("ecs:FAMILY or ecs:FAMILY:REVISION"))
    }
}

impl Target {
    /// What the user calls it.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".into(),
            Self::File(file) => file.origin(),
            Self::Live(name) if name.starts_with("arn:") => name.clone(),
            Self::Live(name) => format!("ecs:{name}"),
            Self::Unreadable(error) => error.origin.clone(),
        }
    }

    /// The document of a target that is no live revision.
    pub(super) fn document(&self) -> Option<Result<Document, SourceError>> {
        match self {
            Self::Stdin => Some(sources::read_stdin()),
            Self::File(file) => Some(sources::read_file(file)),
            Self::Unreadable(error) => Some(Err(error.clone())),
            Self::Live(_) => None,
        }
    }

    /// Where the file lies below the folder that was named.
    pub(super) fn relative(&self) -> Option<PathBuf> {
        match self {
            Self::File(file) => Some(file.relative.clone()),
            _ => None,
        }
    }
}
