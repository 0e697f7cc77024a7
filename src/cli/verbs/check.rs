//! `logweir check`: compares task definitions with the baseline.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;

use super::against;
use super::fix::nothing_to_judge;
use crate::cli::checked::file;
use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::families::family_targets;
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::options::is_of_every_verb;
use crate::cli::outputs::OutputArgs;
use crate::cli::placed_baseline::Baselines;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{self, Target, Targets, WalkArgs};
use crate::domain::baseline::{CheckedDefinition, ExemptionUse};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::rules::Rule;
use crate::domain::rules::finding::{Fix, Safety};
use crate::domain::rules::packs::every;
use crate::domain::text::placeholder::is_placeholder;
use crate::render::formats::FormatName;
use crate::render::human::{exemptions, unknown};
use crate::render::json::{CheckOutput, JsonParts, Scope, State, TargetOutput};
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
    /// Show the findings that differ with this baseline (a file or ssm:NAME)
    #[arg(
        long,
        value_name = "BASELINE",
        conflicts_with_all = ["diff", "output", "new_since"],
        env = "LOGWEIR_AGAINST",
        hide_env = true
    )]
    against: Option<BaselinePlace>,
    #[command(flatten)]
    walk: WalkArgs,
    #[command(flatten)]
    pub(in crate::cli) rules: RuleChoiceArgs,
    #[command(flatten)]
    outputs: OutputArgs,
    /// End with exit code 1 also if a verdict is unknown
    #[arg(long)]
    strict: bool,
    /// End with exit code 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
}

