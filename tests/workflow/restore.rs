//! Backouts after the source was deregistered: which of them restore the source, and how Logweir verifies what it
//! reads about revisions that it registered.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::EntryKind;
use logweir::ports::ErrorKind;
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use crate::rollout::scene::{Scene, said, sound};
use crate::world::story::{
    BLOCKING, backs_out, backs_out_with, ended, event, previews_with, register, resumes, resumes_backouts,
};
use crate::world::{Lag, LiveService, Moment, RevisionState, Then, World};

const BACKED_OUT: (Outcome, Option<Reason>) = (Outcome::BackedOut, None);
const NEWER: (Outcome, Option<Reason>) = (Outcome::NeedsOperator, Some(Reason::NewerRevision));
const DESCRIBE: &str = "DescribeTaskDefinition";
const REGISTER: &str = "RegisterTaskDefinition";

fn asks(restore_source: bool, restore_over_newer: bool) -> BackoutOptions {
    BackoutOptions { restore_source, restore_over_newer, ..BackoutOptions::default() }
}

fn unable() -> Then {
    Then::fail(ErrorKind::Missing, DESCRIBE, "ClientException: Unable to describe task definition.")
}

/// web:1 was corrected as web:2, and then its owner deregistered web:1.
async fn withdrawn() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    world.account(|account| account.deregisters(&source));
    (world, source)
}

