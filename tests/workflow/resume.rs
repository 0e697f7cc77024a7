//! Resuming unfinished records on a schedule, without their events.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::read;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{Entry, EntryKind};
use logweir::domain::report::Decision;
use logweir::ports::{Clock, ErrorKind, Journal, PortError};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{Order, Origin, remediate, resume};

use crate::order::order;
use crate::world::story::{
    BLOCKING, backs_out, by, deletion, ended, event, home, register, resumes, resumes_backouts, retires, with,
};
use crate::world::{Lag, Moment, Then, World};

async fn goes_on(world: &World) -> Vec<Decision> {
    resumes(world, Mode::Register).await
}

/// Handles the event of a source as this caller.
async fn registers_as(world: &World, registrar: Option<&str>, source: &RevisionArn) -> Decision {
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let order = order(&home, &by, &baseline, Mode::Register, "operator");
    let order = Order { origin: Origin::Replay, registrar, ..order };
    remediate(world, &order, read(&event(source), &home).unwrap()).await
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

#[tokio::test]
async fn a_record_is_resumed_once_the_lease_of_its_worker_has_expired_and_not_before() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    assert_eq!(goes_on(&world).await, []);
    world.advance(LEASE);
    assert_eq!(resumes_backouts(&world).await, [], "the record is not a backout");
    let reports = goes_on(&world).await;
    assert_eq!((reports.len(), ended(&reports[0])), (1, (Outcome::Remediated, None)));
    assert_eq!(reports[0].cloudtrail_event_id.as_deref(), Some("e-1"), "the report names the first event");
    assert_eq!((active(&world), goes_on(&world).await), (vec![1, 2], vec![]));
}

#[tokio::test]
async fn a_backout_is_finished_as_a_backout() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    world.at_next("DeregisterTaskDefinition", Moment::After, Then::Crash);
    backs_out(&world, &source).await;
    world.restart();
    world.advance(LEASE);
    assert_eq!(goes_on(&world).await, [], "the record is a backout");
    let event = event(&source);
    assert_eq!(ended(&register(&world, &event).await), (Outcome::Skipped, Some(Reason::BackedOutBefore)));
    let reports = resumes_backouts(&world).await;
    assert_eq!((reports.len(), ended(&reports[0])), (1, (Outcome::BackedOut, None)));
    assert_eq!(active(&world), [1]);
}

#[tokio::test]
async fn a_source_that_ecs_no_longer_describes_needs_an_operator_who_can_back_it_out() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(Lag::LONGEST);
    world.account(|account| {
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    let reports = goes_on(&world).await;
    assert_eq!(reports[0].outcome, Outcome::NeedsOperator);
    assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut);
    assert_eq!(world.account(|account| account.active("web")), Vec::<usize>::new(), "nothing needs the source");
}

#[tokio::test]
async fn a_source_that_was_deleted_before_its_correction_was_registered_is_superseded() {
    for (minutes, expected) in [(9, Outcome::Failed), (10, Outcome::Superseded)] {
        let world = World::new();
        let source = world.account(|account| account.registers(BLOCKING));
        world.at_next("CreateLogGroup", Moment::Before, Then::Crash);
        register(&world, &event(&source)).await;
        world.restart();
        world.account(|account| account.deregisters_and_deletes(&source));
        world.advance(SignedDuration::from_mins(minutes));
        let reports = goes_on(&world).await;
        assert_eq!(reports[0].outcome, expected, "{minutes} minutes: {:?}", reports[0]);
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_resumed_does_not_stop_the_others() {
    let world = World::new();
    for family in ["web", "shop"] {
        let document = BLOCKING.replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""));
        let source = world.account(|account| account.registers(&document));
        world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
        register(&world, &event(&source)).await;
        world.restart();
    }
    world.advance(Lag::LONGEST);
    world.at_next(
        "DescribeTaskDefinition",
        Moment::Before,
        Then::fail(ErrorKind::Retry, "DescribeTaskDefinition", "slow"),
    );
    let outcomes: Vec<Outcome> = goes_on(&world).await.iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.contains(&Outcome::Remediated) && outcomes.contains(&Outcome::Failed), "{outcomes:?}");
    assert_eq!(goes_on(&world).await[0].outcome, Outcome::Remediated);
}

