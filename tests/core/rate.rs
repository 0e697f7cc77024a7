//! The registration rate limit alone, under arbitrary orders of arrivals.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::rate::{AHEAD, Arrival, BURST, RateLimit, RateLimitName, Slot};
use proptest::prelude::*;

fn name() -> RateLimitName {
    RateLimitName { account: "111122223333".into(), region: "eu-west-1".into() }
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn source(number: usize) -> RevisionArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web-{number}:1").parse().unwrap()
}

/// Returns the state after an arrival, with the reserved slot if the arrival has to wait. `None`: no slot is free.
fn asks(
    standing: Option<RateLimit>,
    asks: Arrival,
    number: usize,
    rate: f64,
    now: Timestamp,
) -> Option<(RateLimit, Option<Timestamp>)> {
    let budget = RateLimit::after(standing, &name(), "a", now);
    match budget.admit(asks, rate) {
        Some(budget) => Some((budget, None)),
        None => budget.reserve(&source(number), rate).map(|(budget, slot)| (budget, Some(slot))),
    }
}

fn comes(standing: Option<RateLimit>, rate: f64, now: Timestamp) -> Option<(RateLimit, Option<Timestamp>)> {
    asks(standing, Arrival::First, 1, rate, now)
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap()
}

/// The outcome for a number of messages.
#[derive(Debug, Default)]
struct Story {
    /// The reserved slots, in the order of their reservation.
    promised: Vec<Timestamp>,
    /// The times of the registrations.
    registered: Vec<Timestamp>,
    /// How often each message arrived.
    comings: Vec<usize>,
}

/// Plays messages that arrive at these times, in milliseconds. Each wait ends late by one of the values of `late`.
fn story(rate: f64, arrivals: &[u32], late: &[u32]) -> Story {
    let after = |time: Timestamp, millis: u32| time + SignedDuration::from_millis(millis.into());
    let mut story = Story { comings: vec![0; arrivals.len()], ..Story::default() };
    let (mut standing, mut turns) = (None, 0);
    let mut to_come: Vec<(Timestamp, usize, Option<Timestamp>)> =
        arrivals.iter().enumerate().map(|(message, at)| (after(now(), *at), message, None)).collect();
    while let Some(first) = (0..to_come.len()).min_by_key(|index| to_come[*index].0) {
        let (now, message, brought) = to_come.swap_remove(first);
        story.comings[message] += 1;
        let turn = match brought.map(|slot| Slot::at(slot, now)) {
            Some(Slot::Come) => Arrival::InSlot,
            _ => Arrival::First,
        };
        let (budget, slot) = asks(standing, turn, message, rate, now).expect("not so many");
        standing = Some(budget);
        match slot {
            None => story.registered.push(now),
            Some(slot) => {
                assert!(slot > now, "{slot} is promised at {now}");
                story.promised.push(slot);
                turns += 1;
                to_come.push((after(slot, late[turns % late.len()]), message, Some(slot)));
            }
        }
        assert!(story.comings[message] < 200, "it starves: {story:?}");
    }
    story
}