impl CheckArgs {
    /// Checks the targets by the rules of all packs.
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let rules = every();
        if let Some(rule) = self.rules.outside(rules.iter().map(|rule| rule.name())) {
            return Err(Failure::usage(format!(
                "`{rule}` judges clusters and their workloads, and no single task definition"
            ))
            .help("use `logweir exec check`"));
        }
        self.run_by(context, &rules)
    }

    /// Checks the targets by the rules.
    pub(in crate::cli) fn run_by(&self, context: &Context, rules: &[&'static dyn Rule]) -> VerbResult {
        self.outputs.check()?;
        if self.all {
            // A faulty baseline stops the run before it lists the families of the account.
            wait(context.baseline())?;
        }
        let targets = if self.all {
            Targets { list: family_targets(context)?, ..Default::default() }
        } else {
            targets::read(&self.targets, &self.walk)?
        };
        let baselines = wait(context.baselines(&targets.list))?;
        if let Some(other) = &self.against {
            if !is_of_every_verb(context.global.format) {
                return Err(
                    Failure::usage("--against shows its result only as text or JSON").help("use --format text or json")
                );
            }
            let exit = against::compare(context, &targets, other, &self.rules, rules)?;
            return Ok(exit.without_findings(self.exit_zero));
        }
        self.check(context, &targets, &baselines, rules)
    }

    fn check(
        &self,
        context: &Context,
        targets: &Targets,
        baselines: &Baselines<'_>,
        rules: &[&'static dyn Rule],
    ) -> VerbResult {
        let facts = self.outputs.facts(context, targets)?;
        let Baselines { files: placed, live } = baselines;
        let chosen = baselines.choose(&self.rules, rules);
        let live = (live.baseline.digest() != placed.baseline.digest()).then(|| live.line());
        let mut output = CheckOutput::new(placed.line(), live, self.outputs.known()?);
        output.is_baseline_shown = placed.is_shown;
        let mut used = chosen.files.exemption_use();
        let folder = std::env::current_dir().unwrap_or_default();
        let (mut parts, mut kept) = (JsonParts::default(), Vec::new());
        let keeps = self.outputs.keeps_targets(context);
        let mut put = |output: &CheckOutput, target: TargetOutput| {
            context.printer.json_part(|| parts.target(output, &target));
            if keeps {
                kept.push(target);
            }
        };
        let passed_over = load_all(context, &chosen, targets, &mut |target, loaded| match loaded {
            Err(failure) => {
                context.printer.target_failure(&target.origin(), &failure);
                let mut target = unread(&folder, target, failure);
                output.count(&mut target);
                put(&output, target);
            }
            Ok(loaded) => {
                if loaded.is_empty() {
                    context.printer.note(&nothing_to_judge(&target.origin()));
                }
                for loaded in loaded {
                    let target = self.one(context, &folder, &mut output, &loaded);
                    put(&output, target);
                    if output.live_baseline.is_none() || loaded.document.is_some() {
                        use_exemptions(&mut used, &loaded);
                    }
                }
            }
        })?;
        output.passed_over = passed_over;
        let is_complete = self.is_set(context, targets) && output.summary.errors == 0 && output.passed_over.is_known();
        output.exemptions = used.remarks(Timestamp::now(), is_complete);
        context.printer.json_part(|| parts.end(&output));
        output.targets = kept;
        self.close(context, &output);
        let written = self.outputs.write(context, &output, &facts);
        let exit = Exit::of_run(&output.summary, self.strict).without_findings(self.exit_zero);
        Ok(exit.max(written))
    }

    /// Adds a task definition to the totals, and shows its findings.
    fn one(&self, context: &Context, folder: &Path, output: &mut CheckOutput, loaded: &Loaded) -> TargetOutput {
        let printer = &context.printer;
        let undecided = loaded.undecided();
        output.is_unread |= undecided.is_some();
        let counted = loaded.plan.findings.iter().filter(|finding| finding.counts());
        output.fixable += counted.filter(|finding| is_fixable(&finding.fix, &loaded.plan)).count();
        let shows_changes = self.outputs.has(context, FormatName::shows_changes);
        let mut target = loaded.checked(folder, shows_changes);
        output.count(&mut target);
        printer.text(|| self.text(loaded, &target, printer.is_styled()));
        if self.outputs.writes_text() {
            target.text = self.text(loaded, &target, false);
        }
        if let Some(failure) = loaded.unread() {
            printer.target_failure(&loaded.origin, &failure);
        } else if let Some(why) = &undecided {
            printer.error(&format!("{}: {why}", loaded.origin), None);
        }
        target
    }

    /// Shows the totals of a text output, and the exemptions that need attention.
    fn close(&self, context: &Context, output: &CheckOutput) {
        let printer = &context.printer;
        if context.global.format == FormatName::Text {
            printer.show(output);
        }
        if !printer.is_json() {
            for exemption in &output.exemptions {
                let (message, help) = exemptions::message(exemption);
                printer.warning(&message, &help);
            }
        }
    }

    /// Whether the targets include every task definition to which the baseline applies, so that an exemption that
    /// covers no finding is unused. Other folders may have the same baseline, unless the baseline is a file.
    fn is_set(&self, context: &Context, targets: &Targets) -> bool {
        let is_file = matches!(context.global.baseline, Some(BaselinePlace::File(_)));
        self.all || (is_file && !targets.folders.is_empty() && !self.walk.excludes())
    }

    /// Returns the text output for one target, without the findings that the report of `--new-since` contains.
    fn text(&self, loaded: &Loaded, target: &TargetOutput, is_styled: bool) -> String {
        let is_shown = |index: usize| target.findings.get(index).is_none_or(|line| line.state != Some(State::Known));
        let difference = if self.diff { loaded.difference() } else { String::new() };
        loaded.some_findings(is_styled, &is_shown) + &unknown::lines(target) + &difference
    }
}

/// Returns the output for a target that Logweir could not read.
fn unread(folder: &Path, target: &Target, failure: Failure) -> TargetOutput {
    let origin = target.origin();
    let scope = if matches!(target, Target::Live(_)) { Scope::Live } else { Scope::File };
    let file = if scope == Scope::File { file(folder, &origin) } else { None };
    TargetOutput::unread(origin, scope, file, failure.message, failure.position)
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

/// Returns whether `logweir fix` resolves the finding without `--unsafe`. `logweir fix` changes only log groups that a
/// template or a file in HCL defines, because other log groups are not part of a document.
fn is_fixable(fix: &Fix, plan: &Plan) -> bool {
    matches!(
        fix,
        Fix::Options(_) | Fix::Configuration { creates: None, .. } | Fix::Retention { safety: Safety::Safe, .. }
    ) && plan.refusal != Some(Refusal::Sandboxed)
}