#[tokio::test]
async fn a_worker_that_wakes_up_after_its_lease_leaves_only_one_correction() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    // While the first worker waits for the answer of Register, its lease runs out and another one finishes the record.
    let other = world.clone();
    let event_of = event(&source);
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(move |account| account.now += LEASE));
    let (first, _) = tokio::join!(register(&world, &event_of), async {
        while other.count("RegisterTaskDefinition") == 0 {
            tokio::task::yield_now().await;
        }
        goes_on(&other).await
    });
    assert!(first.is_retried() || first.outcome == Outcome::Remediated, "{first:?}");
    assert_eq!(active(&world).len(), 2, "one correction besides the source");
    assert!(!world.read(&source).await.unwrap().unwrap().head.open);
}

#[tokio::test]
async fn a_worker_past_its_lease_continues_and_renews_the_lease_if_no_other_took_over() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let sleeps = Then::act(|account| account.now += LEASE);
    world.at_next("CreateLogGroup", Moment::After, sleeps);
    assert_eq!(ended(&register(&world, &event(&source)).await), (Outcome::Remediated, None));
    let record = world.read(&source).await.unwrap().unwrap();
    assert_eq!(record.head.lease_until, world.account(|account| account.now) + LEASE);
}

#[tokio::test]
async fn a_worker_that_wakes_up_after_a_takeover_withdraws_what_it_registered() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let taken = source.clone();
    let takes_over = Then::act(move |account| {
        account.now += LEASE;
        let record = account.records.get_mut(&taken).unwrap();
        let entry = Entry {
            schema: 1,
            sequence: record.head.next,
            at: account.now,
            by: "other".into(),
            what: EntryKind::Resumed { registrars: Vec::new() },
        };
        record.entries.push(entry);
        record.head.next += 1;
        record.head.owner = "other".into();
        record.head.lease_until = account.now + LEASE;
    });
    world.at_next("RegisterTaskDefinition", Moment::Before, takes_over);
    let report = register(&world, &event(&source)).await;
    assert_eq!(ended(&report), (Outcome::Skipped, Some(Reason::Locked)));
    assert_eq!(world.account(|account| account.active("web")), [1]);
    // The other worker dies, too. The next one finishes.
    world.advance(Lag::LONGEST);
    let report = with(&world, SHIPPED_BASELINE, Mode::Register, "third", &event(&source)).await;
    assert_eq!(report.outcome, Outcome::Remediated);
    assert_eq!(world.account(|account| account.active("web")), [1, 3]);
}

#[tokio::test]
async fn a_record_that_cannot_be_finished_is_tried_less_and_less_often() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("PutRetentionPolicy", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.account(|account| {
        account.deregisters(&source);
        account.shows_inactive = false;
    });
    let mut tries = 0;
    for _ in 0..12 * 24 {
        world.advance(SignedDuration::from_mins(5));
        tries += goes_on(&world).await.len();
    }
    assert!((5..20).contains(&tries), "{tries} tries in a day");
    let record = world.read(&source).await.unwrap().unwrap();
    assert!(record.entries.len() < 60, "{} entries", record.entries.len());
}

/// Leaves a correction of each family unfinished.
async fn left(families: &[&str]) -> World {
    let world = World::new();
    for family in families {
        let document = BLOCKING.replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""));
        let source = world.account(|account| account.registers(&document));
        world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
        register(&world, &event(&source)).await;
        world.restart();
    }
    world.advance(Lag::LONGEST);
    world
}

/// Makes each of the next 30 reads of a revision take this long.
fn slow_reads(world: &World, seconds: i64) {
    for nth in 1..=30 {
        let slow = Then::act(move |account| account.now += SignedDuration::from_secs(seconds));
        world.at_nth("DescribeTaskDefinition", nth, Moment::Before, slow);
    }
}

#[tokio::test]
async fn a_run_begins_no_more_records_after_40_seconds() {
    let world = left(&["web", "shop", "cron"]).await;
    slow_reads(&world, 21);
    for remain in [2, 1, 0] {
        let reports = goes_on(&world).await;
        assert_eq!(reports.iter().map(ended).collect::<Vec<_>>(), [(Outcome::Remediated, None)]);
        let open = world.account(|account| account.records.values().filter(|record| record.head.open).count());
        assert_eq!(open, remain);
    }
}

