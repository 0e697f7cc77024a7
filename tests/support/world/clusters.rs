//! Clusters and their configurations as ECS keeps them.

use logweir::domain::ecs::cluster::{Cluster, ClusterArn, ClusterConfiguration};
use logweir::domain::record::{ClusterEntry, ClusterEntryKind, ClusterStep};
use logweir::ports::{Answer, Clusters};
use serde_json::Value;

use super::account::{ACCOUNT, REGION, missing, refused};
use super::{Account, Lie, World};

const UPDATE: &str = "UpdateCluster";

impl Clusters for World {
    async fn clusters(&self, named: &[String]) -> Answer<Vec<Cluster>> {
        let find = |account: &mut Account| {
            let found = named.iter().filter_map(|name| account.shown_cluster(&name.parse().unwrap()));
            Ok(found.collect())
        };
        self.call("DescribeClusters", named.join(" "), find).await
    }

    async fn configure(&self, cluster: &ClusterArn, configuration: &ClusterConfiguration) -> Answer<Cluster> {
        let update = |account: &mut Account| {
            account.watch_configure(cluster, configuration);
            if !account.clusters.contains_key(cluster) {
                return missing(UPDATE, "ClusterNotFoundException: Cluster not found.");
            }
            let log = configuration.exec().log.and_then(|log| log.log_group);
            if log.is_some_and(|group| !account.groups.contains_key(&group)) {
                return refused(UPDATE, "InvalidParameterException: the log group does not exist");
            }
            let mut kept: Value = serde_json::from_str(configuration.text()).unwrap();
            let members = kept.as_object_mut().unwrap();
            account.loses.iter().for_each(|lost| drop(members.remove(lost)));
            let kept = if account.loses.is_empty() { configuration.text().to_owned() } else { kept.to_string() };
            account.configures(cluster, &kept);
            Ok(shown(cluster, &kept))
        };
        self.call(UPDATE, cluster.short(), update).await
    }
}

fn shown(cluster: &ClusterArn, configuration: &str) -> Cluster {
    Cluster {
        arn: cluster.clone(),
        status: "ACTIVE".into(),
        tags: Vec::new(),
        settings: Vec::new(),
        configuration: ClusterConfiguration::parse(configuration).unwrap(),
    }
}

impl Account {
    pub(crate) fn cluster_arn(&self, name: &str) -> ClusterArn {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}").parse().unwrap()
    }

    /// Creates or changes a cluster as another principal.
    pub(crate) fn configures(&mut self, cluster: &ClusterArn, configuration: &str) {
        let now = self.now;
        self.clusters.entry(cluster.clone()).or_default().push((now, configuration.to_owned()));
    }

    /// The configuration that a cluster really has.
    pub(crate) fn configuration(&self, cluster: &ClusterArn) -> &str {
        &self.clusters[cluster].last().unwrap().1
    }

    /// The cluster as DescribeClusters shows it.
    fn shown_cluster(&self, cluster: &ClusterArn) -> Option<Cluster> {
        let writes = self.clusters.get(cluster)?;
        let old = |(at, _): &&(jiff::Timestamp, String)| self.now.duration_since(*at) >= self.lag.lasts;
        let visible = writes.iter().take_while(old).count();
        let visible = visible.max(writes.len().saturating_sub(self.lag.clusters));
        let visible = if self.lie == Some(Lie::ClusterUnchanged) { 1 } else { visible };
        let (_, configuration) = writes.get(visible.checked_sub(1)?)?;
        Some(shown(cluster, configuration))
    }

    /// Notes a change that Logweir must never make: of another member than those that say where sessions are logged, or
    /// of a configuration that it has not read.
    fn watch_configure(&mut self, cluster: &ClusterArn, new: &ClusterConfiguration) {
        let Some(old) = self.clusters.get(cluster).and_then(|writes| writes.last()) else { return };
        let old = ClusterConfiguration::parse(old.1.as_str()).unwrap();
        let key = |configuration: &ClusterConfiguration| configuration.exec().kms_key;
        if self.lag.clusters == 0 && (!new.is_same_elsewhere(&old) || key(new) != key(&old)) {
            self.wrongs.push(format!("UpdateCluster changes more of {} than its logging", cluster.short()));
        }
        let is_announced = |step: &ClusterStep| matches!(step, ClusterStep::ConfigureCluster { .. });
        let is_undone = |entry: &ClusterEntry| entry.what == ClusterEntryKind::Undoing;
        let record = self.cluster_records.get(cluster);
        let undoes = record.is_some_and(|record| record.entries.iter().any(is_undone));
        let is_journalled = self.cluster_intends(is_announced) || undoes;
        if !is_journalled {
            self.wrongs.push(format!("UpdateCluster of {} is not in the journal", cluster.short()));
        }
    }
}
