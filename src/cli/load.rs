//! Reads the targets of a verb, and plans the correction of each target.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::connect::{Intent, wait};
use super::context::Context;
use super::failure::Failure;
use super::loaded::Loaded;
use super::options::Global;
use super::placed_baseline::ChosenBaselines;
use super::progress::Progress;
use super::targets;
use super::targets::{Read, Target, Targets, family_of, is_named};
use crate::aws::{self, Aws};
use crate::domain::baseline::Baseline;
use crate::domain::outcome::Reason;
use crate::domain::plan::Plan;
use crate::domain::readings::{Judged, judge};
use crate::domain::rules::Rule;
use crate::domain::rules::facts::Observation;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::verdict::{Decided, Unknown};
use crate::ports::{Answer, ErrorKind, LogGroups, PortError, TaskDefinitions};
use crate::render::json::PassedOver;
use crate::sources::{Document, Kind, SourceError};
use crate::workflow::observe;

/// The number of registered revisions that Logweir reads at the same time. AWS allows an account ten calls of
/// DescribeLogGroups and twenty calls of DescribeTaskDefinition per second.
const AT_ONCE: usize = 3;

/// The pauses between attempts to read a revision, if AWS throttles a call. The SDK itself tries each call three times,
/// but stops retrying after many throttled calls.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// A target that Logweir has read.
enum Outcome {
    Loaded(Vec<Loaded>),
    /// An optional file that contains no task definition.
    PassedOver(Kind),
}

/// Loads all targets, and calls `each` with the task definitions of each target, in the order of the targets. A file
/// may contain several task definitions. Calls `each` with an error for a folder that contains no task definition.
/// Returns the files that contain no task definition.
///
/// Reads files without AWS. Reads registered revisions with one set of AWS clients, up to `AT_ONCE` revisions at the
/// same time.
pub(super) fn load_all(
    context: &Context,
    baselines: &ChosenBaselines,
    targets: &Targets,
    each: &mut impl FnMut(&Target, Result<Vec<Loaded>, Failure>),
) -> Result<PassedOver, Failure> {
    let Targets { list, folders, passed_over, family } = targets;
    let mut passed_over = passed_over.clone();
    let mut without: Vec<&Rc<Path>> = folders.iter().collect();
    wait(async {
        let live = list.iter().filter(|target| matches!(target, Target::Live(_))).count();
        let connection = if live > 0 { Some(context.aws(Intent::Look).await) } else { None };
        let region = if live < list.len() { region(&context.global).await } else { None };
        let progress = Progress::over(live);
        let load = |target| load(baselines, connection.as_ref(), target, family.as_deref(), region.as_deref());
        let loads = list.iter().map(load);
        let mut loads = pin!(stream::iter(loads).buffered(AT_ONCE).zip(stream::iter(list)));
        while let Some((outcome, target)) = loads.next().await {
            let loaded = match outcome {
                Ok(Outcome::PassedOver(kind)) => {
                    passed_over.add(kind, 1);
                    continue;
                }
                Ok(Outcome::Loaded(loaded)) => Ok(loaded),
                Err(failure) => Err(failure),
            };
            without.retain(|folder| Some(*folder) != target.folder());
            progress.beside(|| each(target, loaded));
        }
        Ok::<_, Failure>(())
    })?;
    for folder in without {
        let error = SourceError::without_task_definition(folder);
        each(&Target::Unreadable(error.clone()), Err(Failure::from(error)));
    }
    Ok(passed_over)
}

