//! The pins of corrected revisions. A pin is an EventBridge rule or an EventBridge Scheduler schedule that names a
//! revision by its number, and so would fail if Logweir deregistered the revision. No call of ECS lists pins, so the
//! journal stores the pins that events report.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;

/// The maximum number of holders that the state of one revision lists.
const MOST_HOLDERS: usize = 100;

/// The maximum number of pins that the state of one holder lists. A rule has at most five targets by default (source:
/// EventBridge quotas).
const MOST_TARGETS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    Rule,
    Schedule,
}

/// The name of an EventBridge rule or of an EventBridge Scheduler schedule, with its account and Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HolderName {
    pub account: String,
    pub region: String,
    pub kind: HolderKind,
    /// The name of the rule's event bus, or of the schedule's group.
    pub group: String,
    pub name: String,
}

impl HolderName {
    /// Returns `None` if the name or the group contains a character that EventBridge does not allow, or is too long.
    pub fn new(account: &str, region: &str, kind: HolderKind, group: &str, name: &str) -> Option<Self> {
        let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-/".contains(&c);
        let is_valid = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(is_allowed);
        let [account, region] = [account, region].map(String::from);
        let named = is_valid(group) && is_valid(name) && !name.contains('/');
        named.then(|| Self { account, region, kind, group: group.into(), name: name.into() })
    }

    /// Returns the name for people.
    pub fn spoken(&self) -> String {
        match self.kind {
            HolderKind::Rule if self.group == "default" => format!("EventBridge rule {}", self.name),
            HolderKind::Rule => format!("EventBridge rule {} on bus {}", self.name, self.group),
            HolderKind::Schedule => format!("EventBridge Scheduler schedule {}/{}", self.group, self.name),
        }
    }
}

impl fmt::Display for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            HolderKind::Rule => "rule",
            HolderKind::Schedule => "schedule",
        };
        write!(f, "{}/{}/{kind}/{}/{}", self.account, self.region, self.group, self.name)
    }
}

/// The change of a rule or schedule, as an event reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinChange {
    pub holder: HolderName,
    pub what: TargetChange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChange {
    /// These targets were set. The revision of a target is `None` if the target names no revision by its number.
    Set(BTreeMap<String, Option<RevisionArn>>),
    Removed(Vec<String>),
    /// The rule or schedule was deleted.
    Deleted,
}

/// The state that the journal stores for a rule or schedule: the corrected revisions that its targets name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PinHolder {
    pub schema: u32,
    pub holder: HolderName,
    /// The number of times that this state was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    pub targets: BTreeMap<String, RevisionArn>,
    pub at: Timestamp,
}

/// The state that the journal stores for a corrected revision: the rules and schedules that have pinned the revision at
/// some time. The state of each holder says whether the holder still pins the revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevisionPins {
    pub schema: u32,
    pub revision: RevisionArn,
    /// The number of times that this state was written.
    pub version: u32,
    pub holders: Vec<HolderName>,
    /// Whether more rules and schedules have pinned the revision than this state can list.
    #[serde(default)]
    pub incomplete: bool,
    pub at: Timestamp,
}

impl PinHolder {
    pub const SCHEMA: u32 = 1;

    pub fn new(holder: HolderName, now: Timestamp) -> Self {
        Self { schema: Self::SCHEMA, holder, version: 0, targets: BTreeMap::new(), at: now }
    }

    /// Returns the state after a change. Keeps only the revisions for which `is_corrected` returns `true`.
    pub fn after(&self, change: &TargetChange, is_corrected: impl Fn(&RevisionArn) -> bool, now: Timestamp) -> Self {
        let mut targets = self.targets.clone();
        match change {
            TargetChange::Deleted => targets.clear(),
            TargetChange::Removed(ids) => targets.retain(|id, _| !ids.contains(id)),
            TargetChange::Set(set) => {
                for (id, revision) in set {
                    match revision.as_ref().filter(|revision| is_corrected(revision)) {
                        Some(revision) if targets.len() < MOST_TARGETS || targets.contains_key(id) => {
                            targets.insert(id.clone(), revision.clone());
                        }
                        Some(_) => {}
                        None => drop(targets.remove(id)),
                    }
                }
            }
        }
        Self { targets, version: self.version + 1, at: now, ..self.clone() }
    }

