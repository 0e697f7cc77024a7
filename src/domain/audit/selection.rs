//! What an audit is asked for: targets and filters.

use wildmatch::WildMatch;

use super::revision::AuditedFinding;
use super::running::FleetService;
use super::scope::{Scope, Scopes};
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::service::{ServiceArn, is_name};
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;

/// Patterns with the wildcards `*` and `?`. A pattern after `!` excludes what it matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Globs {
    wanted: Vec<WildMatch>,
    unwanted: Vec<WildMatch>,
    /// The wanted patterns as text.
    texts: Vec<String>,
}

impl Globs {
    pub fn of<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Self {
        let mut globs = Self::default();
        for pattern in patterns {
            match pattern.as_ref().strip_prefix('!') {
                Some(pattern) => globs.unwanted.push(WildMatch::new(pattern)),
                None => {
                    globs.wanted.push(WildMatch::new(pattern.as_ref()));
                    globs.texts.push(pattern.as_ref().to_owned());
                }
            }
        }
        globs
    }

    /// Whether there is no pattern, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// Whether one of the wanted patterns matches, and no unwanted one. Without a wanted pattern, everything is wanted.
    pub fn has(&self, text: &str) -> bool {
        let is_wanted = self.wanted.is_empty() || self.wanted.iter().any(|glob| glob.matches(text));
        is_wanted && !self.unwanted.iter().any(|glob| glob.matches(text))
    }

    /// Whether one of the texts matches a wanted pattern, and none of them an unwanted one.
    fn has_any<'t>(&self, texts: impl Iterator<Item = &'t str> + Clone) -> bool {
        let matches = |globs: &[WildMatch]| texts.clone().any(|text| globs.iter().any(|glob| glob.matches(text)));
        (self.wanted.is_empty() || matches(&self.wanted)) && !matches(&self.unwanted)
    }

    /// Returns the texts that can match, if no wanted pattern has a wildcard.
    pub fn exact(&self) -> Option<&[String]> {
        (!self.texts.is_empty() && self.texts.iter().all(|text| is_plain(text))).then_some(&self.texts)
    }

    /// Returns the wanted texts without a wildcard that no other pattern excludes.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str).filter(|text| is_plain(text) && self.has(text))
    }

    /// Returns the start that all matching texts have, if there is one.
    pub fn prefix(&self) -> Option<&str> {
        let [only] = self.texts.as_slice() else { return None };
        let start = &only[..only.find(['*', '?']).unwrap_or(only.len())];
        (!start.is_empty()).then_some(start)
    }
}

/// Whether the pattern has no wildcard.
fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

/// A target of an audit. An audit with several targets covers each of them.
#[derive(Clone, Debug, PartialEq)]
pub enum AuditTarget {
    /// The families that match the pattern: `ecs:PATTERN`.
    Families(String),
    /// A service, by its ARN.
    Service { cluster: String, name: String },
    /// The clusters that match the pattern, or one cluster by its ARN.
    Clusters(String),
}

impl AuditTarget {
    /// Parses a target. Returns the help for a text that is no target.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const HELP: &str = "use ecs:FAMILY, the ARN of a service, or the name of a cluster, with `*` for any text; \
                            --service names services";
        let is_pattern =
            |text: &str| !text.is_empty() && text.chars().all(|c| c == '*' || c == '?' || is_name(&c.to_string()));
        if let Some(pattern) = text.strip_prefix("ecs:") {
            return if is_pattern(pattern) { Ok(Self::Families(pattern.to_owned())) } else { Err(HELP) };
        }
        if let Ok(ServiceArn { cluster, name, .. }) = text.parse::<ServiceArn>() {
            return Ok(Self::Service { cluster, name });
        }
        if let Ok(arn) = text.parse::<ClusterArn>() {
            return Ok(Self::Clusters(arn.name));
        }
        if is_pattern(text) { Ok(Self::Clusters(text.to_owned())) } else { Err(HELP) }
    }
}

