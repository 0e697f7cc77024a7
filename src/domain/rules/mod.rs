//! The rules, grouped in packs. The file of each rule is named after the fault that the rule finds.
//!
//! A rule is a pure function from a [`Case`] to findings. To add a rule, add its file, its name in
//! `domain/rule_name.rs`, its severity in `domain/severity.rs`, its line in `packs.rs`, a fixture folder
//! `tests/core/rules/<fault>/` and a heading in `docs/rules.md`. If one of these parts of a rule is missing, a test
//! fails and names the missing part.

mod buffers;
pub mod case;
pub mod exec;
pub mod facts;
pub mod finding;
mod firelens;
pub(in crate::domain) mod logging;
pub mod packs;

use self::case::Case;
use self::finding::Finding;
use super::rule_name::RuleName;

pub trait Rule: Sync {
    /// Returns the name of the rule, which is also the name of the fault.
    fn name(&self) -> RuleName;

    /// Returns a one-line description of the fault that the rule finds.
    fn summary(&self) -> &'static str;

    fn check(&self, case: &Case<'_>) -> Vec<Finding>;

    /// Whether facts are missing, so that the rule cannot check every container. In this case, Logweir reports the rule
    /// as not checked, but the findings about other containers still count.
    fn lacks_evidence(&self, _case: &Case<'_>) -> bool {
        false
    }
}
