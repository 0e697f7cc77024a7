//! `logweir rules`: lists the rules, explains one.

use clap::Args;
use serde_json::json;

use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::rules::packs::{LOGGING, explanation};

#[derive(Args)]
pub(in crate::cli) struct Rules {
    /// The rule to explain
    rule: Option<String>,
}

impl Rules {
    pub(in crate::cli) fn run(&self, context: &Context) -> Ended {
        let chosen = LOGGING.iter().filter(|rule| self.rule.as_deref().is_none_or(|name| name == rule.name().name()));
        let chosen: Vec<_> = chosen.collect();
        if let (Some(name), true) = (&self.rule, chosen.is_empty()) {
            let near = LOGGING
                .iter()
                .map(|rule| rule.name().name())
                .max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)));
            return Err(Failure::usage(format!("no rule is called `{name}`"))
                .help(format!("did you mean `{}`?", near.unwrap_or_default())));
        }
        if context.is_json() {
            let line = |rule: &&&dyn crate::domain::rules::Rule| json!({"rule": rule.name(), "finds": rule.summary(), "explanation": explanation(rule.name())});
            context
                .printer
                .json(&json!({"schema": "logweir.rules/1", "rules": chosen.iter().map(line).collect::<Vec<_>>()}));
        } else if self.rule.is_some() {
            let rule = chosen[0];
            context.printer.result(&format!(
                "{}: {}\n\n{}\n",
                rule.name(),
                rule.summary(),
                explanation(rule.name()).unwrap_or_default()
            ));
        } else {
            for rule in chosen {
                context.printer.result(&format!("{:<24} {}\n", rule.name(), rule.summary()));
            }
        }
        Ok(Exit::Fine)
    }
}
