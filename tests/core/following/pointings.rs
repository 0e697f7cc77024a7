//! What is remembered of a service: how often it was pointed, and whether somebody decided while it was.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::FuseLimits;
use logweir::domain::limits::service_history::{LastUpdate, ServiceHistory};

use super::{arn, at, web};

const LIMITS: FuseLimits = FuseLimits { corrections: 3, within: SignedDuration::from_mins(10), weekly: 50 };

/// Pointed at ours at 12:30:00, when it ran a deployment that was made at 12:00:00.5.
fn last() -> LastUpdate {
    let before = Some(at("12:00:00.5"));
    LastUpdate { source: arn("web:41"), from: arn("web:41"), to: arn("web:42"), before, at: at("12:30:00") }
}

/// Whether our act overtook somebody who asked for `theirs` at this time.
fn overtook(theirs: &str, time: &str) -> bool {
    last().overtook(&arn(theirs), at(time))
}

#[test]
fn who_asked_after_the_deployment_that_was_seen_was_overtaken() {
    for time in ["12:00:01", "12:29:59", "12:30:00", "12:31:00"] {
        assert!(overtook("web:43", time) && overtook("api:7", time), "{time}");
    }
}

#[test]
fn who_asked_before_it_was_known() {
    for time in ["11:00:00", "11:59:59", "12:00:00", "12:00:00.5"] {
        assert!(!overtook("web:43", time), "{time}");
    }
}

#[test]
fn a_time_within_the_second_of_what_was_seen_is_its_own() {
    // CloudTrail leaves out the fraction of what happened at 12:00:00.5.
    assert!(!overtook("web:43", "12:00:00"));
    let whole = LastUpdate { before: Some(at("12:00:00")), ..last() };
    assert!(!whole.overtook(&arn("web:43"), at("12:00:00")));
    assert!(whole.overtook(&arn("web:43"), at("12:00:01")));
}

#[test]
fn who_asked_long_after_our_act_was_not_overtaken_by_it() {
    assert!(overtook("web:43", "12:40:00"), "no act takes longer than this");
    for time in ["12:40:01", "13:00:00", "23:59:59"] {
        assert!(!overtook("web:43", time), "{time}");
    }
}

#[test]
fn to_ask_for_the_source_or_for_ours_is_no_other_decision() {
    for same in ["web:41", "web:42"] {
        assert!(!overtook(same, "12:29:59"), "{same}");
    }
}

#[test]
fn of_a_pointing_back_the_two_are_the_other_way_round() {
    let back = LastUpdate { from: arn("web:42"), to: arn("web:41"), ..last() };
    for (theirs, overtaken) in [("web:41", false), ("web:42", false), ("web:40", true)] {
        assert_eq!(back.overtook(&arn(theirs), at("12:29:59")), overtaken, "{theirs}");
    }
}

#[test]
fn where_nobody_knows_what_ran_before_nothing_counts_as_overtaken() {
    let last = LastUpdate { before: None, ..last() };
    for time in ["00:00:00", "12:30:00", "12:40:01"] {
        assert!(!last.overtook(&arn("web:43"), at(time)), "{time}");
    }
}

#[test]
fn at_the_end_of_the_calendar_nothing_overflows() {
    let late = LastUpdate { at: Timestamp::MAX, ..last() };
    assert!(late.overtook(&arn("web:43"), Timestamp::MAX));
}

/// A service that was pointed at these times, in that order.
fn pointed(times: &[Timestamp]) -> Option<ServiceHistory> {
    times
        .iter()
        .fold(None, |standing, at| Some(ServiceHistory::after(standing, &web(), LastUpdate { at: *at, ..last() })))
}

fn too_many(times: &[&str], now: &str) -> bool {
    let times: Vec<Timestamp> = times.iter().map(|time| at(time)).collect();
    pointed(&times).is_some_and(|pointings| pointings.too_many(at(now), &LIMITS))
}

#[test]
fn each_pointing_is_counted_and_changes_the_version() {
    let one = pointed(&[at("12:00:00")]).unwrap();
    assert_eq!((one.schema, one.version, one.service.clone(), one.at), (1, 1, web(), at("12:00:00")));
    let two = pointed(&[at("12:00:00"), at("12:05:00")]).unwrap();
    assert_eq!((two.version, two.times), (2, vec![at("12:00:00"), at("12:05:00")]));
    assert_eq!(two.last, LastUpdate { at: at("12:05:00"), ..last() });
}

#[test]
fn three_within_ten_minutes_are_too_many_for_a_fourth() {
    assert!(!too_many(&["12:00:00", "12:01:00"], "12:02:00"));
    assert!(too_many(&["12:00:00", "12:01:00", "12:02:00"], "12:09:59"));
    assert!(!too_many(&["12:00:00", "12:01:00", "12:02:00"], "12:10:00"));
}

#[test]
fn fifty_within_a_week_are_too_many_however_slow_they_come() {
    let start = at("00:00:00");
    let times: Vec<Timestamp> = (0..50).map(|n| start + SignedDuration::from_hours(3 * n)).collect();
    let (most, now) = (pointed(&times).unwrap(), times[49] + SignedDuration::from_hours(3));
    assert!(most.too_many(now, &LIMITS));
    assert!(!pointed(&times[1..]).unwrap().too_many(now, &LIMITS));
    let later = start + SignedDuration::from_hours(7 * 24);
    assert!(!most.too_many(later, &LIMITS), "the first of them is a week old");
}

#[test]
fn what_is_older_than_a_week_is_forgotten() {
    let week = SignedDuration::from_hours(7 * 24);
    let (first, second) = (at("12:00:00"), at("12:00:01"));
    let third = pointed(&[first, second, first + week]).unwrap();
    assert_eq!(third.times, [second, first + week]);
    assert_eq!(third.version, 3);
}

#[test]
fn what_is_pointed_back_is_remembered_and_does_not_count() {
    let one = pointed(&[at("12:00:00")]);
    let back = LastUpdate { from: arn("web:42"), to: arn("web:41"), at: at("12:05:00"), ..last() };
    let after = ServiceHistory::after(one, &web(), back.clone());
    assert_eq!((after.version, after.last, after.at), (2, back.clone(), at("12:05:00")));
    assert_eq!(after.times, [at("12:00:00")]);
    assert_eq!(ServiceHistory::after(None, &web(), back).times, []);
}