fn numbers(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

/// prod/web runs web:3, the correction of web:2, and the owner deregistered web:2.
async fn needed() -> Scene {
    let scene = Scene::followed(|service: &mut LiveService| service.rolls_back = true).await;
    let source = scene.source.clone();
    scene.account(|account| account.deregisters(&source));
    scene
}

fn active(scene: &Scene) -> Vec<usize> {
    scene.account(|account| account.active("web"))
}

/// Another principal registers a revision.
fn slips_in() -> Then {
    Then::act(|account| drop(account.registers(&sound())))
}

/// Another principal updates prod/web to a revision of another family.
fn moves_on(scene: &Scene) {
    scene.account(|account| {
        let other = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service("prod/web", &other);
        account.completes("prod/web");
    });
}

#[tokio::test]
async fn a_deregistered_source_is_restored_only_by_request_if_no_service_needs_it() {
    for (ask, is_newer, expected, left) in [
        (asks(false, false), false, BACKED_OUT, vec![]),
        (asks(false, true), false, BACKED_OUT, vec![]),
        (asks(true, false), false, BACKED_OUT, vec![3]),
        (asks(true, true), false, BACKED_OUT, vec![3]),
        (asks(false, false), true, BACKED_OUT, vec![3]),
        (asks(false, true), true, BACKED_OUT, vec![3]),
        (asks(true, false), true, NEWER, vec![2, 3]),
        (asks(true, true), true, BACKED_OUT, vec![3, 4]),
    ] {
        let (world, source) = withdrawn().await;
        if is_newer {
            world.account(|account| drop(account.registers(BLOCKING)));
        }
        let preview = previews_with(&world, &source, ask.clone()).await.notes.join("; ");
        let report = backs_out_with(&world, "operator", &source, ask.clone()).await;
        assert_eq!((ended(&report), numbers(&world)), (expected, left), "{ask:?}, {is_newer}: {report:?}");
        let restores = report.report.restored.is_some();
        assert_eq!(
            preview.contains("the backout would restore web:1 from web:2"),
            restores,
            "{ask:?}, {is_newer}: {preview}"
        );
        assert_eq!(preview.contains("--restore-source"), !ask.restore_source, "{preview}");
        assert_eq!(preview.contains("--restore-over-newer"), expected == NEWER, "{preview}");
        assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_source_is_restored_by_request_although_the_record_is_backed_out() {
    let (world, source) = withdrawn().await;
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![]));
    let preview = previews_with(&world, &source, asks(true, false)).await.notes.join("; ");
    assert!(preview.contains("the backout would restore web:1 from web:2"), "{preview}");
    for expected in [BACKED_OUT, (Outcome::BackedOut, Some(Reason::Duplicate))] {
        let report = backs_out_with(&world, "operator", &source, asks(true, false)).await;
        assert_eq!((ended(&report), numbers(&world)), (expected, vec![3]), "{report:?}");
    }
}

#[tokio::test]
async fn a_deregistered_source_is_not_restored_for_a_service_that_another_principal_updated() {
    let scene = needed().await;
    moves_on(&scene);
    assert_eq!(said(&scene.backs_out().await), "backed-out (0); prod/web not-changed");
    assert_eq!((active(&scene), scene.world.count(REGISTER)), (vec![1], 1));
}

#[tokio::test]
async fn a_preview_names_the_service_that_needs_the_deregistered_source() {
    let scene = needed().await;
    let notes = previews_with(&scene.world, &scene.source, BackoutOptions::default()).await.notes.join("; ");
    let wanted = "web:2 is not ACTIVE any more: the backout would restore web:2 from web:3, because service prod/web needs web:2";
    assert!(notes.contains(wanted), "{notes}");
    scene.account(|account| drop(account.registers(&sound())));
    let notes = previews_with(&scene.world, &scene.source, BackoutOptions::default()).await.notes.join("; ");
    assert!(notes.contains("the backout would not restore web:2, because web:4 is newer than web:3"), "{notes}");
    assert_eq!(scene.backs_out().await.reason, Some(Reason::NewerRevision));
}

#[tokio::test]
async fn no_service_is_updated_before_ecs_describes_the_restored_revision() {
    let scene = needed().await;
    // The fourth read of the backout is the first read of the restored revision. Each of the two rounds reads the
    // source and the corrected revision.
    scene.world.at_nth(DESCRIBE, 5, Moment::Before, unable());
    let report = scene.backs_out().await;
    assert!(report.is_retried(), "{report:?}");
    assert_eq!((scene.pointed(), scene.runs("prod/web").as_str(), active(&scene)), (1, "web:3", vec![1, 3, 4]));
    scene.world.advance(LEASE);
    resumes_backouts(&scene.world).await;
    assert_eq!((scene.pointed(), scene.runs("prod/web").as_str()), (2, "web:4"));
}

#[tokio::test]
async fn no_service_is_updated_to_a_restored_revision_that_logweir_then_withdraws() {
    let scene = needed().await;
    // The list of revisions shows the other principal's revision only after UpdateService.
    scene.world.lags(Lag { list: 2, lasts: SignedDuration::from_hours(1), ..Lag::default() });
    scene.world.at_next(REGISTER, Moment::Before, slips_in());
    scene.world.at_next("UpdateService", Moment::After, Then::act(|account| account.lag = Lag::default()));
    let report = scene.backs_out().await;
    assert_eq!(ended(&report), NEWER, "{report:?}");
    assert_eq!((scene.pointed(), scene.runs("prod/web").as_str(), active(&scene)), (1, "web:3", vec![1, 3, 4]));
    scene.world.lags(Lag::default());
    let ask = asks(false, true);
    backs_out_with(&scene.world, "operator", &scene.source, ask).await;
    assert_eq!(scene.runs("prod/web"), "web:6", "another backout still helps");
}

#[tokio::test]
async fn a_restored_revision_that_a_service_already_runs_is_not_withdrawn() {
    let scene = needed().await;
    scene.world.at_next(REGISTER, Moment::Before, slips_in());
    let starts = Then::act(|account| {
        account.creates_service("prod/api", &account.arn("web", 5));
    });
    scene.world.at_next(REGISTER, Moment::After, starts);
    let report = scene.backs_out().await;
    assert_eq!(ended(&report), NEWER, "{report:?}");
    assert!(report.report.error.unwrap().contains("web:5 is kept, because it already runs in service prod/api"));
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:3", vec![1, 3, 4, 5]));
}

#[tokio::test]
async fn a_service_that_needs_a_restored_revision_gets_a_new_one_at_the_next_request() {
    let scene = needed().await;
    let owner = Then::act(|account| account.deregisters(&account.arn("web", 4)));
    scene.world.at_next(REGISTER, Moment::After, owner);
    let report = scene.backs_out().await;
    assert_eq!((ended(&report), scene.pointed()), ((Outcome::NeedsOperator, None), 1), "{report:?}");
    assert!(report.report.error.unwrap().contains("another principal deregistered the restored revision"));
    scene.backs_out().await;
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:5", vec![1, 3, 5]));
}

#[tokio::test]
async fn a_revision_restored_for_a_service_that_has_changed_since_is_withdrawn() {
    let scene = needed().await;
    scene.world.at_next(REGISTER, Moment::After, Then::Crash);
    scene.backs_out().await;
    scene.world.restart();
    moves_on(&scene);
    scene.world.advance(SignedDuration::from_mins(10));
    let report = resumes_backouts(&scene.world).await.remove(0);
    assert_eq!((ended(&report), active(&scene)), (BACKED_OUT, vec![1]), "{report:?}");
}

#[tokio::test]
async fn a_repeated_request_finishes_the_withdrawal_of_a_restored_revision() {
    let scene = needed().await;
    scene.world.at_next(REGISTER, Moment::Before, slips_in());
    let throttled = Then::fail(ErrorKind::Retry, "DeregisterTaskDefinition", "Rate exceeded");
    scene.world.at_next("DeregisterTaskDefinition", Moment::Before, throttled);
    let report = scene.backs_out().await;
    assert_eq!((report.is_retried(), active(&scene)), (true, vec![1, 3, 4, 5]), "{report:?}");
    moves_on(&scene);
    let report = scene.backs_out().await;
    assert_eq!((ended(&report), active(&scene)), (BACKED_OUT, vec![1, 4]), "{report:?}");
}

#[tokio::test]
async fn a_repeated_request_may_restore_the_source_after_it_finishes_a_withdrawal() {
    let scene = needed().await;
    scene.world.at_next(REGISTER, Moment::Before, slips_in());
    let throttled = Then::fail(ErrorKind::Retry, "DeregisterTaskDefinition", "Rate exceeded");
    scene.world.at_next("DeregisterTaskDefinition", Moment::Before, throttled);
    scene.backs_out().await;
    let report = backs_out_with(&scene.world, "operator", &scene.source, asks(false, true)).await;
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:6", vec![1, 3, 4, 6]), "{report:?}");
}

#[tokio::test]
async fn a_repeated_request_withdraws_a_restored_revision_that_no_service_needs_any_more() {
    let scene = needed().await;
    scene.world.at_nth(DESCRIBE, 5, Moment::Before, unable());
    let report = scene.backs_out().await;
    assert_eq!((report.is_retried(), active(&scene)), (true, vec![1, 3, 4]), "{report:?}");
    moves_on(&scene);
    let report = scene.backs_out().await;
    assert_eq!((ended(&report), active(&scene)), (BACKED_OUT, vec![1]), "{report:?}");
}

#[tokio::test]
async fn a_correction_that_ecs_does_not_describe_yet_is_not_taken_for_deregistered() {
    let (world, source) = corrected().await;
    world.at_next(DESCRIBE, Moment::Before, unable());
    let report = backs_out(&world, &source).await;
    assert_eq!((report.is_retried(), numbers(&world)), (true, vec![1, 2]), "{report:?}");
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![1]));
}

