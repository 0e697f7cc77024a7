//! A finding with its place, as every output format shows it.

use serde::Serialize;

use super::fingerprint::{self, Subject};
use super::fix::FixLine;
use super::place::Place;
use super::references::references;
use super::replacements::Replacement;
use crate::domain::audit::{AuditedFinding, AuditedFix};
use crate::domain::baseline::Exempted;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::Finding;
use crate::domain::severity::Severity;
use crate::domain::verdict::{Decided, ParameterDefault};

#[derive(Serialize)]
pub struct FindingLine {
    pub rule: RuleName,
    pub severity: Severity,
    pub decided: Decided,
    pub container: Option<String>,
    /// The JSON pointer (RFC 6901) to the faulty member, in the input document or in the registered revision.
    pub pointer: String,
    /// The place of the faulty member in the file. `None` for a registered revision.
    pub place: Option<Place>,
    pub message: String,
    /// The current effect of the fault, such as the mode that applies today.
    pub effective: Option<String>,
    pub fix: FixLine,
    pub exempt: Option<Exempted>,
    /// The parameters because of whose defaults the fault exists. Empty unless the finding is decided by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<ParameterDefault>,
    pub notes: Vec<String>,
    /// The URLs of the pages about the rule.
    pub references: Vec<String>,
    /// The controls of compliance frameworks that the finding concerns. Empty as long as Logweir knows none.
    pub controls: Vec<String>,
    /// A text that identifies the finding in later runs too, even if lines of the file move.
    pub fingerprint: String,
    /// Whether the finding is new since the report of `--new-since`. `None` without this option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// Whether an earlier report contains a finding.
#[derive(Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum State {
    New,
    Known,
}

/// A finding of a plan, with what only the document knows about it.
pub struct PlacedFinding<'f> {
    pub finding: &'f Finding,
    /// The JSON pointer to the faulty member in the input document.
    pub pointer: String,
    pub place: Option<Place>,
    /// The changes of the file that make the finding's fix. Empty if the fix changes no file.
    pub replacements: Vec<Replacement>,
}

impl FindingLine {
    /// Returns the output for a finding. `subject` is the task definition of the finding.
    pub fn of(placed: PlacedFinding<'_>, subject: &Subject<'_>) -> Self {
        let PlacedFinding { finding, pointer, place, replacements } = placed;
        Self {
            rule: finding.rule,
            severity: finding.severity,
            decided: finding.decided,
            container: finding.container.clone(),
            pointer,
            place,
            message: finding.message.clone(),
            effective: finding.effective.clone(),
            fix: FixLine::of(&finding.fix, replacements),
            exempt: finding.exempt.clone(),
            defaults: finding.defaults.clone(),
            notes: finding.notes.clone(),
            references: references(finding.rule),
            controls: Vec::new(),
            fingerprint: fingerprint::of(finding, subject),
            state: None,
        }
    }

    /// Returns the output for a finding of an audit. An audit keeps neither a place nor changes of a file.
    pub fn of_audit(finding: &AuditedFinding, subject: &Subject<'_>) -> Self {
        let AuditedFix { safety, text, .. } = &finding.fix;
        Self {
            rule: finding.rule,
            severity: finding.severity,
            decided: finding.decided,
            container: finding.container.as_deref().map(String::from),
            pointer: finding.pointer.to_string(),
            place: None,
            message: finding.message.to_string(),
            effective: finding.effective.as_deref().map(String::from),
            fix: FixLine { safety: *safety, text: text.to_string(), replacements: Vec::new() },
            exempt: finding.exempt.as_deref().cloned(),
            defaults: Vec::new(),
            notes: finding.notes.iter().map(ToString::to_string).collect(),
            references: references(finding.rule),
            controls: Vec::new(),
            fingerprint: fingerprint::of(finding, subject),
            state: None,
        }
    }

    /// Whether the finding makes its target not compliant.
    pub fn is_fault(&self) -> bool {
        self.is_decided() && self.exempt.is_none() && self.severity.is_fault()
    }

    /// Whether the text shows that the fault exists. A pipeline shows an undecided finding as a remark, never as a
    /// failure.
    pub fn is_decided(&self) -> bool {
        self.decided != Decided::Unknown
    }

    /// Whether a pipeline should show the finding to the author of a change: the finding is decided, not exempt, and
    /// not in the report of `--new-since`.
    pub fn is_news(&self) -> bool {
        self.is_decided() && self.exempt.is_none() && self.state != Some(State::Known)
    }
}
