//! The journal of the command line: one append-only file of JSON lines in a folder.
//!
//! A line with a commit contains a checksum, an entry of a record, and the new head of this record. The last line about
//! a record contains the current head of the record. Other lines contain the state of a family (`family`), of a service
//! (`pointings`), of the registration rate limit (`budget`) or the record of a cluster (`cluster`). If several lines contain the same state, only the last
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

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{Entry, Head, Record, RecordKey, SCHEMA};
use crate::domain::text::plain::{plain, shortened};
use crate::ports::{Answer, CommitError, ErrorKind, Expected, Filter, Journal, Listed, PortError, StoredState};
use disk::Found;
use line::{Commit, Damage, Line, commits};
use states::newest;

const FILE: &str = "journal.jsonl";
const READ: &str = "read the journal";
const WRITE: &str = "write the journal";
const LONGEST: usize = 512;

/// A journal that is stored as one file in a folder.
#[derive(Clone, Debug)]
pub struct FileJournal {
    path: PathBuf,
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

    /// Returns the commits to the record with this key, oldest commit first, and the newest head of the record. A commit to another record may be unreadable.
    fn commits_of<'t>(&self, text: &'t [u8], key: &RecordKey) -> Answer<(Vec<Commit<'t>>, Option<Head>)> {
        let (mut of_it, mut newest) = (Vec::new(), None);
        for commit in commits(text) {
            let commit = commit.map_err(|damage| self.damaged(damage))?;
            if commit.key != *key {
                continue;
            }
            let head = self.head(&commit)?;
            if head.next as usize != of_it.len() + 1 {
                let what = "does not follow the previous line of its record";
                return Err(self.damaged(Damage { line: commit.line, what }));
            }
            newest = Some(head);
            of_it.push(commit);
        }
        Ok((of_it, newest))
    }

    fn head(&self, commit: &Commit<'_>) -> Answer<Head> {
        serde_json::from_str(commit.head).map_err(|_| self.damaged(Damage { line: commit.line, what: UNKNOWN }))
    }

    fn entry(&self, commit: &Commit<'_>) -> Answer<Entry> {
        match serde_json::from_str::<Entry>(commit.entry) {
            Ok(entry) if entry.schema <= SCHEMA => Ok(entry),
            _ => Err(self.damaged(Damage { line: commit.line, what: UNKNOWN })),
        }
    }

    fn append(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let (head_text, entry_text) = (raw(head)?, raw(entry)?);
        let line = Line { head: Some(&head_text), entry: Some(&entry_text), ..Line::default() };
        self.write(line, |text| {
            let (commits, newest) = self.commits_of(text, &head.key())?;
            if newest.as_ref().map_or(Expected::Nothing, Expected::of) != *expected {
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
    fn damaged(&self, Damage { line, what }: Damage) -> PortError {
        let message =
            format!("{}, line {line}: the line {what}; replace the file with a good copy", self.path.display());
        PortError {
            kind: ErrorKind::Refused,
            call: READ,
            message: shortened(&message, LONGEST),
            reason: Some(Reason::Unreadable),
        }
    }

    /// Returns the name of a damaged line in a list.
    fn named(&self, Damage { line, .. }: Damage) -> String {
        plain(&format!("line {line} of {}", self.path.display()), LONGEST)
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
    async fn read_record(&self, key: &RecordKey) -> Answer<Option<Record>> {
        let text = self.text()?;
        let (commits, newest) = self.commits_of(&text, key)?;
        let entries = commits.iter().map(|commit| self.entry(commit)).collect::<Answer<_>>()?;
        Ok(newest.map(|head| Record { head, entries }))
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.append(expected, head, entry)
    }

    async fn record_of(&self, revision: &RevisionArn) -> Answer<Option<RecordKey>> {
        let (text, name) = (self.text()?, format!("\"{revision}\""));
        for commit in commits(&text) {
            let commit = commit.map_err(|damage| self.damaged(damage))?;
            // An entry that does not contain the name of the revision cannot record the registration of the revision,
            // even if a newer version of Logweir wrote the entry.
            if commit.entry.contains(&name) && self.entry(&commit)?.what.registered() == Some(revision) {
                return Ok(Some(commit.key));
            }
        }
        Ok(None)
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Listed<Head>> {
        let text = self.text()?;
        let (mut newest, mut listed) = (BTreeMap::new(), Listed::default());
        for commit in commits(&text) {
            match commit {
                Ok(commit) => drop(newest.insert(commit.key.clone(), commit)),
                Err(damage) => listed.skip(self.named(damage)),
            }
        }
        newest.retain(|key, _| filter.family.as_ref().is_none_or(|family| *family == key.source.family));
        for (key, commit) in newest {
            match self.head(&commit) {
                Ok(head) if filter.fits(&head) => listed.readable.push(head),
                Ok(_) => {}
                Err(_) => listed.skip(key.source.to_string()),
            }
        }
        listed.readable.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.source.cmp(&b.source)));
        listed.readable.truncate(most);
        Ok(listed)
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        self.newest_of::<S>(&self.text()?, name)
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        self.append_state(state)
    }

    async fn listed<S: StoredState>(&self) -> Answer<Listed<S>> {
        let text = self.text()?;
        let (newest, damages) = newest::<S>(&text);
        let mut listed = Listed::default();
        damages.into_iter().for_each(|damage| listed.skip(self.named(damage)));
        for (name, state) in newest {
            match state.read::<S>() {
                Ok(state) if state.is_listed() => listed.readable.push(state),
                Ok(_) => {}
                Err(_) => listed.skip(name.to_string()),
            }
        }
        Ok(listed)
    }
}
