//! The bucket by itself, under every order of arrivals.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::budget::{AHEAD, Budget, BudgetName, GOOD_FOR, Slot};
use proptest::prelude::*;

fn name() -> BudgetName {
    BudgetName { account: "111122223333".into(), region: "eu-west-1".into() }
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap()
}

/// What came of a number of messages.
#[derive(Debug, Default)]
struct Story {
    /// The slots that were taken, in the order of taking.
    taken: Vec<Timestamp>,
    /// When something was registered.
    registered: Vec<Timestamp>,
    /// How often each message came.
    comings: Vec<usize>,
}

/// Messages that come at these times, in milliseconds, and after each wait late by one of these.
fn story(rate: f64, arrivals: &[u32], late: &[u32]) -> Story {
    let after = |time: Timestamp, millis: u32| time + SignedDuration::from_millis(millis.into());
    let mut story = Story { comings: vec![0; arrivals.len()], ..Story::default() };
    let (mut standing, mut turn) = (None, 0);
    let mut to_come: Vec<(Timestamp, usize, Option<Timestamp>)> =
        arrivals.iter().enumerate().map(|(message, at)| (after(now(), *at), message, None)).collect();
    while let Some(first) = (0..to_come.len()).min_by_key(|index| to_come[*index].0) {
        let (now, message, brought) = to_come.swap_remove(first);
        story.comings[message] += 1;
        let slot = match brought.map(|slot| (slot, Slot::at(slot, now))) {
            Some((slot, Slot::Good | Slot::ToCome)) => slot,
            _ => {
                let (budget, slot) = Budget::take(standing, &name(), "a", rate, now).expect("not so many");
                standing = Some(budget);
                story.taken.push(slot);
                slot
            }
        };
        match slot <= now {
            true => story.registered.push(now),
            false => {
                turn += 1;
                to_come.push((after(slot, late[turn % late.len()]), message, Some(slot)));
            }
        }
        assert!(story.comings[message] < 200, "it starves: {story:?}");
    }
    story
}

proptest! {
    #[test]
    fn no_span_of_time_sees_more_registrations_than_the_budget_allows(
        rate in prop_oneof![Just(0.2), Just(1.0), 0.05..1.0],
        arrivals in prop::collection::vec(0u32..120_000, 1..60),
        late in prop::collection::vec(0u32..40_000, 1..8),
    ) {
        let late: Vec<u32> = late.into_iter().chain([0]).collect();
        let story = story(rate, &arrivals, &late);
        prop_assert_eq!(story.registered.len(), arrivals.len(), "each has its turn once");
        for (first, from) in story.registered.iter().enumerate() {
            for (last, to) in story.registered.iter().enumerate().skip(first) {
                let seconds = (to.duration_since(*from) + GOOD_FOR).as_secs_f64();
                let allowed = rate * seconds + 1.0 + 1e-6;
                prop_assert!((last - first + 1) as f64 <= allowed, "{from} to {to}: {story:?}");
            }
        }
    }

    #[test]
    fn every_slot_is_somebodys_alone_and_an_interval_after_the_one_before(
        rate in 0.05..1.0,
        arrivals in prop::collection::vec(0u32..60_000, 2..40),
    ) {
        let story = story(rate, &arrivals, &[0]);
        for pair in story.taken.windows(2) {
            prop_assert!(pair[1].duration_since(pair[0]).as_secs_f64() >= 1.0 / rate - 1e-6, "{pair:?}");
        }
    }

    #[test]
    fn whoever_comes_in_time_comes_twice_at_most(
        rate in 0.05..1.0,
        arrivals in prop::collection::vec(0u32..60_000, 1..40),
        late in prop::collection::vec(0u32..15_000, 1..8),
    ) {
        let story = story(rate, &arrivals, &late);
        prop_assert!(story.comings.iter().all(|times| *times <= 2), "{story:?}");
    }
}

#[test]
fn a_budget_that_rested_has_a_burst_of_four_at_the_shipped_rate_and_of_sixteen_at_the_highest() {
    for (rate, burst) in [(0.2, 4), (1.0, 16)] {
        for rested in [SignedDuration::ZERO, GOOD_FOR * 2, SignedDuration::from_hours(9000)] {
            let (mut standing, mut at_once) = (None, 0);
            if !rested.is_zero() {
                standing = Budget::take(None, &name(), "a", rate, now() - rested).map(|(budget, _)| budget);
            }
            loop {
                let (budget, slot) = Budget::take(standing, &name(), "a", rate, now()).unwrap();
                if slot > now() {
                    break;
                }
                (standing, at_once) = (Some(budget), at_once + 1);
            }
            assert_eq!(at_once, burst, "after {rested}");
        }
    }
}

