//! The rules: one file each, named by the fault that it finds.
//!
//! A rule is a pure function from a [`Case`] to findings. To add one: its file, its word in the catalogue below, a
//! fixture folder `tests/rules/<fault>/`, a heading in `docs/rules.md`; `tests/tree.rs` names whichever is missing.

mod case;

pub use case::{Case, Subject};

use super::finding::Finding;

pub trait Rule: Sync {
    /// The fault's name.
    fn name(&self) -> &'static str;

    /// The fault in one line.
    fn summary(&self) -> &'static str;

    fn check(&self, case: &Case<'_>) -> Vec<Finding>;

    /// Whether the facts at hand leave something of this rule undecided. It is then reported as not checked; what it
    /// finds all the same counts.
    fn lacks_evidence(&self, _case: &Case<'_>) -> bool {
        false
    }
}

macro_rules! catalogue {
    ($($rule:ident),* $(,)?) => {
        $(mod $rule;)*

        /// Every rule, in the order in which findings of one container are shown.
        pub static CATALOGUE: &[&dyn Rule] = &[$(&$rule::Fault),*];
    };
}

catalogue! {
    missing_log_driver,
    unaccepted_log_driver,
    blocking_delivery,
    unsized_buffer,
    unnamed_log_group,
    foreign_region,
    missing_log_group,
    unbounded_retention,
    missing_execution_role,
    unroutable_firelens,
}

pub fn names() -> Vec<&'static str> {
    CATALOGUE.iter().map(|rule| rule.name()).collect()
}

/// What `docs/rules.md` says of a rule: the text below its heading.
pub fn explanation(name: &str) -> Option<&'static str> {
    const DOCS: &str = include_str!("../../../docs/rules.md");
    let (_, section) = DOCS.split_once(&format!("\n## `{name}`\n"))?;
    Some(section.split_once("\n## ").map_or(section, |(section, _)| section).trim())
}
