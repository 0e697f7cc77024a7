//! Finds and reads the files that a user names.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Document, SourceError};

/// The size of the largest file that Logweir reads, in bytes. This limit of 16 MiB is much higher than the 64 KiB of
/// the largest task definition, and only protects Logweir from huge files.
const LARGEST: u64 = 16 << 20;

/// A file that Logweir reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    pub path: PathBuf,
    /// The path relative to the folder that the user named. If the user named the file itself, the path contains only
    /// the name of the file.
    pub relative: PathBuf,
}

impl FileTarget {
    pub fn origin(&self) -> String {
        self.path.display().to_string()
    }
}

/// Returns the file at `path`. If `path` is a folder, returns every `*.json` file below that folder, sorted by name,
/// and skips hidden files and folders.
pub fn discover(path: &Path) -> Result<Vec<FileTarget>, SourceError> {
    let origin = path.display().to_string();
    let error = |error: &io::Error| SourceError::whole(&origin, reason(error), None);
    let metadata = fs::metadata(path).map_err(|e| error(&e))?;
    if !metadata.is_dir() {
        let relative = path.file_name().map_or_else(|| path.to_owned(), PathBuf::from);
        return Ok(vec![FileTarget { path: path.to_owned(), relative }]);
    }
    let is_hidden =
        |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| !is_hidden(entry)) {
        let entry = entry.map_err(|e| SourceError::whole(&origin, e.to_string(), None))?;
        let is_json = entry.path().extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json && !entry.file_type().is_dir() {
            let relative = entry.path().strip_prefix(path).unwrap_or(entry.path()).to_owned();
            files.push(FileTarget { path: entry.into_path(), relative });
        }
    }
    if files.is_empty() {
        return Err(SourceError::whole(
            &origin,
            "this folder contains no *.json file",
            Some("name the files, or another folder"),
        ));
    }
    Ok(files)
}

pub fn read_file(target: &FileTarget) -> Result<Document, SourceError> {
    let origin = target.origin();
    let whole = |message: String| SourceError::whole(&origin, message, None);
    let length = fs::metadata(&target.path).map_err(|error| whole(reason(&error)))?.len();
    if length > LARGEST {
        return Err(whole(format!(
            "the file is too large: it has {length} bytes, but a task definition has at most 64 KiB"
        )));
    }
    Document::parse(&origin, utf8(&origin, fs::read(&target.path).map_err(|error| whole(reason(&error)))?)?)
}

pub fn read_stdin() -> Result<Document, SourceError> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|error| SourceError::whole("<stdin>", reason(&error), None))?;
    Document::parse("<stdin>", utf8("<stdin>", bytes)?)
}

fn utf8(origin: &str, bytes: Vec<u8>) -> Result<String, SourceError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        let (line, column) = super::position(&text, text.len());
        let help = Some("save the file as UTF-8");
        SourceError { line, column, ..SourceError::whole(origin, "not UTF-8", help) }
    })
}

/// Returns the error message of the operating system. Returns a shorter message for the two most common errors.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
