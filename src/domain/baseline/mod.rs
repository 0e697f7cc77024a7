//! The baseline: what good is, as data.

mod comparison;
mod fault;
mod freeze;
mod keys;
mod overrides;
mod parse;
mod settings;
mod size;
mod values;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use wildmatch::WildMatch;

use super::rule_name::RuleName;

pub use comparison::Difference;
pub use fault::BaselineError;
pub use freeze::FreezeWindow;
pub use settings::{
    AbsentMode, BaselineSettings, Delivery, FuseLimits, ImageGuard, LogGroupSettings, Logging, MissingDriver,
    RolloutSettings, RolloutWhen,
};
pub(crate) use size::{parse_size, size_text};
pub(crate) use values::is_log_name_character;
pub use values::{LOG_DRIVERS, RETENTION_DAYS};

/// A baseline that was read and found to make sense.
#[derive(Clone, Debug)]
pub struct Baseline {
    root: BaselineSettings,
    profiles: Vec<Profile>,
    exemptions: Vec<Exemption>,
    fuse: FuseLimits,
    digest: String,
    note: Option<String>,
}

#[derive(Clone, Debug)]
struct Profile {
    matches: Match,
    settings: BaselineSettings,
}

#[derive(Clone, Debug)]
struct Exemption {
    matches: Match,
    rules: Vec<RuleName>,
    until: Date,
    owner: String,
    reason: String,
}

/// Whom a profile or an exemption is for. Every key that is given has to match.
#[derive(Clone, Debug, Default)]
struct Match {
    family: Option<WildMatch>,
    container: Option<WildMatch>,
    account: Option<WildMatch>,
    region: Option<WildMatch>,
    tag: Option<(String, String)>,
    cluster: Option<WildMatch>,
    service_tag: Option<(String, String)>,
}

/// What a profile or an exemption is asked about. What is not known matches nothing: it can neither loosen nor exempt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Workload<'a> {
    pub family: Option<&'a str>,
    /// `None` for a finding about the whole task.
    pub container: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The revision's.
    pub tags: &'a [(String, String)],
    /// The name of the service's cluster. Neither it nor the service's tags are known where a revision is looked at.
    pub cluster: Option<&'a str>,
    pub service_tags: &'a [(String, String)],
}

/// The exemption that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exempted {
    pub owner: String,
    pub reason: String,
    /// The last day on which it holds (UTC).
    pub until: String,
}

/// What the baseline says of exempting a rule for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt {
    No,
    Yes(Exempted),
    /// An exemption was meant for this, and its time is over.
    Expired(Exempted),
}

impl Match {
    fn covers(&self, subject: &Workload<'_>) -> bool {
        let glob = |pattern: &Option<WildMatch>, value: Option<&str>| match (pattern, value) {
            (None, _) => true,
            (Some(pattern), Some(value)) => pattern.matches(value),
            (Some(_), None) => false,
        };
        glob(&self.family, subject.family)
            && glob(&self.container, subject.container)
            && glob(&self.account, subject.account)
            && glob(&self.region, subject.region)
            && glob(&self.cluster, subject.cluster)
            && self.tag.as_ref().is_none_or(|tag| subject.tags.contains(tag))
            && self.service_tag.as_ref().is_none_or(|tag| subject.service_tags.contains(tag))
    }

    /// Whether a service has to be known, so that it can be about what services follow alone.
    fn asks_for_a_service(&self) -> bool {
        self.cluster.is_some() || self.service_tag.is_some()
    }
}

impl Baseline {
    /// Reads a `baseline.toml`. Whatever is unknown, impossible or contradictory is an error with its place.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        parse::parse(text)
    }

    /// `sha256:…` of the text, which names the baseline in every record and report.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The same, of which every report is to say this.
    pub fn noted(self, note: String) -> Self {
        Self { note: Some(note), ..self }
    }

    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// When a family's fuse opens.
    pub fn fuse(&self) -> FuseLimits {
        self.fuse
    }

    /// The settings for one container, or (without one) for the whole task: the first profile that matches, else the root's.
    pub fn settings(&self, subject: &Workload<'_>) -> &BaselineSettings {
        self.profiles
            .iter()
            .find(|profile| profile.matches.covers(subject))
            .map_or(&self.root, |profile| &profile.settings)
    }

    /// The part of them that says whether and how a service follows.
    pub fn rollout(&self, subject: &Workload<'_>) -> &RolloutSettings {
        &self.settings(subject).rollout
    }

    /// Whether `rule` is switched off for the subject at `now`. One exemption in force is enough.
    pub fn exempts(&self, rule: RuleName, subject: &Workload<'_>, now: Timestamp) -> Exempt {
        let mut answer = Exempt::No;
        for exemption in self.exemptions.iter().filter(|e| e.rules.contains(&rule) && e.matches.covers(subject)) {
            let exempted = Exempted {
                owner: exemption.owner.clone(),
                reason: exemption.reason.clone(),
                until: exemption.until.to_string(),
            };
            if now < end_of(exemption.until) {
                return Exempt::Yes(exempted);
            }
            answer = Exempt::Expired(exempted);
        }
        answer
    }
}

/// The first moment after `day`, in UTC.
fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().unwrap_or(Date::MAX);
    jiff::tz::TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}
