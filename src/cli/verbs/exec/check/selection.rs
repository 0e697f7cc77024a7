//! The clusters and services that the caller of `logweir exec check` selects.

use wildmatch::WildMatch;

use crate::cli::failure::Failure;
use crate::cli::fleet_target::FleetTarget;

/// The named targets and the patterns. A resource must be one of the targets, if there are any, and match a pattern, if
/// there are any.
pub(super) struct Selection {
    pub(super) named: Vec<FleetTarget>,
    clusters: Vec<WildMatch>,
    services: Vec<WildMatch>,
}

impl Selection {
    pub(super) fn new(targets: &[String], clusters: &[String], services: &[String]) -> Result<Self, Failure> {
        let globs = |globs: &[String]| globs.iter().map(|glob| WildMatch::new(glob)).collect();
        let named = targets.iter().map(|target| named(target)).collect::<Result<_, _>>()?;
        Ok(Self { named, clusters: globs(clusters), services: globs(services) })
    }

    pub(super) fn has_cluster(&self, name: &str) -> bool {
        let is_named = self.named.is_empty() || self.named.iter().any(|named| named.cluster == name);
        is_named && matches(&self.clusters, name)
    }

    pub(super) fn has_service(&self, cluster: &str, name: &str) -> bool {
        let is_named = self.named.is_empty() || self.named.iter().any(|named| named.has_service(cluster, name));
        is_named && matches(&self.services, name)
    }

    /// Whether the run checks the tasks of the cluster that no service started.
    pub(super) fn has_tasks(&self, cluster: &str) -> bool {
        let is_named = self.named.is_empty() || self.named.iter().any(|named| named.has_tasks(cluster));
        is_named && self.services.is_empty()
    }
}

fn matches(globs: &[WildMatch], name: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
}

fn named(target: &str) -> Result<FleetTarget, Failure> {
    if target.starts_with("arn:") {
        return FleetTarget::of_arn(target)
            .ok_or_else(|| Failure::usage(format!("`{target}` is not the ARN of a cluster or a service")));
    }
    FleetTarget::of_name(target).ok_or_else(|| {
        Failure::usage(format!("`{target}` names no cluster and no service")).help("use CLUSTER or CLUSTER/SERVICE")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(targets: &[&str], clusters: &[&str], services: &[&str]) -> Selection {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        Selection::new(&owned(targets), &owned(clusters), &owned(services)).map_err(|it| it.message).unwrap()
    }

    #[test]
    fn targets_and_patterns_both_narrow_the_selection() {
        let all = selection(&[], &[], &[]);
        assert!(all.has_cluster("a") && all.has_service("a", "web") && all.has_tasks("a"));
        let globs = selection(&[], &["prod-*"], &["web", "api-*"]);
        assert!(globs.has_cluster("prod-1") && !globs.has_cluster("dev"));
        assert!(globs.has_service("prod-1", "api-2") && !globs.has_service("prod-1", "jobs"));
        assert!(!globs.has_tasks("prod-1"), "a pattern for services selects no single task");
        let named = selection(&["prod", "dev/web"], &[], &[]);
        assert!(named.has_cluster("prod") && named.has_cluster("dev") && !named.has_cluster("lab"));
        assert!(
            named.has_service("prod", "api") && named.has_service("dev", "web") && !named.has_service("dev", "api")
        );
        assert!(named.has_tasks("prod") && !named.has_tasks("dev"));
    }

    #[test]
    fn a_target_is_a_name_or_an_arn() {
        let arn = selection(&["arn:aws:ecs:eu-west-1:111122223333:cluster/prod"], &[], &[]);
        assert_eq!(arn.named[0].home, Some(("111122223333".into(), "eu-west-1".into())));
        let arn = selection(&["arn:aws:ecs:eu-west-1:111122223333:service/prod/web"], &[], &[]);
        assert_eq!((arn.named[0].cluster.as_str(), arn.named[0].service.as_deref()), ("prod", Some("web")));
        for target in ["", "a/b/c", "a b", "arn:aws:ecs:eu-west-1:111122223333:task/prod/1", "prod/"] {
            let refused = Selection::new(&[target.to_owned()], &[], &[]);
            assert_eq!(refused.err().map(|failure| failure.exit as u8), Some(64), "{target}");
        }
    }
}