#[tokio::test]
async fn a_correction_that_ecs_does_not_describe_is_deregistered_after_ten_minutes() {
    let (world, source) = corrected().await;
    world.advance(SignedDuration::from_mins(10));
    world.at_next(DESCRIBE, Moment::Before, unable());
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![1]));
}

/// web:1 was corrected as web:2.
async fn corrected() -> (World, RevisionArn) {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    (world, source)
}

/// Makes a revision ACTIVE, as ECS would say if an earlier read or answer was wrong.
fn is_active_after_all(world: &World, number: usize) {
    world.account(|account| account.becomes(&account.arn("web", number), RevisionState::Active));
}

#[tokio::test]
async fn a_revision_that_the_record_calls_deregistered_is_backed_out_if_it_is_active() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let owner = Then::act(|account| account.deregisters(&account.arn("web", 2)));
    world.at_next(REGISTER, Moment::After, owner);
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::NeedsOperator);
    let record = world.account(|account| account.records[&source].clone());
    assert!(record.entries.iter().any(|entry| matches!(entry.what, EntryKind::Vanished { .. })));
    is_active_after_all(&world, 2);
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![1]));
    // The record says that it is backed out. A second request reads the revision again.
    is_active_after_all(&world, 2);
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![1]));
    let duplicate = (Outcome::BackedOut, Some(Reason::Duplicate));
    assert_eq!(ended(&backs_out(&world, &source).await), duplicate);
}

#[tokio::test]
async fn a_withdrawn_revision_is_backed_out_if_it_is_active() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next(REGISTER, Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Superseded);
    is_active_after_all(&world, 3);
    assert_eq!((ended(&backs_out(&world, &source).await), numbers(&world)), (BACKED_OUT, vec![1, 2]));
}

