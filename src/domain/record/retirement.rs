//! The retirement of a corrected revision: after another principal has deregistered the source revision, Logweir
//! deregisters the corrected revision, unless something uses it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::entry::SourceWithdrawn;
use super::topic::RetirementEntry;

/// The time from the deregistration of the source to the first search for users, if the corrected revision is the
/// newest ACTIVE revision of its family. A caller that starts the family by its name would run the code of the
/// deregistered source.
const OF_THE_NEWEST: SignedDuration = SignedDuration::from_mins(15);

/// The time from the deregistration of the source to the first search, if the family has a newer ACTIVE revision.
const OF_AN_OLDER: SignedDuration = SignedDuration::from_hours(24);

/// The longest time until Logweir checks again whether the corrected revision has become the newest ACTIVE revision of
/// its family.
const BETWEEN_CHECKS: SignedDuration = SignedDuration::from_hours(1);

/// The minimum time between the two searches that must find no user.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(10);

/// The time to the next search after the first search that finds a user. The time doubles with each further such
/// search.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// The state of a retirement that has not ended yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retirement {
    #[serde(flatten)]
    pub cause: SourceWithdrawn,
    /// The time of the next search for users of the corrected revision.
    pub next: Timestamp,
    /// The time of the first search that found no user. `None` if the last search found a user, or before the first
    /// search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Timestamp>,
    /// The number of searches that found a user.
    #[serde(default)]
    pub looks_in_use: u32,
    /// Whether a worker is about to deregister the corrected revision, or has deregistered it.
    #[serde(default)]
    pub begun: bool,
}

impl Retirement {
    fn new(cause: &SourceWithdrawn) -> Self {
        let next = later(cause.withdrawn_at, OF_THE_NEWEST);
        Self { cause: cause.clone(), next, unused_since: None, looks_in_use: 0, begun: false }
    }

    /// Returns the state after an entry, given the state before it. Returns `None` if the retirement has ended.
    pub(super) fn after(before: Option<Self>, at: Timestamp, entry: RetirementEntry<'_>) -> Option<Self> {
        let state = match (before, entry) {
            (Some(before), RetirementEntry::SourceWithdrawn(cause)) => {
                let deleted = before.cause.deleted || cause.deleted;
                Self { cause: SourceWithdrawn { deleted, ..before.cause }, ..before }
            }
            (None, RetirementEntry::SourceWithdrawn(cause)) => Self::new(cause),
            (None, _) | (_, RetirementEntry::Retired { .. } | RetirementEntry::Forbidden) => return None,
            (Some(before), RetirementEntry::Retiring) => Self { begun: true, ..before },
            (Some(before), RetirementEntry::Delayed { until, unused, users }) => Self {
                next: until,
                unused_since: before.unused_since.or(Some(at)).filter(|_| unused),
                looks_in_use: before.looks_in_use.saturating_add(u32::from(!users.is_empty())),
                begun: false,
                ..before
            },
        };
        Some(state)
    }

    /// Returns the time of the first search for users. `is_newest` says whether the corrected revision is the newest
    /// ACTIVE revision of its family.
    pub fn due(&self, is_newest: bool) -> Timestamp {
        later(self.cause.withdrawn_at, if is_newest { OF_THE_NEWEST } else { OF_AN_OLDER })
    }

    /// Returns the time at which Logweir checks the retirement of an older revision of its family again. The revision
    /// may become the newest one before the time of its first search.
    pub fn check_again(&self, now: Timestamp) -> Timestamp {
        self.due(false).min(later(now, BETWEEN_CHECKS))
    }

    /// Whether an earlier search found no user, and a search at the time `now` is late enough to be the second search.
    pub fn is_second_look(&self, now: Timestamp) -> bool {
        self.unused_since.is_some_and(|first| now.duration_since(first) >= BETWEEN_LOOKS)
    }

    /// Returns the time of the second search, after a search at the time `now` that found no user.
    pub fn second_look(&self, now: Timestamp) -> Timestamp {
        later(self.unused_since.unwrap_or(now), BETWEEN_LOOKS)
    }

    /// Returns the time of the next search, after a search at the time `now` that found a user.
    pub fn look_again(&self, now: Timestamp) -> Timestamp {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.looks_in_use.min(16));
        later(now, pause.min(LONGEST_PAUSE))
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        later("2026-11-21T12:00:00Z".parse().unwrap(), SignedDuration::from_mins(minutes))
    }

    fn begun() -> Retirement {
        Retirement::new(&SourceWithdrawn {
            corrected: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2".parse().unwrap(),
            withdrawn_at: at(0),
            deleted: false,
            registers_per_second: 0.2,
        })
    }

    #[test]
    fn a_retirement_is_due_after_a_quarter_of_an_hour_or_a_day() {
        let state = begun();
        assert_eq!((state.next, state.due(true), state.due(false)), (at(15), at(15), at(24 * 60)));
    }

    #[test]
    fn an_older_revision_is_checked_every_hour_until_its_first_search() {
        let state = begun();
        assert_eq!((state.check_again(at(15)), state.check_again(at(23 * 60 + 15))), (at(75), at(24 * 60)));
    }

    #[test]
    fn two_looks_without_a_user_are_ten_minutes_apart() {
        let state = begun();
        assert!(!state.is_second_look(at(500)), "there was no first search");
        let unused = RetirementEntry::Delayed { until: state.second_look(at(15)), unused: true, users: &[] };
        let state = Retirement::after(Some(state), at(15), unused).unwrap();
        assert_eq!(state.next, at(25));
        assert!(!state.is_second_look(at(24)) && state.is_second_look(at(25)));
        let used = RetirementEntry::Delayed { until: at(30), unused: false, users: &["prod/web".to_owned()] };
        let state = Retirement::after(Some(state), at(25), used).unwrap();
        assert!(!state.is_second_look(at(90)), "the two searches must follow each other");
    }

    #[test]
    fn a_revision_in_use_is_looked_at_less_and_less_often_and_at_least_once_a_day() {
        let (mut state, mut now, mut pauses) = (begun(), at(15), Vec::new());
        for _ in 0..11 {
            let until = state.look_again(now);
            pauses.push(until.duration_since(now).as_mins());
            let used = RetirementEntry::Delayed { until, unused: false, users: &["prod/web".to_owned()] };
            state = Retirement::after(Some(state), now, used).unwrap();
            now = until;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
        assert_eq!(Retirement { looks_in_use: u32::MAX, ..state }.look_again(now), later(now, LONGEST_PAUSE));
    }

    #[test]
    fn a_later_deletion_of_the_source_changes_only_that() {
        let state = begun();
        let deleted = SourceWithdrawn { deleted: true, withdrawn_at: at(60), ..state.cause.clone() };
        let after = Retirement::after(Some(state.clone()), at(60), RetirementEntry::SourceWithdrawn(&deleted)).unwrap();
        assert_eq!(after, Retirement { cause: SourceWithdrawn { deleted: true, ..state.cause.clone() }, ..state });
    }
}
