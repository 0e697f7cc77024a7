//! The part of a resume file about a described revision whose log groups are not known yet. The file has the findings
//! that follow from each state of the groups. A resumed audit reads the groups, and need not describe the revision again.
//!
//! A log group that exists counts only with its retention, if this is shorter than the baseline requires. So only a few
//! states lead to different findings: the group is missing, keeps its events long enough, or keeps its events for ever.
//! A group may also have one of the shorter retentions that the audit has read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::judge::{AccountFacts, Judge, Judgement, RequiredGroups};
use super::memo::{Memo, SharedEvidence};
use super::texts::{Text, Texts};
use crate::domain::ecs::wire::Described;
use crate::domain::rules::facts::LogGroup;

/// The largest number of cases of one revision: three groups with three states each.
const MOST_CASES: usize = 27;

/// A described revision whose log groups are not known yet: no part of its document, and only digests of the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreseen {
    pub memo: Memo,
    pub tags: Vec<(Text, Text)>,
    required: RequiredGroups,
}

impl Judge<'_> {
    /// Judges a revision by each state of its log groups. `states` has the known state of each group, and `None` for
    /// any other group. `seen` has the states of other groups of the account. The log groups of `facts` are not used.
    pub fn foresee(
        &self,
        described: &Described,
        facts: &AccountFacts<'_>,
        states: &BTreeMap<String, Option<LogGroup>>,
        seen: &[LogGroup],
        shared: &SharedEvidence,
    ) -> Foreseen {
        let required = self.log_groups(described, facts.default_mode, facts.now);
        let mut cases = vec![BTreeMap::new()];
        for (name, days) in &required {
            let possible = match states.get(name) {
                Some(Some(known)) => vec![equivalent(known, *days)],
                _ => possible(*days, seen),
            };
            let with = |case: &BTreeMap<String, LogGroup>, state: &LogGroup| {
                let mut case = case.clone();
                case.insert(name.clone(), state.clone());
                case
            };
            cases = possible.iter().flat_map(|state| cases.iter().map(|case| with(case, state))).collect();
            cases.truncate(MOST_CASES);
        }
        let mut texts = Texts::default();
        let judged = cases.into_iter().map(|groups| {
            let facts = AccountFacts { log_groups: Some(groups), ..facts.clone() };
            let judgement = self.judge(described, &facts, &mut texts);
            (facts.log_groups, Some(facts.default_mode), judgement)
        });
        let tags: Vec<(Text, Text)> =
            described.tags.iter().map(|tag| (tag.key.as_str().into(), tag.value.as_str().into())).collect();
        Foreseen { memo: Memo::of(described, required.keys(), &tags, judged, shared), tags, required }
    }
}

impl Foreseen {
    /// Returns the judgement that follows from the facts. Returns `None` for facts that were not foreseen, so that the
    /// audit has to describe the revision again.
    pub fn judgement(&self, facts: &AccountFacts<'_>, shared: &SharedEvidence) -> Option<&Judgement> {
        let groups = facts.log_groups.as_ref()?;
        let days = |name: &String| self.required.get(name).copied().flatten();
        let groups = groups.iter().map(|(name, group)| (name.clone(), equivalent(group, days(name)))).collect();
        self.memo.judgement(&self.tags, &AccountFacts { log_groups: Some(groups), ..facts.clone() }, shared)
    }
}

/// Returns the states of a group that lead to different findings, most usual first.
fn possible(required: Option<u32>, seen: &[LogGroup]) -> Vec<LogGroup> {
    let kept = LogGroup::Exists { retention: required, policy: None, empty: None };
    let never = LogGroup::Exists { retention: None, policy: None, empty: None };
    let mut states = Vec::new();
    for state in [kept, never, LogGroup::Missing].iter().chain(seen).map(|state| equivalent(state, required)) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

/// Returns the state that represents all states with the same findings. A group that keeps its events as long as the
/// baseline requires is as good as any other such group.
fn equivalent(group: &LogGroup, required: Option<u32>) -> LogGroup {
    match group {
        LogGroup::Exists { retention, .. }
            if required.is_none_or(|days| retention.is_some_and(|retention| retention >= days)) =>
        {
            LogGroup::Exists { retention: required, policy: None, empty: None }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::baseline::{Baseline, Delivery};
    use crate::domain::ecs::wire::described;
    use crate::domain::rules::facts::DefaultMode;
    use crate::domain::rules::packs::every;

    fn revision(groups: &[&str]) -> Described {
        let container = |(number, group): (usize, &&str)| {
            let options = json!({
                "awslogs-group": group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web",
                "mode": "blocking",
            });
            let logging = json!({"logDriver": "awslogs", "options": options});
            json!({"name": format!("app-{number}"), "image": "app:1", "memory": 512, "logConfiguration": logging})
        };
        let containers: Vec<_> = groups.iter().enumerate().map(container).collect();
        let definition = json!({
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1", "family": "web",
            "revision": 1, "status": "ACTIVE", "containerDefinitions": containers,
        });
        let tags = json!([{"key": "team", "value": "web"}]);
        described(&json!({"taskDefinition": definition, "tags": tags}).to_string()).unwrap()
    }

    fn states() -> Vec<LogGroup> {
        let exists = |retention, policy: Option<&str>| LogGroup::Exists {
            retention,
            policy: policy.map(String::from),
            empty: None,
        };
        let retentions = [None, Some(1), Some(29), Some(30), Some(31), Some(90), Some(3653)];
        let all = retentions.iter().flat_map(|days| [exists(*days, None), exists(*days, Some("a policy"))]);
        all.chain([LogGroup::Missing]).collect()
    }

    #[test]
    fn a_foreseen_judgement_is_the_judgement_by_the_facts() {
        let rules = every();
        let mode = DefaultMode::Known(Delivery::NonBlocking);
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        for settings in
            ["", "retention-days = 30", "retention-days = \"any\"", "retention-days = 90\nadopt = [\"/ecs/*\"]"]
        {
            let baseline = Baseline::parse(&format!("version = 1\n[log-group]\n{settings}\n")).unwrap();
            let judge = Judge { rules: &rules, baseline: &baseline };
            let shared = SharedEvidence::of(&baseline, "test", now);
            let facts = |groups| AccountFacts { default_mode: &mode, log_groups: groups, now };
            for groups in [&["/ecs/a"][..], &["/ecs/a", "/ecs/b"]] {
                let described = revision(groups);
                let foreseen = judge.foresee(&described, &facts(None), &BTreeMap::new(), &states()[..3], &shared);
                let text = serde_json::to_string(&foreseen).unwrap();
                assert!(!text.contains("app:1") && !text.contains("stream-prefix"), "{text}");
                let foreseen: Foreseen = serde_json::from_str(&text).unwrap();
                for (state, other) in
                    states().iter().flat_map(|one| states().into_iter().map(move |two| (one.clone(), two)))
                {
                    let known = groups.iter().map(|name| (*name).to_owned()).zip([state.clone(), other.clone()]);
                    let facts = facts(Some(known.collect()));
                    let judged = judge.judge(&described, &facts, &mut Texts::default());
                    match foreseen.judgement(&facts, &shared) {
                        Some(judgement) => assert_eq!(*judgement, judged, "{settings}: {state:?} {other:?}"),
                        None => {
                            let is_new =
                                |state: &LogGroup| !states()[..3].contains(state) && *state != LogGroup::Missing;
                            assert!(facts.log_groups.iter().flatten().any(|(_, state)| is_new(state)));
                        }
                    }
                }
            }
        }
    }
}
