//! A task definition whose text is a part of a JSON text.

use std::ops::Range;

use serde_json::{Value, json};

use super::shape::Form;
use super::site::{Refused, Site};
use super::{Correction, Document};
use crate::domain::edit::json_patch;
use crate::domain::text::place::{self, Found};
use crate::domain::text::splice::Splice;

/// The place of a task definition, or of a list of containers, in a JSON text.
pub(super) struct JsonSite {
    pub(super) place: Range<usize>,
    /// The JSON pointer (RFC 6901) to the place.
    pub(super) pointer: String,
    pub(super) form: Form,
}

impl JsonSite {
    fn at(&self, at: usize) -> usize {
        (self.place.start + self.form.position(at)).min(self.place.end)
    }
}

impl Site for JsonSite {
    fn pointer(&self, _reading: usize, below: &str) -> String {
        format!("{}{}", self.pointer, self.form.pointer(below))
    }

    fn spots(&self, document: &Document, _reading: usize, pointers: &[&str]) -> Vec<Found> {
        let moved = |range: Range<usize>| self.at(range.start)..self.at(range.end);
        let found = place::locate(document.definition.text(), pointers.iter().copied());
        let found = found.into_iter();
        found.map(|Found { key, value, depth }| Found { key: key.map(moved), value: moved(value), depth }).collect()
    }

    fn splices(&self, document: &Document, correction: &Correction) -> Result<Vec<Splice>, Refused> {
        let Some(definition) = correction.definitions.first() else { return Ok(Vec::new()) };
        let text = self.form.write(definition.text());
        if text == document.text()[self.place.clone()] {
            return Ok(Vec::new());
        }
        Ok(vec![Splice { range: self.place.clone(), text }])
    }

    fn patch(&self, document: &Document, correction: &Correction) -> Value {
        let Some(definition) = correction.definitions.first() else { return json!([]) };
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let (before, after) = (value(&document.text()[self.place.clone()]), value(&self.form.write(definition.text())));
        json_patch::between(&before, &after, &self.pointer)
    }

    fn offset(&self, at: usize) -> Option<usize> {
        Some(self.place.start + self.form.position(at))
    }
}
