//! Freeze windows: when they hold, and which are refused.

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use logweir::domain::baseline::{Baseline, FreezeWindow, RolloutSettings};

use super::{APP, refused};

fn rollout(windows: &[&str]) -> RolloutSettings {
    Baseline::parse(&format!("version = 1\nrollout.freeze = {windows:?}")).unwrap().rollout(&APP).clone()
}

/// Asserts for each moment (in UTC or with an offset) whether the window holds.
fn holds(window: &str, moments: &[(&str, bool)]) {
    let rollout = rollout(&[window]);
    for (moment, expected) in moments {
        assert_eq!(rollout.frozen(moment.parse().unwrap()).is_some(), *expected, "{window} at {moment}");
    }
}

// 2026-11-16 is a Monday.

#[test]
fn a_window_includes_its_start_and_excludes_its_end() {
    holds(
        "tue 09:30 - thu 17:00 UTC",
        &[
            ("2026-11-17T09:29:59.999999999Z", false),
            ("2026-11-17T09:30:00Z", true),
            ("2026-11-18T23:59:59Z", true),
            ("2026-11-19T16:59:59.999999999Z", true),
            ("2026-11-19T17:00:00Z", false),
            ("2026-11-16T12:00:00Z", false),
            ("2026-11-22T12:00:00Z", false),
        ],
    );
}

#[test]
fn a_window_recurs_each_week() {
    let moments = ["2026-01-06T10:00:00Z", "2026-06-30T10:00:00Z", "2031-07-01T10:00:00Z"];
    holds("tue 09:30 - tue 17:00 UTC", &moments.map(|moment| (moment, true)));
}

#[test]
fn a_window_may_wrap_the_end_of_the_week() {
    holds(
        "fri 15:00 - mon 08:00 UTC",
        &[
            ("2026-11-20T14:59:59Z", false),
            ("2026-11-20T15:00:00Z", true),
            ("2026-11-22T23:59:59Z", true),
            ("2026-11-23T00:00:00Z", true),
            ("2026-11-23T07:59:59Z", true),
            ("2026-11-23T08:00:00Z", false),
        ],
    );
}

#[test]
fn a_window_that_ends_before_it_starts_on_the_same_day_covers_the_rest_of_the_week() {
    holds(
        "wed 12:00 - wed 11:00 UTC",
        &[
            ("2026-11-18T10:59:59Z", true),
            ("2026-11-18T11:00:00Z", false),
            ("2026-11-18T11:59:59Z", false),
            ("2026-11-18T12:00:00Z", true),
            ("2026-11-22T12:00:00Z", true),
        ],
    );
}

#[test]
fn a_window_uses_the_local_time_of_its_zone() {
    // Kolkata is five and a half hours ahead, Auckland thirteen in its summer, so its Monday begins on a Sunday here.
    holds("mon 00:00 - mon 06:00 Asia/Kolkata", &[("2026-11-15T18:29:59Z", false), ("2026-11-15T18:30:00Z", true)]);
    holds("mon 00:00 - mon 06:00 Pacific/Auckland", &[("2026-11-15T11:00:00Z", true), ("2026-11-15T17:00:00Z", false)]);
    holds("sun 22:00 - mon 01:00 America/New_York", &[("2026-11-16T05:59:59Z", true), ("2026-11-16T06:00:00Z", false)]);
}

#[test]
fn a_window_keeps_its_local_time_in_summer_and_in_winter() {
    holds(
        "fri 15:00 - mon 08:00 Europe/Berlin",
        &[
            ("2026-07-17T12:59:59Z", false),
            ("2026-07-17T13:00:00Z", true),
            ("2026-07-20T05:59:59Z", true),
            ("2026-07-20T06:00:00Z", false),
            ("2026-11-20T13:59:59Z", false),
            ("2026-11-20T14:00:00Z", true),
            ("2026-11-23T06:59:59Z", true),
            ("2026-11-23T07:00:00Z", false),
        ],
    );
}

#[test]
fn a_window_across_a_time_change_ends_at_its_local_time() {
    let window = "fri 15:00 - mon 08:00 Europe/Berlin";
    holds(window, &[("2026-03-27T14:00:00Z", true), ("2026-03-30T05:59:59Z", true), ("2026-03-30T06:00:00Z", false)]);
    holds(window, &[("2026-10-23T13:00:00Z", true), ("2026-10-26T06:59:59Z", true), ("2026-10-26T07:00:00Z", false)]);
}

#[test]
fn an_edge_inside_a_skipped_hour_is_the_moment_of_the_time_change() {
    // 2026-03-29: 02:00 at +01 is 03:00 at +02.
    let leap = [("2026-03-29T01:59:59+01:00", false), ("2026-03-29T03:00:00+02:00", true)];
    holds("sun 02:30 - mon 08:00 Europe/Berlin", &leap);
    holds("fri 15:00 - sun 02:30 Europe/Berlin", &leap.map(|(moment, begun)| (moment, !begun)));
    holds("sun 02:10 - sun 02:50 Europe/Berlin", &leap.map(|(moment, _)| (moment, false)));
}

#[test]
fn a_repeated_hour_leaves_no_gap_in_a_window() {
    // 2026-10-25: 03:00 at +02 is 02:00 at +01.
    holds(
        "sun 02:30 - mon 08:00 Europe/Berlin",
        &[
            ("2026-10-25T02:29:59+02:00", false),
            ("2026-10-25T02:30:00+02:00", true),
            ("2026-10-25T02:00:00+01:00", true),
            ("2026-10-25T02:30:00+01:00", true),
        ],
    );
    holds(
        "fri 15:00 - sun 02:30 Europe/Berlin",
        &[
            ("2026-10-25T02:45:00+02:00", true),
            ("2026-10-25T02:29:59+01:00", true),
            ("2026-10-25T02:30:00+01:00", false),
        ],
    );
}

