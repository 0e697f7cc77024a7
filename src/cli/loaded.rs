//! A task definition that Logweir has read, with the plan of its correction.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failure::Failure;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::{json_patch, patch};
use crate::domain::plan::{Plan, Refusal};
use crate::domain::readings::ReadingEdits;
use crate::domain::rules::facts::LogGroup;
use crate::domain::rules::finding::{Finding, Safety};
use crate::domain::text::place::{self, Found, Position};
use crate::domain::text::plain::plain;
use crate::domain::verdict::Unknown;
use crate::ports::PortError;
use crate::render::human::diff::{self, Version};
use crate::render::human::findings;
use crate::sources::{Correction, Document};

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
    /// What the document does not show, each with the reading of the document to which its pointer belongs.
    pub(super) unknowns: Vec<(usize, Unknown)>,
    /// The reading of the document to which each finding's pointer belongs, in the order of the findings.
    pub(super) readings: Vec<usize>,
    /// The edits of each reading of the document. Empty for a registered revision.
    pub(super) edits: Vec<ReadingEdits>,
    /// The document that contains the task definition. `None` for a registered revision.
    pub(super) document: Option<Document>,
    /// The places of the findings, once they are known.
    pub(super) places: OnceCell<Vec<(Found, Option<Position>)>>,
}

impl Loaded {
    /// Returns the JSON Patch (RFC 6902) that corrects the input document. Returns an empty patch if the edits do not
    /// apply to the task definition.
    pub(super) fn patch(&self) -> Value {
        let Some(document) = &self.document else {
            if self.plan.edits.is_empty() {
                return json!([]);
            }
            let after = patch::apply(&self.definition, &self.plan.edits);
            return after.map_or(json!([]), |after| json_patch::between(self.definition.view(), after.view(), ""));
        };
        self.correction(document, false).map_or(json!([]), |correction| document.patch(&correction))
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

    /// Whether `logweir fix` changes the task definition, or a log group of its template. `with_unsafe` adds the unsafe
    /// corrections.
    pub(super) fn is_corrected(&self, with_unsafe: bool) -> bool {
        let is_made = |safety: Safety| safety == Safety::Safe || with_unsafe;
        let is_edited =
            |reading: &ReadingEdits| !reading.safe.is_empty() || (with_unsafe && !reading.needing_consent.is_empty());
        let has_edits = match &self.document {
            None => !self.plan.edits.is_empty(),
            Some(_) => self.edits.iter().any(is_edited),
        };
        let has_retentions = self.plan.retentions.iter().any(|retention| is_made(retention.safety));
        self.plan.refusal != Some(Refusal::Sandboxed) && (has_edits || has_retentions)
    }

    /// Returns the corrections that `logweir fix` makes in the document. `with_unsafe` adds the unsafe ones.
    pub(super) fn correction(&self, document: &Document, with_unsafe: bool) -> Result<Correction, patch::Conflict> {
        if !self.is_corrected(with_unsafe) {
            let definitions = document.readings.iter().map(|reading| reading.definition.clone()).collect();
            return Ok(Correction { definitions, ..Correction::default() });
        }
        Correction::of(document, &self.edits, &self.plan.retentions, with_unsafe)
    }

    /// Returns the findings in the format of compiler messages.
    pub(super) fn findings(&self, is_styled: bool) -> String {
        self.some_findings(is_styled, &|_| true)
    }

    /// Returns the findings for whose indices `is_shown` holds, in the format of compiler messages.
    pub(super) fn some_findings(&self, is_styled: bool, is_shown: &dyn Fn(usize) -> bool) -> String {
        let mut text = String::new();
        let placed = self.plan.findings.iter().zip(self.places()).enumerate();
        for (finding, (found, position)) in placed.filter(|(index, _)| is_shown(*index)).map(|(_, placed)| placed) {
            let shown =
                findings::Shown { origin: &self.origin, text: self.text(), finding, found, position: *position };
            text += &findings::finding(&shown, is_styled);
            text += "\n\n";
        }
        text
    }

    /// Returns the place of each finding, in the order of the findings. A registered revision is not in a file, so its
    /// findings have no position.
    pub(super) fn places(&self) -> &[(Found, Option<Position>)] {
        self.places.get_or_init(|| self.find_places())
    }

    fn find_places(&self) -> Vec<(Found, Option<Position>)> {
        let pointers: Vec<&str> = self.plan.findings.iter().map(|finding| finding.pointer.as_str()).collect();
        let Some(document) = &self.document else {
            let found = place::locate(self.definition.text(), pointers);
            return found.into_iter().map(|found| (found, None)).collect();
        };
        let found = match document.readings.len() {
            1 => document.spots(0, &pointers),
            _ => {
                let pairs = self.readings.iter().zip(&pointers);
                pairs.flat_map(|(reading, pointer)| document.spots(*reading, &[pointer])).collect()
            }
        };
        let starts: Vec<usize> = found.iter().map(|found| found.member().start).collect();
        let positions = document.positions(&starts);
        found.into_iter().zip(positions.into_iter().map(Some)).collect()
    }

    /// Returns the text that contains the places of the findings.
    fn text(&self) -> &str {
        self.document.as_ref().map_or(self.definition.text(), Document::text)
    }

    /// Returns the JSON pointer in the input document of each finding, in the order of the findings.
    pub(super) fn pointers(&self) -> Vec<String> {
        let pairs = self.plan.findings.iter().zip(self.readings.iter().chain(std::iter::repeat(&0)));
        let pointer = |(finding, reading): (&Finding, &usize)| match &self.document {
            Some(document) => document.pointer_of(*reading, &finding.pointer),
            None => finding.pointer.clone(),
        };
        pairs.map(pointer).collect()
    }

    /// Returns the diff of the planned changes to the task definition, which shows only log configurations.
    pub(super) fn difference(&self) -> String {
        let Some(document) = &self.document else {
            let Ok(after) = patch::apply(&self.definition, &self.plan.edits) else { return String::new() };
            let lines = |starts: &[usize]| vec![1; starts.len()];
            let (old, new) = (self.origin.as_str(), format!("{}, corrected", self.origin));
            let before = Version { name: old, definition: &self.definition, lines: &lines };
            return diff::unified(&before, &Version { name: &new, definition: &after, lines: &lines });
        };
        if document.is_read_only() {
            return String::new();
        }
        let Ok(correction) = self.correction(document, false) else { return String::new() };
        let shown = plain(&self.origin, usize::MAX);
        let (old, new) = (format!("a/{shown}"), format!("b/{shown}"));
        let (Some(_), Some(after)) = (document.offset(0), correction.definitions.first()) else {
            let splices = document.splices(&correction).unwrap_or_default();
            return diff::of_splices(&old, &new, document.text(), &splices, |offsets| document.positions(offsets));
        };
        let Ok(text) = Document::corrected(&[(document, &correction)]) else { return String::new() };
        let lines = |text: &str, offsets: &[usize]| -> Vec<usize> {
            let offsets: Vec<usize> = offsets.iter().filter_map(|at| document.offset(*at)).collect();
            place::positions(text, &offsets).into_iter().map(|position| position.line).collect()
        };
        let old_lines = |offsets: &[usize]| lines(document.text(), offsets);
        let new_lines = |offsets: &[usize]| lines(&text, offsets);
        let before = Version { name: &old, definition: &self.definition, lines: &old_lines };
        diff::unified(&before, &Version { name: &new, definition: after, lines: &new_lines })
    }
}
