//! The results of `logweir exec check` in the shape of those of `logweir check`.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::fleet::facts::{Fleet, Unread, WorkloadKind};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::exec::judge::{Judged, Subject};
use crate::domain::rules::finding::Finding;
use crate::domain::text::place::{Found, locate};
use crate::domain::verdict::{Decided, Unknown};
use crate::render::human::{findings, unknown};
use crate::render::json::{CheckedResource, LiveLine, PlacedFinding, Scope, TargetOutput, UnknownLine};

/// Returns the output for a target that the caller named and that Logweir could not check.
pub(super) fn missing(target: String, failure: &Failure) -> TargetOutput {
    TargetOutput::unread(target, Scope::Live, None, failure.message.clone(), None)
}

/// Returns the output for a resource.
pub(super) fn resource(fleet: &Fleet, judged: &Judged<'_>) -> TargetOutput {
    let (kind, arn) = kind(judged.subject);
    let (family, revision) = match judged.subject {
        Subject::Definition(_, Some(definition)) => (definition.definition.family(), definition.revision),
        _ => (None, None),
    };
    let placed = decided(judged).map(|finding| PlacedFinding {
        finding,
        pointer: finding.pointer.clone(),
        place: None,
        replacements: Vec::new(),
    });
    let unknown = judged.findings.iter().filter(|finding| finding.counts() && finding.decided == Decided::Unknown);
    let unknown = unknown.map(|finding| {
        let Finding { rule, pointer, message, .. } = finding;
        let unknown = Unknown { rules: vec![*rule], pointer: pointer.clone(), why: message.clone() };
        UnknownLine::of(&unknown, pointer.clone(), None)
    });
    let Fleet { partition, account, region, .. } = fleet;
    TargetOutput::of_resource(CheckedResource {
        target: name(judged.subject),
        kind,
        live: LiveLine { arn, partition: partition.clone(), account: account.clone(), region: region.clone() },
        family,
        revision,
        undecided: undecided(judged),
        findings: placed.collect(),
        not_checked: not_checked(judged),
        unknown: unknown.collect(),
    })
}

/// Returns the findings that decide about the verdict.
fn decided<'j>(judged: &'j Judged<'_>) -> impl Iterator<Item = &'j Finding> {
    judged.findings.iter().filter(|finding| finding.decided != Decided::Unknown || !finding.counts())
}

/// Returns each rule that could not judge the whole resource once, in the order of the rules.
fn not_checked(judged: &Judged<'_>) -> Vec<RuleName> {
    let is_unchecked = |rule: &RuleName| judged.not_checked.iter().any(|(other, _)| other == rule);
    RuleName::ALL.into_iter().filter(is_unchecked).collect()
}

fn undecided(judged: &Judged<'_>) -> Option<String> {
    let rules = not_checked(judged);
    let reads: BTreeSet<&str> = judged.not_checked.iter().map(|(_, unread)| unread.message.as_str()).collect();
    let reads = reads.into_iter().collect::<Vec<_>>().join("; ");
    (!rules.is_empty())
        .then(|| format!("no verdict, because these rules were not checked: {} ({reads})", rules.join(", ")))
}

/// Reports each failed read once, with the rules that it leaves unchecked.
pub(super) fn report_unread(context: &Context, judged: &[Judged<'_>]) {
    let mut reads: BTreeMap<&Unread, BTreeSet<&str>> = BTreeMap::new();
    for (rule, unread) in judged.iter().flat_map(|judged| &judged.not_checked) {
        reads.entry(unread).or_default().insert(rule.name());
    }
    for (Unread { action, message, is_denied }, rules) in reads {
        let rules = rules.into_iter().collect::<Vec<_>>().join(", ");
        let help = match is_denied {
            true => format!("allow the caller {action}; until then, these rules are not checked: {rules}"),
            false => format!("these rules were not checked: {rules}"),
        };
        context.printer.error(message, Some(&help));
    }
}

/// Returns the type of a resource and its ARN.
fn kind(subject: Subject<'_>) -> (&'static str, String) {
    match subject {
        Subject::Cluster(cluster) => ("AWS::ECS::Cluster", cluster.cluster.arn.to_string()),
        Subject::Workload(_, workload) => {
            let kind = match workload.kind {
                WorkloadKind::Service => "AWS::ECS::Service",
                WorkloadKind::Daemon => "AWS::ECS::Daemon",
                WorkloadKind::Task => "AWS::ECS::Task",
            };
            (kind, workload.arn.clone())
        }
        Subject::Definition(arn, _) => ("AWS::ECS::TaskDefinition", arn.to_owned()),
    }
}

/// Returns the name that messages use for a resource, such as `service/prod/web` or `ecs:web:3`.
fn name(subject: Subject<'_>) -> String {
    match subject {
        Subject::Cluster(cluster) => cluster.cluster.arn.short(),
        Subject::Workload(cluster, workload) => {
            format!("{}/{}/{}", workload.kind.name(), cluster.cluster.arn.name, workload.name)
        }
        Subject::Definition(arn, _) => match arn.parse::<RevisionArn>() {
            Ok(revision) => format!("ecs:{}", revision.short()),
            Err(_) => arn.splitn(6, ':').nth(5).unwrap_or(arn).to_owned(),
        },
    }
}

/// Returns the findings about a resource in the format of compiler messages, and its unknown parts.
pub(super) fn text(judged: &Judged<'_>, target: &TargetOutput, is_styled: bool) -> String {
    let text = match judged.subject {
        Subject::Definition(_, Some(definition)) => definition.definition.text(),
        _ => "",
    };
    let shown: Vec<&Finding> = decided(judged).collect();
    let places: Vec<Found> = locate(text, shown.iter().map(|finding| finding.pointer.as_str()));
    let mut lines = String::new();
    for ((finding, found), line) in shown.into_iter().zip(&places).zip(&target.findings) {
        if line.state == Some(crate::render::json::State::Known) {
            continue;
        }
        let origin = &target.target;
        lines += &findings::finding(&findings::Shown { origin, text, finding, found, position: None }, is_styled);
        lines += "\n\n";
    }
    lines + &unknown::lines(target)
}
