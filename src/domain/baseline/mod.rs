//! The baseline as data. The baseline says how containers must log, and which changes Logweir may make.

mod comparison;
pub(in crate::domain) mod digest;
mod effective;
mod exec;
mod exemption_terms;
mod exemption_use;
mod fault;
mod fitted;
mod freeze;
mod group_pattern;
mod keys;
mod learnt;
mod levels;
mod overrides;
mod parse;
pub mod published;
mod runbook;
mod runbook_exemption;
mod settings;
mod size;
mod values;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::rule_name::RuleName;
use super::text::moment::end_of;

pub use comparison::Difference;
pub use effective::{EffectiveSetting, Origin};
pub use exec::ExecSettings;
pub use exemption_use::{CheckedDefinition, ExemptionRemark, ExemptionState, ExemptionUse};
pub use fault::BaselineError;
pub use fitted::fitted;
pub use freeze::FreezeWindow;
pub use learnt::{Basis, ContainerLog, LearntSetting, Seen, Survey};
pub use levels::{Level, RuleChoice};
pub use runbook::RunbookSettings;
pub use runbook_exemption::{RunbookExemption, RunbookSubject};
pub use settings::{
    AbsentMode, BaselineSettings, CorrectSettings, Delivery, FuseLimits, ImageGuard, LogGroupSettings, Logging,
    MissingDriver, Retire, RolloutSettings, RolloutWhen,
};
pub(crate) use size::{parse_size, size_text};
pub use values::{LOG_DRIVERS, RETENTION_DAYS};
pub(crate) use values::{LONGEST_LOG_NAME, is_group_name, is_log_name_character};

/// A parsed and valid baseline.
#[derive(Clone, Debug)]
pub struct Baseline {
    root: BaselineSettings,
    profiles: Vec<Profile>,
    exemptions: Vec<Exemption>,
    fuse: FuseLimits,
    exec: ExecSettings,
    runbook: RunbookSettings,
    levels: levels::Levels,
    /// The rules that `logweir check` and `logweir fix` leave out. The list is empty for every other part of Logweir.
    off: Vec<RuleName>,
    /// The keys of the tags that the baseline trusts, because only trusted principals can set them.
    trusted_tags: Vec<String>,
    /// The keys that the baseline sets outside of its profiles.
    written: effective::WrittenKeys,
    digest: String,
    note: Option<String>,
}

#[derive(Clone, Debug)]
struct Profile {
    matches: Match,
    settings: BaselineSettings,
    /// The keys that the profile sets.
    written: effective::WrittenKeys,
}

#[derive(Clone, Debug)]
struct Exemption {
    matches: Match,
    rules: Vec<RuleName>,
    until: Date,
    owner: String,
    reason: String,
}

/// The condition under which a profile or an exemption applies. Every key that the condition contains must match.
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

/// The container, task or service for which Logweir looks up a profile or an exemption. A profile or an exemption does
/// not match if the value of one of its keys is unknown for the workload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Workload<'a> {
    pub family: Option<&'a str>,
    /// The name of the container. `None` for a finding about the whole task.
    pub container: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The tags of the revision.
    pub tags: &'a [(String, String)],
    /// The name of the service's cluster. `None` while Logweir checks a revision, because a revision has no cluster.
    pub cluster: Option<&'a str>,
    /// The tags of the service. The list is empty while Logweir checks a revision, because a revision has no service
    /// tags.
    pub service_tags: &'a [(String, String)],
}

/// The exemption that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exempted {
    pub owner: String,
    pub reason: String,
    /// The last day on which the exemption applies (UTC).
    pub until: String,
}

/// Whether the baseline exempts a container or task from a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exempt {
    No,
    Yes(Exempted),
    /// An exemption matches the container or task, but the exemption has expired.
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

    /// Whether the match has the key `cluster` or `service-tag`, so that only a service can match. A profile with such
    /// a match may set only keys of `rollout`.
    fn asks_for_a_service(&self) -> bool {
        self.cluster.is_some() || self.service_tag.is_some()
    }
}

