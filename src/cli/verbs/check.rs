//! `logweir check`: compares task definitions with the baseline.

use clap::Args;
use jiff::Timestamp;

use super::{against, audit};
use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::placed_baseline::Baselines;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{self, Targets, WalkArgs};
use crate::domain::baseline::{CheckedDefinition, ExemptionUse};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::schema;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::text::placeholder::is_placeholder;
use crate::render::human::exemptions;
use crate::render::json::{CheckOutput, PassedOver, Summary, TargetOutput};
use crate::settings::BaselinePlace;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir check web.json                    a file; no AWS account needed",
    "logweir check infra/ --diff               each task definition in a folder, with the fix as a diff",
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
    #[command(flatten)]
    walk: WalkArgs,
    #[command(flatten)]
    rules: RuleChoiceArgs,
    /// End with exit code 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
}

impl CheckArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if self.all {
            // A faulty baseline stops the run before it lists the families of the account.
            wait(context.baseline())?;
        }
        let targets = if self.all {
            Targets { list: audit::families(context)?, ..Default::default() }
        } else {
            targets::read(&self.targets, &self.walk)?
        };
        let baselines = wait(context.baselines(&targets.list))?;
        let Baselines { files: placed, live } = baselines;
        if let Some(other) = &self.against {
            let exit = against::compare(context, &targets, other, &self.rules)?;
            return Ok(exit.without_findings(self.exit_zero));
        }
        let chosen = baselines.choose(&self.rules);
        let printer = &context.printer;
        let mut output = CheckOutput {
            schema: schema::CHECK,
            baseline: placed.line(),
            summary: Summary::default(),
            passed_over: PassedOver::default(),
            exemptions: Vec::new(),
            targets: Vec::new(),
            fixable: 0,
            not_checked: Default::default(),
            is_unread: false,
            live_baseline: (live.baseline.digest() != placed.baseline.digest()).then(|| live.line()),
            is_baseline_shown: placed.is_shown,
        };
        let mut used = chosen.files.exemption_use();
        let passed_over = load_all(context, &chosen, &targets, &mut |target, loaded| match loaded {
            Err(failure) => {
                printer.target_failure(&target.origin(), &failure);
                output.summary.errors += 1;
                output.add(TargetOutput::unread(target.origin(), failure.message, failure.position));
            }
            Ok(loaded) => {
                for loaded in loaded {
                    printer.text(|| self.text(&loaded, printer.is_styled()));
                    let undecided = loaded.undecided();
                    if let Some(failure) = loaded.unread() {
                        printer.target_failure(&loaded.origin, &failure);
                    } else if let Some(why) = &undecided {
                        printer.error(&format!("{}: {why}", loaded.origin), None);
                    }
                    output.is_unread |= undecided.is_some();
                    count(&mut output, &loaded, undecided.is_some());
                    if output.live_baseline.is_none() || loaded.document.is_some() {
                        use_exemptions(&mut used, &loaded);
                    }
                    output.add(line(&loaded, undecided));
                }
            }
        })?;
        output.passed_over = passed_over;
        let is_complete = self.is_set(context, &targets) && output.summary.errors == 0 && output.passed_over.is_known();
        output.exemptions = used.remarks(Timestamp::now(), is_complete);
        printer.show(&output);
        if !printer.is_json() {
            for exemption in &output.exemptions {
                let (message, help) = exemptions::message(exemption);
                printer.warning(&message, &help);
            }
        }
        Ok(Exit::from(output.summary).without_findings(self.exit_zero))
    }

    /// Whether the targets include every task definition to which the baseline applies, so that an exemption that
    /// covers no finding is unused. Other folders may have the same baseline, unless the baseline is a file.
    fn is_set(&self, context: &Context, targets: &Targets) -> bool {
        let is_file = matches!(context.global.baseline, Some(BaselinePlace::File(_)));
        self.all || (is_file && !targets.folders.is_empty() && !self.walk.excludes())
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
    counted.clone().for_each(|finding| summary.severities.add(finding.severity));
    *fixable += counted.clone().filter(|finding| is_fixable(&finding.fix, &loaded.plan)).count();
    not_checked.extend(loaded.plan.not_checked.iter().map(|rule| rule.name()));
    summary.exempt += loaded.plan.findings.len() - counted.clone().count();
    summary.findings += counted.count();
    summary.errors += usize::from(is_undecided);
    summary.compliant += usize::from(is_compliant(&loaded.plan) && !is_undecided && loaded.unknowns.is_empty());
}

/// Adds the exemptions that cover a finding about one target.
fn use_exemptions(exemptions: &mut ExemptionUse<'_>, loaded: &Loaded) {
    let findings = loaded.plan.findings.iter().map(|finding| (finding.rule, finding.container.as_deref()));
    exemptions.add(&CheckedDefinition {
        family: loaded.definition.family(),
        account: loaded.revision.as_ref().map(|arn| arn.account.as_str()),
        region: loaded.region.as_deref(),
        tags: loaded.tags.as_deref(),
        is_unnamed: loaded.document.is_some() && is_unnamed(&loaded.definition),
        findings: &findings.collect::<Vec<_>>(),
        not_checked: &loaded.plan.not_checked,
    });
}

/// Whether the name of the family or of a container is missing or is a placeholder.
fn is_unnamed(definition: &TaskDefinition) -> bool {
    let is_known = |name: Option<&str>| name.is_some_and(|name| !is_placeholder(name));
    !is_known(definition.family()) || !definition.containers().all(|container| is_known(container.name()))
}

/// Whether every finding of the plan is exempt, or has a severity that is no fault.
fn is_compliant(plan: &Plan) -> bool {
    !plan.findings.iter().any(Finding::is_fault)
}

/// Returns whether `logweir fix` resolves the finding. `logweir fix` changes no log groups, because they are not part
/// of a document.
fn is_fixable(fix: &Fix, plan: &Plan) -> bool {
    matches!(fix, Fix::Options(_) | Fix::Configuration { .. } | Fix::Retention { safety: Safety::Safe, .. })
        && plan.refusal != Some(Refusal::Sandboxed)
}

fn line(loaded: &Loaded, undecided: Option<String>) -> TargetOutput {
    let (origin, region) = (loaded.origin.clone(), loaded.region.as_deref());
    TargetOutput {
        family: loaded.definition.family().map(String::from),
        revision: loaded.revision.as_ref().map(|arn| arn.revision),
        compliant: is_compliant(&loaded.plan) && undecided.is_none() && loaded.unknowns.is_empty(),
        error: undecided,
        ..TargetOutput::of(origin, &loaded.plan, &loaded.pointers(), &loaded.positions(), loaded.patch(), region)
    }
}