/// Loads one target, and plans the correction of each of its task definitions. Only registered revisions need the
/// connection to AWS.
async fn load(
    baselines: &ChosenBaselines,
    connection: Option<&Result<Aws, Failure>>,
    target: &Target,
    family: Option<&str>,
    region: Option<&str>,
) -> Result<Outcome, Failure> {
    let loaded = match (target, connection, target.documents(family)) {
        (_, _, Some(Ok(Read::PassedOver(kind)))) => return Ok(Outcome::PassedOver(kind)),
        (_, _, Some(Ok(Read::Documents(documents)))) => {
            let planned = |document| plan_offline(baselines, region, document);
            let mut loaded: Vec<Loaded> = documents.into_iter().map(planned).collect();
            judge_groups_once(&mut loaded);
            return Ok(Outcome::Loaded(loaded));
        }
        (_, _, Some(Err(error))) => return Err(Failure::from(error)),
        (Target::Live(name), Some(Ok(aws)), None) => {
            targets::is_in_region(name, aws.region())?;
            plan_patiently(aws, baselines, target, name).await.map_err(Failure::from)
        }
        (_, Some(Err(failed)), None) => Err(failed.clone()),
        (_, _, None) => Err(Failure::error("there is no connection to AWS")),
    };
    loaded.map(|loaded| Outcome::Loaded(vec![loaded])).map_err(|failed| failed.about(&target.origin()))
}

/// Returns the Region of the task definitions in files. Makes no AWS call.
pub(super) async fn region(global: &Global) -> Option<String> {
    match &global.region {
        Some(region) => Some(region.clone()),
        None => aws::configured_region(global.profile.as_deref()).await,
    }
}

/// Plans the correction of a document. Makes no AWS call.
fn plan_offline(baselines: &ChosenBaselines, region: Option<&str>, document: Document) -> Loaded {
    let tags: Vec<_> = document.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let now = Timestamp::now();
    let template = document.template.as_deref();
    let seen = |definition| Observation { tags: &tags, template, ..Observation::of_document(definition, region, now) };
    let pointer = |reading, below: &str| document.pointer_of(reading, below);
    let Judged { mut plan, mut readings, edits } =
        judge(&document.readings, &baselines.rules, seen, &baselines.files, pointer);
    let mut unknowns: Vec<(usize, Unknown)> = document.unknowns.iter().map(|unknown| (0, unknown.clone())).collect();
    // The reason that the document gives is more precise than the reason that a rule gives.
    let is_explained = |unknown: &Unknown| document.unknowns.iter().any(|it| unknown.pointer.starts_with(&it.pointer));
    unknowns.extend(take_unknown(&mut plan, &mut readings).into_iter().filter(|(_, unknown)| !is_explained(unknown)));
    if document.is_read_only() {
        plan.findings.iter_mut().for_each(advise);
    }
    Loaded {
        origin: document.origin.clone(),
        revision: None,
        definition: document.definition.clone(),
        plan,
        unknowns,
        readings,
        edits,
        region: region.map(String::from),
        tags: None,
        unread: None,
        log_groups: BTreeMap::new(),
        document: Some(document),
        places: OnceCell::new(),
    }
}

/// Turns a fix into advice, because Logweir does not change the file.
fn advise(finding: &mut Finding) {
    let wish = |(option, value): &(&str, Option<String>)| match value {
        Some(value) => format!("set {option} to `{value}`"),
        None => format!("remove {option}"),
    };
    let advice = match &finding.fix {
        Fix::Options(options) => options.iter().map(wish).collect::<Vec<_>>().join(" and "),
        Fix::Configuration { configuration, .. } => {
            format!("write this logConfiguration where it is made: {}", serde_json::Value::from(configuration.clone()))
        }
        Fix::Retention { days, .. } => format!("set the retention of the log group to {days} days where it is made"),
        Fix::LogGroup(_) | Fix::Advice(_) => return,
    };
    finding.fix = Fix::Advice(advice);
}

