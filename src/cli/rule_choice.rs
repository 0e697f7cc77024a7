//! The options `--select` and `--ignore`, with which the caller chooses the rules.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::domain::baseline::{Baseline, RuleChoice};
use crate::domain::rule_name::RuleName;

#[derive(Args, Default)]
pub(super) struct RuleChoiceArgs {
    /// Use only these rules (comma-separated), even those that the baseline switches off
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rules(), hide_possible_values = true)]
    select: Vec<RuleName>,
    /// Do not use these rules (comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = rules(), hide_possible_values = true)]
    ignore: Vec<RuleName>,
}

/// Returns the parser for the name of a rule. The error for an unknown name suggests the most similar name.
fn rules() -> impl TypedValueParser<Value = RuleName> {
    PossibleValuesParser::new(RuleName::ALL.map(RuleName::name)).try_map(|name| name.parse::<RuleName>())
}

impl RuleChoiceArgs {
    /// Returns a rule that the caller names and that is none of the rules.
    pub(super) fn outside(&self, rules: impl IntoIterator<Item = RuleName>) -> Option<RuleName> {
        let rules: Vec<RuleName> = rules.into_iter().collect();
        self.select.iter().chain(&self.ignore).find(|name| !rules.contains(name)).copied()
    }

    /// Returns the baseline with the rules that the table `[rules]` and the caller choose.
    pub(super) fn apply(&self, baseline: &Baseline) -> Baseline {
        baseline.choosing(&RuleChoice { select: self.select.clone(), ignore: self.ignore.clone() })
    }
}
