//! The text output of `logweir rules`: the rules as a list, or one rule in full.

use crate::domain::rules::packs::{RuleSummary, explanation};

/// The rules that the caller requested.
pub struct RulesOutput {
    pub rules: Vec<RuleSummary>,
    /// Whether the caller named one rule, which the output must explain.
    pub is_explained: bool,
}

pub fn text(output: &RulesOutput) -> String {
    let line = |RuleSummary { name, summary }: &RuleSummary| {
        if output.is_explained {
            format!("{name}: {summary}\n\n{}\n", explanation(*name).unwrap_or_default())
        } else {
            format!("{name:<31} {:<8} {summary}\n", name.severity())
        }
    };
    output.rules.iter().map(line).collect()
}
