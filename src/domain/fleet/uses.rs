//! The clusters and workloads that use a task definition, and the rights that its task role needs for them.

use std::collections::BTreeSet;

use super::facts::{ClusterFacts, Definition, Fleet, Seen, SessionKey, Workload};
use super::rights::{
    Home, Right, awslogs_groups, direct_session, key_arn, of_bucket, of_group, of_key, of_session, task_role,
};
use crate::domain::ecs::cluster::ExecLogging;

/// A workload with ECS Exec that uses a task definition.
#[derive(Clone, Copy)]
pub struct Use<'f> {
    pub cluster: &'f ClusterFacts,
    pub workload: &'f Workload,
}

impl Fleet {
    pub fn home(&self) -> Home<'_> {
        Home { partition: &self.partition, account: &self.account, region: &self.region }
    }

    /// Returns the workloads with ECS Exec that use the task definition.
    pub fn uses(&self, definition: &str) -> Vec<Use<'_>> {
        let workloads =
            self.clusters.iter().flat_map(|cluster| cluster.workloads().map(move |workload| Use { cluster, workload }));
        workloads.filter(|it| it.workload.definitions.iter().any(|used| used == definition)).collect()
    }

    /// Returns the rights that the task role needs, so that sessions in these workloads start. Returns no right if the
    /// task definition names no role. Returns an error if the key of a cluster could not be read.
    pub fn session_rights(&self, definition: &Definition, uses: &[Use<'_>]) -> Seen<BTreeSet<Right>> {
        let Some(role) = task_role(&definition.definition, self.home()) else { return Ok(BTreeSet::new()) };
        let mut rights: BTreeSet<Right> = of_session(&role).collect();
        for one in uses {
            if let Some(key) = &one.cluster.cluster.configuration.exec().kms_key {
                rights.extend(self.session_key(key)?.map(|arn| of_key(&role, &arn)));
            }
        }
        Ok(rights)
    }

    /// Returns the ARN of a session key. Returns `None` for an alias without a key.
    fn session_key(&self, name: &str) -> Seen<Option<String>> {
        if let Some(arn) = key_arn(name, self.home()) {
            return Ok(Some(arn));
        }
        Ok(match self.key(name)? {
            SessionKey::Exists { arn, .. } => Some(arn.clone()),
            SessionKey::Missing => None,
        })
    }

    /// Returns the rights that the task role needs to write the transcripts of sessions in these workloads. Returns no
    /// right if the task definition names no role.
    pub fn transcript_rights(&self, definition: &Definition, uses: &[Use<'_>]) -> BTreeSet<Right> {
        let home = self.home();
        let Some(role) = task_role(&definition.definition, home) else { return BTreeSet::new() };
        let mut rights = BTreeSet::new();
        for one in uses {
            let exec = one.cluster.cluster.configuration.exec();
            match exec.logging {
                ExecLogging::Unset | ExecLogging::Default => {
                    for (group, region) in awslogs_groups(&definition.definition) {
                        rights.extend(of_group(&role, &group, region.as_deref(), home));
                    }
                }
                ExecLogging::Override => {
                    let log = exec.log.unwrap_or_default();
                    rights.extend(log.log_group.iter().flat_map(|group| of_group(&role, group, None, home)));
                    let bucket = log.s3_bucket.iter();
                    rights.extend(bucket.flat_map(|bucket| of_bucket(&role, bucket, log.encrypts_s3, home)));
                }
                ExecLogging::None | ExecLogging::Unknown => {}
            }
        }
        rights
    }

    /// Returns the rights of principals to open sessions in tasks of the cluster directly. Returns no right if the
    /// cluster has no workload with ECS Exec.
    pub fn direct_rights(&self, cluster: &ClusterFacts) -> Seen<Vec<Right>> {
        if cluster.workloads().next().is_none() {
            return Ok(Vec::new());
        }
        let principals = self.principals.as_ref().map_err(Clone::clone)?;
        let right = |principal: &String| direct_session(principal, &cluster.cluster.arn.name, self.home());
        Ok(principals.iter().map(right).collect())
    }
}
