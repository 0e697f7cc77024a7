//! `logweir firelens check`: checks task definitions by the rules of the pack `firelens` alone.

use crate::cli::context::Context;
use crate::cli::failure::{Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::verbs::check::CheckArgs;
use crate::domain::rules::packs::FIRELENS;

pub(super) const EXAMPLES: &str = examples![
    "logweir firelens check web.json           a file; no AWS account needed",
    "logweir firelens check infra/             each task definition in a folder",
    "logweir firelens check ecs:web            the newest revision of a family",
    "logweir firelens check --all --output sarif=firelens.sarif",
];

/// Checks the targets of `arguments`, which are those of `logweir check`.
pub(super) fn run(arguments: &CheckArgs, context: &Context) -> VerbResult {
    if let Some(rule) = arguments.rules.outside(FIRELENS.iter().map(|rule| rule.name())) {
        return Err(Failure::usage(format!("`{rule}` is no rule of the pack firelens"))
            .help("use `logweir check`, which has the rules of all packs"));
    }
    arguments.run_by(context, FIRELENS)
}