#[tokio::test]
async fn a_withdrawal_is_not_done_if_ecs_does_not_find_the_new_revision() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next(REGISTER, Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    let missing = Then::fail(ErrorKind::Missing, "DeregisterTaskDefinition", "The task definition does not exist.");
    world.at_next("DeregisterTaskDefinition", Moment::Before, missing);
    let report = register(&world, &event(&source)).await;
    assert_eq!((report.is_retried(), numbers(&world)), (true, vec![1, 2, 3]), "{report:?}");
    world.advance(LEASE);
    resumes(&world, logweir::domain::outcome::Mode::Register).await;
    assert_eq!(numbers(&world), [1, 2]);
}

/// Backs out the correction that prod/web runs, while reads of revisions lag. Lets the schedule finish the backout.
async fn backs_out_while_reads_lag(lag: Lag, is_answered: bool) -> Scene {
    let scene = needed().await;
    scene.world.lags(lag);
    if !is_answered {
        scene.world.at_next(REGISTER, Moment::After, Then::Cut);
    }
    scene.backs_out().await;
    for _ in 0..6 {
        scene.world.advance(SignedDuration::from_mins(6));
        scene.account(|account| account.completes("prod/web"));
        resumes_backouts(&scene.world).await;
    }
    scene
}

#[tokio::test]
async fn a_service_gets_exactly_one_restored_revision_although_reads_lag() {
    for (describe, list) in (0..4).flat_map(|describe| (0..4).map(move |list| (describe, list))) {
        for (is_answered, tags) in [(true, 0), (false, 0), (true, 2), (false, 2)] {
            let lag = Lag { describe, list, tags, lasts: SignedDuration::from_mins(5), ..Lag::default() };
            let scene = backs_out_while_reads_lag(lag, is_answered).await;
            let at = format!("{lag:?}, answered: {is_answered}");
            let head = scene.record().head;
            assert_eq!(
                (head.open, head.closing.map(|closing| closing.outcome)),
                (false, Some(Outcome::BackedOut)),
                "{at}"
            );
            let restored = head.restored.unwrap();
            assert_eq!(scene.runs("prod/web"), restored.short(), "{at}");
            assert_eq!(active(&scene), [1, restored.revision as usize], "{at}");
        }
    }
}

#[tokio::test]
async fn a_source_that_a_late_read_shows_as_active_is_restored_by_request_once_reads_show_the_deregistration() {
    let (world, source) = corrected().await;
    world.advance(SignedDuration::from_mins(10));
    world.lags(Lag { describe: 1, list: 1, lasts: SignedDuration::from_mins(9), ..Lag::default() });
    world.account(|account| account.deregisters(&source));
    let report = backs_out_with(&world, "operator", &source, asks(true, false)).await;
    assert_eq!((ended(&report), report.is_retried()), ((Outcome::Failed, Some(Reason::NotVisibleYet)), true));
    assert_eq!(numbers(&world), [2], "the corrected revision stays until then");
    world.advance(SignedDuration::from_mins(9));
    world.lags(Lag::default());
    let reports = resumes_backouts(&world).await;
    assert_eq!((ended(&reports[0]), numbers(&world)), (BACKED_OUT, vec![3]), "{reports:?}");
}

#[tokio::test]
async fn a_source_that_is_active_ten_minutes_after_the_request_is_not_restored() {
    let (world, source) = corrected().await;
    let preview = previews_with(&world, &source, asks(true, false)).await.notes.join("; ");
    assert!(preview.contains("ECS shows web:1 as ACTIVE: the backout would wait ten minutes"), "{preview}");
    assert!(backs_out_with(&world, "operator", &source, asks(true, false)).await.is_retried());
    world.advance(SignedDuration::from_mins(10));
    let reports = resumes_backouts(&world).await;
    assert_eq!((ended(&reports[0]), numbers(&world)), (BACKED_OUT, vec![1]), "{reports:?}");
    assert_eq!(world.count(REGISTER), 1);
}

#[tokio::test]
async fn repeated_requests_to_restore_an_active_source_end_ten_minutes_after_the_first() {
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    assert_eq!(register(&world, &event(&source)).await.outcome, Outcome::Remediated);
    for _ in 0..3 {
        assert!(backs_out_with(&world, "operator", &source, asks(true, false)).await.is_retried());
        assert_eq!(numbers(&world), [1, 2]);
        world.advance(SignedDuration::from_mins(4));
    }
    let report = backs_out_with(&world, "operator", &source, asks(true, false)).await;
    assert_eq!((ended(&report), numbers(&world)), (BACKED_OUT, vec![1]), "{report:?}");
}