    pub fn pins(&self, revision: &RevisionArn) -> bool {
        self.targets.values().any(|pinned| pinned == revision)
    }
}

impl RevisionPins {
    pub const SCHEMA: u32 = 1;

    pub fn new(revision: RevisionArn, now: Timestamp) -> Self {
        Self { schema: Self::SCHEMA, revision, version: 0, holders: Vec::new(), incomplete: false, at: now }
    }

    /// Returns the state with one more holder. Returns `None` if the state already lists the holder.
    pub fn with(&self, holder: &HolderName, now: Timestamp) -> Option<Self> {
        let mut pins = Self { version: self.version + 1, at: now, ..self.clone() };
        match self.holders.len() {
            _ if self.holders.contains(holder) => return None,
            MOST_HOLDERS.. if self.incomplete => return None,
            MOST_HOLDERS.. => pins.incomplete = true,
            _ => pins.holders.push(holder.clone()),
        }
        Some(pins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(number: u32) -> RevisionArn {
        format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:{number}").parse().unwrap()
    }

    fn rule(name: &str) -> HolderName {
        HolderName::new("111122223333", "eu-west-1", HolderKind::Rule, "default", name).unwrap()
    }

    fn set(targets: &[(&str, Option<u32>)]) -> TargetChange {
        TargetChange::Set(targets.iter().map(|(id, number)| ((*id).to_owned(), number.map(revision))).collect())
    }

    #[test]
    fn a_target_that_is_set_again_names_only_its_new_revision() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |state: &PinHolder, change: &TargetChange| state.after(change, |it| it.revision != 9, now);
        let state =
            after(&PinHolder::new(rule("nightly"), now), &set(&[("a", Some(2)), ("b", Some(4)), ("c", Some(9))]));
        assert_eq!(state.targets.keys().collect::<Vec<_>>(), ["a", "b"], "web:9 is no corrected revision");
        assert!(state.pins(&revision(2)) && state.pins(&revision(4)));
        let moved = after(&state, &set(&[("a", Some(4))]));
        assert!(!moved.pins(&revision(2)) && moved.pins(&revision(4)));
        for released in [set(&[("a", None)]), set(&[("a", Some(9))]), TargetChange::Removed(vec!["a".into()])] {
            let state = after(&state, &released);
            assert!(!state.pins(&revision(2)) && state.pins(&revision(4)), "{released:?}");
        }
        assert!(after(&state, &TargetChange::Deleted).targets.is_empty());
    }

    #[test]
    fn a_revision_with_too_many_holders_counts_as_pinned_by_more() {
        let mut pins = RevisionPins::new(revision(2), Timestamp::UNIX_EPOCH);
        for number in 0..MOST_HOLDERS {
            pins = pins.with(&rule(&format!("rule-{number}")), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!(pins.with(&rule("rule-0"), Timestamp::UNIX_EPOCH), None);
        let more = pins.with(&rule("one-more"), Timestamp::UNIX_EPOCH).unwrap();
        assert!(more.incomplete && more.holders == pins.holders);
        assert_eq!(more.with(&rule("and-more"), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn a_name_that_eventbridge_does_not_allow_is_no_holder() {
        for (group, name) in [("default", ""), ("", "a"), ("default", "a b"), ("default", "a/b"), ("a#b", "c")] {
            assert_eq!(HolderName::new("1", "r", HolderKind::Schedule, group, name), None, "{group} {name}");
        }
        assert!(HolderName::new("1", "r", HolderKind::Rule, "aws.partner/x", "a_b.c-D").is_some());
    }
}
