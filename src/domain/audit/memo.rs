//! What a cache keeps about a revision, so that a later audit need not describe the revision again.
//!
//! A revision never changes, but its findings also depend on its tags, the account setting `defaultLogDriverMode`, its
//! log groups, the baseline, the rules, the day, and the exemptions that have expired. A cache stores none of these
//! facts. It stores the findings with a digest of the evidence that they follow from. A later audit reads the evidence
//! again, and uses the findings only if the digest is the same. Otherwise it describes the revision again. A judgement
//! is a function of the revision and the evidence, so a cached finding never differs from a new one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::judge::{AccountFacts, Judge, Judgement};
use super::texts::{Text, Texts};
use crate::domain::baseline::{Baseline, Delivery, ExemptionState};
use crate::domain::ecs::wire::Described;
use crate::domain::firelens::image::END_OF_VERSION_2;
use crate::domain::rules::facts::{DefaultMode, LogGroup};
use crate::domain::text::hex;

/// The number of bytes of a digest.
const BYTES: usize = 16;

/// What a cache keeps about a revision: no part of its document, and only digests of its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memo {
    pub family: Text,
    pub revision: u32,
    /// The log groups that the rules need facts about.
    pub log_groups: Vec<Text>,
    /// Whether the revision had tags.
    pub has_tags: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_by: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    answers: Vec<Answer>,
}

/// The judgement that follows from some evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    evidence: String,
    judgement: Judgement,
}

/// The evidence that all judgements of an audit share.
#[derive(Clone, Debug)]
pub struct SharedEvidence {
    digest: Sha256,
    depends_on_tags: bool,
}

impl SharedEvidence {
    /// `program` identifies the program whose rules judge. `Baseline::digest` identifies the settings.
    pub fn of(baseline: &Baseline, program: &str, now: Timestamp) -> Self {
        let mut digest = Sha256::new();
        add(&mut digest, program);
        add(&mut digest, baseline.digest());
        for exemption in baseline.exemptions(now) {
            add(&mut digest, if exemption.state == ExemptionState::Expired { "expired" } else { "valid" });
        }
        // The rules about the images of routers judge by the day.
        let has_ended = now.to_zoned(TimeZone::UTC).date() > END_OF_VERSION_2;
        add(&mut digest, if has_ended { "version 2 has ended" } else { "version 2 is supported" });
        Self { digest, depends_on_tags: baseline.depends_on_tags() }
    }

    /// Returns the digest of the evidence about one revision. `default_mode` is `None` if the judgement is the same
    /// with every default mode.
    fn about(
        &self,
        tags: &[(Text, Text)],
        groups: Option<&BTreeMap<String, LogGroup>>,
        default_mode: Option<&DefaultMode>,
    ) -> String {
        let mut digest = self.digest.clone();
        match default_mode {
            None => add(&mut digest, "any mode"),
            Some(DefaultMode::NotChecked) => add(&mut digest, "mode not checked"),
            Some(DefaultMode::Unreadable(why)) => {
                add(&mut digest, "mode unreadable");
                add(&mut digest, why);
            }
            Some(DefaultMode::Known(mode)) => add(&mut digest, mode.mode()),
        }
        match groups {
            None => add(&mut digest, "groups unreadable"),
            Some(groups) => groups.iter().for_each(|(name, group)| add_group(&mut digest, name, group)),
        }
        if self.depends_on_tags {
            let mut tags: Vec<_> = tags.iter().collect();
            tags.sort();
            for (key, value) in tags {
                add(&mut digest, "tag");
                add(&mut digest, key);
                add(&mut digest, value);
            }
        }
        hex(&digest.finalize()[..BYTES])
    }
}

/// Adds a text with its length, which keeps `ab` and `c` apart from `a` and `bc`.
fn add(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}

fn add_group(digest: &mut Sha256, name: &str, group: &LogGroup) {
    add(digest, "group");
    add(digest, name);
    match group {
        LogGroup::Missing => add(digest, "missing"),
        LogGroup::Exists { retention, policy, empty } => {
            add(digest, &format!("{retention:?} {empty:?}"));
            add(digest, policy.as_deref().unwrap_or_default());
        }
    }
}

