//! The assessment of one registered revision: its description, its log groups, and the resulting plan.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::plan::{self, Plan};
use crate::domain::rules::Rule;
use crate::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use crate::ports::{Answer, Described, ErrorKind, LogGroups, PortError, TaskDefinitions};

/// The facts about one registered revision, and the plan that follows from these facts.
pub struct Assessment {
    pub default_mode: DefaultMode,
    pub log_groups: BTreeMap<String, LogGroup>,
    pub plan: Plan,
    /// The error of the failed read of the account setting `defaultLogDriverMode`, or `None` if the read succeeded. A
    /// failed read does not fail the assessment, because some plans do not depend on this account setting.
    pub unread: Option<PortError>,
    /// The error of AWS if it refused to describe the log groups. The rules about log groups are then not checked, and
    /// every other rule is. Any other error of this read fails the assessment.
    pub unread_groups: Option<PortError>,
}

/// Describes a revision. Returns `None` if ECS cannot find the revision.
pub(super) async fn described(
    task_definitions: &impl TaskDefinitions,
    revision: &RevisionArn,
) -> Answer<Option<Described>> {
    match task_definitions.describe(&revision.to_string()).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::Missing => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the log groups of a described revision, and plans by the rules the correction of the revision. For a compliant revision,
/// Logweir makes two AWS calls: the DescribeTaskDefinition call before this function, and the call that reads the log
/// groups in this function. The adapter for ECS reads the account setting `defaultLogDriverMode` once for many
/// revisions.
pub async fn observe(
    described: &Described,
    baseline: &Baseline,
    rules: &[&dyn Rule],
    task_definitions: &impl TaskDefinitions,
    log_groups: &impl LogGroups,
    now: Timestamp,
) -> Answer<Assessment> {
    let (default_mode, unread) = match task_definitions.default_mode().await {
        Ok(mode) => (DefaultMode::Known(mode), None),
        Err(error) => (DefaultMode::Unreadable(error.to_string()), Some(error)),
    };
    let tags: Vec<_> = described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    let mut seen = Observation {
        definition: &described.definition,
        account: Some(&described.arn.account),
        region: Some(&described.arn.region),
        tags: &tags,
        default_mode: default_mode.clone(),
        log_groups: None,
        template: None,
        now,
    };
    let wanted = plan::log_groups(&seen, baseline);
    let names: Vec<String> = wanted.keys().cloned().collect();
    let mut groups = match names.as_slice() {
        [] => BTreeMap::new(),
        names => match log_groups.look(names).await {
            Err(error) if error.kind == ErrorKind::Refused => {
                let (plan, log_groups) = (plan::plan_by(rules, &seen, baseline), BTreeMap::new());
                return Ok(Assessment { default_mode, log_groups, plan, unread, unread_groups: Some(error) });
            }
            groups => groups?,
        },
    };
    for (name, days) in wanted {
        let group = groups.entry(name.clone()).or_insert(LogGroup::Missing);
        // Logweir checks whether a log group is empty only if the group stores no bytes and its retention is missing or
        // too short. If AWS refuses this check, `empty` stays `None`, and Logweir only advises an operator to set the
        // retention.
        if let LogGroup::Exists { retention, policy: None, empty: empty @ None } = group
            && days.is_some_and(|days| retention.is_none_or(|retention| retention < days))
        {
            *empty = match log_groups.is_empty(&name).await {
                Ok(answer) => Some(answer),
                Err(error) if error.kind == ErrorKind::Refused => None,
                Err(error) => return Err(error),
            };
        }
    }
    seen.log_groups = Some(&groups);
    let plan = plan::plan_by(rules, &seen, baseline);
    Ok(Assessment { default_mode, plan, log_groups: groups, unread, unread_groups: None })
}
