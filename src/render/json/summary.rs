//! The totals of a run of `logweir check`.

use serde::Serialize;

use crate::domain::severity::Severity;

#[derive(Serialize, Default, Clone, Copy)]
pub struct Summary {
    pub checked: usize,
    pub compliant: usize,
    pub findings: usize,
    pub exempt: usize,
    /// The number of targets that have no fault and no verdict, because the text does not show some values.
    pub unknown: usize,
    pub errors: usize,
    /// The number of findings of each severity. The sum of the three numbers is `findings`.
    pub severities: Severities,
    /// The number of findings that are in the report of `--new-since` too. `None` without this option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<usize>,
    /// The number of faults that decide the exit code: all faults, or with `--new-since` the new ones.
    #[serde(skip)]
    pub faults: usize,
}

/// The number of findings of each severity.
#[derive(Serialize, Default, Clone, Copy)]
pub struct Severities {
    pub error: usize,
    pub warning: usize,
    pub note: usize,
}

impl Severities {
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.error += 1,
            Severity::Warning => self.warning += 1,
            Severity::Note => self.note += 1,
        }
    }
}
