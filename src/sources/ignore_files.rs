//! The ignore files of a folder, which its author may have made endless. The walk reads an ignore file to its end, so
//! Logweir first looks whether each ignore file is a regular file of a bounded size.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::SourceError;

/// The size of the largest ignore file that Logweir reads, in bytes.
const LARGEST: u64 = 1 << 20;

/// Returns an error if a folder above this folder has an ignore file that Logweir does not read.
pub(super) fn check_above(folder: &Path) -> Result<(), SourceError> {
    let absolute = fs::canonicalize(folder).unwrap_or_default();
    absolute.ancestors().skip(1).try_for_each(check)
}

/// Returns an error if the folder has an ignore file that Logweir does not read.
pub(super) fn check(folder: &Path) -> Result<(), SourceError> {
    for name in [".gitignore", ".ignore"] {
        check_file(&folder.join(name))?;
    }
    match git_folder(folder.join(".git"))? {
        Some(git) => check_file(&git.join("info/exclude")),
        None => Ok(()),
    }
}

/// Returns the folder of the repository's own ignore file. In a worktree or a submodule, `.git` is a file that names
/// another folder, whose file `commondir` names this folder.
fn git_folder(git: PathBuf) -> Result<Option<PathBuf>, SourceError> {
    if !git.is_file() {
        return Ok(Some(git));
    }
    let line = first_line(&git)?;
    let Some(own) = line.as_deref().and_then(|line| line.strip_prefix("gitdir: ")).map(Path::new) else {
        return Ok(None);
    };
    let common = first_line(&own.join("commondir"))?;
    Ok(common.map(|common| if common.starts_with('.') { own.join(common) } else { common.into() }))
}

fn first_line(path: &Path) -> Result<Option<String>, SourceError> {
    check_file(path)?;
    Ok(File::open(path).ok().and_then(|file| BufReader::new(file).lines().next()?.ok()))
}

fn check_file(path: &Path) -> Result<(), SourceError> {
    let (Ok(own), Ok(file)) = (fs::symlink_metadata(path), fs::metadata(path)) else { return Ok(()) };
    // A file of the system, such as `/proc/self/pagemap`, has no size, but may have no end.
    let is_of_system = own.is_symlink() && file.len() == 0;
    let why = match file {
        file if file.is_dir() => return Ok(()),
        file if !file.is_file() || is_of_system => "this ignore file is not a regular file",
        file if file.len() > LARGEST => "this ignore file is larger than the limit of 1 MiB",
        _ => return Ok(()),
    };
    let message = format!("{why}, so Logweir did not read its folder");
    Err(SourceError::whole(&path.display().to_string(), message, Some("correct the file, or use --no-ignore")))
}
