//! The account and Region where Logweir runs, and the resources that short names identify in that account and Region.

use super::scope::Scope;
use super::{Ignored, RevisionRef, Trigger};
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;

/// The account and Region where Logweir runs, with Logweir's roles and scope.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The AWS partition, such as `aws` or `aws-cn`.
    pub partition: String,
    pub account: String,
    pub region: String,
    /// The ARNs of the roles of Logweir's functions.
    pub own_roles: Vec<String>,
    pub scope: Scope,
}

/// The account and Region in the ARN of a resource. `None` matches any account or Region.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts<'e> {
    pub account: Option<&'e str>,
    pub region: Option<&'e str>,
}

impl<'e> Whereabouts<'e> {
    /// Reads the account and Region of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. A plain name contains neither
    /// an account nor a Region.
    pub(super) fn of_arn(text: &'e str) -> Self {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let named = |part: &'e str| (!part.is_empty()).then_some(part);
        match parts.as_slice() {
            &["arn", _, _, region, account, _] => Self { account: named(account), region: named(region) },
            _ => Self { account: None, region: None },
        }
    }
}

impl Home {
    /// Creates the [`Home`] of a Lambda function, with these roles and this scope. The account is a part of the
    /// function's ARN: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`.
    pub fn of_function(arn: &str, region: &str, own_roles: &[String], scope: &Scope) -> Self {
        let part = |index| arn.split(':').nth(index).unwrap_or_default().to_owned();
        let (own_roles, scope) = (own_roles.to_vec(), scope.clone());
        Self { partition: part(1), account: part(4), region: region.into(), own_roles, scope }
    }

    /// Whether the revision belongs to this account and Region.
    pub fn has(&self, revision: &RevisionArn) -> bool {
        (&self.partition, &self.account, &self.region) == (&revision.partition, &revision.account, &revision.region)
    }

    /// Returns the revision that an ARN names, or that `FAMILY:REVISION` names in this account and Region.
    pub fn revision(&self, name: &str) -> Option<RevisionArn> {
        let Self { partition, region, account, .. } = self;
        if name.starts_with("arn:") {
            return name.parse().ok();
        }
        format!("arn:{partition}:ecs:{region}:{account}:task-definition/{name}").parse().ok()
    }

    /// Returns the service that an ARN names, or that a short name names in this account and Region. `cluster` is the
    /// ARN or the name of the cluster. Without `cluster`, the cluster is `default` (source: ECS API reference,
    /// UpdateService).
    pub fn service(&self, name: &str, cluster: Option<&str>) -> Option<ServiceArn> {
        let Self { partition, region, account, .. } = self;
        let cluster = Some(cluster.unwrap_or("default"));
        if name.starts_with("arn:") {
            return ServiceArn::of(name, cluster).ok();
        }
        ServiceArn::of(&format!("arn:{partition}:ecs:{region}:{account}:service/{name}"), cluster).ok()
    }

    /// Returns the cluster that an ARN names, or that a name names in this account and Region.
    pub fn cluster(&self, name: &str) -> Option<ClusterArn> {
        let Self { partition, region, account, .. } = self;
        if name.starts_with("arn:") {
            return name.parse().ok();
        }
        format!("arn:{partition}:ecs:{region}:{account}:cluster/{name}").parse().ok()
    }

    /// Returns the cluster whose record the text names: the ARN of a cluster, or `cluster/NAME` in this account and Region.
    pub fn cluster_record(&self, name: &str) -> Option<ClusterArn> {
        let name = name.strip_prefix("cluster/").or(name.starts_with("arn:").then_some(name))?;
        self.cluster(name)
    }

    /// Whether the family, the service or the cluster of the trigger is in the scope of this Logweir stack.
    pub(super) fn is_for(&self, trigger: &Trigger) -> bool {
        match trigger {
            Trigger::Remediate { which: RevisionRef::Revision(revision), .. } => self.scope.has_revision(revision),
            Trigger::Overdue { revision } => self.scope.has_revision(revision),
            Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, .. } => self.scope.has_family(family),
            Trigger::Service { service, .. } => self.scope.has_service(service),
            Trigger::Cluster { cluster, .. } => self.scope.has_cluster(&cluster.name),
            Trigger::Withdrawn { revisions, .. } => revisions.iter().any(|it| self.scope.has_revision(it)),
            Trigger::Session { session, .. } => {
                session.cluster.as_ref().is_none_or(|cluster| self.scope.has_cluster(cluster))
            }
            Trigger::Used { .. } | Trigger::Pinned { .. } | Trigger::Ignore { .. } => true,
        }
    }

    /// Returns why Logweir ignores an event that names another account or Region. Returns `None` if all places that the
    /// event names are in this account and Region.
    pub(super) fn elsewhere(&self, places: &[Whereabouts]) -> Option<Ignored> {
        let other = |named: Option<&str>, own: &str| named.is_some_and(|named| named != own);
        if places.iter().any(|place| other(place.account, &self.account)) {
            return Some(Ignored::ForeignAccount);
        }
        places.iter().any(|place| other(place.region, &self.region)).then_some(Ignored::ForeignRegion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_name_or_arn_in_a_cluster_by_name_or_arn() {
        let home = Home {
            partition: "aws".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            ..Home::default()
        };
        let arn = |rest: &str| format!("arn:aws:ecs:eu-west-1:111122223333:{rest}");
        let cases = [
            ("web", None, Some("default/web")),
            ("web", Some("prod".to_owned()), Some("prod/web")),
            ("web", Some(arn("cluster/prod")), Some("prod/web")),
            (&arn("service/web"), Some("prod".to_owned()), Some("prod/web")),
            (&arn("service/prod/web"), None, Some("prod/web")),
            (&arn("service/prod/web"), Some("other".to_owned()), Some("prod/web")),
            ("we b", None, None),
            ("", None, None),
            ("web", Some(String::new()), None),
            (&arn("task-definition/web:1"), None, None),
        ];
        for (name, cluster, expected) in cases {
            let short = home.service(name, cluster.as_deref()).map(|service| service.short());
            assert_eq!(short.as_deref(), expected, "{name} in {cluster:?}");
        }
    }
}
