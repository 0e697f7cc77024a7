//! The exemptions of the table `[runbook]` in a baseline.

use jiff::Timestamp;
use jiff::civil::Date;
use wildmatch::WildMatch;

use super::exemption_terms::{Terms, terms};
use super::exemption_use::{ExemptionState, state};
use super::fault::{Checked, fault};
use super::keys::{RunbookExemptKeys, RunbookMatchKeys};

/// An exemption from requirements or rules of the ECS security runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct RunbookExemption {
    /// The identifiers of the requirements, such as `12` or `O3`. Empty for all requirements of the rules.
    pub requirements: Vec<String>,
    /// The names of the rules. Empty for all rules of the requirements.
    pub rules: Vec<String>,
    matches: RunbookMatch,
    pub until: Date,
    pub owner: String,
    pub reason: String,
}

/// The condition under which an exemption applies. Every key that the condition contains must match.
#[derive(Clone, Debug, Default, PartialEq)]
struct RunbookMatch {
    resource: Option<WildMatch>,
    container: Option<WildMatch>,
    image: Option<WildMatch>,
    account: Option<WildMatch>,
    region: Option<WildMatch>,
}

/// A result for which Logweir looks up an exemption.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunbookSubject<'a> {
    pub requirement: &'a str,
    pub rule: &'a str,
    /// The name of the resource.
    pub name: &'a str,
    pub arn: Option<&'a str>,
    pub container: Option<&'a str>,
    /// The image of the container.
    pub image: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
}

impl RunbookExemption {
    pub fn covers(&self, subject: &RunbookSubject<'_>) -> bool {
        let RunbookMatch { resource, container, image, account, region } = &self.matches;
        let is = |glob: &Option<WildMatch>, value: Option<&str>| {
            glob.as_ref().is_none_or(|glob| value.is_some_and(|value| glob.matches(value)))
        };
        let lists = |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        lists(&self.requirements, subject.requirement)
            && lists(&self.rules, subject.rule)
            && (is(resource, Some(subject.name)) || is(resource, subject.arn))
            && is(container, subject.container)
            && is(image, subject.image)
            && is(account, subject.account)
            && is(region, subject.region)
    }

    pub fn state(&self, now: Timestamp) -> ExemptionState {
        state(self.until, now)
    }

    /// Returns the match criteria as text, such as `container=router, image=*fluent-bit*`.
    pub fn name(&self) -> String {
        let RunbookMatch { resource, container, image, account, region } = &self.matches;
        let globs = [
            ("resource", resource),
            ("container", container),
            ("image", image),
            ("account", account),
            ("region", region),
        ];
        let named = globs.into_iter().filter_map(|(key, glob)| Some(format!("{key}={}", glob.as_ref()?)));
        named.collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn exemption(keys: RunbookExemptKeys) -> Checked<RunbookExemption> {
    let span = keys.r#match.span();
    let RunbookMatchKeys { resource, container, image, account, region } = keys.r#match.into_inner();
    let all = [&resource, &container, &image, &account, &region];
    if all.iter().all(|glob| glob.is_none()) {
        let help = "match = { resource = \"*\" } covers every resource".to_owned();
        return fault(span, "match must not be empty", help);
    }
    if keys.requirements.is_empty() && keys.rules.is_empty() {
        return fault(span, "an exemption must name the requirements or the rules that it switches off", None);
    }
    let Terms { until, owner, reason } = terms(&keys.until, keys.owner, keys.reason)?;
    let glob = |pattern: Option<String>| pattern.map(|pattern| WildMatch::new(&pattern));
    let matches = RunbookMatch {
        resource: glob(resource),
        container: glob(container),
        image: glob(image),
        account: glob(account),
        region: glob(region),
    };
    Ok(RunbookExemption { requirements: keys.requirements, rules: keys.rules, matches, until, owner, reason })
}