#[test]
fn a_time_change_across_midnight_loses_no_window() {
    // St. John's, 2010-11-07 (a Sunday): 00:01 at -02:30 was 23:01 of Saturday at -03:30.
    holds(
        "sun 00:00 - sun 06:00 America/St_Johns",
        &[
            ("2010-11-06T23:59:59-02:30", false),
            ("2010-11-07T00:00:30-02:30", true),
            ("2010-11-06T23:30:00-03:30", true),
            ("2010-11-07T05:59:59-03:30", true),
            ("2010-11-07T06:00:00-03:30", false),
        ],
    );
}

#[test]
fn outside_repeated_hours_the_local_time_alone_decides() {
    // Each window with the minutes of the week at which it begins and ends.
    let windows = [
        ("fri 15:00 - mon 08:00", 6_660, 480),
        ("sun 02:30 - sun 02:45", 8_790, 8_805),
        ("sat 00:00 - wed 02:30", 7_200, 3_030),
    ];
    for name in ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"] {
        let zone = TimeZone::get(name).unwrap();
        for (window, from, to) in windows {
            let rollout = rollout(&[&format!("{window} {name}")]);
            let mut now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            while now < "2027-01-01T00:00:00Z".parse().unwrap() {
                let read = zone.to_datetime(now);
                let day = i32::from(read.weekday().to_monday_zero_offset());
                let minute = day * 1440 + i32::from(read.hour()) * 60 + i32::from(read.minute());
                let inside = if from < to { from <= minute && minute < to } else { from <= minute || minute < to };
                let comes_twice = matches!(zone.to_ambiguous_timestamp(read).offset(), AmbiguousOffset::Fold { .. });
                assert!(comes_twice || rollout.frozen(now).is_some() == inside, "{window} {name} at {now}");
                now += 61.minutes();
            }
        }
    }
}

#[test]
fn the_earliest_and_the_latest_timestamp_do_not_panic() {
    let rollout = rollout(&["fri 15:00 - mon 08:00 Europe/Berlin", "mon 08:00 - mon 07:59 Pacific/Auckland"]);
    for end in [Timestamp::MIN, Timestamp::MAX] {
        rollout.frozen(end);
    }
}

#[test]
fn the_first_window_that_holds_is_reported_as_written() {
    let rollout =
        rollout(&["mon 00:00 - mon 01:00 UTC", "fri 15:00 - mon 08:00 Europe/Berlin", "sat 00:00 - sun 00:00 UTC"]);
    let frozen = |now: &str| rollout.frozen(now.parse().unwrap()).map(FreezeWindow::to_string);
    assert_eq!(frozen("2026-11-21T12:00:00Z").as_deref(), Some("fri 15:00 - mon 08:00 Europe/Berlin"));
    assert_eq!(frozen("2026-11-23T00:30:00Z").as_deref(), Some("mon 00:00 - mon 01:00 UTC"));
    assert_eq!(frozen("2026-11-24T12:00:00Z"), None);
}

#[test]
fn no_window_freezes_nothing() {
    assert_eq!(rollout(&[]).frozen("2026-11-21T12:00:00Z".parse().unwrap()), None);
}

#[test]
fn invalid_windows_are_refused() {
    let shape = "the text is not a freeze window (write a window as \"fri 15:00 - mon 08:00 Europe/Berlin\")";
    let time = |time: &str| format!("`{time}` is not a time of the day (use a time from 00:00 to 23:59)");
    let zone = |zone: &str, help: &str| format!("no time zone is called `{zone}` ({help})");
    for (window, why) in [
        ("", shape.to_owned()),
        ("fri 15:00 - mon 08:00", shape.to_owned()),
        ("fri 15:00-mon 08:00 UTC", shape.to_owned()),
        ("fri 15:00 - mon 08:00 UTC or so", shape.to_owned()),
        (
            "fri 15:00 - Mon 08:00 UTC",
            "`Mon` is not a day of the week (use one of: mon, tue, wed, thu, fri, sat, sun)".to_owned(),
        ),
        ("fri 24:00 - mon 08:00 UTC", time("24:00")),
        ("fri 15:00 - mon 08:60 UTC", time("08:60")),
        ("fri 15:00 - mon 8:00 UTC", time("8:00")),
        ("fri 15:00 - mon +8:00 UTC", time("+8:00")),
        ("fri T1500 - mon 08:00 UTC", time("T1500")),
        ("fri 15:00 - mon 08:00 Europe/Berln", zone("Europe/Berln", "did you mean `Europe/Berlin`?")),
        ("fri 15:00 - mon 08:00 ?", zone("?", "use a name of the IANA time zone database, such as Europe/Berlin")),
        ("fri 15:00 - mon 08:00 Etc/Unknown", zone("Etc/Unknown", "did you mean `Etc/UTC`?")),
        (
            "mon 08:00 - mon 08:00 UTC",
            "a freeze window must not end at the time at which it begins (to update no service at all, use the mode `register`)"
                .to_owned(),
        ),
    ] {
        let text = format!("version = 1\n[rollout]\nfreeze = [\"mon 00:00 - mon 01:00 UTC\", \"{window}\"]\n");
        assert_eq!(refused(&text), format!("3:40: {why}"));
    }
}