/// What an audit is asked for. A revision must match each filter, and one of the targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    pub targets: Vec<AuditTarget>,
    pub families: Globs,
    /// The names of clusters.
    pub clusters: Globs,
    /// The names of services, as `NAME` or `CLUSTER/NAME`.
    pub services: Globs,
    /// Tags of revisions or of services that run them, as `KEY=VALUE` or `KEY`.
    pub tags: Globs,
    pub rules: Globs,
    pub severities: Globs,
    /// The scopes. Empty for `running` and `next`.
    pub scopes: Scopes,
}

impl Selection {
    /// Returns the scopes that the audit covers. An audit covers stale revisions only if it is asked for them.
    pub fn scopes(&self) -> Scopes {
        if self.scopes.is_empty() { Scopes::of([Scope::Running, Scope::Next]) } else { self.scopes }
    }

    /// Whether the audit covers only the families of some clusters or services.
    pub fn is_of_places(&self) -> bool {
        let is_place = |target: &AuditTarget| !matches!(target, AuditTarget::Families(_));
        let has_families = self.targets.iter().any(|target| matches!(target, AuditTarget::Families(_)));
        !self.clusters.is_empty() || !self.services.is_empty() || (!has_families && self.targets.iter().any(is_place))
    }

    /// Whether the audit reads all services and tasks. A revision is stale only if nothing in the account uses it.
    pub fn reads_all_uses(&self) -> bool {
        self.scopes().has(Scope::Stale)
    }

    /// Whether the audit must read the cluster.
    pub fn reads_cluster(&self, name: &str) -> bool {
        self.reads_all_uses() || self.has_cluster(name)
    }

    /// Whether the audit covers the cluster, or a part of it.
    pub fn has_cluster(&self, name: &str) -> bool {
        let is_target = |target: &AuditTarget| match target {
            AuditTarget::Families(_) => true,
            AuditTarget::Service { cluster, .. } => cluster == name,
            AuditTarget::Clusters(pattern) => WildMatch::new(pattern).matches(name),
        };
        self.clusters.has(name) && (self.targets.is_empty() || self.targets.iter().any(is_target))
    }

    /// Whether the audit reads the tasks of clusters. Filters and targets that name only services leave tasks out.
    pub fn reads_tasks(&self) -> bool {
        let is_service = |target: &AuditTarget| matches!(target, AuditTarget::Service { .. });
        let leaves_out = !self.targets.is_empty() && self.targets.iter().all(is_service);
        self.reads_all_uses() || (self.services.is_empty() && !leaves_out)
    }

    /// Whether the audit must read the service.
    pub fn reads_service(&self, cluster: &str, name: &str) -> bool {
        self.reads_all_uses() || self.has_user(cluster, Some(name))
    }

    /// Whether the audit covers the service.
    pub fn has_service(&self, service: &FleetService) -> bool {
        self.has_user(&service.cluster, Some(&service.name))
    }

    /// Whether the audit covers a service, or the standalone tasks of the cluster, wherever families decide too.
    pub fn has_user(&self, cluster: &str, service: Option<&str>) -> bool {
        let is_target = |target: &AuditTarget| match target {
            AuditTarget::Families(_) => true,
            AuditTarget::Service { cluster: of, name } => of == cluster && service == Some(name),
            AuditTarget::Clusters(pattern) => WildMatch::new(pattern).matches(cluster),
        };
        let is_service = match service {
            Some(name) => {
                let long = format!("{cluster}/{name}");
                self.services.has_any([name, long.as_str()].into_iter())
            }
            None => self.services.is_empty(),
        };
        self.clusters.has(cluster) && is_service && (self.targets.is_empty() || self.targets.iter().any(is_target))
    }

    /// Whether the audit covers the family, if no cluster or service decides.
    pub fn has_family(&self, family: &str) -> bool {
        let is_target = |target: &AuditTarget| match target {
            AuditTarget::Families(pattern) => WildMatch::new(pattern).matches(family),
            AuditTarget::Service { .. } | AuditTarget::Clusters(_) => false,
        };
        self.families.has(family) && (self.targets.is_empty() || self.targets.iter().any(is_target))
    }

