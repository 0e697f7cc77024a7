//! `logweir activity --elk`: writes the records as documents for OpenSearch and Elasticsearch while they are read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::cli::failure::Failure;
use crate::cli::whole_file;
use crate::domain::text::plain::without_number;
use crate::render::elk::{Observed, files};

/// The largest part of the documents, in bytes. The smallest instances of Amazon OpenSearch Service accept requests of
/// 10 MiB (source: Amazon OpenSearch Service quotas, network limits).
const LARGEST_PART: usize = 8 << 20;

/// The folder of an export.
pub(super) struct Export {
    folder: PathBuf,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    current: Option<BufWriter<File>>,
    size: usize,
    number: u32,
    documents: u64,
    /// The first error. Nothing is written after it.
    failed: Option<io::Error>,
}

impl Export {
    /// Creates the folder. Returns an error if the folder has files, because a later load would mix two exports.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        let mut entries = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
        if entries.next().is_some() {
            return Err(Failure::usage(format!("{} is not empty", folder.display()))
                .help("name a new folder, or delete the files of the last export"));
        }
        for (name, text) in files() {
            let path = folder.join(name);
            whole_file::put(&path, &text).map_err(|error| failed(&path, &error))?;
        }
        Ok(Self { folder: folder.to_owned(), parts: Mutex::default() })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a record. `end` returns the error if the record cannot be written.
    pub(super) fn write(&self, observed: &Observed<'_>) {
        let lines = observed.bulk_lines();
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.failed.is_none()
            && let Err(error) = parts.append(&self.folder, &lines)
        {
            parts.failed = Some(error);
        }
    }

    /// Completes the last part. Returns the number of documents.
    pub(super) fn end(self) -> Result<u64, Failure> {
        let mut parts = self.parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let flushed = parts.current.as_mut().map_or(Ok(()), Write::flush);
        match parts.failed.map_or(flushed, Err) {
            Ok(()) => Ok(parts.documents),
            Err(error) => Err(failed(&self.folder, &error)),
        }
    }
}

impl Parts {
    fn append(&mut self, folder: &Path, lines: &str) -> io::Result<()> {
        let is_full = self.size > 0 && self.size + lines.len() > LARGEST_PART;
        if is_full && let Some(mut part) = self.current.take() {
            part.flush()?;
        }
        let part = match &mut self.current {
            Some(part) => part,
            current => {
                self.number += 1;
                self.size = 0;
                let path = folder.join(format!("bulk-{:05}.ndjson", self.number));
                current.insert(BufWriter::new(File::create_new(path)?))
            }
        };
        part.write_all(lines.as_bytes())?;
        self.size += lines.len();
        self.documents += 1;
        Ok(())
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::error(format!("cannot write {}: {}", path.display(), without_number(&error.to_string())))
}
