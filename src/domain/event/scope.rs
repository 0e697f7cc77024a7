//! What a deployment of Logweir is for.

use wildmatch::WildMatch;

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;

/// Families that may get a corrected revision, and clusters whose services may follow, by patterns with the wildcards `*`
/// and `?`, as IAM has them. The function's role is bound to the same: what lies outside is not begun.
#[derive(Clone, Debug)]
pub struct Scope {
    families: Vec<WildMatch>,
    clusters: Vec<WildMatch>,
}

impl Default for Scope {
    /// Everything.
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
