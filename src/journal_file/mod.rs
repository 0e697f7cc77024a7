//! The journal of the command line: one append-only file of JSON lines in a folder.
//!
//! A line with a commit contains a checksum, an entry of a record, and the new head of this record. The last line about
//! a record contains the current head of the record. Other lines contain the state of a family (`family`), of a service
//! (`pointings`) or of the registration rate limit (`budget`). If several lines contain the same state, only the last
//! of these lines counts.
//!
//! A process locks the file with a shared lock for each read, and with an exclusive lock for each commit. Any number of
//! processes may therefore use the same folder. A commit writes one line, and then calls fsync. A crash during a commit
//! leaves an incomplete line, without a newline, at the end of the file. Readers ignore an incomplete last line, and
//! the next commit removes this line. For any other damage of the file, Logweir returns an error that names the damaged
//! line.
//!
//! While another process holds the lock, a file operation blocks the calling thread. Blocking the thread is acceptable,
//! because the command line has no other work to do meanwhile.

mod disk;
mod line;
mod states;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Reason;
use crate::domain::record::{Entry, Head, Record, SCHEMA};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, CommitError, ErrorKind, Expected, Filter, Journal, PortError, StoredState};
use disk::Found;
use line::{Line, whole};

const FILE: &str = "journal.jsonl";
const READ: &str = "read the journal";
const WRITE: &str = "write the journal";
const LONGEST: usize = 512;

/// A journal that is stored as one file in a folder.
#[derive(Clone, Debug)]
pub struct FileJournal {
    path: PathBuf,
}

/// A commit in the journal file, with the number of the line that contains the commit.
struct Commit<'t> {
    line: usize,
    head: Head,
    entry: &'t str,
}

impl FileJournal {
    /// Opens the journal in `folder`. The first commit creates the folder and the file if they do not exist, and grants
    /// access only to their owner. Returns an error if `folder` is not a folder or cannot be read.
    pub fn open(folder: impl AsRef<Path>) -> Answer<Self> {
        let journal = Self { path: folder.as_ref().join(FILE) };
        let unfit = match folder.as_ref().metadata() {
            Ok(found) if found.is_dir() => return Ok(journal),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(journal),
            Ok(_) => io::ErrorKind::NotADirectory.into(),
            Err(error) => error,
        };
        Err(journal.failed("open the journal", &unfit))
    }

    /// Returns every line of the journal file with its line number, oldest line first.
    fn lines<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Answer<(usize, Line<'t>)>> {
        whole(text).split_inclusive(|byte| *byte == b'\n').enumerate().map(|(index, text)| {
            let number = index + 1;
            let Ok(line) = serde_json::from_slice::<Line<'_>>(text) else {
                return Err(self.damaged(number, "is not a line of a journal"));
            };
            if line.crc32 != line.checksum() {
                return Err(self.damaged(number, "does not match its checksum"));
            }
            if line.is_one_thing() { Ok((number, line)) } else { Err(self.damaged(number, UNKNOWN)) }
        })
    }

    /// Returns every commit in the journal file, oldest commit first.
    fn commits<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Answer<Commit<'t>>> {
        self.lines(text).filter_map(|line| match line {
            Ok((line, Line { head: Some(head), entry: Some(entry), .. })) => Some(
                serde_json::from_str(head.get())
                    .map(|head| Commit { line, head, entry: entry.get() })
                    .map_err(|_| self.damaged(line, UNKNOWN)),
            ),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// Returns the commits to the record of one source revision, oldest commit first.
    fn commits_of<'t>(&self, text: &'t [u8], source: &RevisionArn) -> Answer<Vec<Commit<'t>>> {
        let mut commits: Vec<Commit<'t>> = Vec::new();
        for commit in self.commits(text) {
            let commit = commit?;
            if commit.head.source != *source {
                continue;
            }
            commits.push(commit);
            let commit = &commits[commits.len() - 1];
            if commit.head.next as usize != commits.len() {
                return Err(self.damaged(commit.line, "does not follow the previous line of its record"));
            }
        }
        Ok(commits)
    }

    fn entry(&self, commit: &Commit<'_>) -> Answer<Entry> {
        match serde_json::from_str::<Entry>(commit.entry) {
            Ok(entry) if entry.schema <= SCHEMA => Ok(entry),
            _ => Err(self.damaged(commit.line, UNKNOWN)),
        }
    }

    fn append(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let (head_text, entry_text) = (raw(head)?, raw(entry)?);
        let line = Line { head: Some(&head_text), entry: Some(&entry_text), ..Line::default() };
        self.write(line, |text| {
            let commits = self.commits_of(text, &head.source)?;
            if commits.last().map_or(Expected::Nothing, |newest| Expected::of(&newest.head)) != *expected {
                // The file may already contain this commit, if an earlier try stored the commit and then failed.
                let standing = commits.get(entry.sequence as usize);
                let is_same = standing.is_some_and(|commit| commit.entry == entry_text.get());
                return if is_same { Ok(Found::Done) } else { Err(CommitError::Lost) };
            }
            if entry.sequence as usize != commits.len() || head.next as usize != commits.len() + 1 {
                let message =
                    format!("entry {} cannot follow the {} entries of its record", entry.sequence, commits.len());
                return Err(refused(WRITE, message).into());
            }
            Ok(Found::Fits)
        })
    }

    /// Returns the error for a damaged line of the journal file. The error contains no part of the line's content.
    fn damaged(&self, line: usize, what: &str) -> PortError {
        let message =
            format!("{}, line {line}: the line {what}; replace the file with a good copy", self.path.display());
        PortError {
            kind: ErrorKind::Refused,
            call: READ,
            message: plain(&message, LONGEST),
            reason: Some(Reason::Unreadable),
        }
    }
}

const UNKNOWN: &str = "holds data that this version of Logweir does not know";
const UNWRITABLE: &str = "the entry cannot be written as JSON";

fn refused(call: &'static str, message: String) -> PortError {
    PortError { kind: ErrorKind::Refused, call, message, reason: None }
}

fn raw(value: &impl Serialize) -> Answer<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(|_| refused(WRITE, UNWRITABLE.into()))
}

impl Journal for FileJournal {
    async fn read(&self, source: &RevisionArn) -> Answer<Option<Record>> {
        let text = self.text()?;
        let commits = self.commits_of(&text, source)?;
        let entries = commits.iter().map(|commit| self.entry(commit)).collect::<Answer<_>>()?;
        Ok(commits.into_iter().last().map(|newest| Record { head: newest.head, entries }))
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.append(expected, head, entry)
    }

    async fn source_of(&self, revision: &RevisionArn) -> Answer<Option<RevisionArn>> {
        let text = self.text()?;
        for commit in self.commits(&text) {
            let commit = commit?;
            if self.entry(&commit)?.what.registered() == Some(revision) {
                return Ok(Some(commit.head.source));
            }
        }
        Ok(None)
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Vec<Head>> {
        let text = self.text()?;
        let mut newest = HashMap::new();
        for commit in self.commits(&text) {
            let Commit { head, .. } = commit?;
            newest.insert(head.source.clone(), head);
        }
        let mut heads: Vec<Head> = newest.into_values().filter(|head| filter.fits(head)).collect();
        heads.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.source.cmp(&b.source)));
        heads.truncate(most);
        Ok(heads)
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        Ok(self.newest(&self.text()?)?.remove(name))
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        self.append_state(state)
    }

    async fn stopped(&self) -> Answer<Vec<Family>> {
        Ok(self.newest::<Family>(&self.text()?)?.into_values().filter(Family::is_stopped).collect())
    }
}
