//! The plan of the change of one resource: the steps, and why Logweir leaves tags as they are.

use std::collections::BTreeMap;

use crate::domain::baseline::Baseline;
use crate::domain::ecs::resource::{Insights, ResourceArn, ResourceState};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::ResourceStep;

/// The largest number of tags of a resource (source: ECS API reference, TagResource).
const MOST_TAGS: usize = 50;

/// The largest number of characters in the key and in the value of a tag (source: ECS API reference, Tag).
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// What a person wants of a resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceWish {
    /// The value that a cluster gets if its Container Insights are off. `None` leaves the setting as it is.
    pub insights: Option<Insights>,
    /// The tags that the resource gets, unless it has a tag with the same key.
    pub tags: BTreeMap<String, String>,
}

/// The planned change of a resource.
#[derive(Debug, Default)]
pub(super) struct ResourcePlan {
    pub(super) steps: Vec<ResourceStep>,
    /// The keys that the resource has with another value.
    pub(super) kept: Vec<String>,
}

impl ResourceWish {
    /// Returns why Logweir sets no tag with this key and value. Returns `None` if Logweir may set the tag.
    pub fn obstacle(baseline: &Baseline, key: &str, value: &str) -> Option<String> {
        let is_allowed = |text: &str| text.chars().all(|char| char.is_alphanumeric() || " _.:/=+-@".contains(char));
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") {
            return Some("keys that begin with `aws:` belong to AWS".into());
        }
        if lower.starts_with("logweir:") {
            return Some("keys that begin with `logweir:` are reserved for corrected revisions".into());
        }
        if baseline.decides_by_tag(key) {
            return Some("the baseline decides by this tag what Logweir may do, so only its owner may set it".into());
        }
        if key.is_empty() || key.chars().count() > LONGEST_KEY || value.chars().count() > LONGEST_VALUE {
            return Some(format!("a key has 1 to {LONGEST_KEY} characters, and a value at most {LONGEST_VALUE}"));
        }
        let why = "a tag has letters, digits, blanks and the characters _ . : / = + - @";
        (!is_allowed(key) || !is_allowed(value)).then(|| why.into())
    }

    /// Returns the steps that give the resource what it lacks. Returns the conclusion if Logweir must not change it.
    pub(super) fn plan(
        &self,
        baseline: &Baseline,
        resource: &ResourceArn,
        found: &ResourceState,
        account: Option<String>,
    ) -> Result<ResourcePlan, Conclusion> {
        let refused = |why: String| Err(Outcome::Refused.because(Reason::AdviceOnly).saying(why));
        let mut plan = ResourcePlan::default();
        let is_cluster = matches!(resource, ResourceArn::Cluster(_));
        if let Some(after) = self.insights.filter(|_| is_cluster)
            && Insights::of(found.insights.as_deref()).is_none()
        {
            plan.steps.push(ResourceStep::SetInsights { before: found.insights.clone(), after, account });
        }
        let mut tags = BTreeMap::new();
        for (key, value) in &self.tags {
            if let Some(why) = Self::obstacle(baseline, key, value) {
                return refused(format!("Logweir does not set the tag `{key}`: {why}"));
            }
            match found.tags.get(key) {
                None => drop(tags.insert(key.clone(), value.clone())),
                Some(other) if other == value => {}
                Some(_) => plan.kept.push(key.clone()),
            }
        }
        // The tags of AWS itself do not count (source: ECS developer guide, tag restrictions).
        let counted = found.tags.keys().filter(|key| !key.to_lowercase().starts_with("aws:")).count();
        if counted + tags.len() > MOST_TAGS {
            return refused(format!("{} would have more than {MOST_TAGS} tags", resource.short()));
        }
        if !tags.is_empty() {
            plan.steps.push(ResourceStep::AddTags { tags });
        }
        Ok(plan)
    }
}