#[test]
fn each_state_builds_upon_the_one_before() {
    let (first, _) = Budget::take(None, &name(), "a", 0.2, now()).unwrap();
    let (second, slot) = Budget::take(Some(first.clone()), &name(), "a", 0.2, now()).unwrap();
    assert_eq!((first.version, second.version, slot), (1, 2, first.next));
    assert_eq!(millis(second.next.duration_since(first.next)), 5000);
}

#[test]
fn nothing_is_taken_further_ahead_than_a_day() {
    let next = now() + AHEAD;
    let budget =
        |next| Budget { schema: 1, name: name(), version: 7, by: "a".into(), next, at: now(), waiting: Vec::new() };
    assert_eq!(Budget::take(Some(budget(next)), &name(), "a", 0.2, now()).map(|(_, slot)| slot), Some(next));
    let beyond = next + SignedDuration::from_nanos(1);
    assert_eq!(Budget::take(Some(budget(beyond)), &name(), "a", 0.2, now()), None);
}

#[test]
fn a_state_that_a_clock_far_ahead_wrote_keeps_nobody_waiting_for_it() {
    let wrong = now() + AHEAD * 400;
    let budget =
        Budget { schema: 1, name: name(), version: 7, by: "a".into(), next: wrong, at: wrong, waiting: Vec::new() };
    let (budget, slot) = Budget::take(Some(budget), &name(), "a", 0.2, now()).unwrap();
    assert_eq!((slot <= now(), budget.version), (true, 8));
}

#[test]
fn rates_and_times_at_the_end_of_the_scale_are_borne() {
    for rate in [f64::MIN_POSITIVE, 1e-9, 1.0] {
        for now in [Timestamp::MIN, now(), Timestamp::MAX] {
            let (budget, slot) = Budget::take(None, &name(), "a", rate, now).unwrap();
            assert!(slot <= now && budget.next >= slot, "{rate} at {now}");
            assert_ne!(Slot::at(Timestamp::MAX, Timestamp::MIN), Slot::Good);
            let _ = Budget::take(Some(budget), &name(), "a", rate, now);
        }
    }
}

#[test]
fn a_slot_is_good_from_its_time_on_and_not_for_ever() {
    let nanosecond = SignedDuration::from_nanos(1);
    for (slot, worth) in [
        (now(), Slot::Good),
        (now() - GOOD_FOR, Slot::Good),
        (now() - GOOD_FOR - nanosecond, Slot::Worthless),
        (now() + nanosecond, Slot::ToCome),
        (now() + AHEAD, Slot::ToCome),
        (now() + AHEAD + nanosecond, Slot::Worthless),
        (Timestamp::MIN, Slot::Worthless),
        (Timestamp::MAX, Slot::Worthless),
    ] {
        assert_eq!(Slot::at(slot, now()), worth, "{slot}");
    }
}

#[test]
fn who_waits_is_remembered_until_the_slot_comes_and_no_more_than_two_hundred_are() {
    let source =
        |number: u32| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web-{number}:1").parse().unwrap();
    let mut standing = None;
    let mut slots = Vec::new();
    for number in 0..250 {
        let (budget, slot) = Budget::take(standing.take(), &name(), "a", 0.2, now()).unwrap();
        assert_eq!(budget.slot_of(&source(number), now()), None, "nobody else's");
        standing = Some(budget.remembers(&source(number), slot));
        slots.push(slot);
    }
    let budget = standing.unwrap();
    let waits: Vec<u32> = (0..250).filter(|number| budget.slot_of(&source(*number), now()).is_some()).collect();
    assert_eq!(waits.len(), 200, "besides those whose slot has come");
    assert_eq!(budget.slot_of(&source(100), now()), Some(slots[100]));
    assert_eq!(budget.slot_of(&source(100), slots[100]), None);
    let (later, _) = Budget::take(Some(budget), &name(), "a", 0.2, slots[150]).unwrap();
    assert_eq!(
        (later.slot_of(&source(150), slots[150]), later.slot_of(&source(151), slots[150])),
        (None, Some(slots[151]))
    );
}