proptest! {
    #[test]
    fn no_time_span_has_more_registrations_than_the_rate_limit_allows(
        rate in prop_oneof![Just(0.2), Just(1.0), 0.05..1.0],
        arrivals in prop::collection::vec(0u32..120_000, 1..60),
        late in prop::collection::vec(0u32..40_000, 1..8),
    ) {
        let late: Vec<u32> = late.into_iter().chain([0]).collect();
        let story = story(rate, &arrivals, &late);
        prop_assert_eq!(story.registered.len(), arrivals.len(), "each message registers once");
        for (first, from) in story.registered.iter().enumerate() {
            for (last, to) in story.registered.iter().enumerate().skip(first) {
                let seconds = (to.duration_since(*from) + BURST).as_secs_f64();
                let allowed = rate * seconds + 1.0 + 1e-6;
                prop_assert!((last - first + 1) as f64 <= allowed, "{from} to {to}: {story:?}");
            }
        }
    }

    #[test]
    fn every_slot_is_reserved_once_and_at_least_one_interval_after_the_previous_slot(
        rate in 0.05..1.0,
        arrivals in prop::collection::vec(0u32..60_000, 2..40),
    ) {
        let story = story(rate, &arrivals, &[0]);
        for pair in story.promised.windows(2) {
            prop_assert!(pair[1].duration_since(pair[0]).as_secs_f64() >= 1.0 / rate - 1e-6, "{pair:?}");
        }
    }

    #[test]
    fn a_message_that_arrives_in_its_slot_arrives_at_most_twice(
        rate in 0.05..1.0,
        arrivals in prop::collection::vec(0u32..200_000, 1..60),
    ) {
        let story = story(rate, &arrivals, &[0]);
        prop_assert!(story.comings.iter().all(|times| *times <= 2), "{story:?}");
    }

    #[test]
    fn late_messages_do_not_lower_the_allowed_rate(
        rate in prop_oneof![Just(0.2), Just(1.0)],
        late in prop::collection::vec(0u32..120_000, 1..8),
    ) {
        // Ten new messages arrive per second for a minute, so a message is always waiting to be admitted.
        let arrivals: Vec<u32> = (0..600).map(|number| number * 100).collect();
        let story = story(rate, &arrivals, &late);
        let within = |seconds| story.registered.iter().filter(|at| at.duration_since(now()).as_secs() < seconds).count();
        prop_assert!(within(60) as f64 >= rate * 60.0, "{} of {}", within(60), rate * 60.0);
    }
}

#[test]
fn a_rested_rate_limit_has_a_burst_of_four_at_the_shipped_rate_and_of_sixteen_at_the_highest() {
    for (rate, burst) in [(0.2, 4), (1.0, 16)] {
        for rested in [SignedDuration::ZERO, BURST * 2, SignedDuration::from_hours(9000)] {
            let (mut standing, mut at_once) = (None, 0);
            if !rested.is_zero() {
                standing = comes(None, rate, now() - rested).map(|(budget, _)| budget);
            }
            while let (budget, None) = comes(standing, rate, now()).unwrap() {
                (standing, at_once) = (Some(budget), at_once + 1);
            }
            assert_eq!(at_once, burst, "after {rested}");
        }
    }
}

/// The state of a bucket that was just emptied at 0.2 a second.
fn emptied() -> RateLimit {
    (0..4).fold(None, |standing, _| comes(standing, 0.2, now()).map(|(budget, _)| budget)).unwrap()
}

#[test]
fn each_state_builds_on_the_previous_one() {
    let (first, slot) = comes(Some(emptied()), 0.2, now()).unwrap();
    let (second, another) = comes(Some(first.clone()), 0.2, now()).unwrap();
    assert_eq!((first.version, second.version, another), (5, 6, Some(first.next)));
    assert_eq!(millis(another.unwrap().duration_since(slot.unwrap())), 5000);
}

#[test]
fn reserved_slots_have_priority_over_new_arrivals() {
    let (standing, slot) = comes(Some(emptied()), 0.2, now()).unwrap();
    let (standing, last) = comes(Some(standing), 0.2, now()).unwrap();
    let (slot, last) = (slot.unwrap(), last.unwrap());
    let (unmoved, told) = comes(Some(standing.clone()), 0.2, slot).unwrap();
    assert_eq!(told, Some(last + SignedDuration::from_secs(5)), "a new arrival waits behind the reserved slots");
    assert!(
        matches!(asks(Some(unmoved), Arrival::InSlot, 2, 0.2, slot), Some((_, None))),
        "a message in its slot does not wait"
    );
    let late = last + BURST;
    assert!(matches!(comes(Some(standing), 0.2, late), Some((_, None))), "unused slots are free for new arrivals");
}

