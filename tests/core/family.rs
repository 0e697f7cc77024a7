//! The state of a family besides its corrections: the service whose turn it is, and a fuse that a failed deployment
//! opens. State written by earlier versions, which has neither, stays readable.

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::FuseLimits;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::event::Cause;
use logweir::domain::limits::family::{Correction, Family, FamilyName, Fuse, Hold, Stopped, Turn, Writer};
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::outcome::Reason;
use logweir::domain::record::{Ending, Entry, EntryKind, Head, NotUndone};
use serde_json::{Value, json};

const LIMITS: FuseLimits = FuseLimits { corrections: 3, within: SignedDuration::from_mins(10), weekly: 50 };
const FAILED: &str = "Logweir's deployment of web:42 to service prod/web failed: tasks failed to start";

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn web() -> ServiceArn {
    "arn:aws:ecs:eu-west-1:111122223333:service/prod/web".parse().unwrap()
}

fn family() -> Family {
    let name = FamilyName { account: "111122223333".into(), region: "eu-west-1".into(), family: "web".into() };
    Family::new(name, now())
}

/// A family whose fuse a failed deployment of web:41's correction has opened.
fn blown() -> Family {
    let mut family = family();
    family.blow(41, FAILED.into(), now());
    family
}

fn correction(revision: u32) -> Correction {
    let writer = Writer { principal: Some("ci".into()), ..Writer::default() };
    Correction { at: now() + SignedDuration::from_hours(1), revision, writer }
}

#[test]
fn a_failed_deployment_opens_the_fuse_and_is_reported() {
    let family = blown();
    assert!(family.is_stopped());
    let stopped = family.stopped(now()).unwrap();
    assert_eq!(stopped.to_string(), format!("the family's fuse has been open since 2026-11-21T12:00:00Z: {FAILED}"));
}

#[test]
fn an_open_fuse_stops_corrections_however_old_it_is() {
    let mut family = blown();
    for days in [0, 1, 365] {
        let later = Correction { at: now() + SignedDuration::from_hours(24 * days), ..correction(50) };
        assert!(matches!(family.count(later, &LIMITS), Some(Stopped::FuseOpen(_))), "{days} days");
    }
    assert_eq!(family.corrections, []);
}

#[test]
fn registrations_while_the_fuse_is_open_are_counted_and_the_failure_stays_its_reason() {
    let mut family = blown();
    for revision in [43, 43, 45] {
        family.count(correction(revision), &LIMITS);
    }
    let Fuse { times, last, writer, failed, .. } = family.fuse.clone().unwrap();
    assert_eq!((times, last, writer.principal, failed), (2, 45, Some("ci".into()), Some(FAILED.into())));
    assert!(family.stopped(now()).unwrap().to_string().ends_with(FAILED));
}

#[test]
fn the_first_cause_that_opened_a_fuse_stays() {
    let mut twice = blown();
    twice.blow(47, "another one failed".into(), now() + SignedDuration::from_hours(1));
    assert_eq!(twice, blown());
    let writer = Writer { principal: Some("ci".into()), ..Writer::default() };
    let duel = Fuse { opened: now(), writer, times: 3, last: 40, failed: None };
    let mut open = Family { fuse: Some(duel.clone()), ..family() };
    open.blow(41, FAILED.into(), now());
    assert_eq!(open.fuse, Some(duel));
}

#[test]
fn closing_the_fuse_keeps_the_turn() {
    let turn = Turn { service: web(), revision: 41, until: now() };
    let mut family = Family { turn: Some(turn.clone()), ..blown() };
    family.go_on();
    assert_eq!((family.is_stopped(), family.stopped(now()), &family.turn), (false, None, &Some(turn)));
    assert_eq!(family.count(correction(43), &LIMITS), None);
}

#[test]
fn a_hold_is_reported_before_a_fuse_and_the_fuse_outlasts_it() {
    let until = now() + SignedDuration::from_hours(1);
    let family = Family { hold: Some(Hold { until, reason: None, by: None }), ..blown() };
    assert!(matches!(family.stopped(now()), Some(Stopped::Held(_))));
    assert!(matches!(family.stopped(until), Some(Stopped::FuseOpen(_))));
}

