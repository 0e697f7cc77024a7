//! The cache and the resume file of an audit.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::AuditArgs;
use super::cache_file::CacheFile;
use super::resume_file::{ResumeFile, ResumeHeader};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::printer::Printer;
use crate::domain::audit::{Audit, AuditHome, Memo, Scope, Scopes, Selection, Step};
use crate::domain::baseline::Baseline;
use crate::domain::text::hex;
use crate::domain::text::plain::without_number;
use crate::ports::{AuditMemory, Clock, SystemClock};

pub(super) struct FileMemory {
    cache: Option<CacheFile>,
    cache_path: PathBuf,
    resume: Option<ResumeFile>,
    /// The time at which an earlier run began this audit.
    pub(super) began: Option<Timestamp>,
    /// What the user should know about the files.
    notes: Vec<String>,
}

impl FileMemory {
    /// Opens the files. A cache that cannot be used costs only time, and a resume file that cannot be used is an error.
    pub(super) fn open(
        args: &AuditArgs,
        context: &Context,
        home: &AuditHome,
        baseline: &Baseline,
        selection: &Selection,
        program: Option<&str>,
    ) -> Result<Self, Failure> {
        let header = ResumeHeader {
            baseline: baseline.digest().to_owned(),
            program: program.unwrap_or_default().to_owned(),
            selection: hex(&Sha256::digest(format!("{selection:?}"))[..16]),
            ..ResumeHeader::new(home.account.clone(), home.region.clone(), SystemClock.now())
        };
        let resume = args.resume.as_deref().map(|path| ResumeFile::open(path, &header)).transpose()?;
        let began = resume.as_ref().and_then(|resume: &ResumeFile| resume.begun);
        let mut memory = Self { cache: None, cache_path: PathBuf::new(), resume, began, notes: Vec::new() };
        let path = args.cache.clone().or_else(|| default_path(home, context));
        // Without the identity of the program, the cache may have the findings of other rules.
        if let (false, Some(path), Some(_)) = (args.no_cache, path, program) {
            memory.open_cache(&path, home);
        }
        Ok(memory)
    }

    fn open_cache(&mut self, path: &Path, home: &AuditHome) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), fs::create_dir_all);
        match made.and_then(|()| CacheFile::open(path, home)) {
            Ok(cache) => {
                if cache.damaged > 0 {
                    self.notes.push(format!("{}: {} lines cannot be read", path.display(), cache.damaged));
                }
                self.cache = Some(cache);
            }
            Err(error) => self.notes.push(unused(path, &error)),
        }
        path.clone_into(&mut self.cache_path);
    }

    /// Closes the files. Deletes the resume file of a complete audit.
    pub(super) fn close(&mut self, audit: &Audit, selection: &Selection) {
        let is_complete = audit.coverage.is_complete();
        let is_whole = is_complete
            && Selection { scopes: Scopes::default(), ..selection.clone() } == Selection::default()
            && selection.scopes().has(Scope::Running)
            && selection.scopes().has(Scope::Next);
        if let Some(Err(error)) = self.cache.as_mut().map(|cache| cache.close(is_whole)) {
            self.notes.push(unused(&self.cache_path, &error));
        }
        if is_complete && let Some(resume) = self.resume.take() {
            let _ = resume.delete();
        }
    }

    /// Writes the notes about the files.
    pub(super) fn report(&mut self, printer: &Printer) {
        self.notes.drain(..).for_each(|note| printer.note(&note));
    }
}

/// Returns the place of the cache: a file for each account, Region and endpoint in the user's cache folder.
fn default_path(home: &AuditHome, context: &Context) -> Option<PathBuf> {
    let endpoint = context.connection.get().and_then(|connection| connection.endpoint());
    let endpoint = endpoint.map(|url| format!("-{}", hex(&Sha256::digest(url)[..4]))).unwrap_or_default();
    let name = format!("audit-{}-{}{endpoint}.jsonl", home.account, home.region);
    Some(dirs::cache_dir()?.join("logweir").join(name))
}

fn unused(path: &Path, error: &std::io::Error) -> String {
    format!("the cache {} is not used: {}", path.display(), without_number(&error.to_string()))
}

impl AuditMemory for FileMemory {
    fn has_cache(&self) -> bool {
        self.cache.is_some()
    }

    fn known(&self) -> usize {
        self.cache.as_ref().map_or(0, CacheFile::len)
    }

    fn knows(&self, family: &str, revision: u32) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.has(family, revision))
    }

    fn recall(&mut self, family: &str, revision: u32) -> Option<Memo> {
        self.cache.as_mut()?.get(family, revision)
    }

    fn remember(&mut self, memo: &Memo) {
        let Some(cache) = &mut self.cache else { return };
        let written = match cache.get(&memo.family, memo.revision) {
            Some(earlier) => cache.put(&memo.clone().kept_with(earlier)),
            None => cache.put(memo),
        };
        if let Err(error) = written {
            self.notes.push(unused(&self.cache_path, &error));
            self.cache = None;
        }
    }

    fn keep(&mut self, memo: &Memo) {
        if let Some(cache) = &mut self.cache {
            cache.keep(&memo.family, memo.revision);
        }
    }

    fn earlier(&mut self, take: &mut dyn FnMut(Step)) {
        if let Some(Err(error)) = self.resume.as_mut().map(|resume| resume.replay(take)) {
            self.notes.push(format!("the resume file cannot be read: {}", without_number(&error.to_string())));
        }
    }

    fn note(&mut self, step: &dyn Fn() -> Step) {
        let Some(resume) = &mut self.resume else { return };
        if let Err(error) = resume.append(&step()) {
            self.notes.push(format!("the resume file cannot be written: {}", without_number(&error.to_string())));
            self.resume = None;
        }
    }
}
