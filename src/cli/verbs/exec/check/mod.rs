//! `logweir exec check`: checks the clusters of an account, and the workloads with ECS Exec in them.

mod output;
pub(super) mod read;
pub(super) mod rights;
mod selection;

use clap::Args;
use jiff::Timestamp;

use self::read::read;
use self::selection::Selection;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::outputs::OutputArgs;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::Targets;
use crate::domain::rules::exec::judge::judge;
use crate::domain::rules::packs::EXEC;
use crate::render::json::CheckOutput;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir exec check                        every cluster of the account and Region",
    "logweir exec check prod prod-eu/web       a cluster, and a service of another one",
    "logweir exec check --cluster 'prod-*' --service web",
    "logweir exec check --format json --output sarif=exec.sarif",
];

#[derive(Args)]
pub(in crate::cli) struct ExecCheckArgs {
    /// CLUSTER, CLUSTER/SERVICE or their ARNs [default: every cluster of the account and Region]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Check only the clusters whose names match this pattern; repeatable
    #[arg(long, value_name = "GLOB")]
    cluster: Vec<String>,
    /// Check only the services and daemons whose names match this pattern; repeatable
    #[arg(long, value_name = "GLOB")]
    service: Vec<String>,
    /// A role or user that must not open sessions directly; repeatable [default: the caller]
    #[arg(long, value_name = "ARN", value_parser = principal)]
    principal: Vec<String>,
    #[command(flatten)]
    rules: RuleChoiceArgs,
    #[command(flatten)]
    outputs: OutputArgs,
    /// End with exit code 1 also if a verdict is unknown
    #[arg(long)]
    strict: bool,
    /// End with exit code 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
}

/// Parses the ARN of a principal with policies. A session of a role has none.
fn principal(text: &str) -> Result<String, String> {
    let resource = match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", _, resource] => *resource,
        _ => "",
    };
    match resource.starts_with("role/") || resource.starts_with("user/") {
        true => Ok(text.to_owned()),
        false => Err("use the ARN of a role or a user, such as arn:aws:iam::111122223333:role/developer".into()),
    }
}

impl ExecCheckArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if let Some(rule) = self.rules.outside(EXEC.iter().map(|rule| rule.name)) {
            return Err(Failure::usage(format!("`{rule}` is no rule of the pack exec")).help("use `logweir check`"));
        }
        self.outputs.check()?;
        let selection = Selection::new(&self.targets, &self.cluster, &self.service)?;
        let facts = self.outputs.facts(context, &Targets::default())?;
        let placed = wait(context.baseline())?;
        let baseline = self.rules.apply(&placed.baseline);
        let mut output = CheckOutput::new(placed.line(), None, self.outputs.known()?);
        output.is_baseline_shown = placed.is_shown;
        let found = wait(async {
            let aws = context.aws(Intent::Look).await?;
            read(&aws, &selection, &baseline, &self.principal).await
        })?;
        output.coverage = Some(found.coverage);
        for (target, failure) in found.missing {
            context.printer.target_failure(&target, &failure);
            output.add(output::missing(target, &failure));
        }
        let judged = judge(EXEC, &found.fleet, &baseline, Timestamp::now());
        if judged.is_empty() {
            context.printer.note(&format!("no cluster in {} matches", found.fleet.region));
        }
        output::report_unread(context, &judged);
        for judged in &judged {
            self.one(context, &mut output, &found.fleet, judged);
        }
        context.printer.show(&output);
        let written = self.outputs.write(context, &output, &facts);
        let exit = Exit::of_run(&output.summary, self.strict).without_findings(self.exit_zero);
        Ok(exit.max(written))
    }

    /// Adds a resource to the output, and shows its findings.
    fn one(
        &self,
        context: &Context,
        output: &mut CheckOutput,
        fleet: &crate::domain::fleet::facts::Fleet,
        judged: &crate::domain::rules::exec::judge::Judged<'_>,
    ) {
        output.is_unread |= !judged.not_checked.is_empty();
        let printer = &context.printer;
        let target = output.add(output::resource(fleet, judged));
        printer.text(|| output::text(judged, target, printer.is_styled()));
        if self.outputs.writes_text() {
            target.text = output::text(judged, target, false);
        }
    }
}
