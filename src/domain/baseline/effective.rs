//! The settings of a baseline that are in effect for one workload, each with the place that sets it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use toml::{Table, Value};

use super::comparison::{exec, fuse, listed, runbook};
use super::exemption_use::ExemptionRemark;
use super::levels::Level;
use super::{Baseline, Profile, Workload};
use crate::domain::rule_name::RuleName;

/// A setting that is in effect for a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveSetting {
    /// The key in `baseline.toml`, such as `logging.delivery`.
    pub key: String,
    pub value: String,
    pub origin: Origin,
    /// The match criteria of the profile that sets the key. `None` for any other origin.
    pub profile: Option<String>,
}

/// The place that sets a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The baseline does not set the key.
    Default,
    /// A table of the baseline outside of the profiles.
    File,
    Profile,
    /// An option of the command line.
    Override,
}

impl Origin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Profile => "profile",
            Self::Override => "override",
        }
    }
}

/// The keys that a baseline or a profile sets, such as `logging.delivery`.
pub(super) type WrittenKeys = BTreeSet<String>;

/// Returns the keys that the tables of `document` set.
pub(super) fn written_keys(document: &Table) -> WrittenKeys {
    let tables = document.iter().filter_map(|(name, value)| Some((name, value.as_table()?)));
    tables.flat_map(|(name, table)| table.keys().map(move |key| format!("{name}.{key}"))).collect()
}

/// Returns the keys that each profile of `document` sets.
pub(super) fn written_profiles(document: &Table) -> Vec<WrittenKeys> {
    let profiles = document.get("profile").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    profiles.iter().map(|profile| profile.as_table().map(written_keys).unwrap_or_default()).collect()
}

impl Baseline {
    /// Returns every setting that is in effect for the workload. The cluster and the service tags of the workload count
    /// for the keys of `rollout` alone.
    pub fn effective(&self, workload: &Workload<'_>) -> Vec<EffectiveSetting> {
        let of_revision = Workload { cluster: None, service_tags: &[], ..*workload };
        let (revision, service) = (self.profile_of(&of_revision), self.profile_of(workload));
        let settings = |profile: Option<&Profile>| listed(profile.map_or(&self.root, |profile| &profile.settings));
        let both = settings(revision).into_iter().zip(settings(service));
        let chosen = both.map(|((key, value), (_, of_service))| match key.starts_with("rollout.") {
            true => (key, of_service, service),
            false => (key, value, revision),
        });
        let unprofiled = fuse(self.fuse).into_iter().chain(exec(&self.exec)).chain(runbook(&self.runbook));
        let unprofiled = unprofiled.map(|(key, value)| (key, value, None));
        let mut all: Vec<EffectiveSetting> = chosen
            .chain(unprofiled)
            .map(|(key, value, profile)| {
                let profile = profile.filter(|profile| profile.written.contains(&*key));
                let origin = match profile {
                    Some(_) => Origin::Profile,
                    None => self.origin(&key),
                };
                let profile = profile.map(|profile| profile.matches.name());
                EffectiveSetting { key: key.into_owned(), value, origin, profile }
            })
            .collect();
        all.extend(RuleName::ALL.map(|rule| self.effective_level(rule)));
        all
    }

    fn effective_level(&self, rule: RuleName) -> EffectiveSetting {
        let key = format!("rules.{rule}");
        let written = self.level(rule);
        let is_chosen = match self.is_off(rule) {
            true => written != Level::Off,
            // Without a choice, `[rules]` of the baseline has no effect yet.
            false => written == Level::Off,
        };
        let level = if self.is_off(rule) { Level::Off } else { Level::At(self.severity(rule)) };
        let origin = if is_chosen { Origin::Override } else { self.origin(&key) };
        EffectiveSetting { key, value: level.name().to_owned(), origin, profile: None }
    }

    /// Returns the shipped baseline, whose settings are the defaults, without the keys that its text sets.
    pub fn shipped(self) -> Self {
        Self { written: WrittenKeys::new(), ..self }
    }

    fn origin(&self, key: &str) -> Origin {
        if self.written.contains(key) { Origin::File } else { Origin::Default }
    }

    /// Returns the exemptions that may cover a finding about the workload, with their states at the time `now`. If the
    /// workload names no container, exemptions for any container count.
    pub fn exemptions_of(&self, workload: &Workload<'_>, now: Timestamp) -> Vec<ExemptionRemark> {
        let covers = |exemption: &&super::Exemption| {
            let mut matches = exemption.matches.clone();
            matches.container = matches.container.filter(|_| workload.container.is_some());
            matches.covers(workload)
        };
        self.exemptions.iter().filter(covers).map(|exemption| exemption.remark(exemption.state(now))).collect()
    }
}
