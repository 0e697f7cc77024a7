//! Writes a file as a whole: after a crash, the folder contains either the complete new file or what it contained
//! before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a new file. Returns an error of the kind `AlreadyExists` if there is a file of this name.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path);
    let linked = write(OpenOptions::new(), &new, text).map(drop).and_then(|()| fs::hard_link(&new, path));
    let _ = fs::remove_file(&new);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && new.parent().is_some_and(Path::is_dir) => {
            // Some file systems have no hard links.
            write(OpenOptions::new(), path, text).map(drop)
        }
        linked => linked,
    }
}

/// Replaces a regular file, and keeps its permissions. Writes a new file if there is none.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return create(path, text),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let new = beside(path);
    let mut options = OpenOptions::new();
    // The text may contain secrets, so other users cannot read the new file until it has the permissions of the old
    // file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = write(options, &new, text)
        .and_then(|file| file.set_permissions(metadata.permissions()))
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Writes a result to the path that the caller named: replaces a regular file or the file behind a symbolic link,
/// writes a new file, or sends the text to a device or a pipe.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => replace(&path.canonicalize()?, text),
        Ok(metadata) if !metadata.is_dir() => OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes()),
        _ => replace(path, text),
    }
}

/// Writes a new file that only its owner may read, or replaces a regular file and keeps its permissions.
pub(super) fn put_private(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok() {
        return put(path, text);
    }
    let new = beside(path);
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = write(options, &new, text).and_then(|_| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Returns the path of a temporary file in the same folder.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".logweir-{}", std::process::id()));
    path.with_file_name(name)
}

fn write(mut options: OpenOptions, path: &Path, text: &str) -> io::Result<File> {
    let mut file = options.write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all().map(|()| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_new_file_never_replaces_another_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.toml");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read_to_string(&path).unwrap(), names(folder.path())), ("one".into(), vec!["a.toml".into()]));
        let nowhere = folder.path().join("nowhere/a.toml");
        assert_eq!(create(&nowhere, "one").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.toml");
        replace(&path, "one").unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        replace(&path, "two").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), names(folder.path())), ("two".into(), vec!["a.toml".into()]));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o640);
        assert_eq!(replace(folder.path(), "two").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
