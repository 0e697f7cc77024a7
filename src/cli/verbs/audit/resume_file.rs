//! The file of an interrupted audit: a header, and a line for each finished step.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::cache_file::next;
use super::own_file;
use crate::cli::failure::Failure;
use crate::domain::audit::Step;
use crate::domain::text::plain::without_number;

const SCHEMA: &str = "logweir.audit-resume/2";

/// The time after which Logweir does not continue an audit. Tags, services and log groups change, so the findings of
/// different days do not describe one account.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The audit of a file. An audit with another baseline, other filters or another program has other results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ResumeHeader {
    pub(super) schema: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) baseline: String,
    pub(super) program: String,
    /// A digest of the targets and filters.
    pub(super) selection: String,
    /// The time at which the audit began.
    pub(super) begun: Timestamp,
}

impl ResumeHeader {
    pub(super) fn new(account: String, region: String, begun: Timestamp) -> Self {
        let (baseline, program, selection) = Default::default();
        Self { schema: SCHEMA.into(), account, region, baseline, program, selection, begun }
    }
}

pub(super) struct ResumeFile {
    path: PathBuf,
    file: File,
    /// The time at which an earlier run began the audit. `None` for a new file.
    pub(super) begun: Option<Timestamp>,
}

impl ResumeFile {
    /// Opens or creates the file of an audit. Fails for the file of another audit, of an audit that began more than a
    /// day ago, and for any other file.
    pub(super) fn open(path: &Path, header: &ResumeHeader) -> Result<Self, Failure> {
        let failed = |error: io::Error| failed(path, &error);
        let (mut file, metadata) = own_file::open(path).map_err(failed)?;
        let (mut line, is_empty) = (Vec::new(), metadata.len() == 0);
        let is_whole = next(&mut BufReader::new(&file), &mut line).map_err(failed)?;
        let is_torn = !is_whole && line.starts_with(b"{\"schema\":\"logweir.audit-resume/");
        if is_empty || is_torn {
            file.set_len(0).map_err(failed)?;
            let mut text = serde_json::to_vec(header).unwrap_or_default();
            text.push(b'\n');
            file.write_all(&text).map_err(failed)?;
            return Ok(Self { path: path.to_owned(), file, begun: None });
        }
        let refused = |why: &str, help: &str| Failure::usage(format!("{}: {why}", path.display())).help(help);
        let found: ResumeHeader = serde_json::from_slice(&line)
            .map_err(|_| refused("the file is not the file of an audit", "name a new file with --resume"))?;
        if let Some(what) = difference(&found, header) {
            return Err(refused(
                &what,
                "name another file with --resume, or repeat the options of the interrupted audit",
            ));
        }
        if header.begun.duration_since(found.begun) > LONGEST {
            let why = format!(
                "the audit began at {:.0}, more than a day ago, so its findings may be out of date",
                found.begun
            );
            return Err(refused(&why, "delete the file to begin a new audit, or name another file with --resume"));
        }
        Ok(Self { path: path.to_owned(), file, begun: Some(found.begun) })
    }

    /// Hands the finished steps to `take`. Removes a last line that the earlier run did not write completely.
    pub(super) fn replay(&mut self, take: &mut dyn FnMut(Step)) -> io::Result<()> {
        let mut reader = BufReader::new(self.file.try_clone()?);
        reader.seek(SeekFrom::Start(0))?;
        let (mut line, mut whole, mut is_header) = (Vec::new(), 0, true);
        while next(&mut reader, &mut line)? {
            whole += line.len() as u64;
            if !std::mem::take(&mut is_header)
                && let Ok(step) = serde_json::from_slice(&line)
            {
                take(step);
            }
        }
        self.file.set_len(whole)
    }

    pub(super) fn append(&mut self, step: &Step) -> io::Result<()> {
        let mut line = serde_json::to_vec(step)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Deletes the file of a complete audit.
    pub(super) fn delete(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// Returns how the audit of the file differs from this audit.
fn difference(found: &ResumeHeader, own: &ResumeHeader) -> Option<String> {
    if (&found.account, &found.region) != (&own.account, &own.region) {
        return Some(format!(
            "the file is of an audit of account {}, {}, and not of account {}, {}",
            found.account, found.region, own.account, own.region
        ));
    }
    let what = if found.baseline != own.baseline {
        "another baseline"
    } else if found.selection != own.selection {
        "other targets or filters"
    } else if (&found.program, &found.schema) != (&own.program, &own.schema) {
        "another version of Logweir"
    } else {
        return None;
    };
    Some(format!("the file is of an audit with {what}"))
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::error(format!("{}: {}", path.display(), without_number(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(selection: &str) -> ResumeHeader {
        ResumeHeader {
            selection: selection.into(),
            ..ResumeHeader::new("1".into(), "eu-west-1".into(), Timestamp::UNIX_EPOCH)
        }
    }

    fn families(name: &str) -> Step {
        Step::Families { families: vec![name.into()], next: None }
    }

    fn steps(file: &mut ResumeFile) -> Vec<Step> {
        let mut found = Vec::new();
        file.replay(&mut |step| found.push(step)).unwrap();
        found
    }

    #[test]
    fn an_audit_continues_behind_its_last_complete_step() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("audit.jsonl");
        let open = || ResumeFile::open(&path, &header("a")).unwrap_or_else(|failure| panic!("{failure}"));
        let mut file = open();
        file.append(&families("web")).unwrap();
        file.file.write_all(b"{\"families\":{\"fam").unwrap();
        drop(file);
        let mut file = open();
        assert_eq!(steps(&mut file), [families("web")]);
        file.append(&families("api")).unwrap();
        drop(file);
        assert_eq!(steps(&mut open()), [families("web"), families("api")]);
    }

    #[test]
    fn an_audit_says_when_it_began_and_does_not_continue_after_a_day() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("audit.jsonl");
        let open = |now: &str| ResumeFile::open(&path, &ResumeHeader { begun: now.parse().unwrap(), ..header("a") });
        let begun = |now: &str| open(now).unwrap_or_else(|failure| panic!("{failure}")).begun;
        assert_eq!(begun("2026-12-01T12:00:00Z"), None);
        for later in ["2026-12-01T12:00:01Z", "2026-12-02T12:00:00Z"] {
            assert_eq!(begun(later), Some("2026-12-01T12:00:00Z".parse().unwrap()));
        }
        let before = std::fs::read(&path).unwrap();
        let refused = open("2026-12-02T12:00:01Z").err().map(|failure| failure.message).unwrap_or_default();
        assert!(refused.contains("the audit began at 2026-12-01T12:00:00Z, more than a day ago"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn the_file_of_another_audit_and_any_other_file_stay_as_they_are() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("audit.jsonl");
        assert!(ResumeFile::open(&path, &header("a")).is_ok());
        assert!(ResumeFile::open(&path, &header("b")).is_err());
        for other in ["notes", "notes\n", "{\"schema\":\"logweir.lookup/1\"}\n"] {
            std::fs::write(&path, other).unwrap();
            assert!(ResumeFile::open(&path, &header("a")).is_err(), "{other}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
        }
    }
}