impl Baseline {
    /// Parses the text of a `baseline.toml`. The error names the position of a setting that is unknown, invalid or
    /// contradictory.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        parse::parse(text)
    }

    /// Returns the digest of the settings, `sha256:…`, which identifies the baseline in each record and report.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether `digest` identifies this baseline. The digest that versions before 0.1.0 used also identifies the
    /// shipped baseline.
    pub fn is_named(&self, digest: &str) -> bool {
        digest::is_same(&self.digest, digest)
    }

    /// Returns the baseline with a note that every report repeats.
    pub fn noted(self, note: String) -> Self {
        Self { note: Some(note), ..self }
    }

    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Returns the limits at which a family's fuse opens.
    pub fn fuse(&self) -> FuseLimits {
        self.fuse
    }

    /// Returns the settings for the ECS security runbook.
    pub fn runbook(&self) -> &RunbookSettings {
        &self.runbook
    }

    /// Whether a tag with this key decides what Logweir may do: the baseline trusts it, a service needs it for a
    /// rollout, or a profile or an exemption matches on it. Logweir never sets such a tag.
    pub fn decides_by_tag(&self, key: &str) -> bool {
        let settings = self.profiles.iter().map(|profile| &profile.settings).chain([&self.root]);
        let required = settings.filter_map(|settings| settings.rollout.require_service_tag.as_ref());
        let matches = self.profiles.iter().map(|profile| &profile.matches);
        let matches = matches.chain(self.exemptions.iter().map(|exemption| &exemption.matches));
        let matched = matches.flat_map(|matches| matches.tag.iter().chain(&matches.service_tag));
        let mut deciding = required.chain(matched).map(|(key, _)| key).chain(&self.trusted_tags);
        deciding.any(|deciding| deciding == key)
    }

    /// Returns the settings for ECS Exec.
    pub fn exec(&self) -> &ExecSettings {
        &self.exec
    }

    /// Returns the settings of the first profile that matches the workload, or the root settings if no profile matches.
    pub fn settings(&self, subject: &Workload<'_>) -> &BaselineSettings {
        self.profile_of(subject).map_or(&self.root, |profile| &profile.settings)
    }

    /// Whether a profile or an exemption applies only to revisions with certain tags.
    pub fn depends_on_tags(&self) -> bool {
        let profiles = self.profiles.iter().map(|profile| &profile.matches);
        let exemptions = self.exemptions.iter().map(|exemption| &exemption.matches);
        profiles.chain(exemptions).any(|matches| matches.tag.is_some())
    }

    /// Whether the baseline forbids the retirement of any corrected revision.
    pub fn forbids_retirements(&self) -> bool {
        let profiles = self.profiles.iter().map(|profile| &profile.settings);
        profiles.chain([&self.root]).any(|settings| settings.correct.retire == Retire::Never)
    }

    /// Returns the tables of the baseline that ask for `delivery = "blocking"`: `[logging]`, or the match criteria of a
    /// profile.
    pub fn blocking_tables(&self) -> Vec<String> {
        let blocks = |settings: &BaselineSettings| settings.logging.delivery == Delivery::Blocking;
        let root = blocks(&self.root).then(|| "[logging]".to_owned());
        let profiles = self.profiles.iter().filter(|profile| blocks(&profile.settings));
        root.into_iter().chain(profiles.map(|profile| format!("profile {}", profile.matches.name()))).collect()
    }

    /// Returns the first profile that matches the workload.
    fn profile_of(&self, subject: &Workload<'_>) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.matches.covers(subject))
    }

    /// Returns the settings that say whether and how Logweir updates a service.
    pub fn rollout(&self, subject: &Workload<'_>) -> &RolloutSettings {
        &self.settings(subject).rollout
    }

    /// Returns whether an exemption switches off `rule` for the workload at the time `now`. If several exemptions
    /// match, it is enough that one of them has not expired.
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
