//! The file on its disk: read and appended to under its lock, durably, for its owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::line::{Line, whole};
use super::{FileJournal, LONGEST, READ, UNWRITABLE, WRITE, refused};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, CommitError, ErrorKind, PortError};

/// What a writer finds in the file.
#[derive(PartialEq, Eq)]
pub(super) enum Found {
    /// What its line builds upon.
    Fits,
    /// Its own line.
    Done,
}

impl FileJournal {
    /// What the file holds, none where there is no file.
    pub(super) fn text(&self) -> Answer<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            file.lock_shared()?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            Ok(text)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| self.failed(READ, &error)),
        }
    }

    /// Appends a line, durably, if it fits what stands in the file. Nobody else writes meanwhile.
    pub(super) fn write(
        &self,
        line: Line<'_>,
        fits: impl FnOnce(&[u8]) -> Result<Found, CommitError>,
    ) -> Result<(), CommitError> {
        let failed = |error| self.failed(WRITE, &error);
        let mut file = self.open_to_append().map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        if fits(&text)? == Found::Done {
            return Ok(());
        }
        let line = Line { crc32: line.checksum(), ..line };
        let mut line = serde_json::to_vec(&line).map_err(|_| refused(WRITE, UNWRITABLE.into()))?;
        line.push(b'\n');
        let end = whole(&text).len();
        if text.len() > end {
            file.set_len(end as u64).map_err(failed)?;
        }
        let written = file.write_all(&line).and_then(|()| file.sync_all());
        // The first line makes the file's name durable with it.
        let written = written.and_then(|()| if end == 0 { sync_folder(self.folder()) } else { Ok(()) });
        written.map_err(|error| {
            // Should this fail as well, a line without an end stays, which does not count. A whole line can stay only
            // if it was fsync that failed, and that is an error after which nothing is known.
            let _ = file.set_len(end as u64);
            self.failed(WRITE, &error).into()
        })
    }

    fn open_to_append(&self) -> io::Result<File> {
        make_folder(self.folder())?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// What went wrong, where, and what to do about it.
    pub(super) fn failed(&self, call: &'static str, error: &io::Error) -> PortError {
        let (kind, advice) = match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists => (ErrorKind::Refused, "; name another folder with --journal file:DIR"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                (ErrorKind::Refused, "; get access to it, or name another folder with --journal file:DIR")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => (
                ErrorKind::Refused,
                "; make room and do it again: what stands in the journal is untouched, the new entry was not kept",
            ),
            io::ErrorKind::Unsupported => (ErrorKind::Refused, "; the journal needs a file system with locks"),
            _ => (ErrorKind::Retry, ""),
        };
        PortError {
            kind,
            call,
            message: plain(&format!("{}: {error}{advice}", self.path.display()), LONGEST),
            reason: None,
        }
    }
}

/// Makes what is missing of the path, for its owner alone, and durably.
fn make_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(sync_folder)
}

/// Makes the names in a folder durable, where the system knows how to.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(here)?.sync_all()?;
    }
    Ok(())
}
