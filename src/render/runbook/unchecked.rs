//! The rules that were not checked.

use crate::domain::runbook::{Requirement, Verdict};
use crate::render::json::{RequirementLine, RunbookOutput};

/// A rule of a requirement that was not checked for some resources.
pub(super) struct Unchecked<'o> {
    pub(in crate::render) of: &'o RequirementLine,
    pub(in crate::render) rule: &'static str,
    /// The message of the first result, which names the operations or the right.
    pub(in crate::render) why: String,
    /// The number of results.
    pub(in crate::render) results: usize,
}

/// Returns each rule that was not checked, with each of its reasons, in the order of the requirements.
pub(super) fn unchecked(output: &RunbookOutput) -> Vec<Unchecked<'_>> {
    let mut rules: Vec<Unchecked<'_>> = Vec::new();
    for (of, line) in output.with(Verdict::NotChecked) {
        let (rule, why) = (line.result.rule, line.result.message);
        match rules
            .iter_mut()
            .rev()
            .take_while(|known| known.of.id == of.id)
            .find(|known| known.rule == rule && known.why == why)
        {
            Some(known) => known.results += 1,
            None => rules.push(Unchecked { of, rule, why, results: 1 }),
        }
    }
    rules
}

impl Unchecked<'_> {
    /// Returns the position of the requirement in the runbook.
    pub(super) fn order(&self) -> usize {
        Requirement::ALL.iter().position(|of| of.id() == self.of.id).unwrap_or_default()
    }
}
