//! The states that the file stores beside the records. Each version is a line, and the newest line counts.

use std::collections::BTreeMap;

use super::disk::Found;
use super::line::Line;
use super::{FileJournal, UNKNOWN, raw};
use crate::ports::{Answer, CommitError, StoredState};

impl FileJournal {
    /// The newest state of everything of this kind.
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
                // Made again, as its answer was lost.
                Some(standing) if standing == *state => Ok(Found::Done),
                standing if standing.as_ref().map_or(0, S::version) + 1 == state.version() => Ok(Found::Fits),
                _ => Err(CommitError::Lost),
            }
        })
    }
}
