//! Intents that were not carried out, or may have been: Logweir decides again, or finds the update.

use jiff::SignedDuration;
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, blocking, rollout, said, sound};
use crate::world::story::backs_out_with;
use crate::world::{Moment, Then};

/// The image of a document, with a tag that ECR knows.
const TAGGED: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";

/// A worker records its intent to update prod/web, and dies before the update. Its lease expires.
async fn dies_before_its_act(scene: &Scene) {
    scene.world.at_next("UpdateService", Moment::Before, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    assert_eq!(
        (scene.told_in_the_record().as_str(), scene.runs("prod/web").as_str()),
        ("web updating-service", "web:2")
    );
    scene.world.advance(LEASE);
}

fn turn(scene: &Scene) -> Option<String> {
    scene.account(|account| account.remembered.values().next()?.turn.as_ref().map(|turn| turn.service.short()))
}

#[tokio::test]
async fn an_intent_whose_worker_died_is_carried_out_by_the_schedule_or_by_the_next_event() {
    for by_event in [true, false] {
        let scene = Scene::deployed(|_| {}).await;
        dies_before_its_act(&scene).await;
        match by_event {
            true => assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated"),
            false => assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]),
        }
        assert_eq!((scene.pointed(), scene.runs("prod/web")), (2, "web:3".into()), "the first call had no effect");
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    }
}

#[tokio::test]
async fn an_intent_is_not_carried_out_by_another_worker_within_the_lease() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    scene.world.advance(-SignedDuration::from_secs(1));
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped locked (1) again");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn an_image_tag_is_resolved_again_before_an_intent_is_carried_out() {
    let tagged = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), TAGGED);
    let scene = Scene::of(&sound(), &tagged, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(TAGGED, "sha256:old"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    dies_before_its_act(&scene).await;
    scene.account(|account| account.pushes(TAGGED, "sha256:new"));
    assert_eq!(scene.resumes().await, ["refused image-changed (1); prod/web not-changed image-changed"]);
    assert_eq!(
        scene.told_in_the_record(),
        "web updating-service; web waiting in-flight; web rollout-ended not-done image-changed"
    );
    assert_eq!((scene.runs("prod/web"), scene.on_their_way().len(), turn(&scene)), ("web:2".into(), 0, None));
}

#[tokio::test]
async fn an_intent_waits_for_the_end_of_a_freeze_window_that_has_begun_meanwhile() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let scene = scene.by(&rollout("freeze = [\"sat 12:00 - sat 18:00 UTC\"]"));
    assert_eq!(said(&scene.told(COMPLETED).await), "refused frozen (1); prod/web waits frozen");
    assert_eq!(
        (scene.told_in_the_record().as_str(), turn(&scene)),
        ("web updating-service; web waiting in-flight; web waiting frozen", None)
    );
    scene.after(6 * 3600);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn an_intent_waits_for_the_end_of_a_hold_that_was_requested_meanwhile() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let newer = scene.account(|account| account.registers(&blocking()));
    scene.told(super::scene::REGISTER).await;
    let until = scene.account(|account| account.now) + SignedDuration::from_hours(1);
    backs_out_with(
        &scene.world,
        "operator",
        &newer,
        BackoutOptions { hold_until: Some(until), ..BackoutOptions::default() },
    )
    .await;
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(
        (scene.told_in_the_record().as_str(), turn(&scene)),
        ("web updating-service; web waiting in-flight; web waiting on-hold", None)
    );
    scene.after(3600);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn an_update_that_fails_for_now_is_retried_and_counts_once() {
    let scene = Scene::deployed(|_| {}).await;
    for _ in 0..5 {
        scene.world.at_next("UpdateService", Moment::Before, Then::fail(ErrorKind::Retry, UPDATE, "Rate exceeded"));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "failed (2) again");
        scene.after(30);
    }
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    let times = scene.account(|account| account.pointings.values().next().unwrap().times.len());
    assert_eq!((times, scene.runs("prod/web")), (1, "web:3".into()));
}

#[tokio::test]
async fn a_service_is_not_updated_if_its_history_cannot_be_written() {
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("put_pointings", Moment::Before, Then::fail(ErrorKind::Retry, "PutItem", "Rate exceeded"));
    assert_eq!(said(&scene.told(COMPLETED).await), "failed (2) again");
    assert_eq!(scene.pointed(), 0);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    let times = scene.account(|account| account.pointings.values().next().unwrap().times.len());
    assert_eq!((times, scene.pointed()), (1, 1));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_found() {
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    // The read after the update sees it.
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    scene.world.advance(LEASE);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!(
        (scene.pointed(), scene.told_in_the_record().as_str()),
        (1, "web updating-service; web service-updated")
    );
}

#[tokio::test]
async fn an_update_that_may_no_longer_be_read_does_not_count_as_undone() {
    let denied = || {
        let message = "not authorized to perform: ecs:DescribeServices".into();
        let reason = Some(logweir::domain::outcome::Reason::AccessDenied);
        Then::Fail(PortError { kind: ErrorKind::Refused, call: "DescribeServices", message, reason })
    };
    let scene = Scene::deployed(|_| {}).await;
    // Two reads precede the update: one for the running revision, one for reasons not to update.
    scene.world.at_nth("DescribeServices", 3, Moment::Before, denied());
    assert_eq!(said(&scene.told(COMPLETED).await), "failed access-denied (2) again");
    assert_eq!((scene.told_in_the_record().as_str(), scene.runs("prod/web")), ("web updating-service", "web:3".into()));
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!(
        (scene.pointed(), scene.told_in_the_record().as_str()),
        (1, "web updating-service; web service-updated")
    );
    // The same holds if the answer was lost as well.
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    scene.world.at_nth("DescribeServices", 3, Moment::Before, denied());
    assert_eq!(said(&scene.told(COMPLETED).await), "failed access-denied (2) again");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!(
        (scene.pointed(), scene.told_in_the_record().as_str()),
        (1, "web updating-service; web service-updated")
    );
}

#[tokio::test]
async fn an_intent_that_was_not_carried_out_leaves_nothing_to_roll_back() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let scene = scene.by(&rollout("freeze = [\"sat 12:00 - sat 18:00 UTC\"]"));
    scene.told(COMPLETED).await;
    assert_eq!(said(&scene.backs_out().await), "backed-out (0)");
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    // No worker has read the service since. For some minutes, a read may lag behind an update that was made.
    assert_eq!(said(&scene.backs_out().await), "failed (2) again; prod/web waits");
    assert_eq!(scene.account(|account| account.active("web")), [1, 2, 3]);
    scene.after(600);
    assert_eq!(said(&scene.backs_out().await), "backed-out (0); prod/web not-changed");
    assert_eq!((scene.runs("prod/web"), turn(&scene)), ("web:2".into(), None));
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}
