//! The scope of a Logweir stack.

use wildmatch::WildMatch;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;

/// The families that Logweir may correct, and the clusters whose services Logweir may update, as patterns with IAM's
/// wildcards `*` and `?`. The IAM role of the function has the same limits, so AWS would deny work outside the scope,
/// and Logweir does not start such work.
#[derive(Clone, Debug)]
pub struct Scope {
    families: Vec<WildMatch>,
    clusters: Vec<WildMatch>,
}

impl Default for Scope {
    /// Returns the scope that includes all families and all clusters.
    fn default() -> Self {
        Self::of(&["*"], &["*"])
    }
}

impl Scope {
    pub fn of(families: &[impl AsRef<str>], clusters: &[impl AsRef<str>]) -> Self {
        let patterns = |texts: Vec<&str>| texts.into_iter().map(WildMatch::new).collect();
        Self {
            families: patterns(families.iter().map(AsRef::as_ref).collect()),
            clusters: patterns(clusters.iter().map(AsRef::as_ref).collect()),
        }
    }

    pub fn has_family(&self, family: &str) -> bool {
        self.families.iter().any(|pattern| pattern.matches(family))
    }

    pub fn has_revision(&self, revision: &RevisionArn) -> bool {
        self.has_family(&revision.family)
    }

    pub fn has_service(&self, service: &ServiceArn) -> bool {
        self.clusters.iter().any(|pattern| pattern.matches(&service.cluster))
    }
}