    /// Whether the audit covers a revision of this family that covered clusters or services use. `users`
    /// has the cluster and the service of each user, and no service for standalone tasks.
    pub fn has_used(&self, family: &str, users: &[(&str, Option<&str>)]) -> bool {
        let is_place = |cluster: &str, service: Option<&str>| {
            self.targets.iter().any(|target| match target {
                AuditTarget::Families(_) => false,
                AuditTarget::Service { cluster: of, name } => of == cluster && service == Some(name),
                AuditTarget::Clusters(pattern) => WildMatch::new(pattern).matches(cluster),
            })
        };
        self.families.has(family)
            && (self.has_family(family) || users.iter().any(|(cluster, service)| is_place(cluster, *service)))
    }

    /// Returns the families to describe, if the selection names each of them, and no cluster or service decides.
    pub fn named_families(&self) -> Option<Vec<String>> {
        if self.is_of_places() {
            return None;
        }
        let of_targets: Option<Vec<String>> = self
            .targets
            .iter()
            .map(|target| match target {
                AuditTarget::Families(pattern) if is_plain(pattern) => Some(pattern.clone()),
                _ => None,
            })
            .collect();
        let named = match (self.families.exact(), of_targets) {
            (Some(exact), _) => exact.to_vec(),
            (None, Some(targets)) if !targets.is_empty() => targets,
            _ => return None,
        };
        Some(named.into_iter().filter(|family| self.has_family(family)).collect())
    }

    /// Returns the families that the selection names without a wildcard, beside other families. Returns none if
    /// clusters or services decide.
    pub fn single_families(&self) -> Vec<&str> {
        if self.is_of_places() {
            return Vec::new();
        }
        let of_targets = self.targets.iter().filter_map(|target| match target {
            AuditTarget::Families(pattern) if is_plain(pattern) => Some(pattern.as_str()),
            _ => None,
        });
        of_targets.chain(self.families.named()).filter(|family| self.has_family(family)).collect()
    }

    /// Returns the clusters that the selection names without a wildcard.
    pub fn named_clusters(&self) -> Vec<&str> {
        let of_targets = self.targets.iter().filter_map(|target| match target {
            AuditTarget::Families(_) => None,
            AuditTarget::Service { cluster, .. } => Some(cluster.as_str()),
            AuditTarget::Clusters(pattern) => is_plain(pattern).then_some(pattern.as_str()),
        });
        of_targets.chain(self.clusters.named()).collect()
    }

    /// Returns the services that the selection names without a wildcard, as `NAME` or `CLUSTER/NAME`.
    pub fn named_services(&self) -> Vec<String> {
        let of_target = |target: &AuditTarget| match target {
            AuditTarget::Service { cluster, name } => Some(format!("{cluster}/{name}")),
            AuditTarget::Families(_) | AuditTarget::Clusters(_) => None,
        };
        self.targets.iter().filter_map(of_target).chain(self.services.named().map(String::from)).collect()
    }