#[tokio::test]
async fn a_record_that_takes_a_whole_run_again_and_again_does_not_keep_the_others_waiting() {
    let world = left(&["web", "shop"]).await;
    slow_reads(&world, 41);
    let message = "slow".to_owned();
    let slow = PortError { kind: ErrorKind::Retry, call: "DescribeTaskDefinition", message, reason: None };
    world.always("DescribeTaskDefinition", slow);
    let (home, by, baseline) = (home(), by(), Baseline::parse(SHIPPED_BASELINE).unwrap());
    let mut families = BTreeSet::new();
    for run in 0..8 {
        let worker = format!("run-{run}");
        let order = Order { origin: Origin::Resume, ..order(&home, &by, &baseline, Mode::Register, &worker) };
        let reports = resume(&world, &order, world.now()).await.unwrap();
        assert_eq!(reports.len(), 1, "one slow record fills a run");
        families.insert(reports[0].family.clone().unwrap());
    }
    assert_eq!(families.len(), 2, "each run begins elsewhere");
}

#[tokio::test]
async fn mode_observe_resumes_nothing() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.advance(LEASE);
    let before = world.picture();
    assert_eq!(resumes(&world, Mode::Observe).await, []);
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn an_unanswered_registration_by_another_principal_is_found_after_a_takeover() {
    const OPERATOR: &str = "arn:aws:sts::111122223333:assumed-role/Operator/me";
    for (backed_out, left) in [(false, vec![1, 2]), (true, vec![1])] {
        let world = World::new();
        let source = world.account(|account| {
            account.principal = OPERATOR.into();
            account.registers(BLOCKING)
        });
        world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
        registers_as(&world, Some(OPERATOR), &source).await;
        world.restart();
        world.advance(LEASE);
        world.account(|account| account.principal = crate::world::LOGWEIR.into());
        match backed_out {
            true => assert_eq!(backs_out(&world, &source).await.outcome, Outcome::BackedOut),
            false => assert_eq!(goes_on(&world).await[0].outcome, Outcome::Remediated),
        }
        assert_eq!(active(&world), left);
    }
}

/// A worker died right after it registered web:2, and then the owner deleted web:1.
async fn deleted_after_the_registration() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.account(|account| account.deregisters_and_deletes(&source));
    world.advance(Lag::LONGEST);
    (world, source)
}

#[tokio::test]
async fn a_registration_without_an_answer_is_recorded_although_the_source_was_deleted() {
    let (world, source) = deleted_after_the_registration().await;
    let reports = resumes(&world, Mode::Register).await;
    assert_eq!(ended(&reports[0]), (Outcome::NeedsOperator, Some(Reason::NotLatest)), "{reports:?}");
    assert!(
        reports[0]
            .error
            .as_ref()
            .unwrap()
            .contains("web:2 is registered, but its source web:1 was deregistered or deleted")
    );
    let head = world.account(|account| account.records[&source].head.clone());
    assert_eq!((head.open, head.corrected.map(|corrected| corrected.revision)), (false, Some(2)));
    assert_eq!((resumes(&world, Mode::Register).await, world.count("RegisterTaskDefinition")), (vec![], 1));
}

#[tokio::test]
async fn such_a_revision_is_retired_when_the_event_of_the_deletion_arrives() {
    let (world, source) = deleted_after_the_registration().await;
    resumes(&world, Mode::Register).await;
    let deleted = deletion(&world, &source);
    assert!(!with(&world, SHIPPED_BASELINE, Mode::Register, "told", &deleted).await.is_retried());
    for _ in 0..8 {
        world.advance(SignedDuration::from_mins(5));
        retires(&world).await;
    }
    assert_eq!(world.account(|account| account.active("web")), Vec::<usize>::new());
}

#[tokio::test]
async fn a_registration_that_ecs_never_carried_out_is_superseded_if_the_source_was_deleted() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::Crash);
    register(&world, &event(&source)).await;
    world.restart();
    world.account(|account| account.deregisters_and_deletes(&source));
    world.advance(Lag::LONGEST);
    let reports = resumes(&world, Mode::Register).await;
    assert_eq!(ended(&reports[0]), (Outcome::Superseded, Some(Reason::NotLatest)), "{reports:?}");
    assert!(!world.account(|account| account.records[&source].head.open));
}
