//! The outputs that are written while records are read: documents for OpenSearch, and lines of JSON.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::ActivityArgs;
use super::elk::Export;
use super::tables::Tables;
use crate::cli::failure::Failure;
use crate::domain::text::count;
use crate::domain::text::plain::without_number;
use crate::domain::trail::address::classify;
use crate::domain::trail::{Record, person};
use crate::render::elk::Observed;

/// The outputs that receive each record that is kept.
pub(super) struct Exports<'a> {
    elk: Option<Export>,
    lines: Option<JsonLines>,
    tables: &'a Tables,
}

impl<'a> Exports<'a> {
    /// Creates the files that the caller named.
    pub(super) fn create(arguments: &ActivityArgs, tables: &'a Tables) -> Result<Self, Failure> {
        let elk = arguments.elk.as_deref().map(Export::create).transpose()?;
        let lines = arguments.jsonl.as_deref().map(JsonLines::create).transpose()?;
        Ok(Self { elk, lines, tables })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.elk.is_none() && self.lines.is_none()
    }

    pub(super) fn write(&self, record: &Record<'_>) {
        let Ok(time) = record.time.parse() else { return };
        let person = person(&record.identity);
        let class = classify(&record.address, record.vpc_endpoint.some(), self.tables);
        let observed = Observed { record, time, person: &person, class: &class };
        self.elk.iter().for_each(|elk| elk.write(&observed));
        self.lines.iter().for_each(|lines| lines.write(&observed));
    }

    /// Completes the files. Returns a sentence about each output.
    pub(super) fn end(self) -> Result<Vec<String>, Failure> {
        let mut notes = Vec::new();
        if let Some(elk) = self.elk {
            let folder = elk.folder().display().to_string();
            notes.push(format!("{folder} has {}.", count(elk.end()?, "document")));
        }
        if let Some(lines) = self.lines {
            let file = lines.path.display().to_string();
            notes.push(format!("{file} has {}.", count(lines.end()?, "record")));
        }
        Ok(notes)
    }
}

/// A file with a line for each record, with the names of the Elastic Common Schema.
struct JsonLines {
    path: PathBuf,
    written: Mutex<Written>,
}

struct Written {
    file: BufWriter<File>,
    records: u64,
    /// The first error. Nothing is written after it.
    failed: Option<io::Error>,
}

impl JsonLines {
    fn create(path: &Path) -> Result<Self, Failure> {
        let file = BufWriter::new(File::create(path).map_err(|error| failed(path, &error))?);
        Ok(Self { path: path.to_owned(), written: Mutex::new(Written { file, records: 0, failed: None }) })
    }

    /// Writes a record. `end` returns the error if the record cannot be written.
    fn write(&self, observed: &Observed<'_>) {
        let line = format!("{}\n", serde_json::Value::Object(observed.document()));
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.failed.is_none() {
            match written.file.write_all(line.as_bytes()) {
                Ok(()) => written.records += 1,
                Err(error) => written.failed = Some(error),
            }
        }
    }

    fn end(self) -> Result<u64, Failure> {
        let mut written = self.written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let flushed = written.file.flush();
        written.failed.map_or(flushed, Err).map_err(|error| failed(&self.path, &error))?;
        Ok(written.records)
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::error(format!("cannot write {}: {}", path.display(), without_number(&error.to_string())))
}
