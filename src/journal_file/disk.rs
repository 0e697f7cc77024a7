//! The journal file on disk. Logweir locks the file while it reads or writes, makes every write durable, and grants
//! access only to the file's owner.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::line::{Line, whole};
use super::{FileJournal, LONGEST, READ, UNWRITABLE, WRITE, refused};
use crate::bounded_file;
use crate::domain::text::plain::{shortened, without_number};
use crate::ports::{Answer, CommitError, ErrorKind, PortError};

/// The size of the largest journal file, in bytes. This limit of 256 MiB is enough for about 150,000 entries.
const LARGEST: u64 = 256 << 20;

/// The state in which a writer finds the journal file.
#[derive(PartialEq, Eq)]
pub(super) enum Found {
    /// The file has the state that the writer expects, so the writer may append its line.
    Fits,
    /// The file already contains the writer's line, because an earlier try has written the line.
    Done,
}

impl FileJournal {
    /// Reads the journal file. Returns an empty vector if the file does not exist.
    pub(super) fn text(&self) -> Answer<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            bounded_file::is_regular_or_absent(&self.path)?;
            let file = File::open(&self.path)?;
            file.lock_shared()?;
            bounded_file::read_from(file, LARGEST)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| self.failed(READ, &error)),
        }
    }

    /// Appends `line` to the journal file durably, if `fits` accepts the content of the file. A lock keeps other
    /// processes from writing to the file meanwhile.
    pub(super) fn write(
        &self,
        line: Line<'_>,
        fits: impl FnOnce(&[u8]) -> Result<Found, CommitError>,
    ) -> Result<(), CommitError> {
        let failed = |error| self.failed(WRITE, &error);
        let mut file = self.open_to_append().map_err(failed)?;
        file.lock().map_err(failed)?;
        let text = bounded_file::read_from(&file, LARGEST).map_err(failed)?;
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
        // If this is the first line of the file, Logweir also synchronizes the folder, so that the name of the file is
        // durable.
        let written = written.and_then(|()| if end == 0 { sync_folder(self.folder()) } else { Ok(()) });
        written.map_err(|error| {
            // If `set_len` fails too, the file keeps an incomplete line, which readers ignore. The file can keep a
            // complete line only if fsync failed, and after a failed fsync the state of the disk is unknown.
            let _ = file.set_len(end as u64);
            self.failed(WRITE, &error).into()
        })
    }

    fn open_to_append(&self) -> io::Result<File> {
        make_folder(self.folder())?;
        bounded_file::is_regular_or_absent(&self.path)?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Returns the error of a failed file operation. The message contains the path of the journal file, and advice for
    /// the user.
    pub(super) fn failed(&self, call: &'static str, error: &io::Error) -> PortError {
        let (kind, advice) = match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::AlreadyExists => (ErrorKind::Refused, "; name another folder with --journal file:DIR"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                (ErrorKind::Refused, "; get access to this file, or name another folder with --journal file:DIR")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => (
                ErrorKind::Refused,
                "; free disk space and try again; the journal is unchanged, and the new entry was not stored",
            ),
            io::ErrorKind::Unsupported => (ErrorKind::Refused, "; use a file system that supports file locks"),
            _ => (ErrorKind::Retry, ""),
        };
        PortError {
            kind,
            call,
            message: shortened(
                &format!("{}: {}{advice}", self.path.display(), without_number(&error.to_string())),
                LONGEST,
            ),
            reason: None,
        }
    }
}

/// Creates the missing folders of a path durably, and grants access only to their owner.
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

/// Makes the names of the files in a folder durable, if the operating system supports this.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(here)?.sync_all()?;
    }
    Ok(())
}
