//! `logweir check`: what departs from the baseline.

use std::collections::BTreeSet;

use clap::Args;
use futures_util::{StreamExt, stream};

use super::against;
use super::audit::{self, Progress};
use crate::aws::Aws;
use crate::cli::live::{failure, wait};
use crate::cli::targets::{self, Loaded, Target};
use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::edit::patch;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::rules::finding::Fix;
use crate::render::human::{diff, findings};
use crate::render::json;
use crate::settings::BaselinePlace;

/// How many live revisions are looked at side by side. AWS lets an account look for ten log groups a second, and describe
/// twenty task definitions.
const AT_ONCE: usize = 3;

#[derive(Args)]
pub(in crate::cli) struct Check {
    /// Files, folders, `-`, ecs:FAMILY[:REVISION], ARNs
    #[arg(value_name = "TARGET", required_unless_present = "all")]
    targets: Vec<String>,
    /// Look at every family of the account and Region, by its newest revision
    #[arg(long, conflicts_with = "targets")]
    all: bool,
    /// Show what a fix would change
    #[arg(long, env = "LOGWEIR_DIFF", hide_env = true)]
    diff: bool,
    /// Show what comes and goes between this baseline (a file, or ssm:NAME) and the one that is used
    #[arg(long, value_name = "BASELINE", conflicts_with = "diff", env = "LOGWEIR_AGAINST", hide_env = true)]
    against: Option<BaselinePlace>,
}

impl Check {
    pub(in crate::cli) fn run(&self, context: &Context) -> Ended {
        let targets = if self.all { audit::families(context)? } else { targets::read(&self.targets)? };
        if let Some(against) = &self.against {
            return against::compare(context, &targets, against);
        }
        let mut lines = Vec::new();
        let mut summary = json::Summary::default();
        let mut fixable = 0;
        let mut not_checked = BTreeSet::new();
        let mut each = |target: &Target, loaded: Result<Loaded, Failure>| {
            summary.checked += 1;
            lines.push(match loaded {
                Err(failure) => {
                    summary.errors += 1;
                    context.printer.error(&failure.message, failure.help.as_deref());
                    json::Target::unread(target.origin(), failure.message)
                }
                Ok(loaded) => {
                    let findings = &loaded.plan.findings;
                    let counted = findings.iter().filter(|finding| finding.counts());
                    fixable += counted.clone().filter(|finding| is_mended_by_fix(&finding.fix, &loaded.plan)).count();
                    summary.findings += counted.count();
                    summary.exempt += findings.iter().filter(|finding| !finding.counts()).count();
                    summary.compliant += usize::from(loaded.plan.is_compliant());
                    not_checked.extend(loaded.plan.not_checked.iter().map(|rule| rule.name()));
                    if !context.is_json() {
                        self.show(context, &loaded);
                    }
                    let mut line = line(&loaded);
                    if loaded.document.is_none() && !loaded.plan.not_checked.is_empty() {
                        // Live, everything can be read; what could not be is no verdict.
                        let why = format!("could not be decided: {}", loaded.plan.not_checked.join(", "));
                        context.printer.error(&format!("{}: {why}", loaded.origin), None);
                        summary.errors += 1;
                        summary.compliant -= usize::from(loaded.plan.is_compliant());
                        (line.compliant, line.error) = (false, Some(why));
                    }
                    line
                }
            });
        };
        load_all(context, &targets, &mut each)?;
        if context.is_json() {
            let check =
                json::Check { schema: "logweir.check/1", baseline: context.baseline_line(), summary, targets: lines };
            context.printer.json(&serde_json::to_value(check).unwrap_or_default());
        } else {
            context.printer.result(&closing(&summary, fixable, &not_checked));
            if context.global.baseline.is_some() {
                context.printer.result(&format!("by {}\n", context.baseline_line()));
            }
        }
        Ok(match summary {
            json::Summary { errors: 1.., .. } => Exit::CouldNot,
            json::Summary { findings: 1.., .. } => Exit::Findings,
            _ => Exit::Fine,
        })
    }

    fn show(&self, context: &Context, loaded: &Loaded) {
        show_findings(context, loaded);
        if self.diff {
            context.printer.result(&difference(loaded));
        }
    }
}

/// The findings about one target, as rustc would show them.
pub(in crate::cli) fn show_findings(context: &Context, loaded: &Loaded) {
    let position = loaded.document.as_ref().map(|document| move |at| document.position(at));
    let shown = findings::Shown {
        origin: &loaded.origin,
        definition: &loaded.definition,
        position: position.as_ref().map(|position| position as &dyn Fn(usize) -> (usize, usize)),
    };
    for finding in &loaded.plan.findings {
        let text = findings::finding(finding, &shown, context.printer.is_styled());
        context.printer.result(&format!("{text}\n\n"));
    }
}

