//! Pins: Logweir does not deregister a corrected revision while an EventBridge rule or schedule names the revision.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::read;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::EntryKind;
use logweir::domain::report::Decision;
use logweir::ports::{Clock, Journal};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{BackoutOptions, Order, remediate};
use serde_json::{Value, json};

use crate::cloudtrail::Call;
use crate::order::order;
use crate::world::story::{
    BLOCKING, backs_out, backs_out_with, by, deregistration, ended, event, home, parsed, previews, register, retires,
    with,
};
use crate::world::{DEPLOYER, Moment, Then, World};

/// A world in which web:1 was corrected by web:2 an hour ago.
async fn corrected() -> (World, RevisionArn, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    world.advance(SignedDuration::from_hours(1));
    let corrected = world.account(|account| account.arn("web", 2));
    (world, source, corrected)
}

/// Delivers the event of a call that a principal makes a second later.
async fn calls(world: &World, service: &str, name: &str, request: Value) -> Decision {
    world.advance(SignedDuration::from_secs(1));
    calls_at(world, world.now(), service, name, request).await
}

/// Delivers the event of a call at this time.
async fn calls_at(world: &World, at: Timestamp, service: &str, name: &str, request: Value) -> Decision {
    with(world, SHIPPED_BASELINE, Mode::Register, "pins", &call(at, service, name, request)).await
}

fn call(at: Timestamp, service: &str, name: &str, request: Value) -> Value {
    let time = at.to_string();
    let (account, region) = ("111122223333", "eu-west-1");
    let identity = json!({"type": "AssumedRole", "arn": DEPLOYER});
    Call { service, name, account, region, time: &time, id: "p-1", identity, request, response: json!({}) }.event()
}

async fn rule_pins(world: &World, id: &str, revision: &RevisionArn) -> Decision {
    calls(world, "events", "PutTargets", targets("nightly", id, revision)).await
}

fn targets(rule: &str, id: &str, revision: &RevisionArn) -> Value {
    let target = json!({"id": id, "ecsParameters": {"taskDefinitionArn": revision.to_string()}});
    json!({"rule": rule, "targets": [target]})
}

async fn schedule_pins(world: &World, name: &str, revision: &RevisionArn) -> Decision {
    let target = json!({"ecsParameters": {"taskDefinitionArn": revision.to_string()}});
    calls(world, "scheduler", name, json!({"name": "weekly", "target": target})).await
}

/// Deregisters the source as another principal, and lets the schedule run for this number of hours.
async fn withdraws(world: &World, source: &RevisionArn, hours: i64) -> Vec<Decision> {
    world.account(|account| account.deregisters(source));
    with(world, SHIPPED_BASELINE, Mode::Register, "withdrawn", &deregistration(world, source)).await;
    passes(world, hours).await
}

async fn passes(world: &World, hours: i64) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for _ in 0..hours * 12 {
        world.advance(SignedDuration::from_mins(5));
        decisions.extend(retires(world).await);
    }
    decisions
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

#[tokio::test]
async fn a_pinned_revision_is_not_retired_until_the_pin_is_released() {
    let nightly = "EventBridge rule nightly";
    let weekly = "EventBridge Scheduler schedule default/weekly";
    for (name, release) in [
        (nightly, ("events", "RemoveTargets", json!({"rule": "nightly", "ids": ["a"]}))),
        (nightly, ("events", "DeleteRule", json!({"name": "nightly"}))),
        (
            nightly,
            ("events", "PutTargets", json!({"rule": "nightly", "targets": [{"id": "a", "arn": "arn:aws:sqs:x"}]})),
        ),
        (weekly, ("scheduler", "DeleteSchedule", json!({"name": "weekly"}))),
        (weekly, ("scheduler", "UpdateSchedule", json!({"name": "weekly", "target": {"arn": "arn:aws:sqs:x"}}))),
    ] {
        let (world, source, corrected) = corrected().await;
        match name == nightly {
            true => drop(rule_pins(&world, "a", &corrected).await),
            false => drop(schedule_pins(&world, "CreateSchedule", &corrected).await),
        }
        let kept = withdraws(&world, &source, 2).await;
        assert_eq!((ended(&kept[0]), active(&world)), ((Outcome::Skipped, Some(Reason::StillRunning)), vec![2]));
        assert!(kept[0].error.as_ref().unwrap().contains(name), "{kept:?}");
        let (service, call, request) = release;
        calls(&world, service, call, request).await;
        let decisions = passes(&world, 24).await;
        assert_eq!((decisions.len(), decisions[0].outcome, active(&world)), (1, Outcome::Retired, vec![]), "{call}");
    }
}

