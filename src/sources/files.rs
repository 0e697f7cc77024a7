//! Finds and reads the files that a user names.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::Cause;
use super::kind::{ByName, Kind, by_name};
use super::{Document, SourceError, terraform};
use crate::bounded_file::{self, LARGEST};
use crate::domain::text::place::{Position, position};
use crate::domain::text::plain::without_number;

/// A file that Logweir reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    pub path: PathBuf,
    /// The path relative to the folder that the user named. If the user named the file itself, the path contains only
    /// the name of the file.
    pub relative: PathBuf,
    /// The folder that the user named, and in which a walk found the file. `None` if the user named the file itself.
    pub folder: Option<Rc<Path>>,
    /// Whether Logweir passes over the file if it contains no task definition. Otherwise, such a file is an error.
    pub is_optional: bool,
}

impl FileTarget {
    pub fn origin(&self) -> String {
        self.path.display().to_string()
    }
}

/// Returns the target for the file that the user named.
pub fn named(path: &Path) -> FileTarget {
    let relative = path.file_name().map_or_else(|| path.to_owned(), PathBuf::from);
    FileTarget { path: path.to_owned(), relative, folder: None, is_optional: false }
}

/// Returns the target for a file that the user named, and that may contain no task definition. The error is the kind of
/// a file whose name shows that it contains none.
pub fn optional(path: &Path) -> Result<FileTarget, Kind> {
    let target = named(path);
    match by_name(&target.relative.to_string_lossy()) {
        ByName::Kind(kind) => Err(kind),
        ByName::Json | ByName::Yaml | ByName::Hcl | ByName::Template => Ok(FileTarget { is_optional: true, ..target }),
    }
}

/// Reads the task definitions in a file. `family` is the family of the task definitions that name none.
pub fn read_file(target: &FileTarget, family: Option<&str>) -> Result<Vec<Document>, SourceError> {
    let origin = target.origin();
    let bytes = bounded_file::read(&target.path, LARGEST).map_err(|error| {
        let cause = if bounded_file::is_too_large(&error) { Cause::TooLarge } else { Cause::Faulty };
        SourceError { cause, ..SourceError::whole(&origin, reason(&error), None) }
    })?;
    let text = utf8(&origin, bytes)?;
    if by_name(&target.relative.to_string_lossy()) == ByName::Hcl {
        return terraform::read_hcl(&origin, &target.path, &text);
    }
    match terraform::read_shown(&origin, Some(&target.path), &text) {
        Some(documents) => documents,
        None => Document::parse_not_shown(&origin, &text, family),
    }
}

/// The content of a file that may contain no task definition.
pub enum Found {
    Documents(Vec<Document>),
    /// The file contains no task definition.
    Other(Kind),
}

/// Reads a file that may contain no task definition. Returns an error if the file contains a task definition that
/// Logweir cannot read.
pub fn read_found(target: &FileTarget, family: Option<&str>) -> Result<Found, SourceError> {
    let error = match read_file(target, family) {
        // Only files in HCL, plans and states may contain no task definition without an error.
        Ok(documents) if documents.is_empty() => return Ok(Found::Other(Kind::Terraform)),
        Ok(documents) => return Ok(Found::Documents(documents)),
        Err(error) => error,
    };
    let name = target.path.file_name().unwrap_or_default().to_string_lossy();
    let by_name = by_name(&name);
    let is_template = by_name == ByName::Template;
    let other = if by_name == ByName::Yaml { Kind::Yaml } else { Kind::Other };
    match error.cause {
        Cause::Faulty => Err(error),
        Cause::NotJson { mentions_containers: true, opens_as_json } if opens_as_json || !is_template => Err(error),
        Cause::NotJson { .. } | Cause::TooLarge => Ok(Found::Other(other)),
        Cause::OtherKind(_) if by_name == ByName::Yaml => Ok(Found::Other(Kind::Yaml)),
        Cause::OtherKind(kind) => Ok(Found::Other(kind)),
    }
}

pub fn read_stdin(family: Option<&str>) -> Result<Vec<Document>, SourceError> {
    let bytes = bounded_file::read_from(io::stdin().lock(), LARGEST);
    let bytes = bytes.map_err(|error| SourceError::whole("<stdin>", reason(&error), None))?;
    Document::parse_all("<stdin>", &utf8("<stdin>", bytes)?, family)
}

fn utf8(origin: &str, bytes: Vec<u8>) -> Result<String, SourceError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        let Position { line, column } = position(&text, text.len());
        let help = Some("save the file as UTF-8");
        let cause = Cause::not_json(&String::from_utf8_lossy(error.as_bytes()));
        SourceError { cause, line, column, ..SourceError::whole(origin, "not UTF-8", help) }
    })
}

/// Returns the error message of the operating system. Returns a shorter message for the two most common errors.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => without_number(&error.to_string()).to_owned(),
    }
}
