//! The searches for users of a corrected revision, and the deregistration of an unused corrected revision.

use logweir::domain::ecs::service::Status;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::ports::{ErrorKind, Filter, Journal, PortError};
use logweir::workflow::{BackoutOptions, gauges};

use super::{RETIRED, active, corrected, nothing_wrong, passes, record, retires_as, schedule, withdrawn, withdraws};
use crate::world::story::{BLOCKING, backs_out, backs_out_with, ended, event, register, retires};
use crate::world::{Moment, Then, World};

#[tokio::test]
async fn an_unused_newest_revision_is_retired_after_two_looks_that_begin_a_quarter_of_an_hour_later() {
    let (world, source, _) = withdrawn().await;
    let decisions = schedule(&world, 20).await;
    assert_eq!((decisions.len(), active(&world)), (0, vec![2]), "there was one look, at most five minutes ago");
    let decisions = schedule(&world, 10).await;
    assert_eq!((decisions.len(), decisions[0].0, ended(&decisions[0].1)), (1, 5, RETIRED), "{decisions:?}");
    let report = &decisions[0].1;
    assert_eq!((report.record.as_deref(), report.mode.name()), (Some("web:1"), "retirement"));
    assert!(report.notes[0].contains("nothing uses web:2"), "{report:?}");
    assert_eq!(active(&world), Vec::<usize>::new());
    let head = record(&world, &source).await.head;
    assert_eq!((head.corrected, head.retirement, head.closing.unwrap().outcome), (None, None, Outcome::Retired));
    nothing_wrong(&world);
    let before = world.picture();
    assert_eq!(schedule(&world, 60).await, []);
    assert_eq!(world.picture().records, before.records, "the retirement has ended");
}

#[tokio::test]
async fn an_unused_older_revision_is_retired_after_a_day() {
    let (world, source, _) = corrected().await;
    world.account(|account| account.registers(BLOCKING));
    withdraws(&world, &source).await;
    assert_eq!(schedule(&world, 24 * 60).await, []);
    assert_eq!(active(&world), [2, 3]);
    let decisions = schedule(&world, 15).await;
    assert_eq!((decisions.len(), ended(&decisions[0].1), active(&world)), (1, RETIRED, vec![3]));
}

#[tokio::test]
async fn a_revision_that_becomes_the_newest_again_is_retired_soon() {
    let (world, source, _) = corrected().await;
    let newer = world.account(|account| account.registers(BLOCKING));
    withdraws(&world, &source).await;
    assert_eq!(schedule(&world, 30).await, []);
    world.account(|account| account.deregisters(&newer));
    let decisions = schedule(&world, 60).await;
    assert_eq!((decisions.len(), ended(&decisions[0].1), active(&world)), (1, RETIRED, vec![]));
}

#[tokio::test]
async fn an_older_revision_gets_at_most_one_entry_an_hour() {
    let (world, source, _) = corrected().await;
    world.account(|account| account.registers(BLOCKING));
    withdraws(&world, &source).await;
    let before = record(&world, &source).await.entries.len();
    schedule(&world, 23 * 60).await;
    let written = record(&world, &source).await.entries.len() - before;
    assert_eq!(written, 23);
}

#[tokio::test]
async fn a_revision_in_use_is_kept_and_looked_at_less_and_less_often() {
    for place in ["service prod/web", "task prod/0123"] {
        let (world, source, corrected) = withdrawn().await;
        world.account(|account| account.running.insert(place.into(), corrected.clone()));
        let decisions = schedule(&world, 3 * 24 * 60).await;
        let minutes: Vec<i64> = decisions.iter().map(|(minute, _)| *minute).collect();
        assert_eq!(minutes, [15, 20, 30, 50, 90, 170, 330, 650, 1290, 2570, 4010], "{place}");
        for (_, decision) in &decisions {
            assert_eq!(ended(decision), (Outcome::Skipped, Some(Reason::StillRunning)));
            assert!(decision.error.as_ref().unwrap().contains(place.rsplit(' ').next().unwrap()), "{decision:?}");
        }
        assert_eq!(active(&world), [2]);
        world.account(|account| account.running.clear());
        let decisions = schedule(&world, 25 * 60).await;
        assert_eq!((decisions.len(), ended(&decisions[0].1), active(&world)), (1, RETIRED, vec![]));
        assert!(record(&world, &source).await.entries.len() < 30);
    }
}

