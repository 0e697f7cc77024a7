//! Writes a file as a whole: after a crash, the folder contains either the complete new file or what it contained
//! before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes the content of a file, piece by piece. A second call writes the content anew.
type Content<'c> = &'c mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

fn whole(text: &str) -> impl FnMut(&mut dyn Write) -> io::Result<()> {
    |out| out.write_all(text.as_bytes())
}

/// Writes a new file. Returns an error of the kind `AlreadyExists` if there is a file of this name.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    create_with(path, &mut whole(text))
}

fn create_with(path: &Path, content: Content<'_>) -> io::Result<()> {
    let new = beside(path);
    let linked = write(OpenOptions::new(), &new, content).map(drop).and_then(|()| fs::hard_link(&new, path));
    let _ = fs::remove_file(&new);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && new.parent().is_some_and(Path::is_dir) => {
            // Some file systems have no hard links.
            write(OpenOptions::new(), path, content).map(drop)
        }
        linked => linked,
    }
}

/// Replaces a regular file, and keeps its permissions. Writes a new file if there is none.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_with(path, &mut whole(text))
}

fn replace_with(path: &Path, content: Content<'_>) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return create_with(path, content),
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
    let written = write(options, &new, content)
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
    put_with(path, &mut whole(text))
}

/// Writes a result like [`put`], without the whole text in memory.
pub(super) fn put_with(path: &Path, content: Content<'_>) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => replace_with(&path.canonicalize()?, content),
        Ok(metadata) if !metadata.is_dir() => fill(&mut OpenOptions::new().write(true).open(path)?, content),
        _ => replace_with(path, content),
    }
}

/// Returns an error if [`put_with`] and [`put_private`] cannot write to the path. A verb that needs minutes asks before
/// it begins. Creates a temporary file beside a regular or a new file, and removes it. Opens no device and no pipe.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let target = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => path.canonicalize()?,
        Ok(metadata) if !metadata.is_dir() => return Ok(()),
        _ => path.to_owned(),
    };
    if fs::symlink_metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let new = beside(&target);
    OpenOptions::new().write(true).create_new(true).open(&new)?;
    fs::remove_file(new)
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
    let written = write(options, &new, &mut whole(text)).and_then(|_| fs::rename(&new, path));
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

fn write(mut options: OpenOptions, path: &Path, content: Content<'_>) -> io::Result<File> {
    let mut file = options.write(true).create_new(true).open(path)?;
    fill(&mut file, content)?;
    file.sync_all().map(|()| file)
}

fn fill(file: &mut File, content: Content<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    content(&mut out).and_then(|()| out.flush())
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