#[tokio::test]
async fn other_changes_of_a_rule_do_not_release_a_pin() {
    let (world, source, corrected) = corrected().await;
    rule_pins(&world, "a", &corrected).await;
    rule_pins(&world, "b", &source).await;
    calls(&world, "events", "RemoveTargets", json!({"rule": "nightly", "ids": ["b"]})).await;
    calls(&world, "events", "RemoveTargets", json!({"rule": "other", "ids": ["a"]})).await;
    calls(&world, "events", "DeleteRule", json!({"name": "nightly", "eventBusName": "orders"})).await;
    withdraws(&world, &source, 3).await;
    assert_eq!(active(&world), [2]);
}

#[tokio::test]
async fn a_backout_keeps_a_pinned_revision_and_names_the_pin() {
    let (world, source, corrected) = corrected().await;
    rule_pins(&world, "a", &corrected).await;
    schedule_pins(&world, "UpdateSchedule", &corrected).await;
    let previewed = previews(&world, &source).await.notes.join("; ");
    assert!(previewed.contains("EventBridge rule nightly") && previewed.contains("--ignore-pins"), "{previewed}");
    let report = backs_out(&world, &source).await;
    assert_eq!((ended(&report), active(&world)), ((Outcome::Partial, Some(Reason::Pinned)), vec![1, 2]));
    let why = report.error.as_ref().unwrap();
    assert!(why.contains("EventBridge rule nightly") && why.contains("schedule default/weekly"), "{why}");
    calls(&world, "events", "DeleteRule", json!({"name": "nightly"})).await;
    calls(&world, "scheduler", "DeleteSchedule", json!({"name": "weekly"})).await;
    assert_eq!((backs_out(&world, &source).await.outcome, active(&world)), (Outcome::BackedOut, vec![1]));
}

#[tokio::test]
async fn ignoring_pins_is_recorded_in_the_journal() {
    let (world, source, corrected) = corrected().await;
    rule_pins(&world, "a", &corrected).await;
    let ask = BackoutOptions { ignore_pins: true, ..BackoutOptions::default() };
    assert_eq!(backs_out_with(&world, "operator", &source, ask).await.outcome, Outcome::BackedOut);
    assert_eq!(active(&world), [1]);
    let record = world.read(&source).await.unwrap().unwrap();
    let ignores = |what: &EntryKind| matches!(what, EntryKind::BackoutRequested(asked) if asked.ignore_pins);
    assert!(record.entries.iter().any(|entry| ignores(&entry.what)));
}

#[tokio::test]
async fn a_pin_of_any_other_revision_is_not_remembered_and_costs_few_reads() {
    let (world, source, _) = corrected().await;
    let before = world.picture();
    let calls_before = world.calls().len();
    calls(&world, "events", "DeleteRule", json!({"name": "nightly"})).await;
    assert_eq!(world.calls()[calls_before..], ["pin-holder"]);
    rule_pins(&world, "a", &source).await;
    assert_eq!((world.picture().pin_holders, world.picture().pins), (before.pin_holders, before.pins));
}

#[tokio::test]
async fn mode_observe_remembers_no_pin() {
    let (world, _, corrected) = corrected().await;
    let before = world.picture();
    let event = call(world.now(), "events", "PutTargets", targets("nightly", "a", &corrected));
    with(&world, SHIPPED_BASELINE, Mode::Observe, "pins", &event).await;
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn a_pin_is_remembered_although_the_baseline_is_unconfirmed() {
    let (world, source, corrected) = corrected().await;
    let event = call(world.now(), "events", "PutTargets", targets("nightly", "a", &corrected));
    let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
    let order = Order { finishes: Mode::Register, ..order(&home, &by, baseline, Mode::Observe, "pins") };
    remediate(&world, &order, read(&event, &home).unwrap()).await;
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Partial, Some(Reason::Pinned)));
}

