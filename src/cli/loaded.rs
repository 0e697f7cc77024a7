//! A task definition that Logweir has read, with the plan of its correction.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failure::Failure;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::patch;
use crate::domain::plan::Plan;
use crate::domain::rules::facts::LogGroup;
use crate::domain::text::place::{self, Found, Position};
use crate::ports::PortError;
use crate::render::human::diff::{self, Version};
use crate::render::human::findings;
use crate::render::json;
use crate::sources::Document;

/// A task definition from a file, standard input or ECS, with the plan of its correction.
pub(super) struct Loaded {
    pub(super) origin: String,
    pub(super) revision: Option<RevisionArn>,
    pub(super) definition: TaskDefinition,
    pub(super) plan: Plan,
    pub(super) region: Option<String>,
    /// The tags of a registered revision. `None` for a document, because a deploy tool may add tags.
    pub(super) tags: Option<Vec<(String, String)>>,
    /// The error because of which some rules were not checked. `None` if every needed read succeeded.
    pub(super) unread: Option<PortError>,
    /// The log groups that Logweir read, by their names.
    pub(super) log_groups: BTreeMap<String, LogGroup>,
    /// The document that contains the task definition. `None` for a registered revision.
    pub(super) document: Option<Document>,
}

impl Loaded {
    /// Returns the JSON pointer in the input document for a JSON pointer into the task definition.
    pub(super) fn pointer(&self, below: &str) -> String {
        self.document.as_ref().map_or_else(|| below.to_owned(), |document| document.pointer(below))
    }

    /// Returns the JSON Patch (RFC 6902) that corrects the input document. Returns an empty patch if the edits do not
    /// apply to the task definition.
    pub(super) fn patch(&self) -> Value {
        if self.plan.edits.is_empty() {
            return json!([]);
        }
        let Ok(after) = patch::apply(&self.definition, &self.plan.edits) else { return json!([]) };
        match &self.document {
            None => json::patch(self.definition.view(), after.view(), ""),
            Some(document) => {
                let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
                json::patch(&value(document.part()), &value(&document.part_with(&after)), &document.pointer(""))
            }
        }
    }

    /// Returns why Logweir cannot say whether a registered revision is compliant. Returns `None` if Logweir could check
    /// every rule, or if the task definition is not a registered revision.
    pub(super) fn undecided(&self) -> Option<String> {
        let not_checked = &self.plan.not_checked;
        let is_undecided = self.document.is_none() && !not_checked.is_empty();
        let why = self.unread.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        is_undecided
            .then(|| format!("no verdict, because these rules were not checked: {}{why}", not_checked.join(", ")))
    }

    /// Returns the error for a registered revision about which some rules were not checked.
    pub(super) fn unread(&self) -> Option<Failure> {
        let rules = self.plan.not_checked.join(", ");
        let failure = Failure::from(self.unread.clone()?);
        let help = match failure.denied {
            Some(call) => format!("allow the caller {call}; until then, these rules are not checked: {rules}"),
            None => format!("try again; these rules were not checked: {rules}"),
        };
        Some(failure.help(help))
    }

    /// Returns the findings in the format of compiler messages.
    pub(super) fn findings(&self, is_styled: bool) -> String {
        let mut text = String::new();
        for (finding, (found, position)) in self.plan.findings.iter().zip(self.places()) {
            let shown = findings::Shown {
                origin: &self.origin,
                definition: &self.definition,
                finding,
                found: &found,
                position,
            };
            text += &findings::finding(&shown, is_styled);
            text += "\n\n";
        }
        text
    }

    /// Returns the place of each finding, in the order of the findings. A registered revision is not in a file, so its
    /// findings have no position.
    fn places(&self) -> Vec<(Found, Option<Position>)> {
        let pointers = self.plan.findings.iter().map(|finding| finding.pointer.as_str());
        let found = place::locate(self.definition.text(), pointers);
        match &self.document {
            Some(document) => {
                let positions = document.positions(&found);
                found.into_iter().zip(positions.into_iter().map(Some)).collect()
            }
            None => found.into_iter().map(|found| (found, None)).collect(),
        }
    }

    /// Returns the position of each finding in the file, in the order of the findings.
    pub(super) fn positions(&self) -> Vec<Option<Position>> {
        self.places().into_iter().map(|(_, position)| position).collect()
    }

    /// Returns the diff of the planned changes to the task definition, which shows only log configurations.
    pub(super) fn difference(&self) -> String {
        let Ok(after) = patch::apply(&self.definition, &self.plan.edits) else {
            return String::new();
        };
        let Some(document) = &self.document else {
            let lines = |starts: &[usize]| vec![1; starts.len()];
            let (old, new) = (self.origin.as_str(), format!("{}, corrected", self.origin));
            let before = Version { name: old, definition: &self.definition, lines: &lines };
            return diff::unified(&before, &Version { name: &new, definition: &after, lines: &lines });
        };
        let text = Document::with_all([(document, &after)]);
        let (old, new) = (format!("a/{}", self.origin), format!("b/{}", self.origin));
        let (old_lines, new_lines) = (document.lines(document.text()), document.lines(&text));
        let before = Version { name: &old, definition: &self.definition, lines: &old_lines };
        diff::unified(&before, &Version { name: &new, definition: &after, lines: &new_lines })
    }
}
