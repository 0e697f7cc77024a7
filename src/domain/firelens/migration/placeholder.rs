//! The values of a plan that the operator has to replace.

/// The beginning of a value that the operator has to replace.
pub(super) const REPLACE: &str = "REPLACE-WITH-";

/// Returns a value that the operator has to replace, with the words for what it is.
pub(super) fn placeholder(what: &str) -> String {
    format!("{REPLACE}{what}")
}
