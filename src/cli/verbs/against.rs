//! `logweir check --against`: compares the findings of two baselines.

use std::collections::HashMap;

use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::placed_baseline::{Baselines, ChosenBaselines};
use crate::cli::printer::Printer;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{Target, Targets};
use crate::domain::report::schema;
use crate::domain::rules::Rule;
use crate::domain::rules::finding::Finding;
use crate::render::human::against::comes_and_goes;
use crate::render::json::{AgainstOutput, AgainstSummary, Compared, FindingLine, PassedOver};
use crate::settings::BaselinePlace;

/// The findings for one target under one baseline, or the reason why Logweir could not check the target.
struct TargetFindings {
    origin: String,
    findings: Result<Vec<Placed>, String>,
}

/// A finding, as text outputs and as JSON outputs show it.
struct Placed {
    finding: Finding,
    line: FindingLine,
}

/// Shows which findings would be new and which findings would be resolved, if the baseline of `context` replaced the
/// baseline `against`.
pub(in crate::cli) fn compare(
    context: &Context,
    targets: &Targets,
    against: &BaselinePlace,
    choice: &RuleChoiceArgs,
    rules: &[&'static dyn Rule],
) -> VerbResult {
    if targets.list.iter().any(|target| matches!(target, Target::Stdin)) {
        return Err(Failure::usage(
            "--against reads each target twice, but standard input can be read only once: use a file",
        ));
    }
    let after = wait(context.baselines(&targets.list))?;
    let before = wait(context.read_baseline_at(against, "from --against"))?;
    let (old, _) = find_all(context, &Baselines { files: &before, live: &before }.choose(choice, rules), targets)?;
    let (new, passed_over) = find_all(context, &after.choose(choice, rules), targets)?;
    let after = after.files;
    let mut summary = AgainstSummary::default();
    let pairs = old.into_iter().zip(new);
    let compared: Vec<Compared> = pairs.map(|both| one(&context.printer, both, &mut summary)).collect();
    let settings = before.baseline.differences(&after.baseline);
    summary.settings = settings.len();
    context.printer.show(&AgainstOutput {
        schema: schema::AGAINST,
        baseline: after.line(),
        against: before.line(),
        summary,
        passed_over,
        settings,
        targets: compared,
    });
    Ok(Exit::from(summary))
}

fn find_all(
    context: &Context,
    baselines: &ChosenBaselines,
    targets: &Targets,
) -> Result<(Vec<TargetFindings>, PassedOver), Failure> {
    let mut all = Vec::new();
    let passed_over = load_all(context, baselines, targets, &mut |target, loaded| match loaded {
        Ok(loaded) => all.extend(loaded.into_iter().map(TargetFindings::of)),
        Err(failure) => all.push(TargetFindings { origin: target.origin(), findings: Err(failure.message) }),
    })?;
    Ok((all, passed_over))
}

impl TargetFindings {
    fn of(loaded: Loaded) -> Self {
        let findings = match loaded.undecided() {
            Some(why) => Err(format!("{}: {why}", loaded.origin)),
            None => {
                let folder = std::env::current_dir().unwrap_or_default();
                let lines = loaded.checked(&folder, false).findings;
                let findings = loaded.plan.findings.iter().cloned().zip(lines);
                Ok(findings.map(|(finding, line)| Placed { finding, line }).collect())
            }
        };
        Self { origin: loaded.origin, findings }
    }
}

fn one(printer: &Printer, (old, new): (TargetFindings, TargetFindings), summary: &mut AgainstSummary) -> Compared {
    summary.checked += 1;
    let mut compared = Compared { target: new.origin, error: None, come: Vec::new(), go: Vec::new() };
    let (old, new) = match (old.findings, new.findings) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) | (_, Err(why)) => {
            summary.errors += 1;
            printer.error(&why, None);
            compared.error = Some(why);
            return compared;
        }
    };
    let (go, come) = (except(&old, &new), except(&new, &old));
    summary.differ += usize::from(!go.is_empty() || !come.is_empty());
    (summary.go, summary.come) = (summary.go + go.len(), summary.come + come.len());
    let alone = |placed: &[usize], of: &[Placed]| placed.iter().map(|at| of[*at].finding.clone()).collect::<Vec<_>>();
    printer.text(|| comes_and_goes(&compared.target, &alone(&go, &old), &alone(&come, &new)));
    (compared.come, compared.go) = (lines(new, &come), lines(old, &go));
    compared
}

/// Returns the lines of the findings at these indices, which are in ascending order.
fn lines(placed: Vec<Placed>, indices: &[usize]) -> Vec<FindingLine> {
    let placed = placed.into_iter().enumerate().filter(|(at, _)| indices.binary_search(at).is_ok());
    placed.map(|(_, placed)| placed.line).collect()
}

/// Returns the indices of the findings of `these` that are not in `those`.
fn except(these: &[Placed], those: &[Placed]) -> Vec<usize> {
    let mut at: HashMap<(&str, &str), Vec<&Finding>> = HashMap::new();
    for placed in those {
        at.entry((placed.finding.rule.name(), &placed.line.pointer)).or_default().push(&placed.finding);
    }
    let has = |placed: &Placed| {
        let those = at.get(&(placed.finding.rule.name(), &*placed.line.pointer));
        those.is_some_and(|those| those.contains(&&placed.finding))
    };
    these.iter().enumerate().filter(|(_, placed)| !has(placed)).map(|(at, _)| at).collect()
}
