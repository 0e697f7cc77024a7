//! The rules: one file each, named by the fault that it finds, grouped in packs.
//!
//! A rule is a pure function from a [`Case`] to findings. To add one: its file, its name in `domain/rule_name.rs`, its line in
//! `packs.rs`, a fixture folder `tests/core/rules/<fault>/`, a heading in `docs/rules.md`; the tests name whichever is missing.

pub mod case;
pub mod facts;
pub mod finding;
mod logging;
pub mod packs;

use self::case::Case;
use self::finding::Finding;
use super::rule_name::RuleName;

pub trait Rule: Sync {
    /// The fault's name.
    fn name(&self) -> RuleName;

    /// The fault in one line.
    fn summary(&self) -> &'static str;

    fn check(&self, case: &Case<'_>) -> Vec<Finding>;

    /// Whether the facts at hand leave something of this rule undecided. It is then reported as not checked; what it
    /// finds all the same counts.
    fn lacks_evidence(&self, _case: &Case<'_>) -> bool {
        false
    }
}