#[test]
fn a_turn_stops_no_correction() {
    let turn = Some(Turn { service: web(), revision: 41, until: now() + SignedDuration::from_hours(1) });
    let mut family = Family { turn, ..family() };
    assert_eq!((family.is_stopped(), family.stopped(now())), (false, None));
    assert_eq!(family.count(correction(43), &LIMITS), None, "a correction does not disturb a service");
}

/// Reads the value, and asserts that it is written unchanged.
fn same<T: serde::Serialize + serde::de::DeserializeOwned>(value: Value) -> T {
    let read: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"));
    assert_eq!(json!(read), value, "writing adds no member");
    read
}

#[test]
fn a_family_without_a_turn_is_read_and_written_unchanged() {
    let old = json!({
        "schema": 1, "account": "111122223333", "region": "eu-west-1", "family": "web", "version": 7,
        "corrections": [{"at": "2026-11-21T12:00:00Z", "revision": 41, "writer": {"principal": "ci"}}],
        "fuse": {"opened": "2026-11-21T12:00:00Z", "writer": {}, "times": 4, "last": 43},
        "at": "2026-11-21T12:00:00Z"
    });
    let read: Family = same(old);
    assert_eq!((&read.turn, read.fuse.map(|fuse| fuse.failed)), (&None, Some(None)));
}

#[test]
fn a_turn_and_a_failure_survive_writing_and_reading() {
    let turn = Some(Turn { service: web(), revision: 41, until: now() });
    let family = Family { turn, ..blown() };
    assert_eq!(same::<Family>(json!(family)), family);
}

fn revision(number: u32) -> RevisionArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:{number}").parse().unwrap()
}

/// A family that deferred these revisions.
fn deferring(numbers: &[u32]) -> Family {
    let mut family = family();
    numbers.iter().for_each(|number| family.deferred.add(&revision(*number), &Cause::default()));
    family
}

fn due(family: &Family) -> Vec<u32> {
    family.due(now()).iter().map(|deferred| deferred.source.revision).collect()
}

#[test]
fn the_five_newest_revisions_are_deferred_in_whatever_order_their_events_arrive() {
    let family = deferring(&[43, 41, 44, 44, 47, 42, 46, 45]);
    assert_eq!(due(&family), [47, 46, 45, 44, 43]);
    assert_eq!(same::<Family>(json!(family)), family);
}

#[test]
fn a_released_revision_leaves_the_others_deferred() {
    let mut family = deferring(&[41, 42]);
    let portions = family.due(now());
    family.released(&portions[0], now());
    assert_eq!((due(&family), family.is_stopped()), (vec![41], true));
    family.released(&portions[1], now());
    assert_eq!((due(&family), family.is_stopped()), (vec![], false));
}

#[test]
fn the_one_deferred_revision_of_an_earlier_version_is_read_and_written_unchanged() {
    let cause = json!(Cause::default());
    let family: Family = same(json!({
        "schema": 1, "account": "111122223333", "region": "eu-west-1", "family": "web", "version": 7,
        "corrections": [], "deferred": {"source": revision(41), "cause": cause, "services": [web()]},
        "at": "2026-11-21T12:00:00Z"
    }));
    assert_eq!((due(&family), family.deferred.newest().unwrap().services.len()), (vec![41], 1));
}

#[test]
fn the_services_of_deferred_revisions_are_bounded_and_the_oldest_revision_loses_its_services_first() {
    let mut family = deferring(&[41, 42]);
    let service = |name: String| format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}").parse().unwrap();
    let long = |n: usize| service(format!("{n:0>255}"));
    for n in (0..200).chain(0..200) {
        family.deferred.add_service(&revision(41), &long(n));
    }
    assert_eq!(family.deferred.left_out(), 0, "a service is named once");
    (0..500).for_each(|n| family.deferred.add_service(&revision(42), &long(n)));
    let length = json!(family).to_string().len();
    assert!((90_000..110_000).contains(&length), "{length}");
    let mut sent = 0;
    while let [newest, ..] = &family.due(now())[..] {
        sent += newest.services.len();
        family.released(newest, now());
    }
    assert!((300..400).contains(&sent), "{sent}");
}

