//! What was about to be done and was not, or may have been: it is decided anew, or found.

use jiff::SignedDuration;
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, blocking, rollout, said, sound};
use crate::world::story::takes_back;
use crate::world::{Moment, Then};

/// The image of a document, by a tag that ECR knows.
const TAGGED: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";

/// A worker has written down that it points prod/web, and died before it did. Its lease is over.
async fn dies_before_its_act(scene: &Scene) {
    scene.world.at_next("UpdateService", Moment::Before, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    assert_eq!((scene.told_in_the_record().as_str(), scene.runs("prod/web").as_str()), ("web pointing", "web:2"));
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
async fn nobody_carries_it_out_within_the_lease() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    scene.world.advance(-SignedDuration::from_secs(1));
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped lease-held (1) again");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn what_a_tag_means_is_asked_again_before_it_is_carried_out() {
    let tagged = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), TAGGED);
    let scene = Scene::of(&sound(), &tagged, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(TAGGED, "sha256:old"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    dies_before_its_act(&scene).await;
    scene.account(|account| account.pushes(TAGGED, "sha256:new"));
    assert_eq!(scene.resumes().await, ["refused image-changed (1); prod/web left-alone image-changed"]);
    assert_eq!(scene.told_in_the_record(), "web pointing; web waiting in-flight; web followed not-done image-changed");
    assert_eq!((scene.runs("prod/web"), scene.on_their_way().len(), turn(&scene)), ("web:2".into(), 0, None));
}

#[tokio::test]
async fn a_window_that_has_begun_meanwhile_is_waited_for() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let scene = scene.by(&rollout("freeze = [\"sat 12:00 - sat 18:00 UTC\"]"));
    assert_eq!(said(&scene.told(COMPLETED).await), "refused frozen (1); prod/web waits frozen");
    assert_eq!(
        (scene.told_in_the_record().as_str(), turn(&scene)),
        ("web pointing; web waiting in-flight; web waiting frozen", None)
    );
    scene.after(6 * 3600);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn so_is_a_hold_that_somebody_has_asked_for() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let newer = scene.account(|account| account.registers(&blocking()));
    scene.told(super::scene::REGISTER).await;
    let until = scene.account(|account| account.now) + SignedDuration::from_hours(1);
    takes_back(
        &scene.world,
        "operator",
        &newer,
        BackoutOptions { hold_until: Some(until), ..BackoutOptions::default() },
    )
    .await;
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(
        (scene.told_in_the_record().as_str(), turn(&scene)),
        ("web pointing; web waiting in-flight; web waiting held", None)
    );
    scene.after(3600);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn what_cannot_be_pointed_just_now_is_tried_again_and_counts_once() {
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
async fn nothing_is_pointed_that_could_not_be_remembered() {
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
async fn an_act_whose_answer_is_lost_is_found() {
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    // The look after it sees it.
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    scene.world.advance(LEASE);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), scene.told_in_the_record().as_str()), (1, "web pointing; web pointed"));
}

#[tokio::test]
async fn an_act_that_nobody_may_look_at_any_more_was_done_all_the_same() {
    let denied = || {
        let message = "not authorized to perform: ecs:DescribeServices".into();
        let reason = Some(logweir::domain::outcome::Reason::AccessDenied);
        Then::Fail(PortError { kind: ErrorKind::Refused, call: "DescribeServices", message, reason })
    };
    let scene = Scene::deployed(|_| {}).await;
    // The looks before the act: what runs, and whether something is in the way.
    scene.world.at_nth("DescribeServices", 3, Moment::Before, denied());
    assert_eq!(said(&scene.told(COMPLETED).await), "failed access-denied (2) again");
    assert_eq!((scene.told_in_the_record().as_str(), scene.runs("prod/web")), ("web pointing", "web:3".into()));
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), scene.told_in_the_record().as_str()), (1, "web pointing; web pointed"));
    // Nor is it known to be undone where the answer was lost as well.
    let scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    scene.world.at_nth("DescribeServices", 3, Moment::Before, denied());
    assert_eq!(said(&scene.told(COMPLETED).await), "failed access-denied (2) again");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), scene.told_in_the_record().as_str()), (1, "web pointing; web pointed"));
}

#[tokio::test]
async fn an_intent_that_was_not_carried_out_leaves_nothing_to_point_back() {
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    let scene = scene.by(&rollout("freeze = [\"sat 12:00 - sat 18:00 UTC\"]"));
    scene.told(COMPLETED).await;
    assert_eq!(said(&scene.backs_out().await), "backed-out (0)");
    let scene = Scene::deployed(|_| {}).await;
    dies_before_its_act(&scene).await;
    // Here nobody has looked since.
    assert_eq!(said(&scene.backs_out().await), "backed-out (0); prod/web left-alone");
    assert_eq!((scene.runs("prod/web"), turn(&scene)), ("web:2".into(), None));
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}
