//! The history of a service: how often Logweir updated it, and whether an update overtook another principal's request.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::FuseLimits;
use logweir::domain::limits::service_history::{LastUpdate, ServiceHistory};

use super::{arn, at, web};

const LIMITS: FuseLimits = FuseLimits { corrections: 3, within: SignedDuration::from_mins(10), weekly: 50 };

/// An update to the corrected revision at 12:30:00. Before it, the service ran a deployment made at 12:00:00.5.
fn last() -> LastUpdate {
    let before = Some(at("12:00:00.5"));
    LastUpdate { source: arn("web:41"), from: arn("web:41"), to: arn("web:42"), before, at: at("12:30:00") }
}

/// Whether the update overtook a request for the revision `other` made at this time.
fn overtook(other: &str, time: &str) -> bool {
    last().overtook(&arn(other), at(time))
}

#[test]
fn a_request_after_the_seen_deployment_was_overtaken() {
    for time in ["12:00:01", "12:29:59", "12:30:00", "12:31:00"] {
        assert!(overtook("web:43", time) && overtook("api:7", time), "{time}");
    }
}

#[test]
fn a_request_before_the_seen_deployment_was_not_overtaken() {
    for time in ["11:00:00", "11:59:59", "12:00:00", "12:00:00.5"] {
        assert!(!overtook("web:43", time), "{time}");
    }
}

#[test]
fn a_request_within_the_second_of_the_seen_deployment_was_not_overtaken() {
    // CloudTrail omits the fraction of the time 12:00:00.5.
    assert!(!overtook("web:43", "12:00:00"));
    let whole = LastUpdate { before: Some(at("12:00:00")), ..last() };
    assert!(!whole.overtook(&arn("web:43"), at("12:00:00")));
    assert!(whole.overtook(&arn("web:43"), at("12:00:01")));
}

#[test]
fn a_request_long_after_the_update_was_not_overtaken() {
    assert!(overtook("web:43", "12:40:00"), "no update takes longer than this");
    for time in ["12:40:01", "13:00:00", "23:59:59"] {
        assert!(!overtook("web:43", time), "{time}");
    }
}

#[test]
fn a_request_for_the_source_or_for_the_corrected_revision_was_not_overtaken() {
    for same in ["web:41", "web:42"] {
        assert!(!overtook(same, "12:29:59"), "{same}");
    }
}

#[test]
fn a_rollback_overtakes_no_request_for_either_of_its_revisions() {
    let back = LastUpdate { from: arn("web:42"), to: arn("web:41"), ..last() };
    for (other, overtaken) in [("web:41", false), ("web:42", false), ("web:40", true)] {
        assert_eq!(back.overtook(&arn(other), at("12:29:59")), overtaken, "{other}");
    }
}

#[test]
fn without_a_known_previous_deployment_nothing_counts_as_overtaken() {
    let last = LastUpdate { before: None, ..last() };
    for time in ["00:00:00", "12:30:00", "12:40:01"] {
        assert!(!last.overtook(&arn("web:43"), at(time)), "{time}");
    }
}

#[test]
fn the_latest_timestamp_does_not_overflow() {
    let late = LastUpdate { at: Timestamp::MAX, ..last() };
    assert!(late.overtook(&arn("web:43"), Timestamp::MAX));
}

/// The history of a service that was updated at these times, in that order.
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
fn each_update_is_counted_and_changes_the_version() {
    let one = pointed(&[at("12:00:00")]).unwrap();
    assert_eq!((one.schema, one.version, one.service.clone(), one.at), (1, 1, web(), at("12:00:00")));
    let two = pointed(&[at("12:00:00"), at("12:05:00")]).unwrap();
    assert_eq!((two.version, two.times), (2, vec![at("12:00:00"), at("12:05:00")]));
    assert_eq!(two.last, LastUpdate { at: at("12:05:00"), ..last() });
}

#[test]
fn after_three_updates_within_ten_minutes_a_fourth_is_too_many() {
    assert!(!too_many(&["12:00:00", "12:01:00"], "12:02:00"));
    assert!(too_many(&["12:00:00", "12:01:00", "12:02:00"], "12:09:59"));
    assert!(!too_many(&["12:00:00", "12:01:00", "12:02:00"], "12:10:00"));
}

#[test]
fn after_fifty_updates_within_a_week_another_is_too_many() {
    let start = at("00:00:00");
    let times: Vec<Timestamp> = (0..50).map(|n| start + SignedDuration::from_hours(3 * n)).collect();
    let (most, now) = (pointed(&times).unwrap(), times[49] + SignedDuration::from_hours(3));
    assert!(most.too_many(now, &LIMITS));
    assert!(!pointed(&times[1..]).unwrap().too_many(now, &LIMITS));
    let later = start + SignedDuration::from_hours(7 * 24);
    assert!(!most.too_many(later, &LIMITS), "the first update is a week old");
}

#[test]
fn updates_older_than_a_week_are_forgotten() {
    let week = SignedDuration::from_hours(7 * 24);
    let (first, second) = (at("12:00:00"), at("12:00:01"));
    let third = pointed(&[first, second, first + week]).unwrap();
    assert_eq!(third.times, [second, first + week]);
    assert_eq!(third.version, 3);
}

#[test]
fn a_rollback_is_stored_and_does_not_count() {
    let one = pointed(&[at("12:00:00")]);
    let back = LastUpdate { from: arn("web:42"), to: arn("web:41"), at: at("12:05:00"), ..last() };
    let after = ServiceHistory::after(one, &web(), back.clone());
    assert_eq!((after.version, after.last, after.at), (2, back.clone(), at("12:05:00")));
    assert_eq!(after.times, [at("12:00:00")]);
    assert_eq!(ServiceHistory::after(None, &web(), back).times, []);
}