    /// Returns the start of the names of all families to list.
    pub fn family_prefix(&self) -> Option<&str> {
        match self.targets.as_slice() {
            [] => self.families.prefix(),
            [AuditTarget::Families(pattern)] => {
                let start = &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())];
                (!start.is_empty()).then_some(start)
            }
            _ => self.families.prefix(),
        }
    }

    /// Whether the filter of tags matches these tags of a revision and of the services that run it.
    pub fn has_tags<'t>(&self, tags: impl Iterator<Item = (&'t str, &'t str)>) -> bool {
        if self.tags.is_empty() {
            return true;
        }
        let texts: Vec<[String; 2]> = tags.map(|(key, value)| [format!("{key}={value}"), key.to_owned()]).collect();
        self.tags.has_any(texts.iter().flatten().map(String::as_str))
    }

    /// Whether the audit shows the finding.
    pub fn has_finding(&self, finding: &AuditedFinding) -> bool {
        self.has_rule(finding.rule) && self.has_severity(finding.severity)
    }

    fn has_rule(&self, rule: RuleName) -> bool {
        self.rules.has(rule.name())
    }

    fn has_severity(&self, severity: Severity) -> bool {
        self.severities.has(severity.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_after_an_exclamation_mark_excludes() {
        let globs = Globs::of(["payments-*", "web", "!*-test"]);
        assert!(globs.has("payments-api") && globs.has("web"));
        assert!(!globs.has("payments-test") && !globs.has("jobs"));
        assert!(Globs::of(["!jobs"]).has("web"), "an exclusion alone wants everything else");
        assert!(Globs::default().has("anything"));
    }

    #[test]
    fn patterns_shorten_the_list_of_families() {
        assert_eq!(Globs::of(["payments-*"]).prefix(), Some("payments-"));
        assert_eq!(Globs::of(["*-api"]).prefix(), None);
        assert_eq!(Globs::of(["a*", "b*"]).prefix(), None);
        assert_eq!(Globs::of(["a", "b"]).exact(), Some(["a".to_owned(), "b".to_owned()].as_slice()));
        assert_eq!(Globs::of(["a*"]).exact(), None);
    }

    #[test]
    fn a_target_is_a_family_a_service_or_a_cluster() {
        let service = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
        assert_eq!(AuditTarget::parse("ecs:payments-*"), Ok(AuditTarget::Families("payments-*".into())));
        let named = AuditTarget::Service { cluster: "prod".into(), name: "web".into() };
        assert_eq!(AuditTarget::parse(service), Ok(named));
        assert_eq!(AuditTarget::parse(cluster), Ok(AuditTarget::Clusters("prod".into())));
        assert_eq!(AuditTarget::parse("prod-?"), Ok(AuditTarget::Clusters("prod-?".into())));
        for wrong in ["", "ecs:", "ecs:web:41", "web.json", "a/b"] {
            assert!(AuditTarget::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_selection_of_a_service_covers_the_families_that_it_uses() {
        let targets = vec![AuditTarget::Service { cluster: "prod".into(), name: "web".into() }];
        let selection = Selection { targets, ..Selection::default() };
        assert!(selection.is_of_places() && !selection.reads_tasks());
        assert!(selection.reads_cluster("prod") && !selection.reads_cluster("test"));
        assert!(selection.has_user("prod", Some("web")) && !selection.has_user("prod", Some("api")));
        assert!(selection.has_used("anything", &[("prod", Some("web"))]));
    }

    #[test]
    fn clusters_and_services_are_named_only_without_a_wildcard() {
        let targets = ["prod", "test-*", "ecs:web", "arn:aws:ecs:eu-west-1:111122223333:service/live/web"];
        let targets = targets.map(|text| AuditTarget::parse(text).unwrap()).to_vec();
        let clusters = Globs::of(["stage", "p*", "old", "!old"]);
        let services = Globs::of(["api", "prod/jobs", "!x"]);
        let selection = Selection { targets, clusters, services, ..Selection::default() };
        assert_eq!(selection.named_clusters(), ["prod", "live", "stage"]);
        assert_eq!(selection.named_services(), ["live/web", "api", "prod/jobs"]);
    }

    #[test]
    fn tags_match_by_key_or_by_key_and_value() {
        let selection = |pattern: &str| Selection { tags: Globs::of([pattern]), ..Selection::default() };
        let tags = || [("team", "payments"), ("env", "prod")].into_iter();
        assert!(selection("team").has_tags(tags()) && selection("team=pay*").has_tags(tags()));
        assert!(!selection("team=web").has_tags(tags()) && !selection("!env=prod").has_tags(tags()));
        assert!(selection("!env=test").has_tags(std::iter::empty()));
    }
}
