//! A cluster or a service that the caller of a verb names.

use super::failure::Failure;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::service::ServiceArn;

/// A cluster, or a service of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FleetTarget {
    pub(super) cluster: String,
    pub(super) service: Option<String>,
    /// The account and the Region of an ARN.
    pub(super) home: Option<(String, String)>,
}

impl FleetTarget {
    /// Returns the target with this ARN. Returns `None` if the text is not the ARN of a cluster or a service.
    pub(super) fn of_arn(text: &str) -> Option<Self> {
        if let Ok(ClusterArn { name, account, region, .. }) = text.parse() {
            return Some(Self { cluster: name, service: None, home: Some((account, region)) });
        }
        let ServiceArn { cluster, name, account, region, .. } = text.parse().ok()?;
        Some(Self { cluster, service: Some(name), home: Some((account, region)) })
    }

    /// Returns the target with the name CLUSTER or CLUSTER/SERVICE. Returns `None` if no cluster or service can have
    /// this name.
    pub(super) fn of_name(text: &str) -> Option<Self> {
        let (cluster, service) = match text.split_once('/') {
            Some((cluster, service)) => (cluster, Some(service)),
            None => (text, None),
        };
        let is_fit = is_name(cluster) && service.is_none_or(is_name);
        is_fit.then(|| Self { cluster: cluster.to_owned(), service: service.map(String::from), home: None })
    }

    /// Whether the target contains the service.
    pub(super) fn has_service(&self, cluster: &str, name: &str) -> bool {
        self.cluster == cluster && self.service.as_deref().is_none_or(|service| service == name)
    }

    /// Whether the target contains the tasks of the cluster that no service started.
    pub(super) fn has_tasks(&self, cluster: &str) -> bool {
        self.cluster == cluster && self.service.is_none()
    }

    /// Whether the ARN belongs to another Region or account than these. The account is `None` if it is not known.
    pub(super) fn is_elsewhere(&self, region: &str, account: Option<&str>) -> bool {
        self.home.as_ref().is_some_and(|(of, at)| at != region || account.is_some_and(|account| account != of))
    }

    /// Returns the error of a target whose cluster does not exist, or belongs to another account or Region than those of
    /// the run. `account` is the account of the cluster that was found.
    pub(super) fn absence(
        &self,
        region: &str,
        account: Option<&str>,
        missing: impl FnOnce() -> String,
    ) -> Option<Failure> {
        match &self.home {
            Some((of, at)) if self.is_elsewhere(region, account) => {
                let message = format!("the ARN is of account {of} and Region {at}, which this run does not call");
                Some(Failure::error(message).help("use --profile and --region"))
            }
            _ if account.is_none() => {
                Some(Failure::error(missing()).help("check the name, the Region (--region) and the account"))
            }
            _ => None,
        }
    }

    /// Returns the name of the target in messages.
    pub(super) fn name(&self) -> String {
        match &self.service {
            None => format!("cluster/{}", self.cluster),
            Some(service) => format!("service/{}/{service}", self.cluster),
        }
    }
}

/// Whether a cluster or a service can have this name: letters, digits, hyphens and underscores (source: ECS API
/// reference, CreateCluster and CreateService).
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
