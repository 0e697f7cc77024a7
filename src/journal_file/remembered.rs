//! What is remembered beside records: a line for each state, of which the newest counts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::disk::Found;
use super::line::Line;
use super::{FileJournal, UNKNOWN, raw};
use crate::domain::ecs::service::ServiceArn;
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::limits::rate::{RateLimit, RateLimitName};
use crate::domain::limits::service_history::ServiceHistory;
use crate::ports::{Answer, CommitError};

/// The state of something, with a version that every change raises by one.
pub(super) trait Remembered: Serialize + DeserializeOwned + PartialEq {
    type Name: Clone + Ord;

    fn name(&self) -> &Self::Name;
    fn version(&self) -> u32;
    /// Whether this version of Logweir knows all that it says.
    fn is_known(&self) -> bool;
    /// Where it stands in a line.
    fn place<'l, 't>(line: &'l mut Line<'t>) -> &'l mut Option<&'t RawValue>;
}

impl Remembered for Family {
    type Name = FamilyName;

    fn name(&self) -> &FamilyName {
        &self.name
    }
    fn version(&self) -> u32 {
        self.version
    }
    fn is_known(&self) -> bool {
        self.schema <= Self::SCHEMA
    }
    fn place<'l, 't>(line: &'l mut Line<'t>) -> &'l mut Option<&'t RawValue> {
        &mut line.family
    }
}

impl Remembered for ServiceHistory {
    type Name = ServiceArn;

    fn name(&self) -> &ServiceArn {
        &self.service
    }
    fn version(&self) -> u32 {
        self.version
    }
    fn is_known(&self) -> bool {
        self.schema <= Self::SCHEMA
    }
    fn place<'l, 't>(line: &'l mut Line<'t>) -> &'l mut Option<&'t RawValue> {
        &mut line.pointings
    }
}

impl Remembered for RateLimit {
    type Name = RateLimitName;

    fn name(&self) -> &RateLimitName {
        &self.name
    }
    fn version(&self) -> u32 {
        self.version
    }
    fn is_known(&self) -> bool {
        self.schema <= Self::SCHEMA
    }
    fn place<'l, 't>(line: &'l mut Line<'t>) -> &'l mut Option<&'t RawValue> {
        &mut line.budget
    }
}

impl FileJournal {
    /// The newest state of everything of this kind.
    pub(super) fn newest<S: Remembered>(&self, text: &[u8]) -> Answer<BTreeMap<S::Name, S>> {
        let mut newest = BTreeMap::new();
        for line in self.lines(text) {
            let (number, mut line) = line?;
            let Some(state) = S::place(&mut line).take() else { continue };
            match serde_json::from_str::<S>(state.get()) {
                Ok(state) if state.is_known() => newest.insert(state.name().clone(), state),
                _ => return Err(self.damaged(number, UNKNOWN)),
            };
        }
        Ok(newest)
    }

    pub(super) fn append_state<S: Remembered>(&self, state: &S) -> Result<(), CommitError> {
        let text = raw(state)?;
        let mut line = Line::default();
        *S::place(&mut line) = Some(&text);
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