/// Loads every target, in order: files without AWS, live revisions over one connection, a few at once.
pub(in crate::cli) fn load_all(
    context: &Context,
    targets: &[Target],
    each: &mut impl FnMut(&Target, Result<Loaded, Failure>),
) -> Result<(), Failure> {
    wait(async {
        let live = targets.iter().filter(|target| matches!(target, Target::Live(_))).count();
        let connection = if live > 0 { Some(context.aws().await) } else { None };
        let progress = Progress::over(live);
        let loads = targets.iter().map(|target| load(context, connection.as_ref(), target));
        let mut loads = std::pin::pin!(stream::iter(loads).buffered(AT_ONCE).zip(stream::iter(targets)));
        while let Some((loaded, target)) = loads.next().await {
            progress.beside(|| each(target, loaded));
        }
    })
}

/// The verdict on one target; the connection is there for those that are live.
async fn load(
    context: &Context,
    connection: Option<&Result<Aws, Failure>>,
    target: &Target,
) -> Result<Loaded, Failure> {
    let about = |failed: Failure| Failure { message: format!("{}: {}", target.origin(), failed.message), ..failed };
    match (target, connection, target.document()) {
        (_, _, Some(Ok(document))) => Ok(context.plan_offline(document).await),
        (_, _, Some(Err(error))) => Err(Failure { help: error.help.clone(), ..Failure::could_not(error.to_string()) }),
        (Target::Live(name), Some(Ok(aws)), None) => {
            context.plan_live(aws, target, name).await.map_err(|error| about(failure(&error)))
        }
        (_, Some(Err(failed)), None) => Err(about(failed.clone())),
        (_, _, None) => Err(about(Failure::could_not("nothing leads to it"))),
    }
}

/// Log groups lie outside of the document.
fn is_mended_by_fix(fix: &Fix, plan: &Plan) -> bool {
    matches!(fix, Fix::Options(_) | Fix::Configuration { .. }) && plan.refusal != Some(Refusal::Sandboxed)
}

fn line(loaded: &Loaded) -> json::Target {
    let prefix = loaded.document.as_ref().map_or("", |document| document.pointer);
    let patch = match patch::apply(&loaded.definition, &loaded.plan.edits) {
        Ok(after) => json::patch(loaded.definition.view(), after.view(), prefix),
        Err(_) => serde_json::Value::Array(Vec::new()),
    };
    json::Target {
        family: loaded.definition.family().map(String::from),
        revision: loaded.revision.as_ref().map(|arn| arn.revision),
        ..json::Target::of(loaded.origin.clone(), &loaded.plan, prefix, patch, loaded.region.as_deref())
    }
}

/// The unified diff of what a fix would change.
pub(in crate::cli) fn difference(loaded: &Loaded) -> String {
    let Ok(after) = patch::apply(&loaded.definition, &loaded.plan.edits) else {
        return String::new();
    };
    match &loaded.document {
        Some(before) => {
            let text = before.with(&after);
            let start = before.text().len() - loaded.definition.text().len() - before.after().len();
            let new_line = |at: usize| crate::sources::position(&text, start + at).0;
            let names = (format!("a/{}", loaded.origin), format!("b/{}", loaded.origin));
            diff::unified((&names.0, &names.1), (&loaded.definition, &|at| before.position(at).0), (&after, &new_line))
        }
        None => diff::unified(
            (&loaded.origin, &format!("{}, corrected", loaded.origin)),
            (&loaded.definition, &|_| 1),
            (&after, &|_| 1),
        ),
    }
}

fn closing(summary: &json::Summary, fixable: usize, not_checked: &BTreeSet<&str>) -> String {
    let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let json::Summary { checked, compliant, findings, exempt, errors } = *summary;
    let mut text =
        format!("{} checked: {compliant} compliant, {}", many(checked, "task definition"), many(findings, "finding"));
    if exempt > 0 {
        text += &format!(", {exempt} exempt");
    }
    if errors > 0 {
        text += &format!(", {errors} without a verdict");
    }
    if fixable > 0 {
        text += &format!("; `logweir fix` mends {fixable}");
    }
    text.push('\n');
    if !not_checked.is_empty() {
        let rules: Vec<&str> = not_checked.iter().copied().collect();
        text += &format!("not checked, as that needs AWS: {}\n", rules.join(", "));
    }
    text
}
