//! Walks a folder as ripgrep walks it: without hidden files, without the files that `.gitignore`, `.ignore` and Git's
//! other ignore files list, and without following symbolic links.

use std::path::{self, Path};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::files::reason;
use super::kind::{ByName, Kind, PassedOver, by_name};
use super::{FileTarget, SourceError, ignore_files};

/// The folder of a package manager, whose files belong to other projects. ripgrep reads this folder, because a
/// `.gitignore` usually lists it.
const PACKAGES: &str = "node_modules";

/// Which files of a folder a walk leaves out.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    exclude: Vec<String>,
    is_without_ignore_files: bool,
}

/// The files of a folder that may contain task definitions, in the order of their names.
#[derive(Debug)]
pub struct Walked {
    pub files: Vec<FileTarget>,
    /// The files and folders that Logweir could not read.
    pub errors: Vec<SourceError>,
    /// The files whose names show that they contain no task definition.
    pub passed_over: PassedOver,
}

impl WalkOptions {
    /// Returns the options with these patterns of `--exclude`, in the syntax of `.gitignore`. A pattern is relative to
    /// the walked folder, or to the current folder. Returns an error if a pattern is not valid.
    pub fn new(exclude: &[String], is_without_ignore_files: bool) -> Result<Self, String> {
        let options = Self { exclude: exclude.to_vec(), is_without_ignore_files };
        options.matcher(Path::new("")).map(|_| options)
    }

    /// Returns the matcher of the excluded paths below `root`.
    fn matcher(&self, root: &Path) -> Result<Gitignore, String> {
        let mut builder = GitignoreBuilder::new(root);
        for pattern in &self.exclude {
            // In a `.gitignore`, a `!` includes files again, and a `#` begins a comment.
            let line = if pattern.starts_with(['!', '#']) { format!("\\{pattern}") } else { pattern.clone() };
            builder.add_line(None, &line).map_err(|error| format!("`{pattern}` is not a valid pattern: {error}"))?;
        }
        builder.build().map_err(|error| error.to_string())
    }
}

/// Walks the folder. Returns an error if Logweir cannot read the folder itself, or an ignore file in it or above it.
pub fn walk(folder: &Path, options: &WalkOptions) -> Result<Walked, SourceError> {
    let origin = folder.display().to_string();
    fs::read_dir(folder).map_err(|error| SourceError::whole(&origin, reason(&error), None))?;
    let matcher = |root: &Path| options.matcher(root).map_err(|error| SourceError::whole(&origin, error, None));
    let (below_folder, below_current) = (matcher(folder)?, matcher(&env::current_dir().unwrap_or_default())?);
    let reads_all = options.is_without_ignore_files;
    if !reads_all {
        ignore_files::check_above(folder).and_then(|()| ignore_files::check(folder))?;
    }
    let endless = Arc::new(Mutex::new(Vec::new()));
    let found = endless.clone();
    let is_readable = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let checked = if is_folder && !reads_all { ignore_files::check(entry.path()) } else { Ok(()) };
        checked.map_err(|error| found.lock().unwrap_or_else(PoisonError::into_inner).push(error)).is_ok()
    };
    let is_excluded = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let absolute = path::absolute(entry.path()).unwrap_or_default();
        below_folder.matched(entry.path(), is_folder).is_ignore()
            || below_current.matched(&absolute, is_folder).is_ignore()
            || (is_folder && !reads_all && entry.file_name() == PACKAGES)
    };
    let walker = WalkBuilder::new(folder)
        .follow_links(false)
        .require_git(false)
        .ignore(!reads_all)
        .git_ignore(!reads_all)
        .git_global(!reads_all)
        .git_exclude(!reads_all)
        .parents(!reads_all)
        .sort_by_file_name(|a, b| a.cmp(b))
        .filter_entry(move |entry| entry.depth() == 0 || (!is_excluded(entry) && is_readable(entry)))
        .build();
    let mut walked = Walked { files: Vec::new(), errors: Vec::new(), passed_over: PassedOver::new() };
    let root: Rc<Path> = Rc::from(folder);
    for entry in walker {
        match entry {
            Ok(entry) => walked.add(&entry, &root),
            Err(error) => walked.errors.push(unreadable(&origin, &error)),
        }
    }
    walked.errors.append(&mut endless.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(walked)
}

impl Walked {
    fn add(&mut self, entry: &DirEntry, root: &Rc<Path>) {
        let Some(file_type) = entry.file_type().filter(|kind| !kind.is_dir()) else { return };
        let name = match file_type {
            kind if kind.is_symlink() => ByName::Kind(Kind::SymbolicLink),
            kind if kind.is_file() => by_name(&entry.file_name().to_string_lossy()),
            // A device, a pipe or a socket.
            _ => ByName::Kind(Kind::Other),
        };
        match name {
            ByName::Kind(kind) => *self.passed_over.entry(kind).or_default() += 1,
            ByName::Json | ByName::Yaml | ByName::Hcl | ByName::Template => {
                let path = entry.path().to_owned();
                let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                self.files.push(FileTarget { path, relative, folder: Some(root.clone()), is_optional: true });
            }
        }
    }
}

/// Returns the error about a file or folder that the walk could not read.
fn unreadable(folder: &str, error: &ignore::Error) -> SourceError {
    let mut origin = folder.to_owned();
    let mut inner = error;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path, err } => {
                origin = path.display().to_string();
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    let message = inner.io_error().map_or_else(|| inner.to_string(), reason);
    SourceError::whole(&origin, message, None)
}