#[tokio::test]
async fn a_use_between_the_two_looks_begins_them_again() {
    let (world, _, corrected) = withdrawn().await;
    schedule(&world, 20).await;
    world.account(|account| account.running.insert("task prod/1".into(), corrected.clone()));
    assert_eq!(ended(&schedule(&world, 5).await[0].1), (Outcome::Skipped, Some(Reason::StillRunning)));
    world.account(|account| account.running.clear());
    assert_eq!(schedule(&world, 10).await, [], "the first of two new looks");
    assert_eq!(active(&world), [2]);
    assert_eq!(ended(&schedule(&world, 10).await[0].1), RETIRED);
}

#[tokio::test]
async fn a_draining_user_is_a_user() {
    let (world, source, corrected) = corrected().await;
    world.account(|account| {
        account.runs_service("prod/web", &corrected);
        account.service_mut("prod/web").status = Status::Draining;
    });
    withdraws(&world, &source).await;
    assert_eq!(ended(&schedule(&world, 15).await[0].1), (Outcome::Skipped, Some(Reason::StillRunning)));
    assert_eq!(active(&world), [2]);
}

#[tokio::test]
async fn one_search_serves_all_revisions_that_are_due_and_each_takes_a_slot_of_the_rate_limit() {
    let world = World::new();
    let families = ["a", "b", "c", "d", "e", "f"];
    for family in families {
        let document = BLOCKING.replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""));
        let source = world.account(|account| account.registers(&document));
        passes(&world, 30);
        assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
        world.account(|account| account.deregisters(&source));
    }
    passes(&world, 30);
    for family in families {
        super::delivers(&world, &world.account(|account| account.arn(family, 1))).await;
    }
    passes(&world, 15);
    retires(&world).await;
    passes(&world, 10);
    let before = world.count("ListServices");
    let retired = retires(&world).await.len();
    assert_eq!(world.count("ListServices") - before, 2, "one search before the deregistrations, and one after");
    assert!((1..families.len()).contains(&retired), "{retired} retirements fit into the rate limit at once");
    passes(&world, 5);
    assert_eq!(retired + retires(&world).await.len(), families.len());
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_family_on_hold_keeps_its_revision_until_the_hold_ends() {
    let (world, source, _) = withdrawn().await;
    let until = super::minutes_after(&world, 120);
    // A hold comes with a backout, and this backout is of another record of the family.
    let other = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&other)).await;
    let ask = BackoutOptions { hold_until: Some(until), ..BackoutOptions::default() };
    backs_out_with(&world, "operator", &other, ask).await;
    world.account(|account| account.deregisters(&other));
    assert_eq!((schedule(&world, 115).await, active(&world)), (vec![], vec![2]));
    let decisions = schedule(&world, 25).await;
    assert_eq!((decisions.len(), ended(&decisions[0].1)), (1, RETIRED));
    assert_eq!(record(&world, &source).await.head.closing.unwrap().outcome, Outcome::Retired);
}

#[tokio::test]
async fn families_on_hold_do_not_delay_the_retirements_of_other_families() {
    let world = World::new();
    let families: Vec<String> = (0..20).map(|family| format!("held-{family}")).collect();
    let until = super::minutes_after(&world, 30 * 24 * 60);
    for family in &families {
        let document = BLOCKING.replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""));
        let mut sources = Vec::new();
        for _ in 0..2 {
            let source = world.account(|account| account.registers(&document));
            passes(&world, 30);
            assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
            sources.push(source);
        }
        let ask = BackoutOptions { hold_until: Some(until), ..BackoutOptions::default() };
        backs_out_with(&world, "operator", &sources[1], ask).await;
        withdraws(&world, &sources[0]).await;
    }
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    passes(&world, 24 * 60);
    withdraws(&world, &source).await;
    for run in 0..20 {
        passes(&world, 5);
        retires_as(&world, &format!("run-{run}")).await;
    }
    assert_eq!(active(&world), Vec::<usize>::new());
}

