//! The journal of the command line: one append-only file of JSON lines in a folder.
//!
//! Each line is one commit: a checksum, the head that it leaves behind, and its entry; the newest line of a source holds
//! its head. A line with `family` in the place of both holds what is remembered of a family; its newest counts. The file
//! carries its own lock, shared to read and exclusive to commit, so that any number of processes may work on one folder.
//! A commit is one write, then fsync. A crash in the middle of it leaves a line without an end, which does not count and
//! is cut off by the next commit; every other damage is an error that names the line.
//!
//! File operations block the thread that awaits them, for as long as another process holds the lock. The command line
//! has nothing else to do meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::event::plain;
use crate::domain::family::{Family, FamilyName};
use crate::domain::report::Reason;
use crate::domain::revision::RevisionArn;
use crate::domain::saga::{Entry, Head, Record, SCHEMA};
use crate::ports::{Answer, CommitError, Expected, Filter, Journal, Kind, PortError};

const FILE: &str = "journal.jsonl";
const READ: &str = "read the journal";
const WRITE: &str = "write the journal";
const LONGEST: usize = 512;

/// The journal in one folder.
#[derive(Clone, Debug)]
pub struct FileJournal {
    path: PathBuf,
}

/// A line as it stands in the file: `head` and `entry`, or `family`. The checksum is that of their texts.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'t> {
    crc32: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    head: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    entry: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    family: Option<&'t RawValue>,
}

/// What a writer finds in the file.
#[derive(PartialEq, Eq)]
enum Found {
    /// What its line builds upon.
    Fits,
    /// Its own line.
    Done,
}

/// A line that was found whole.
struct Commit<'t> {
    line: usize,
    head: Head,
    entry: &'t str,
}

impl FileJournal {
    /// The journal in `folder`. Nothing is made before the first commit, which makes the folder (for its owner alone)
    /// and the file. Refused where the folder cannot be one.
    pub fn open(folder: impl AsRef<Path>) -> Answer<Self> {
        let journal = Self { path: folder.as_ref().join(FILE) };
        let unfit = match folder.as_ref().metadata() {
            Ok(found) if found.is_dir() => return Ok(journal),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(journal),
            Ok(_) => ErrorKind::NotADirectory.into(),
            Err(error) => error,
        };
        Err(journal.failed("open the journal", &unfit))
    }

