//! The settings and tags of clusters and services as ECS keeps them.

use std::collections::BTreeMap;

use logweir::domain::ecs::cluster::ClusterArn;
use logweir::domain::ecs::resource::{Insights, ResourceArn, ResourceState};
use logweir::domain::record::{ResourceEntryKind, ResourceStep, ResourceUndo};
use logweir::ports::{Answer, Resources};

use super::account::{missing, refused};
use super::{Account, Lie, World};

const SETTINGS: &str = "UpdateClusterSettings";
const TAG: &str = "TagResource";
const UNTAG: &str = "UntagResource";

impl Resources for World {
    async fn resource(&self, arn: &ResourceArn) -> Answer<Option<ResourceState>> {
        self.call("DescribeResource", arn.short(), |account| Ok(account.shown_resource(arn))).await
    }

    async fn account_insights(&self) -> Answer<Option<String>> {
        self.call("ListAccountSettings", "containerInsights", |_| Ok(Some("disabled".into()))).await
    }

    async fn set_insights(&self, cluster: &ClusterArn, value: &str) -> Answer<()> {
        let arn = ResourceArn::Cluster(cluster.clone());
        let set = |account: &mut Account| {
            account.watch_insights(&arn, value);
            account.writes_resource(SETTINGS, &arn, |state| state.insights = Some(value.to_owned()))
        };
        self.call(SETTINGS, cluster.short(), set).await
    }

    async fn tag(&self, arn: &ResourceArn, tags: &BTreeMap<String, String>) -> Answer<()> {
        let set = |account: &mut Account| {
            account.watch_tags(arn, tags);
            account.writes_resource(TAG, arn, |state| state.tags.extend(tags.clone()))
        };
        self.call(TAG, arn.short(), set).await
    }

    async fn untag(&self, arn: &ResourceArn, keys: &[String]) -> Answer<()> {
        let remove = |account: &mut Account| {
            account.watch_untag(arn, keys);
            account.writes_resource(UNTAG, arn, |state| state.tags.retain(|key, _| !keys.contains(key)))
        };
        self.call(UNTAG, arn.short(), remove).await
    }
}

impl Account {
    /// Creates or changes a resource as another principal.
    pub(crate) fn sets_resource(&mut self, arn: &ResourceArn, state: ResourceState) {
        let now = self.now;
        self.resources.entry(arn.clone()).or_default().push((now, state));
    }

    /// Changes the tags or the setting of a resource as another principal.
    pub(crate) fn changes_resource(&mut self, arn: &ResourceArn, change: impl FnOnce(&mut ResourceState)) {
        let mut state = self.resource(arn).clone();
        change(&mut state);
        self.sets_resource(arn, state);
    }

    /// The settings and tags that a resource really has.
    pub(crate) fn resource(&self, arn: &ResourceArn) -> &ResourceState {
        &self.resources[arn].last().unwrap().1
    }

    /// The resource as ECS describes it.
    fn shown_resource(&self, arn: &ResourceArn) -> Option<ResourceState> {
        let writes = self.resources.get(arn)?;
        let visible = writes.iter().take_while(|(at, _)| self.now.duration_since(*at) >= self.lag.lasts).count();
        let visible = visible.max(writes.len().saturating_sub(self.lag.clusters));
        let visible = if self.lie == Some(Lie::ResourceUnchanged) { 1 } else { visible };
        writes.get(visible.checked_sub(1)?).map(|(_, state)| state.clone())
    }

    fn writes_resource(
        &mut self,
        call: &'static str,
        arn: &ResourceArn,
        change: impl FnOnce(&mut ResourceState),
    ) -> Answer<()> {
        let Some(state) = self.resources.get(arn).and_then(|writes| writes.last()) else {
            return missing(call, "ClusterNotFoundException: Cluster not found.");
        };
        let mut state = state.1.clone();
        change(&mut state);
        if state.tags.keys().filter(|key| !key.starts_with("aws:")).count() > 50 {
            return refused(call, "InvalidParameterException: a resource has at most 50 tags");
        }
        self.sets_resource(arn, state);
        Ok(())
    }