#[test]
fn a_thousand_services_with_names_of_the_usual_length_have_room() {
    let mut family = deferring(&[41]);
    let service =
        |n: usize| format!("arn:aws:ecs:eu-west-1:111122223333:service/production-cluster/web-frontend-{n:0>4}");
    (0..1000).for_each(|n| family.deferred.add_service(&revision(41), &service(n).parse().unwrap()));
    assert_eq!((family.deferred.newest().unwrap().services.len(), family.deferred.left_out()), (1000, 0));
}

#[test]
fn a_head_without_services_is_read() {
    let old = json!({
        "source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41", "next": 9, "owner": "w",
        "lease_until": "2026-11-21T12:02:00Z", "open": false, "opened_at": "2026-11-21T12:00:00Z",
        "at": "2026-11-21T12:00:01Z", "closing": {"outcome": "remediated"},
        "corrected": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42", "actor": null,
        "suppressed": false, "backing_out": false, "tries": 0
    });
    let head: Head = same(old.clone());
    assert_eq!((head.following.len(), &head.rolled, head.has_work(), head.is_held(now())), (0, &None, false, false));
    assert_eq!(head.ending(), head.closing.as_ref());
    let mut first = old;
    for member in ["suppressed", "backing_out", "tries"] {
        first.as_object_mut().unwrap().shift_remove(member);
    }
    assert_eq!(serde_json::from_value::<Head>(first).unwrap(), head, "a head from before backouts existed");
}

#[test]
fn entries_of_earlier_versions_are_read() {
    let entry = |rest: Value| {
        let mut entry = json!({"schema": 1, "sequence": 0, "at": "2026-11-21T12:00:00Z", "by": "w"});
        entry.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        same::<Entry>(entry).what
    };
    let service = "arn:aws:ecs:eu-west-1:111122223333:service/prod/web";
    let ended = entry(json!({"entry": "rollout-ended", "service": service, "ending": "not-done", "why": "denied"}));
    let ending = Ending::NotDone { why: "denied".into(), reason: None };
    assert_eq!(ended, EntryKind::RolloutEnded { service: web(), ending });
    let kept = entry(json!({"entry": "kept", "step": 0, "why": "it runs", "open": true}));
    assert_eq!(kept, EntryKind::Kept(NotUndone::open(0, "it runs".into(), None)));
    assert_eq!(entry(json!({"entry": "resumed"})), EntryKind::Resumed { registrars: Vec::new() });
    let waiting = entry(json!({"entry": "waiting", "service": service, "why": "in-flight"}));
    assert_eq!(waiting, EntryKind::Waiting { service: web(), why: Reason::InFlight });
    let opened = entry(json!({
        "entry": "opened", "source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41", "mode": "register",
        "trigger": "event", "baseline_digest": "", "rules": [], "steps": [],
        "cause": {"event_id": null, "time": null, "actor": null, "actor_type": null, "user_agent": null, "source_ip": null}
    }));
    let EntryKind::Opened(opening) = opened else { panic!("{opened:?}") };
    assert_eq!((opening.function, opening.registrars.len()), (None, 0));
}

#[test]
fn a_service_history_without_the_previous_deployment_is_read() {
    let pointings: ServiceHistory = same(json!({
        "schema": 1, "service": "arn:aws:ecs:eu-west-1:111122223333:service/prod/web", "version": 1,
        "times": ["2026-11-21T12:00:00Z"],
        "last": {
            "source": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41",
            "from": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41",
            "to": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42",
            "at": "2026-11-21T12:00:00Z"
        },
        "at": "2026-11-21T12:00:00Z"
    }));
    assert_eq!((pointings.service, pointings.last.before), (web(), None));
}