#[test]
fn a_profile_with_a_slow_rate_delays_the_others_by_at_most_one_registration() {
    for slow in [0.001, 1e-9, f64::MIN_POSITIVE] {
        let (standing, _) = comes(None, slow, now()).unwrap();
        let soon = now() + SignedDuration::from_secs(6);
        let next = standing.next;
        let (standing, slot) = asks(Some(standing), Arrival::InSlot, 2, 0.2, soon).unwrap();
        let slot = slot.unwrap();
        assert!(slot <= next.max(soon + SignedDuration::from_secs(5)), "{slot}, at {slow} a second");
        let later = asks(Some(standing), Arrival::InSlot, 2, 0.2, slot).unwrap();
        assert_eq!(later.1, None, "at {slow} a second");
    }
}

#[test]
fn all_revisions_of_a_family_share_one_reserved_slot() {
    let revision = |number: u32| -> RevisionArn {
        format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:{number}").parse().unwrap()
    };
    let (promised, slot) = emptied().reserve(&revision(1), 0.2).unwrap();
    assert_eq!((promised.slot_of(&revision(1)), promised.slot_of(&revision(2))), (Some(slot), Some(slot)));
    assert_eq!(promised.slot_of(&source(1)), None);
}

#[test]
fn no_slot_is_reserved_more_than_a_day_ahead() {
    let next = now() + AHEAD;
    let promised = |next| comes(Some(RateLimit { next, ..emptied() }), 0.2, now()).map(|(_, slot)| slot);
    assert_eq!(promised(next), Some(Some(next)));
    assert_eq!(promised(next + SignedDuration::from_nanos(1)), None);
}

#[test]
fn a_state_written_by_a_clock_far_ahead_delays_no_arrival() {
    let wrong = now() + AHEAD * 400;
    let (budget, slot) =
        comes(Some(RateLimit { full: wrong, next: wrong, at: wrong, ..emptied() }), 0.2, now()).unwrap();
    assert_eq!((slot, budget.version), (None, 5));
}

#[test]
fn extreme_rates_and_times_do_not_panic() {
    for rate in [f64::MIN_POSITIVE, 1e-9, 1.0] {
        for now in [Timestamp::MIN, now(), Timestamp::MAX] {
            let (budget, slot) = comes(None, rate, now).unwrap();
            assert!(slot.is_none() && budget.full >= now, "{rate} at {now}");
            let _ = comes(Some(budget.clone()), rate, now);
            let _ = asks(Some(budget), Arrival::InSlot, 1, rate, Timestamp::MIN);
        }
    }
}

#[test]
fn a_slot_more_than_a_day_ahead_is_worthless() {
    let nanosecond = SignedDuration::from_nanos(1);
    for (slot, worth) in [
        (now(), Slot::Come),
        (now() - AHEAD * 9, Slot::Come),
        (now() + nanosecond, Slot::ToCome),
        (now() + AHEAD, Slot::ToCome),
        (now() + AHEAD + nanosecond, Slot::Worthless),
        (Timestamp::MIN, Slot::Come),
        (Timestamp::MAX, Slot::Worthless),
    ] {
        assert_eq!(Slot::at(slot, now()), worth, "{slot}");
    }
}

#[test]
fn at_most_two_hundred_reservations_are_stored_and_each_until_its_slot() {
    let (mut standing, mut slots) = (emptied(), Vec::new());
    for number in 0..250 {
        assert_eq!(standing.slot_of(&source(number)), None, "the slot of no other source");
        let (budget, slot) =
            RateLimit::after(Some(standing), &name(), "a", now()).reserve(&source(number), 0.2).unwrap();
        (standing, slots) = (budget, [slots, vec![slot]].concat());
    }
    let waits: Vec<usize> = (0..250).filter(|number| standing.slot_of(&source(*number)).is_some()).collect();
    assert_eq!(waits.len(), 200);
    assert_eq!(standing.slot_of(&source(100)), Some(slots[100]));
    let later = RateLimit::after(Some(standing), &name(), "a", slots[150]);
    assert_eq!((later.slot_of(&source(150)), later.slot_of(&source(151))), (None, Some(slots[151])));
}