#[tokio::test]
async fn a_waiting_retirement_is_no_unfinished_work() {
    let (world, source, _) = withdrawn().await;
    let counted = gauges(&world).await.unwrap().gauges;
    assert_eq!((counted.unfinished, counted.oldest.as_secs()), (0, 0));
    let now = super::minutes_after(&world, 0);
    let open = world.list(&Filter { open: true, ..Filter::all(now) }, 10).await.unwrap().readable;
    let retiring = world.list(&Filter { retiring: true, ..Filter::all(now) }, 10).await.unwrap().readable;
    assert_eq!((open, retiring[0].source.clone()), (vec![], source));
}

#[tokio::test]
async fn users_that_cannot_be_read_keep_the_revision_and_are_reported_once() {
    let (world, _, _) = withdrawn().await;
    let denied = PortError {
        kind: ErrorKind::Refused,
        call: "ListServices",
        message: "AccessDeniedException".into(),
        reason: Some(Reason::AccessDenied),
    };
    world.always("ListServices", denied);
    let decisions = schedule(&world, 24 * 60).await;
    assert_eq!(active(&world), [2]);
    assert!(decisions.len() < 12 && decisions[0].1.error.as_ref().unwrap().contains("AccessDenied"), "{decisions:?}");
    assert_eq!(ended(&decisions[0].1), (Outcome::Failed, Some(Reason::AccessDenied)));
    let repeats: Vec<_> = decisions.iter().map(|(_, decision)| decision.notify.repeats).collect();
    assert!(repeats[0] == Some(false) && repeats[1..].iter().all(|repeats| *repeats == Some(true)), "{repeats:?}");
    world.restart();
    assert_eq!(ended(&schedule(&world, 36 * 60).await[0].1), RETIRED);
}

#[tokio::test]
async fn pins_that_cannot_be_read_keep_the_revision_and_are_reported_once() {
    let (world, _, _) = withdrawn().await;
    let message = "the item holds data that this version of Logweir does not know".to_owned();
    let (call, reason) = ("read the journal", Some(Reason::Unreadable));
    world.always("pins", PortError { kind: ErrorKind::Refused, call, message, reason });
    let decisions = schedule(&world, 24 * 60).await;
    assert_eq!((active(&world), ended(&decisions[0].1)), (vec![2], (Outcome::Failed, Some(Reason::Unreadable))));
    let repeats: Vec<_> = decisions.iter().map(|(_, decision)| decision.notify.repeats).collect();
    assert!(repeats.len() < 12, "Logweir looks less and less often: {repeats:?}");
    assert!(repeats[0] == Some(false) && repeats[1..].iter().all(|repeats| *repeats == Some(true)), "{repeats:?}");
}

#[tokio::test]
async fn a_search_that_fails_for_a_moment_is_repeated_at_the_next_run() {
    let (world, _, _) = withdrawn().await;
    passes(&world, 15);
    let slow = Then::fail(ErrorKind::Retry, "ListServices", "Rate exceeded");
    world.at_next("ListServices", Moment::Before, slow);
    let decisions = retires(&world).await;
    assert_eq!((decisions.len(), decisions[0].outcome), (1, Outcome::Failed));
    assert_eq!(ended(&schedule(&world, 15).await[0].1), RETIRED);
}

#[tokio::test]
async fn a_revision_that_another_principal_deregistered_needs_no_retirement() {
    let (world, source, corrected) = withdrawn().await;
    world.account(|account| account.deregisters(&corrected));
    assert_eq!(schedule(&world, 60).await, []);
    let head = record(&world, &source).await.head;
    assert_eq!((head.corrected, head.retirement), (None, None));
    assert_eq!(world.count("DeregisterTaskDefinition"), 0);
}

#[tokio::test]
async fn a_backout_of_a_retired_record_deregisters_nothing_and_restores_nothing() {
    let (world, source, _) = withdrawn().await;
    schedule(&world, 30).await;
    let (deregistered, registered) = (world.count("DeregisterTaskDefinition"), world.count("RegisterTaskDefinition"));
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(world.count("DeregisterTaskDefinition"), deregistered);
    assert_eq!(world.count("RegisterTaskDefinition"), registered);
    assert_eq!(active(&world), Vec::<usize>::new());
}
