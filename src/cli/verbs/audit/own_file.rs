//! A file that only the user can have written. An audit trusts the findings in its cache and in its resume file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens or creates a file of the user, to read it and to append lines. Returns an error for a file that another user
/// owns or can write.
pub(super) fn open(path: &Path) -> io::Result<(File, fs::Metadata)> {
    let file = private().read(true).append(true).create(true).open(path)?;
    let metadata = file.metadata()?;
    match refusal(&metadata) {
        Some(why) => Err(io::Error::other(why)),
        None => Ok((file, metadata)),
    }
}

/// Returns options for a file that only the user can read and write.
pub(super) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn refusal(metadata: &fs::Metadata) -> Option<&'static str> {
    if !metadata.is_file() {
        return Some("the file is not a regular file");
    }
    by_owner(metadata)
}

#[cfg(unix)]
fn by_owner(metadata: &fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    of_others(metadata.uid(), rustix::process::geteuid().as_raw(), metadata.mode())
}

#[cfg(not(unix))]
fn by_owner(_: &fs::Metadata) -> Option<&'static str> {
    None
}

/// Returns why a file with this owner and mode may be the work of another user.
#[cfg(unix)]
fn of_others(owner: u32, user: u32, mode: u32) -> Option<&'static str> {
    if owner != user {
        Some("the file belongs to another user; delete it, or name a file of your own")
    } else if mode & 0o022 != 0 {
        Some("other users can write the file; delete it, or name another file")
    } else {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_another_user_owns_or_can_write_is_refused() {
        assert_eq!(of_others(1000, 1000, 0o100_644), None);
        assert!(of_others(0, 1000, 0o100_600).is_some_and(|why| why.contains("belongs to another user")));
        assert!(of_others(1000, 0, 0o100_600).is_some_and(|why| why.contains("belongs to another user")));
        for mode in [0o100_620, 0o100_602, 0o100_666] {
            assert!(of_others(1000, 1000, mode).is_some_and(|why| why.contains("other users can write the file")));
        }
    }

    #[test]
    fn a_new_file_is_private_and_its_owner_may_use_it_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("file");
        let (_, metadata) = open(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(open(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(open(&path).is_err());
        assert!(open(Path::new("/dev/null")).is_err());
    }
}
