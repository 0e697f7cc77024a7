//! `logweir check`: compares task definitions with the baseline.

use clap::Args;

use super::{against, audit};
use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::targets;
use crate::domain::edit::patch;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::schema;
use crate::domain::rules::finding::Fix;
use crate::render::json::{self, CheckOutput, Summary, TargetOutput};
use crate::settings::BaselinePlace;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir check web.json                    a file; no AWS account needed",
    "logweir check infra/ --diff               each JSON file in a folder, with the fix as a diff",
    "logweir check ecs:web                     the newest revision of a family, and its log groups",
    "logweir check --all --format json         each family of the account and Region",
    "logweir check --all --against new.toml    the findings that differ with another baseline",
];

#[derive(Args)]
pub(in crate::cli) struct CheckArgs {
    /// Files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs
    #[arg(value_name = "TARGET", required_unless_present = "all")]
    targets: Vec<String>,
    /// Check the newest revision of each family in the account and Region
    #[arg(long, conflicts_with = "targets")]
    all: bool,
    /// Show the fix as a diff
    #[arg(long, env = "LOGWEIR_DIFF", hide_env = true)]
    diff: bool,
    /// Compare with this baseline (a file or ssm:NAME): show the new and the resolved findings
    #[arg(long, value_name = "BASELINE", conflicts_with = "diff", env = "LOGWEIR_AGAINST", hide_env = true)]
    against: Option<BaselinePlace>,
}

impl CheckArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let placed = wait(context.baseline())?;
        let targets = if self.all { audit::families(context)? } else { targets::read(&self.targets)? };
        if let Some(other) = &self.against {
            return against::compare(context, &targets, other);
        }
        let printer = &context.printer;
        let mut output = CheckOutput {
            schema: schema::CHECK,
            baseline: placed.line(),
            summary: Summary::default(),
            targets: Vec::new(),
            fixable: 0,
            not_checked: Default::default(),
            is_baseline_named: context.global.baseline.is_some(),
        };
        load_all(context, &placed.baseline, &targets, &mut |target, loaded| match loaded {
            Err(failure) => {
                printer.failure(&failure);
                output.summary.errors += 1;
                output.add(TargetOutput::unread(target.origin(), failure.message));
            }
            Ok(loaded) => {
                printer.text(|| self.text(&loaded, printer.is_styled()));
                let undecided = loaded.undecided();
                if let Some(why) = &undecided {
                    printer.error(&format!("{}: {why}", loaded.origin), None);
                }
                count(&mut output, &loaded, undecided.is_some());
                output.add(line(&loaded, undecided));
            }
        })?;
        printer.show(&output);
        Ok(Exit::from(output.summary))
    }

    /// Returns the text output for one target.
    fn text(&self, loaded: &Loaded, is_styled: bool) -> String {
        let difference = if self.diff { loaded.difference() } else { String::new() };
        loaded.findings(is_styled) + &difference
    }
}

/// Adds the findings of one target to the totals of the output.
fn count(output: &mut CheckOutput, loaded: &Loaded, is_undecided: bool) {
    let CheckOutput { summary, fixable, not_checked, .. } = output;
    let counted = loaded.plan.findings.iter().filter(|finding| finding.counts());
    *fixable += counted.clone().filter(|finding| is_fixable(&finding.fix, &loaded.plan)).count();
    not_checked.extend(loaded.plan.not_checked.iter().map(|rule| rule.name()));
    summary.exempt += loaded.plan.findings.len() - counted.clone().count();
    summary.findings += counted.count();
    summary.errors += usize::from(is_undecided);
    summary.compliant += usize::from(loaded.plan.is_compliant() && !is_undecided);
}

/// Returns whether `logweir fix` resolves the finding. `logweir fix` changes no log groups, because they are not part
/// of a document.
fn is_fixable(fix: &Fix, plan: &Plan) -> bool {
    matches!(fix, Fix::Options(_) | Fix::Configuration { .. }) && plan.refusal != Some(Refusal::Sandboxed)
}

fn line(loaded: &Loaded, undecided: Option<String>) -> TargetOutput {
    let prefix = loaded.pointer();
    let patch = match patch::apply(&loaded.definition, &loaded.plan.edits) {
        Ok(after) => json::patch(loaded.definition.view(), after.view(), prefix),
        Err(_) => serde_json::Value::Array(Vec::new()),
    };
    TargetOutput {
        family: loaded.definition.family().map(String::from),
        revision: loaded.revision.as_ref().map(|arn| arn.revision),
        compliant: loaded.plan.is_compliant() && undecided.is_none(),
        error: undecided,
        ..TargetOutput::of(loaded.origin.clone(), &loaded.plan, prefix, patch, loaded.region.as_deref())
    }
}