/// Keeps one finding about each log group that several task definitions of a file use: the finding with the longest
/// required retention.
fn judge_groups_once(all: &mut [Loaded]) {
    let mut chosen: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    let days = |fix: &Fix| if let Fix::Retention { days, .. } = fix { *days } else { 0 };
    for (index, loaded) in all.iter().enumerate() {
        for finding in loaded.plan.findings.iter().filter(|finding| finding.pointer.starts_with("/logGroups/")) {
            let entry = chosen.entry(finding.pointer.clone()).or_insert((days(&finding.fix), index));
            if days(&finding.fix) > entry.0 {
                *entry = (days(&finding.fix), index);
            }
        }
    }
    for (index, loaded) in all.iter_mut().enumerate() {
        let is_chosen = |finding: &Finding| chosen.get(&finding.pointer).is_none_or(|(_, chosen)| *chosen == index);
        let Loaded { plan, readings, .. } = loaded;
        let kept: Vec<bool> = plan.findings.iter().map(is_chosen).collect();
        let mut keep = kept.iter();
        readings.retain(|_| *keep.next().unwrap_or(&true));
        plan.findings.retain(is_chosen);
        let asked = |group: &str| {
            plan.findings.iter().any(|finding| matches!(&finding.fix, Fix::Retention { group: of, .. } if of == group))
        };
        let asked: Vec<bool> = plan.retentions.iter().map(|retention| asked(&retention.group)).collect();
        let mut keep = asked.iter();
        plan.retentions.retain(|_| *keep.next().unwrap_or(&true));
    }
}

/// Removes the findings about values that the document does not show from the plan. Returns them as unknown values.
fn take_unknown(plan: &mut Plan, readings: &mut Vec<usize>) -> Vec<(usize, Unknown)> {
    let (mut kept, mut of, mut unknowns) = (Vec::new(), Vec::new(), Vec::new());
    for (finding, reading) in plan.findings.drain(..).zip(readings.drain(..)) {
        if finding.decided != Decided::Unknown {
            kept.push(finding);
            of.push(reading);
        } else if finding.counts() {
            let unknown = Unknown { rules: vec![finding.rule], pointer: finding.pointer, why: finding.message };
            unknowns.push((reading, unknown));
        }
    }
    plan.findings = kept;
    *readings = of;
    unknowns
}

/// Reads a registered revision, and plans the correction of the revision. Waits and tries again if AWS throttles a
/// call.
async fn plan_patiently(aws: &Aws, baselines: &ChosenBaselines, target: &Target, name: &str) -> Answer<Loaded> {
    for pause in PAUSES {
        match plan_live(&aws.ecs, &aws.log_groups, &baselines.live, &baselines.rules, target, name).await {
            Err(error) if error.reason == Some(Reason::Throttled) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    plan_live(&aws.ecs, &aws.log_groups, &baselines.live, &baselines.rules, target, name).await
}

/// Reads a registered revision and its log groups, and plans the correction of the revision.
pub(super) async fn plan_live(
    task_definitions: &impl TaskDefinitions,
    log_groups: &impl LogGroups,
    baseline: &Baseline,
    rules: &[&dyn Rule],
    target: &Target,
    name: &str,
) -> Answer<Loaded> {
    let described = task_definitions.describe(family_of(name)).await?;
    if name.starts_with("arn:") && !is_named(&described.arn, name) {
        let message = format!("ECS describes {} instead of {name}", described.arn);
        return Err(PortError { kind: ErrorKind::Missing, call: "DescribeTaskDefinition", message, reason: None });
    }
    let (revision, region) = (described.arn.clone(), described.arn.region.clone());
    let tags = described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let seen = observe(&described, baseline, rules, task_definitions, log_groups, Timestamp::now()).await?;
    let is_undecided = !seen.plan.not_checked.is_empty();
    Ok(Loaded {
        origin: target.origin(),
        revision: Some(revision),
        definition: described.definition,
        unread: seen.unread_groups.or(seen.unread).filter(|_| is_undecided),
        plan: seen.plan,
        unknowns: Vec::new(),
        readings: Vec::new(),
        edits: Vec::new(),
        region: Some(region),
        tags: Some(tags),
        log_groups: seen.log_groups,
        document: None,
        places: OnceCell::new(),
    })
}