#[tokio::test]
async fn a_late_event_changes_no_newer_pin() {
    let releases = [
        ("RemoveTargets", json!({"rule": "nightly", "ids": ["a"]})),
        ("DeleteRule", json!({"name": "nightly"})),
        ("PutTargets", json!({"rule": "nightly", "targets": [{"id": "a", "arn": "arn:aws:sqs:x"}]})),
    ];
    for (call, request) in releases {
        let (world, source, corrected) = corrected().await;
        let start = world.now();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let pin = targets("nightly", "a", &corrected);
        // A release of the same second may have happened before or after the pin.
        calls_at(&world, at(1), "events", "PutTargets", pin.clone()).await;
        calls_at(&world, at(5), "events", "PutTargets", pin.clone()).await;
        for seconds in [1, 3, 5] {
            calls_at(&world, at(seconds), "events", call, request.clone()).await;
        }
        let kept = backs_out(&world, &source).await;
        assert_eq!(ended(&kept), (Outcome::Partial, Some(Reason::Pinned)), "{call}");
        calls_at(&world, at(6), "events", call, request.clone()).await;
        calls_at(&world, at(4), "events", "PutTargets", pin).await;
        assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut, "{call}");
    }
}

#[tokio::test]
async fn a_pin_of_the_same_second_as_a_release_stands() {
    let (world, source, corrected) = corrected().await;
    let (at, pin) = (world.now(), targets("nightly", "a", &corrected));
    let before = at - SignedDuration::from_secs(1);
    calls_at(&world, before, "events", "PutTargets", pin.clone()).await;
    calls_at(&world, at, "events", "RemoveTargets", json!({"rule": "nightly", "ids": ["a"]})).await;
    calls_at(&world, at, "events", "PutTargets", pin).await;
    assert_eq!(ended(&backs_out(&world, &source).await), (Outcome::Partial, Some(Reason::Pinned)));
}

/// Pins the revision with a hundred rules, and releases these pins again.
async fn hundred_rules_release(world: &World, revision: &RevisionArn) {
    for number in 0..100 {
        let rule = format!("rule-{number}");
        calls(world, "events", "PutTargets", targets(&rule, "a", revision)).await;
        calls(world, "events", "DeleteRule", json!({"name": rule})).await;
    }
}

#[tokio::test]
async fn rules_that_released_their_pins_make_room_for_others() {
    let (world, source, corrected) = corrected().await;
    hundred_rules_release(&world, &corrected).await;
    rule_pins(&world, "a", &corrected).await;
    let kept = backs_out(&world, &source).await.error.clone().unwrap();
    assert!(kept.contains("EventBridge rule nightly") && !kept.contains("more EventBridge"), "{kept}");
    calls(&world, "events", "DeleteRule", json!({"name": "nightly"})).await;
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
}

#[tokio::test]
async fn a_rule_that_pins_again_at_the_same_time_keeps_its_room() {
    let (world, source, corrected) = corrected().await;
    hundred_rules_release(&world, &corrected).await;
    let released = world.picture();
    let calls_before = world.calls().len();
    rule_pins(&world, "a", &corrected).await;
    for number in 1..=world.calls().len() - calls_before {
        let world = World::new();
        world.account(|account| *account = released.clone());
        world.pause_at(number, Moment::Before);
        let again = async {
            while !world.is_paused() {
                tokio::task::yield_now().await;
            }
            calls(&world, "events", "PutTargets", targets("rule-7", "a", &corrected)).await;
            world.go_on();
        };
        tokio::join!(rule_pins(&world, "a", &corrected), again);
        let kept = backs_out(&world, &source).await.error.clone().unwrap_or_default();
        assert!(kept.contains("rule rule-7") && kept.contains("rule nightly"), "call {number}: {kept}");
    }
}

#[tokio::test]
async fn a_crash_while_a_pin_is_stored_loses_nothing_if_the_event_arrives_again() {
    for call in ["put_pins", "put_pin-holder"] {
        for moment in [Moment::Before, Moment::After] {
            let (world, source, corrected) = corrected().await;
            world.at_next(call, moment, Then::Crash);
            rule_pins(&world, "a", &corrected).await;
            world.restart();
            rule_pins(&world, "a", &corrected).await;
            assert_eq!(backs_out(&world, &source).await.outcome, Outcome::Partial, "{call} {moment:?}");
        }
    }
}
