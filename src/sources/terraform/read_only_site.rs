//! A task definition that Logweir judges and does not change: in a plan, in a state, or in a public module.

use std::ops::Range;

use super::to_write;
use crate::domain::text::place::Found;
use crate::domain::text::splice::Splice;
use crate::sources::site::{Refused, Site};
use crate::sources::{Correction, Document};

/// The place of a task definition that Logweir does not change.
pub(super) struct ReadOnlySite {
    /// The JSON pointer to the resource.
    pub(super) pointer: String,
    /// The place of every finding.
    pub(super) place: Range<usize>,
    /// Why Logweir does not change the task definition.
    pub(super) why: &'static str,
}

impl Site for ReadOnlySite {
    fn pointer(&self, _reading: usize, below: &str) -> String {
        format!("{}{}", self.pointer, super::pointer_in_hcl(below))
    }

    fn spots(&self, _document: &Document, _reading: usize, pointers: &[&str]) -> Vec<Found> {
        pointers.iter().map(|_| Found { key: None, value: self.place.clone(), depth: 0 }).collect()
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn splices(&self, document: &Document, correction: &Correction) -> Result<Vec<Splice>, Refused> {
        let key = "containerDefinitions";
        let old = document.definition.view();
        let new = correction.definitions.first().map_or(old, |definition| definition.view());
        if old[key] == new[key] && correction.retentions.is_empty() && correction.new_groups.is_empty() {
            return Ok(Vec::new());
        }
        Err(Refused { why: self.why.to_owned(), text_to_write: to_write::text(&old[key], &new[key], false) })
    }
}
