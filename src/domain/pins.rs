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

/// The maximum number of targets whose last change the state of one holder contains.
const MOST_CHANGED: usize = 2 * MOST_TARGETS;

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
    /// The time of the change, in whole seconds. `None` if the event contains no time.
    pub at: Option<Timestamp>,
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
    /// The time of the newest change of each target that names a corrected revision, or has named one. Events may
    /// arrive in any order, and an event about an older change alters nothing.
    #[serde(default)]
    pub changed: BTreeMap<String, Timestamp>,
    /// The time of the newest deletion of the rule or schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
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
        Self {
            schema: Self::SCHEMA,
            holder,
            version: 0,
            targets: BTreeMap::new(),
            changed: BTreeMap::new(),
            deleted: None,
            at: now,
        }
    }

    /// Returns the state after a change. Keeps only the revisions for which `is_corrected` returns `true`.
    ///
    /// A release counts only if it is newer than the pin that it ends, and a pin counts unless a newer change is known.
    /// If two changes have the same second, or if a release has no time, Logweir keeps the pin, because a pin that is
    /// kept for too long only keeps a revision.
    pub fn after(&self, change: &PinChange, is_corrected: impl Fn(&RevisionArn) -> bool, now: Timestamp) -> Self {
        let mut after = Self { version: self.version + 1, at: now, ..self.clone() };
        for id in self.targets.keys().filter(|id| !self.changed.contains_key(*id)) {
            after.changed.insert(id.clone(), self.at);
        }
        match &change.what {
            TargetChange::Deleted => after.delete(change.at),
            TargetChange::Removed(ids) => ids.iter().for_each(|id| after.release(id, change.at)),
            TargetChange::Set(set) => {
                for (id, revision) in set {
                    match revision.as_ref().filter(|revision| is_corrected(revision)) {
                        Some(revision) => after.pin(id, revision, change.at.unwrap_or(now)),
                        None => after.release(id, change.at),
                    }
                }
            }
        }
        after
    }

    fn pin(&mut self, id: &str, revision: &RevisionArn, at: Timestamp) {
        let is_late = self.changed.get(id).copied().max(self.deleted).is_some_and(|newest| at < newest);
        let has_room = self.targets.len() < MOST_TARGETS || self.targets.contains_key(id);
        if !is_late && has_room {
            self.targets.insert(id.to_owned(), revision.clone());
            self.changed.insert(id.to_owned(), at);
        }
        if self.changed.len() > MOST_CHANGED {
            let released = self.changed.iter().filter(|(id, _)| !self.targets.contains_key(*id));
            let oldest = released.min_by_key(|(_, at)| **at).map(|(id, _)| id.clone());
            self.changed.retain(|id, _| Some(id) != oldest.as_ref());
        }
    }

    fn release(&mut self, id: &str, at: Option<Timestamp>) {
        if let (Some(at), Some(newest)) = (at, self.changed.get_mut(id))
            && *newest < at
        {
            *newest = at;
            self.targets.remove(id);
        }
    }

    fn delete(&mut self, at: Option<Timestamp>) {
        if at.is_some() && !self.changed.is_empty() {
            self.deleted = self.deleted.max(at);
            self.changed.retain(|_, newest| Some(*newest) >= at);
            self.targets.retain(|id, _| self.changed.contains_key(id));
        }
    }

    /// Whether both states contain the same, apart from the number and the time of the write.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |state: &Self| Self { version: 0, at: Timestamp::UNIX_EPOCH, ..state.clone() };
        said(self) == said(other)
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

    /// Whether the state has to leave out `holder`, unless the holders that no longer pin the revision make room.
    pub fn lacks_room_for(&self, holder: &HolderName) -> bool {
        !self.incomplete && self.holders.len() >= MOST_HOLDERS && !self.holders.contains(holder)
    }

    /// Returns the state with one more holder. Returns `None` if the state already says that `holder` pins the revision.
    ///
    /// If the list is full, and contains the holder, the new state differs only in its number. Another worker that is
    /// about to remove the holder then reads the state of the holder again.
    pub fn with(&self, holder: &HolderName, now: Timestamp) -> Option<Self> {
        let mut pins = Self { version: self.version + 1, at: now, ..self.clone() };
        match self.holders.len() {
            MOST_HOLDERS.. if self.incomplete => return None,
            MOST_HOLDERS.. if self.holders.contains(holder) => {}
            _ if self.holders.contains(holder) => return None,
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

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn after(state: &PinHolder, second_of_change: i64, what: &TargetChange) -> PinHolder {
        let change = PinChange { holder: rule("nightly"), what: what.clone(), at: Some(second(second_of_change)) };
        state.after(&change, |it| it.revision != 9, second(1000))
    }

    fn set(targets: &[(&str, Option<u32>)]) -> TargetChange {
        TargetChange::Set(targets.iter().map(|(id, number)| ((*id).to_owned(), number.map(revision))).collect())
    }

    #[test]
    fn a_target_that_is_set_again_names_only_its_new_revision() {
        let new = PinHolder::new(rule("nightly"), second(0));
        let state = after(&new, 1, &set(&[("a", Some(2)), ("b", Some(4)), ("c", Some(9))]));
        assert_eq!(state.targets.keys().collect::<Vec<_>>(), ["a", "b"], "web:9 is no corrected revision");
        assert!(state.pins(&revision(2)) && state.pins(&revision(4)));
        let moved = after(&state, 2, &set(&[("a", Some(4))]));
        assert!(!moved.pins(&revision(2)) && moved.pins(&revision(4)));
        for released in [set(&[("a", None)]), set(&[("a", Some(9))]), TargetChange::Removed(vec!["a".into()])] {
            let state = after(&state, 2, &released);
            assert!(!state.pins(&revision(2)) && state.pins(&revision(4)), "{released:?}");
        }
        assert!(after(&state, 2, &TargetChange::Deleted).targets.is_empty());
    }

    #[test]
    fn changes_in_any_order_lead_to_the_pins_of_the_newest_change() {
        let pins = |number| set(&[("a", Some(number))]);
        let (removed, deleted) = (TargetChange::Removed(vec!["a".into()]), TargetChange::Deleted);
        let state = after(&PinHolder::new(rule("nightly"), second(0)), 1, &pins(2));
        for (changes, pinned) in [
            ([(3, pins(4)), (2, pins(3))], Some(4)),
            ([(3, pins(4)), (2, removed.clone())], Some(4)),
            ([(3, pins(4)), (3, deleted.clone())], Some(4)),
            ([(3, deleted.clone()), (2, pins(4))], None),
            ([(3, deleted), (3, pins(4))], Some(4)),
            ([(3, removed.clone()), (2, pins(4))], None),
            ([(3, removed), (3, pins(4))], Some(4)),
        ] {
            let state = changes.iter().fold(state.clone(), |state, (at, what)| after(&state, *at, what));
            assert_eq!(state.targets.values().next(), pinned.map(revision).as_ref(), "{changes:?}");
        }
    }

    #[test]
    fn a_release_without_a_time_and_a_release_older_than_a_state_without_times_change_nothing() {
        let state = after(&PinHolder::new(rule("nightly"), second(0)), 1, &set(&[("a", Some(2))]));
        let unknown = PinChange { holder: rule("nightly"), what: TargetChange::Deleted, at: None };
        assert!(state.after(&unknown, |_| true, second(5)).says_the_same(&state));
        let mut old = serde_json::to_value(PinHolder { at: second(7), ..state }).unwrap();
        old.as_object_mut().unwrap().remove("changed");
        let old: PinHolder = serde_json::from_value(old).unwrap();
        assert!(after(&old, 6, &TargetChange::Deleted).pins(&revision(2)));
        assert!(after(&old, 8, &TargetChange::Deleted).targets.is_empty());
    }

    #[test]
    fn the_state_of_a_holder_remembers_a_bounded_number_of_targets() {
        let mut state = PinHolder::new(rule("nightly"), second(0));
        for number in 0..500 {
            let id = format!("id-{number}");
            state = after(&state, number, &set(&[(&id, Some(2))]));
            state = after(&state, number + 1, &TargetChange::Removed(vec![id]));
        }
        assert_eq!((state.targets.len(), state.changed.len()), (0, MOST_CHANGED));
        assert!(state.changed.contains_key("id-499"));
    }

    #[test]
    fn a_revision_with_too_many_holders_counts_as_pinned_by_more() {
        let mut pins = RevisionPins::new(revision(2), Timestamp::UNIX_EPOCH);
        for number in 0..MOST_HOLDERS {
            pins = pins.with(&rule(&format!("rule-{number}")), Timestamp::UNIX_EPOCH).unwrap();
        }
        let (listed, unlisted) = (rule("rule-0"), rule("one-more"));
        assert!(pins.lacks_room_for(&unlisted) && !pins.lacks_room_for(&listed));
        let again = pins.with(&listed, Timestamp::UNIX_EPOCH).unwrap();
        assert!(again.version == pins.version + 1 && again.holders == pins.holders && !again.incomplete);
        let more = pins.with(&unlisted, Timestamp::UNIX_EPOCH).unwrap();
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
