//! Selects the journal that a verb uses. The journal is in a folder or in a DynamoDB table.

use std::path::PathBuf;

use super::connect::{Intent, parameter};
use super::context::Context;
use super::failure::Failure;
use crate::aws::sdk::journal::DynamoJournal;
use crate::aws::{Aws, ConnectError};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::{Entry, Head, Record, RecordKey};
use crate::journal_file::FileJournal;
use crate::ports::{Answer, CommitError, ErrorKind, Expected, Filter, Journal, Listed, PortError, StoredState};
use crate::settings::JournalPlace;

/// The Systems Manager parameter in which a deployed stack publishes the place of its journal.
const PUBLISHED: &str = "/logweir/journal";

impl Context {
    pub(super) async fn journal(&self, aws: &Aws, intent: Intent) -> Result<AnyJournal, Failure> {
        Ok(match self.journal_place().await? {
            JournalPlace::Folder(folder) if intent == Intent::Act => AnyJournal::File(FileJournal::open(&folder)?),
            JournalPlace::Folder(folder) => AnyJournal::FileToRead(FileJournal::open(&folder)?),
            JournalPlace::Table(table) => AnyJournal::Table(aws.journal(&table)),
        })
    }

    /// Returns the place of the journal: the place that the caller named, else the place that the deployed stack
    /// published, else the default folder. If Logweir cannot read the stack's parameter, returns an error instead of
    /// the default folder, so that Logweir never writes to a second journal.
    pub(super) async fn journal_place(&self) -> Result<JournalPlace, Failure> {
        if let Some(place) = self.named_journal() {
            return Ok(place);
        }
        if self.published.get().is_none() {
            let _ = self.published.set(self.look_for_published().await?);
        }
        self.used_journal()
    }

    /// Returns the place that the caller or the deployed stack named, else the default folder. Reads nothing.
    pub(super) fn used_journal(&self) -> Result<JournalPlace, Failure> {
        match self.named_journal() {
            Some(place) => Ok(place),
            None => Ok(JournalPlace::Folder(state_folder()?)),
        }
    }

    /// Returns an error if the caller named a journal folder that does not exist. A verb that reads records needs the
    /// folder; the first correction creates it.
    pub(super) fn needs_folder(&self, place: &JournalPlace) -> Result<(), Failure> {
        match place {
            JournalPlace::Folder(folder) if self.global.journal.is_some() && !folder.exists() => {
                let message = format!("the journal folder {} does not exist", folder.display());
                Err(Failure::error(message)
                    .help("check --journal and LOGWEIR_JOURNAL; `logweir apply` creates the folder"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the line that says which journal this run uses, and how the command line found the journal. Logweir
    /// changes revisions and services because of entries in the journal, so the caller must be able to notice a journal
    /// of another principal.
    pub(super) async fn journal_line(&self) -> Result<String, Failure> {
        let place = self.journal_place().await?;
        let source = match &self.global.journal {
            Some(_) if self.given.journal => "from --journal".to_owned(),
            Some(_) => "from the environment variable LOGWEIR_JOURNAL".to_owned(),
            None if self.named_journal().is_some() => format!("from the Systems Manager parameter {PUBLISHED}"),
            None => "the default folder".to_owned(),
        };
        Ok(format!("journal: {place} ({source})"))
    }

    /// Returns the place of the journal that the caller named, else the place that Logweir has already read from the
    /// stack's parameter. Returns `None` if neither place is known.
    pub(super) fn named_journal(&self) -> Option<JournalPlace> {
        self.global.journal.clone().or_else(|| self.published.get().cloned().flatten())
    }

    /// Reads the place of the journal that the deployed stack published. Returns `None` if the parameter is missing, or
    /// if the caller selected no account: no Region or no credentials are configured.
    async fn look_for_published(&self) -> Result<Option<JournalPlace>, Failure> {
        let selects_profile = self.global.profile.is_some();
        let connection = match self.connection().await {
            Err(ConnectError::NoRegion(_)) if !selects_profile => return Ok(None),
            connection => connection?,
        };
        match connection.load_credentials().await {
            Err(failure) if failure.is_missing && !selects_profile => return Ok(None),
            loaded => loaded?,
        }
        let aws = self.aws(Intent::Look).await?;
        let help = "name the journal: --journal file:FOLDER, or --journal dynamodb:TABLE for the table of the stack";
        let found = parameter(&aws, PUBLISHED).await;
        let found = found
            .map_err(|error| Failure::of_named_read(error, help).about("cannot find the journal of this account"))?;
        let place = found.map(|place| place.trim().parse::<JournalPlace>()).transpose();
        place.map_err(|error| Failure::error(format!("the parameter {PUBLISHED} is not valid: {error}")).help(help))
    }
}

/// Reads the place of the journal that the deployed stack of an account and Region published. Returns `None` if there
/// is no stack.
pub(super) async fn published_journal(aws: &Aws) -> Answer<Option<JournalPlace>> {
    let found = parameter(aws, PUBLISHED).await?;
    found.map(|place| place.trim().parse::<JournalPlace>()).transpose().map_err(|error| {
        let message = format!("the parameter {PUBLISHED} is not valid: {error}");
        PortError { kind: ErrorKind::Refused, call: "GetParameter", message, reason: None }
    })
}

/// Returns the default folder for the journal.
fn state_folder() -> Result<PathBuf, Failure> {
    let folder = dirs::state_dir().or_else(dirs::data_local_dir);
    let folder = folder
        .ok_or_else(|| Failure::error("cannot find a folder for the journal").help("use --journal file:FOLDER"))?;
    Ok(folder.join("logweir"))
}

/// A journal in a folder or in a DynamoDB table.
pub(super) enum AnyJournal {
    File(FileJournal),
    /// A journal in a folder, which this run must not change.
    FileToRead(FileJournal),
    Table(DynamoJournal),
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
        let message = "this run must not change anything".to_owned();
        let error = PortError { kind: ErrorKind::Refused, call: "write the journal", message, reason: None };
        match self {
            Self::FileToRead(_) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Journal for AnyJournal {
    async fn read_record(&self, key: &RecordKey) -> Answer<Option<Record>> {
        either!(self, journal => journal.read_record(key))
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.may_write()?;
        either!(self, journal => journal.commit(expected, head, entry))
    }

    async fn record_of(&self, revision: &RevisionArn) -> Answer<Option<RecordKey>> {
        either!(self, journal => journal.record_of(revision))
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Listed<Head>> {
        either!(self, journal => journal.list(filter, most))
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        either!(self, journal => journal.read_state(name))
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        self.may_write()?;
        either!(self, journal => journal.put_state(state))
    }

    async fn listed<S: StoredState>(&self) -> Answer<Listed<S>> {
        either!(self, journal => journal.listed())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::limits::family::{Family, FamilyName};
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
