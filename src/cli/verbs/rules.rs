//! `logweir rules`: lists the rules, or explains one.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::packs::summaries;
use crate::render::human::rules::RulesOutput;

pub(in crate::cli) const EXAMPLES: &str =
    examples!["logweir rules", "logweir rules blocking-delivery           explain one rule",];

#[derive(Args)]
pub(in crate::cli) struct RulesArgs {
    /// The rule to explain
    rule: Option<String>,
}

impl RulesArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let is_chosen = |name: &str| self.rule.as_deref().is_none_or(|rule| rule == name);
        let rules: Vec<_> = summaries().into_iter().filter(|rule| is_chosen(rule.name.name())).collect();
        if let Some(name) = &self.rule
            && rules.is_empty()
        {
            let near = RuleName::ALL
                .into_iter()
                .map(RuleName::name)
                .max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)));
            return Err(Failure::usage(format!("no rule is called `{name}`"))
                .help(format!("did you mean `{}`?", near.unwrap_or_default())));
        }
        context.printer.show(&RulesOutput { rules, is_explained: self.rule.is_some() });
        Ok(Exit::Fine)
    }
}
