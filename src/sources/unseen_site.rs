//! A part of a file that may make task definitions which the file does not show.

use std::ops::Range;
use std::rc::Rc;

use serde_json::json;

use super::site::{Refused, Site};
use super::source_text::SourceText;
use super::{Correction, Document, Resource};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::text::place::Found;
use crate::domain::text::splice::Splice;
use crate::domain::verdict::Unknown;

/// The place of such a part.
#[derive(Clone, Debug, Default)]
pub(super) struct UnseenSite {
    /// The JSON pointer to the part.
    pub(super) pointer: String,
    pub(super) place: Range<usize>,
}

impl Document {
    /// Returns a document for a part of a file that may make task definitions. Its containers are unknown, for the
    /// reason `why`.
    pub(super) fn unseen(
        origin: &str,
        text: SourceText,
        resource: Resource,
        site: UnseenSite,
        why: impl Into<String>,
    ) -> Option<Self> {
        let json = json!({ "containerDefinitions": [{ "Ref": resource.kind }] });
        let definition = TaskDefinition::parse(json.to_string()).ok()?;
        Some(Self {
            origin: origin.to_owned(),
            readings: vec![Reading::of(definition.clone())],
            definition,
            tags: Vec::new(),
            resource: Some(resource),
            unknowns: vec![Unknown::of_containers(why)],
            template: Some(Rc::default()),
            text,
            site: Box::new(site),
        })
    }
}

impl Site for UnseenSite {
    fn pointer(&self, _reading: usize, _below: &str) -> String {
        self.pointer.clone()
    }

    fn spots(&self, _document: &Document, _reading: usize, pointers: &[&str]) -> Vec<Found> {
        pointers.iter().map(|_| Found { key: None, value: self.place.clone(), depth: 0 }).collect()
    }

    fn is_read_only(&self) -> bool {
        true
    }

    /// A part that Logweir does not see has no fault, and so it has no correction.
    fn splices(&self, _document: &Document, _correction: &Correction) -> Result<Vec<Splice>, Refused> {
        Ok(Vec::new())
    }
}
