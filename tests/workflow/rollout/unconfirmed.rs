//! A new baseline that nobody has confirmed begins nothing, and what was begun by the one before is brought to its end.

use logweir::domain::outcome::Mode;
use logweir::settings::LEASE;

use super::scene::{COMPLETED, FAILED, NOTHING, Scene, UPDATE, blocking, rollout, said};
use crate::world::{Moment, TASKS_FAILED, Then};

/// Another baseline is there from now on, in these modes each.
fn unconfirmed(scene: &mut Scene, mode: Mode) {
    scene.baseline = rollout("deadline-minutes = 5");
    (scene.mode, scene.confirmed) = (mode, false);
}

#[tokio::test]
async fn a_deployment_of_ours_that_completes_is_rolled_out() {
    for mode in [Mode::Register, Mode::Rollout] {
        let mut scene = Scene::following(|_| {}).await;
        unconfirmed(&mut scene, mode);
        scene.account(|account| account.completes("prod/web"));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "rolled-out (0); prod/web rolled-out");
        assert_eq!(report.mode.name(), mode.name(), "it is no report on what was only observed");
        assert_eq!(scene.on_their_way(), NOTHING);
    }
}

#[tokio::test]
async fn so_it_is_where_its_event_was_lost() {
    let mut scene = Scene::following(|_| {}).await;
    unconfirmed(&mut scene, Mode::Rollout);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (1, 0));
}

#[tokio::test]
async fn one_that_fails_leaves_the_service_on_the_source_and_opens_the_fuse() {
    for by_event in [true, false] {
        let mut scene = Scene::following(|_| {}).await;
        unconfirmed(&mut scene, Mode::Rollout);
        scene.account(|account| account.fails("prod/web", TASKS_FAILED));
        const SAYS: &str = "failed deployment-failed (2); prod/web failed deployment-failed";
        match by_event {
            true => assert_eq!(said(&scene.told(FAILED).await), SAYS),
            false => assert_eq!(scene.resumes().await, [SAYS]),
        }
        assert_eq!((scene.runs("prod/web"), scene.stopped().is_some()), ("web:2".into(), true));
    }
}

#[tokio::test]
async fn but_no_other_service_has_its_turn_before_somebody_confirms() {
    let mut scene = Scene::before(&["prod/api", "prod/web"], |_| {}).await;
    for name in ["prod/api", "prod/web"] {
        scene.deploys(name);
        scene.account(|account| account.completes(name));
        scene.told_of(COMPLETED, name).await;
    }
    unconfirmed(&mut scene, Mode::Rollout);
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(said(&scene.told_of(COMPLETED, "prod/api").await), "rolled-out (0); prod/api rolled-out");
    assert_eq!((scene.resumes().await, scene.pointed()), (vec![], 1));
    scene.confirmed = true;
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn what_was_about_to_be_pointed_and_was_not_waits_for_that_too() {
    let mut scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::Before, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    scene.world.advance(LEASE);
    unconfirmed(&mut scene, Mode::Rollout);
    assert_eq!((scene.resumes().await, scene.runs("prod/web")), (vec![], "web:2".into()));
    assert_eq!(scene.told_in_the_record(), "web pointing; web waiting in-flight");
    scene.confirmed = true;
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn what_takes_too_long_by_it_alone_does_not_take_too_long() {
    let mut scene = Scene::following(|_| {}).await;
    unconfirmed(&mut scene, Mode::Rollout);
    scene.after(3600);
    assert_eq!((scene.resumes().await, scene.on_their_way().len()), (vec![], 1));
    scene.confirmed = true;
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
}

#[tokio::test]
async fn what_is_new_is_only_observed() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    unconfirmed(&mut scene, Mode::Rollout);
    scene.source = scene.account(|account| account.registers(&blocking()));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let before = scene.world.picture();
    let report = scene.told(UPDATE).await;
    assert_eq!((said(&report).as_str(), report.mode.name()), ("observed (1)", "observe"));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped other-event (0)");
    assert_eq!((scene.resumes().await, scene.world.picture()), (vec![], before));
}