    /// Whether the newest attempt of the record has begun this step and no backout was requested since.
    fn intends_step(&self, arn: &ResourceArn, is_meant: impl Fn(&ResourceStep) -> bool) -> bool {
        let attempt = self.resource_records.get(arn).and_then(|record| record.attempt());
        attempt.is_some_and(|attempt| {
            let mut steps = attempt.opening.steps.iter().zip(&attempt.started);
            attempt.backout.is_none() && steps.any(|(step, started)| *started && is_meant(step))
        })
    }

    fn intends_undo(&self, arn: &ResourceArn, what: ResourceUndo) -> bool {
        let newest = self.resource_records.get(arn).and_then(|record| record.entries.last());
        newest.is_some_and(|entry| entry.what == ResourceEntryKind::Undoing { what })
    }

    /// Notes a change of the setting that the journal does not announce, or that replaces what another principal set.
    fn watch_insights(&mut self, arn: &ResourceArn, value: &str) {
        let name = arn.short();
        let now =
            self.resources.get(arn).and_then(|writes| writes.last()).and_then(|(_, state)| state.insights.clone());
        let is_meant =
            |step: &ResourceStep| matches!(step, ResourceStep::SetInsights { after, .. } if after.name() == value);
        let is_step = self.intends_step(arn, is_meant);
        let undoes = self.intends_undo(arn, ResourceUndo::Insights);
        if !is_step && !undoes {
            self.wrongs.push(format!("UpdateClusterSettings of {name} is not in the journal"));
        }
        if is_step && Insights::of(now.as_deref()).is_some_and(|now| now.name() != value) {
            self.wrongs.push(format!("UpdateClusterSettings of {name} replaces the value of another principal"));
        }
        let effects = self.resource_records.get(arn).map(|record| record.effects());
        let after = effects.and_then(|effects| effects.insights).map(|change| change.after.name().to_owned());
        if undoes && after != now {
            self.wrongs.push(format!("UpdateClusterSettings of {name} undoes the value of another principal"));
        }
    }

    /// Notes a tag that the journal does not announce, or that replaces the value of another principal.
    fn watch_tags(&mut self, arn: &ResourceArn, new: &BTreeMap<String, String>) {
        let name = arn.short();
        let has = |tags: &BTreeMap<String, String>| new.iter().all(|(key, value)| tags.get(key) == Some(value));
        if !self.intends_step(arn, |step| matches!(step, ResourceStep::AddTags { tags } if has(tags))) {
            self.wrongs.push(format!("TagResource of {name} is not in the journal"));
        }
        let Some((_, state)) = self.resources.get(arn).and_then(|writes| writes.last()) else { return };
        let replaced = new.iter().filter(|(key, value)| state.tags.get(*key).is_some_and(|now| now != *value));
        let replaced: Vec<String> =
            replaced.map(|(key, _)| format!("TagResource of {name} replaces `{key}`")).collect();
        self.wrongs.extend(replaced);
    }

    /// Notes the removal of a tag that the journal does not announce, or that another principal has set.
    fn watch_untag(&mut self, arn: &ResourceArn, keys: &[String]) {
        let name = arn.short();
        if !self.intends_undo(arn, ResourceUndo::Tags) {
            self.wrongs.push(format!("UntagResource of {name} is not in the journal"));
        }
        let Some((_, state)) = self.resources.get(arn).and_then(|writes| writes.last()) else { return };
        let own = self.resource_records.get(arn).map(|record| record.effects().tags).unwrap_or_default();
        let removed = keys.iter().filter(|key| state.tags.get(*key).is_some_and(|now| own.get(*key) != Some(now)));
        let removed: Vec<String> = removed.map(|key| format!("UntagResource of {name} removes `{key}`")).collect();
        self.wrongs.extend(removed);
    }
}
