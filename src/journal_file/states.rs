//! The states that the journal file contains in addition to the records. Each version of a state is one line of the
//! file, and only the newest version of a state counts.

use std::collections::BTreeMap;

use super::disk::Found;
use super::line::{Damage, Line, lines};
use super::{FileJournal, UNKNOWN, raw};
use crate::ports::{Answer, CommitError, StoredState};

/// A version of a state in the journal file. The text may contain words that only a newer version of Logweir knows.
pub(super) struct Stored<'t> {
    line: usize,
    text: &'t str,
}

impl Stored<'_> {
    pub(super) fn read<S: StoredState>(&self) -> Result<S, Damage> {
        let state = serde_json::from_str::<S>(self.text).ok().filter(S::is_known);
        state.ok_or(Damage { line: self.line, what: UNKNOWN })
    }
}

/// Returns the newest version of each state of this kind, by the state's name, and every line that may contain a state
/// of this kind and has no readable name.
pub(super) fn newest<S: StoredState>(text: &[u8]) -> (BTreeMap<S::Name, Stored<'_>>, Vec<Damage>) {
    let (mut newest, mut damages) = (BTreeMap::new(), Vec::new());
    for line in lines(text) {
        let (line, state) = match line {
            Ok((line, mut found)) => (line, found.state(S::KIND).take()),
            Err(damage) => {
                damages.push(damage);
                continue;
            }
        };
        let Some(text) = state.map(|state| state.get()) else { continue };
        match S::name_in(text) {
            Some(name) => drop(newest.insert(name, Stored { line, text })),
            None => damages.push(Damage { line, what: UNKNOWN }),
        }
    }
    (newest, damages)
}

impl FileJournal {
    /// Returns the newest version of the state with this name. Another state of the same kind may be unreadable.
    pub(super) fn newest_of<S: StoredState>(&self, text: &[u8], name: &S::Name) -> Answer<Option<S>> {
        let (mut newest, damages) = newest::<S>(text);
        match damages.first() {
            Some(damage) => Err(self.damaged(*damage)),
            None => newest.remove(name).map(|state| state.read().map_err(|damage| self.damaged(damage))).transpose(),
        }
    }

    pub(super) fn append_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        let text = raw(state)?;
        let mut line = Line::default();
        *line.state(S::KIND) = Some(&text);
        self.write(line, |file| {
            let standing = self.newest_of::<S>(file, state.name())?;
            match standing {
                // The file already contains this state, because an earlier try stored the state and then failed.
                Some(standing) if standing == *state => Ok(Found::Done),
                standing if standing.as_ref().map_or(0, S::version) + 1 == state.version() => Ok(Found::Fits),
                _ => Err(CommitError::Lost),
            }
        })
    }
}