impl Judge<'_> {
    /// Judges a revision, and returns the judgement with what a cache keeps. Judges with both default modes, so that a
    /// change of the account setting makes no revision unknown.
    pub fn remember(
        &self,
        described: &Described,
        facts: &AccountFacts<'_>,
        shared: &SharedEvidence,
        texts: &mut Texts,
    ) -> (Judgement, Memo) {
        let mut judge =
            |mode: &DefaultMode| self.judge(described, &AccountFacts { default_mode: mode, ..facts.clone() }, texts);
        let own = judge(facts.default_mode);
        let modes = [Delivery::NonBlocking, Delivery::Blocking].map(DefaultMode::Known);
        let mut answers: Vec<(Option<&DefaultMode>, Judgement)> =
            modes.iter().map(|mode| (Some(mode), judge(mode))).collect();
        if !modes.contains(facts.default_mode) {
            answers.push((Some(facts.default_mode), own.clone()));
        }
        if answers.iter().all(|(_, other)| *other == own) {
            answers = vec![(None, own.clone())];
        }
        let tags: Vec<(Text, Text)> =
            described.tags.iter().map(|tag| (tag.key.as_str().into(), tag.value.as_str().into())).collect();
        let names = self.log_groups(described, facts.default_mode, facts.now);
        let judged = answers.into_iter().map(|(mode, judgement)| (facts.log_groups.clone(), mode, judgement));
        let memo = Memo::of(described, names.keys(), &tags, judged, shared);
        (own, memo)
    }
}

/// A judgement with the log groups and the default mode that it follows from, as in [`SharedEvidence::about`].
type Judged<'m> = (Option<BTreeMap<String, LogGroup>>, Option<&'m DefaultMode>, Judgement);

impl Memo {
    /// Returns what is kept of a described revision with its judgements.
    pub(super) fn of<'m>(
        described: &Described,
        groups: impl Iterator<Item = &'m String>,
        tags: &[(Text, Text)],
        judged: impl Iterator<Item = Judged<'m>>,
        shared: &SharedEvidence,
    ) -> Self {
        let answer = |(groups, mode, judgement): Judged<'_>| Answer {
            evidence: shared.about(tags, groups.as_ref(), mode),
            judgement,
        };
        Self {
            family: described.arn.family.as_str().into(),
            revision: described.arn.revision,
            log_groups: groups.map(|name| name.as_str().into()).collect(),
            has_tags: !tags.is_empty(),
            registered_by: described.registered_by.as_deref().map(Text::from),
            registered_at: described.registered_at,
            answers: judged.map(answer).collect(),
        }
    }

    /// Returns the judgement that follows from this evidence. Returns `None` if the cache does not know it, so that the
    /// audit has to describe the revision.
    pub fn judgement(
        &self,
        tags: &[(Text, Text)],
        facts: &AccountFacts<'_>,
        shared: &SharedEvidence,
    ) -> Option<&Judgement> {
        // Tags that are no longer there may also be those of a revision that the tag search does not cover.
        if self.has_tags && tags.is_empty() {
            return None;
        }
        let groups = facts.log_groups.as_ref();
        [None, Some(facts.default_mode)].into_iter().find_map(|mode| {
            let evidence = shared.about(tags, groups, mode);
            self.answers.iter().find(|answer| answer.evidence == evidence).map(|answer| &answer.judgement)
        })
    }

    /// Returns what the cache keeps after an audit with other evidence: this memo and the answers of the earlier one.
    pub fn kept_with(mut self, mut earlier: Self) -> Self {
        const MOST: usize = 8;
        earlier.answers.retain(|answer| self.answers.iter().all(|own| own.evidence != answer.evidence));
        self.answers.append(&mut earlier.answers);
        self.answers.truncate(MOST);
        self
    }
}

impl Judgement {
    /// Replaces each text by its shared copy.
    pub fn share(mut self, texts: &mut Texts) -> Self {
        // A list that was read from a file has room for more.
        self.findings.shrink_to_fit();
        for finding in &mut self.findings {
            let always = [&mut finding.pointer, &mut finding.message, &mut finding.fix.text];
            always.into_iter().for_each(|text| texts.unite(text));
            finding.container.iter_mut().chain(&mut finding.effective).for_each(|text| texts.unite(text));
            finding.notes.iter_mut().for_each(|text| texts.unite(text));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_changes_when_the_support_of_an_image_ends() {
        let baseline = Baseline::parse("version = 1").unwrap();
        let on = |day: &str| SharedEvidence::of(&baseline, "", day.parse().unwrap()).about(&[], None, None);
        assert_eq!(on("2026-06-29T12:00:00Z"), on("2026-06-30T12:00:00Z"));
        assert_ne!(on("2026-06-30T12:00:00Z"), on("2026-07-01T12:00:00Z"));
    }
}
