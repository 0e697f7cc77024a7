//! All that a verb needs which acts in the account: its ports, who calls, and how to take back what it does.

use std::future::Future;
use std::time::{Duration, Instant};

use super::live::failure;
use super::{Context, Exit, Failure};
use crate::aws::{Aws, Calls, Ecs, Logs};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Home;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Reason;
use crate::domain::record::{Entry, Head, Record};
use crate::domain::report::{BackoutBy, Report};
use crate::journal_file::FileJournal;
use crate::ports::{
    Adapters, Answer, CommitError, ErrorKind, Expected, Filter, Journal, PortError, StoredState, SystemClock,
};
use crate::settings::JournalPlace;

/// Between two tries at a record that somebody else is at.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// Whether a verb may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Look,
    Act,
}

pub(super) struct Acting {
    pub(super) ports: Adapters<Ecs, Logs, AnyJournal, SystemClock>,
    pub(super) home: Home,
    /// Who calls AWS.
    pub(super) caller: String,
    pub(super) calls: Calls,
    pub(super) backout: BackoutBy,
}

impl Context {
    pub(super) async fn acting(&self, intent: Intent) -> Result<Acting, Failure> {
        let aws = self.aws_for(intent).await?;
        let (home, caller) = self.home(&aws).await?;
        let journal = self.journal(&aws, intent).await?;
        let (calls, backout) = (aws.calls().clone(), self.backout_by(&home.region)?);
        let ports = Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock };
        Ok(Acting { ports, home, caller, calls, backout })
    }

    pub(super) async fn journal(&self, aws: &Aws, intent: Intent) -> Result<AnyJournal, Failure> {
        Ok(match self.journal_place().await? {
            JournalPlace::Folder(folder) if intent == Intent::Act => AnyJournal::File(self.file_journal(&folder)?),
            JournalPlace::Folder(folder) => AnyJournal::FileToRead(self.file_journal(&folder)?),
            JournalPlace::Table(table) => AnyJournal::Table(aws.journal(&table)),
        })
    }

    /// Who takes back what is done here.
    pub(super) fn backout_by(&self, region: &str) -> Result<BackoutBy, Failure> {
        Ok(BackoutBy::Journal(self.elsewhere(region)?))
    }

    /// The deployed function that takes back, of the same account.
    pub(super) fn backout_by_function(&self, name: &str, region: &str) -> BackoutBy {
        let function = ["--function".to_owned(), name.to_owned()];
        BackoutBy::Journal(function.into_iter().chain(self.account(region)).collect())
    }

    /// The command that corrects a target again, whatever stood against it.
    pub(super) fn again(&self, target: &str, region: &str) -> Result<String, Failure> {
        let arguments = self.elsewhere(region)?;
        let words = ["logweir", "apply", "--again", target].into_iter().chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).map_err(|error| Failure::could_not(error.to_string()))
    }

    /// The options that name the same account and journal in another shell.
    fn elsewhere(&self, region: &str) -> Result<Vec<String>, Failure> {
        let mut arguments = Vec::new();
        match self.named_journal() {
            None => {}
            Some(JournalPlace::Folder(folder)) => {
                let folder = std::path::absolute(&folder)
                    .map_err(|error| Failure::could_not(format!("{}: {error}", folder.display())))?;
                arguments.extend(["--journal".to_owned(), format!("file:{}", folder.display())]);
            }
            Some(JournalPlace::Table(table)) => arguments.extend(["--journal".into(), format!("dynamodb:{table}")]),
        }
        arguments.extend(self.account(region));
        Ok(arguments)
    }

    /// The options that name the same account.
    fn account(&self, region: &str) -> Vec<String> {
        let mut arguments = vec!["--region".to_owned(), region.to_owned()];
        let global = &self.global;
        for (option, value) in [("--profile", &global.profile), ("--endpoint-url", &global.endpoint_url)] {
            arguments.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        arguments
    }

    /// Prints a report as it was asked for.
    pub(super) fn show(&self, report: &Report) {
        match self.is_json() {
            true => self.printer.json(&serde_json::to_value(report).unwrap_or_default()),
            false => self.printer.result(&crate::render::human::report::text(report)),
        }
    }
}

/// A name for a worker that no other has.
pub(super) fn worker() -> String {
    format!("cli-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond())
}

/// Tries again, for as long as `patience` lasts, while somebody else is at the record.
pub(super) async fn patiently<F: Future<Output = Report>>(
    patience: Duration,
    mut attempt: impl FnMut() -> F,
) -> Report {
    let begun = Instant::now();
    loop {
        let report = attempt().await;
        if report.reason != Some(Reason::LeaseHeld) || begun.elapsed() + PAUSE > patience {
            return report;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl From<&Report> for Exit {
    fn from(report: &Report) -> Self {
        match report.exit_code() {
            0 => Self::Fine,
            1 => Self::Findings,
            _ => Self::CouldNot,
        }
    }
}

/// The journal, wherever it is kept.
pub(super) enum AnyJournal {
    File(FileJournal),
    /// One that is not written to.
    FileToRead(FileJournal),
    Table(crate::aws::sdk::journal::DynamoJournal),
}

macro_rules! either {
    ($self:expr, $journal:ident => $call:expr) => {
        match $self {
            AnyJournal::File($journal) | AnyJournal::FileToRead($journal) => $call.await,
            AnyJournal::Table($journal) => $call.await,
        }
    };
}

impl AnyJournal {
    fn may_write(&self) -> Result<(), CommitError> {
        let message = "this run is to change nothing".to_owned();
        let error = PortError { kind: ErrorKind::Refused, call: "write the journal", message, reason: None };
        match self {
            Self::FileToRead(_) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Journal for AnyJournal {
    async fn read(&self, source: &RevisionArn) -> Answer<Option<Record>> {
        either!(self, journal => journal.read(source))
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.may_write()?;
        either!(self, journal => journal.commit(expected, head, entry))
    }

    async fn source_of(&self, corrected: &RevisionArn) -> Answer<Option<RevisionArn>> {
        either!(self, journal => journal.source_of(corrected))
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Vec<Head>> {
        either!(self, journal => journal.list(filter, most))
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        either!(self, journal => journal.read_state(name))
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        self.may_write()?;
        either!(self, journal => journal.put_state(state))
    }

    async fn stopped(&self) -> Answer<Vec<Family>> {
        either!(self, journal => journal.stopped())
    }
}

pub(super) fn ok<T>(answer: Answer<T>) -> Result<T, Failure> {
    answer.map_err(|error| failure(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::limits::family::FamilyName;
    use crate::domain::record::{EntryKind, Opening};

    #[tokio::test]
    async fn a_journal_that_is_only_read_refuses_what_would_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let place = folder.path().join("journal");
        let journal = AnyJournal::FileToRead(FileJournal::open(&place).unwrap());
        let opening: Opening = serde_json::from_value(json!({
            "source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1", "mode": "register",
            "trigger": "apply", "baseline_digest": "", "rules": [], "cause": {}, "steps": []
        }))
        .unwrap();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let family = Family { version: 1, ..Family::new(FamilyName::of(&opening.source), now) };
        let mut head = Head::new(&opening, now);
        let entry = head.write(now, EntryKind::Opened(Box::new(opening)), &[]);
        for refused in [journal.commit(&Expected::Nothing, &head, &entry).await, journal.put_state(&family).await] {
            assert!(
                matches!(refused, Err(CommitError::Port(PortError { kind: ErrorKind::Refused, .. }))),
                "{refused:?}"
            );
        }
        assert!(!place.exists());
    }
}