    /// What the file holds, none where there is no file.
    fn text(&self) -> Answer<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            file.lock_shared()?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            Ok(text)
        };
        match read() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| self.failed(READ, &error)),
        }
    }

    /// Every line in the file with its number, oldest first.
    fn lines<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Answer<(usize, Line<'t>)>> {
        whole(text).split_inclusive(|byte| *byte == b'\n').enumerate().map(|(index, text)| {
            let number = index + 1;
            let Ok(line) = serde_json::from_slice::<Line<'_>>(text) else {
                return Err(self.damaged(number, "is no line of a journal"));
            };
            if line.crc32 != checksum(&line) {
                return Err(self.damaged(number, "does not match its checksum"));
            }
            match line {
                Line { head: Some(_), entry: Some(_), family: None, .. }
                | Line { head: None, entry: None, family: Some(_), .. } => Ok((number, line)),
                _ => Err(self.damaged(number, UNKNOWN)),
            }
        })
    }

    /// Every commit in the file, oldest first.
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

    /// The newest state of every family.
    fn families(&self, text: &[u8]) -> Answer<BTreeMap<FamilyName, Family>> {
        let mut families = BTreeMap::new();
        for line in self.lines(text) {
            let (number, line) = line?;
            let Some(family) = line.family else { continue };
            match serde_json::from_str::<Family>(family.get()) {
                Ok(family) if family.schema <= Family::SCHEMA => families.insert(family.name.clone(), family),
                _ => return Err(self.damaged(number, UNKNOWN)),
            };
        }
        Ok(families)
    }

    /// The commits of one source, oldest first.
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
                return Err(self.damaged(commit.line, "does not follow the line before it of its record"));
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
                // A commit that is made again, because its answer was lost, was not lost itself.
                let standing = commits.get(entry.sequence as usize);
                let ours = standing.is_some_and(|commit| commit.entry == entry_text.get());
                return if ours { Ok(Found::Done) } else { Err(CommitError::Lost) };
            }
            if entry.sequence as usize != commits.len() || head.next as usize != commits.len() + 1 {
                let message = format!("entry {} does not follow the {} before it", entry.sequence, commits.len());
                return Err(refused(WRITE, message).into());
            }
            Ok(Found::Fits)
        })
    }

    fn append_family(&self, family: &Family) -> Result<(), CommitError> {
        let text = raw(family)?;
        self.write(Line { family: Some(&text), ..Line::default() }, |file| {
            let standing = self.families(file)?.remove(&family.name);
            match standing {
                Some(standing) if standing == *family => Ok(Found::Done),
                standing if standing.as_ref().map_or(0, |standing| standing.version) + 1 == family.version => {
                    Ok(Found::Fits)
                }
                _ => Err(CommitError::Lost),
            }
        })
    }

    /// Appends a line, durably, if it fits what stands in the file. Nobody else writes meanwhile.
    fn write(&self, line: Line<'_>, fits: impl FnOnce(&[u8]) -> Result<Found, CommitError>) -> Result<(), CommitError> {
        let failed = |error| self.failed(WRITE, &error);
        let mut file = self.open_to_append().map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        if fits(&text)? == Found::Done {
            return Ok(());
        }
        let line = Line { crc32: checksum(&line), ..line };
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
    fn failed(&self, call: &'static str, error: &io::Error) -> PortError {
        let (kind, advice) = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => {
                (Kind::Refused, "; name another folder with --journal file:DIR")
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                (Kind::Refused, "; get access to it, or name another folder with --journal file:DIR")
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => (
                Kind::Refused,
                "; make room and do it again: what stands in the journal is untouched, the new entry was not kept",
            ),
            ErrorKind::Unsupported => (Kind::Refused, "; the journal needs a file system with locks"),
            _ => (Kind::Retry, ""),
        };
        PortError {
            kind,
            call,
            message: plain(&format!("{}: {error}{advice}", self.path.display()), LONGEST),
            reason: None,
        }
    }

    /// A line that cannot be relied upon. Nothing of it is repeated.
    fn damaged(&self, line: usize, what: &str) -> PortError {
        let message =
            format!("{}, line {line}: the line {what}; put a good copy of the file in its place", self.path.display());
        PortError {
            kind: Kind::Refused,
            call: READ,
            message: plain(&message, LONGEST),
            reason: Some(Reason::Unreadable),
        }
    }
}

const UNKNOWN: &str = "holds what this version of Logweir does not know";
const UNWRITABLE: &str = "the entry cannot be written as JSON";

fn refused(call: &'static str, message: String) -> PortError {
    PortError { kind: Kind::Refused, call, message, reason: None }
}

fn raw(value: &impl Serialize) -> Answer<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(|_| refused(WRITE, UNWRITABLE.into()))
}

fn checksum(line: &Line<'_>) -> u32 {
    let mut crc32 = crc32fast::Hasher::new();
    for text in [line.head, line.entry, line.family].into_iter().flatten() {
        crc32.update(text.get().as_bytes());
    }
    crc32.finalize()
}

/// The lines that have an end.
fn whole(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)]
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

    async fn family(&self, name: &FamilyName) -> Answer<Option<Family>> {
        Ok(self.families(&self.text()?)?.remove(name))
    }

    async fn put_family(&self, family: &Family) -> Result<(), CommitError> {
        self.append_family(family)
    }

    async fn stopped(&self) -> Answer<Vec<Family>> {
        Ok(self.families(&self.text()?)?.into_values().filter(Family::is_stopped).collect())
    }
}
