//! Looking at one live revision: Describe, its log groups, and the plan that follows from them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::plan::{self, Plan};
use crate::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use crate::ports::{Answer, Described, ErrorKind, LogGroups, PortError, TaskDefinitions};

/// A live revision, the facts that were gathered about it, and what is to be done.
pub struct Assessment {
    pub default_mode: DefaultMode,
    pub log_groups: BTreeMap<String, LogGroup>,
    pub plan: Plan,
    /// Why the account's setting could not be read; the verdict may not depend on it.
    pub unread: Option<PortError>,
}

/// A revision, if ECS can describe it.
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

/// Two calls for a revision that is compliant: its log groups and Describe, which the caller has made. The account
/// setting is read once for many revisions, by the adapter.
pub async fn observe(
    described: &Described,
    baseline: &Baseline,
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
        now,
    };
    let wanted = plan::log_groups(&seen, baseline);
    let names: Vec<String> = wanted.keys().cloned().collect();
    let mut groups = match names.as_slice() {
        [] => BTreeMap::new(),
        names => log_groups.look(names).await?,
    };
    for (name, days) in wanted {
        let group = groups.entry(name.clone()).or_insert(LogGroup::Missing);
        // Only a group that expires too late or too early, and holds no bytes, is worth the question whether it was
        // ever used. Where that may not be asked, the answer is not known, which makes the finding advice.
        if let LogGroup::Exists { retention, policy: None, empty: empty @ None } = group
            && retention.is_none_or(|retention| retention < days)
        {
            *empty = match log_groups.is_empty(&name).await {
                Ok(answer) => Some(answer),
                Err(error) if error.kind == ErrorKind::Refused => None,
                Err(error) => return Err(error),
            };
        }
    }
    seen.log_groups = Some(&groups);
    let plan = plan::plan(&seen, baseline);
    Ok(Assessment { default_mode, plan, log_groups: groups, unread })
}
