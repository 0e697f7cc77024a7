//! Asks IAM's policy simulator about the rights of task roles, and about direct sessions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::aws::{Aws, patiently};
use crate::cli::failed_reads::seen;
use crate::cli::progress::Progress;
use crate::domain::baseline::Baseline;
use crate::domain::doctor::role::{Judged, Need};
use crate::domain::fleet::facts::{Fleet, Seen};
use crate::domain::fleet::rights::{Answer, Right};
use crate::domain::rule_name::RuleName;

/// Returns the principals that must not open sessions directly: those that the caller names, or the caller.
pub(super) async fn principals(aws: &Aws, fleet: &Fleet, baseline: &Baseline, named: &[String]) -> Seen<Vec<String>> {
    let has_workloads = fleet.clusters.iter().any(|cluster| cluster.workloads().next().is_some());
    if !has_workloads || baseline.is_off(RuleName::AllowedDirectSession) {
        return Ok(Vec::new());
    }
    match named {
        [] => seen(aws.calling_principal().await).map(|caller| vec![caller]),
        named => Ok(named.to_vec()),
    }
}

/// Returns the simulator's answers about all rights that the rules ask for.
pub(super) async fn answers(aws: &Aws, fleet: &Fleet, baseline: &Baseline) -> BTreeMap<Right, Seen<Answer>> {
    simulated(aws, asked(fleet, baseline), &fleet.region).await
}

/// Returns the simulator's answers about these rights in the Region.
pub(in crate::cli::verbs::exec) async fn simulated(
    aws: &Aws,
    rights: BTreeSet<Right>,
    region: &str,
) -> BTreeMap<Right, Seen<Answer>> {
    let mut needs: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for Right { principal, action, resource } in rights {
        needs.entry((principal, resource)).or_default().insert(action);
    }
    let progress = Progress::over(needs.len());
    let mut answers = BTreeMap::new();
    for ((principal, resource), actions) in needs {
        let need = Need {
            actions: actions.iter().map(|action| Cow::Owned(action.clone())).collect(),
            resource: resource.clone(),
            context: vec![("aws:RequestedRegion", region.to_owned())],
        };
        let judged = seen(patiently(|| aws.simulate(&principal, &need)).await);
        for (index, action) in actions.into_iter().enumerate() {
            let right = Right { principal: principal.clone(), action, resource: resource.clone() };
            let answer = judged.as_ref().map(|judged| answer(&judged[index])).map_err(Clone::clone);
            answers.insert(right, answer);
        }
        progress.beside(|| {});
    }
    answers
}

/// Returns the rights that the rules ask for, apart from the rules that are off.
fn asked(fleet: &Fleet, baseline: &Baseline) -> BTreeSet<Right> {
    let is_on = |rule: RuleName| !baseline.is_off(rule);
    let mut rights = BTreeSet::new();
    for (arn, definition) in &fleet.definitions {
        let Ok(definition) = definition else { continue };
        let uses = fleet.uses(arn);
        if is_on(RuleName::InsufficientExecRights) {
            rights.extend(fleet.session_rights(definition, &uses).unwrap_or_default());
        }
        if is_on(RuleName::InsufficientTranscriptRights) {
            rights.extend(fleet.transcript_rights(definition, &uses));
        }
    }
    if is_on(RuleName::AllowedDirectSession) {
        let direct = fleet.clusters.iter().map(|cluster| fleet.direct_rights(cluster).unwrap_or_default());
        rights.extend(direct.flatten());
    }
    rights
}

fn answer(Judged { decision, missing, .. }: &Judged) -> Answer {
    match (decision.as_str(), missing.is_empty()) {
        ("allowed", _) => Answer::Allowed,
        ("implicitDeny", false) => Answer::Depends(missing.clone()),
        _ => Answer::Denied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_implicit_denial_with_an_unknown_condition_key_decides_nothing() {
        let of = |decision: &str, keys: &[&str]| {
            let missing = keys.iter().map(ToString::to_string).collect();
            let (action, resource) = ("logs:PutLogEvents".into(), "*".into());
            answer(&Judged { action, resource, decision: decision.into(), missing })
        };
        assert_eq!(of("allowed", &["aws:SourceVpce"]), Answer::Allowed);
        assert_eq!(of("implicitDeny", &[]), Answer::Denied);
        assert_eq!(of("implicitDeny", &["aws:SourceVpce"]), Answer::Depends(vec!["aws:SourceVpce".into()]));
        assert_eq!(of("explicitDeny", &["aws:SourceVpce"]), Answer::Denied);
        assert_eq!(of("somethingNew", &[]), Answer::Denied);
    }
}
