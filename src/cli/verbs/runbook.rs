//! `logweir runbook`: judges task definitions by the ECS security runbook.

use clap::Args;
use jiff::Timestamp;

use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{self, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::{InScope, Requirement, RunbookResult, Subject, Verdict, judge};
use crate::render::json::{RunbookOutput, UnreadTarget};

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir runbook web.json                  a file; no AWS account needed",
    "logweir runbook infra/ --format json      each task definition in a folder",
    "logweir runbook ecs:web                   the newest revision of a family",
    "logweir controls                          the controls of other catalogues for each requirement",
];

#[derive(Args)]
pub(in crate::cli) struct RunbookArgs {
    /// Files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    #[command(flatten)]
    walk: WalkArgs,
}

impl RunbookArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let targets = targets::read(&self.targets, &self.walk)?;
        let baselines = wait(context.baselines(&targets.list))?;
        let chosen = baselines.choose(&RuleChoiceArgs::default(), &[]);
        let mut output = RunbookOutput::default();
        let passed_over = load_all(context, &chosen, &targets, &mut |target, loaded| match loaded {
            Err(failure) => {
                context.printer.target_failure(&target.origin(), &failure);
                let (target, message) = (target.origin(), failure.message);
                output.coverage.errors.push(UnreadTarget { target, message });
            }
            Ok(all) => all.iter().for_each(|loaded| {
                let baseline = if loaded.document.is_some() { &chosen.files } else { &chosen.live };
                output.add_definition(judged(loaded, baseline));
            }),
        })?;
        output.coverage.passed_over = passed_over;
        context.printer.show(&output);
        Ok(match (output.coverage.errors.is_empty(), output.count(Verdict::Fail)) {
            (false, _) => Exit::Error,
            (true, 0) => Exit::Fine,
            (true, _) => Exit::Findings,
        })
    }
}

/// Returns the results about a task definition, over all branches of the conditions in its template.
fn judged(loaded: &Loaded, baseline: &Baseline) -> Vec<(Requirement, RunbookResult)> {
    let arn = loaded.revision.as_ref().map(ToString::to_string);
    let written = loaded
        .document
        .as_ref()
        .map(|document| document.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect::<Vec<_>>());
    let of_file = written.as_deref().filter(|tags| !tags.is_empty());
    let time = Timestamp::now();
    let subject = |definition| Subject {
        definition,
        baseline,
        source: if arn.is_some() { "ecs:DescribeTaskDefinition" } else { &loaded.origin },
        arn: arn.as_deref(),
        tags: loaded.tags.as_deref().or(of_file),
        scope: arn.is_some().then_some(InScope::Named),
        time: arn.is_some().then_some(time),
        is_with_account: false,
    };
    match &loaded.document {
        Some(document) => judge(document.readings.iter().map(|reading| subject(&reading.definition))),
        None => judge([subject(&loaded.definition)]),
    }
}
