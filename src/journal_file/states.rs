//! The states that the journal file contains in addition to the records. Each version of a state is one line of the
//! file, and only the newest version of a state counts.

use std::collections::BTreeMap;

use super::disk::Found;
use super::line::Line;
use super::{FileJournal, UNKNOWN, raw};
use crate::ports::{Answer, CommitError, StoredState};

impl FileJournal {
    /// Returns the newest version of each state of this kind, by the state's name.
    pub(super) fn newest<S: StoredState>(&self, text: &[u8]) -> Answer<BTreeMap<S::Name, S>> {
        let mut newest = BTreeMap::new();
        for line in self.lines(text) {
            let (number, mut line) = line?;
            let Some(state) = line.state(S::KIND).take() else { continue };
            match serde_json::from_str::<S>(state.get()) {
                Ok(state) if state.is_known() => newest.insert(state.name().clone(), state),
                _ => return Err(self.damaged(number, UNKNOWN)),
            };
        }
        Ok(newest)
    }

    pub(super) fn append_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        let text = raw(state)?;
        let mut line = Line::default();
        *line.state(S::KIND) = Some(&text);
        self.write(line, |file| {
            let standing = self.newest::<S>(file)?.remove(state.name());
            match standing {
                // The file already contains this state, because an earlier try stored the state and then failed.
                Some(standing) if standing == *state => Ok(Found::Done),
                standing if standing.as_ref().map_or(0, S::version) + 1 == state.version() => Ok(Found::Fits),
                _ => Err(CommitError::Lost),
            }
        })
    }
}
