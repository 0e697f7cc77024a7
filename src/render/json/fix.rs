//! The fix of a finding as text and as changes of a file.

use serde::Serialize;

use super::replacements::Replacement;
use crate::domain::rules::finding::{Fix, Safety};

#[derive(Serialize)]
pub struct FixLine {
    pub safety: Safety,
    /// What the fix changes, or the advice, as a sentence without a full stop.
    pub text: String,
    /// The changes of the file. `logweir fix` writes the changes of all findings about one container together, so two
    /// findings about one container have the same changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<Replacement>,
}

impl FixLine {
    pub fn of(fix: &Fix, replacements: Vec<Replacement>) -> Self {
        Self { safety: fix.safety(), text: fix_text(fix), replacements }
    }
}

/// Returns what a fix changes, or the advice.
pub fn fix_text(fix: &Fix) -> String {
    fix.text()
}
