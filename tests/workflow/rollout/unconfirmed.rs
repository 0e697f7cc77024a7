//! An unconfirmed new baseline starts nothing. Work that was started under the previous baseline is finished.

use logweir::domain::outcome::Mode;
use logweir::settings::LEASE;

use super::scene::{COMPLETED, FAILED, NOTHING, Scene, UPDATE, blocking, rollout, said};
use crate::world::{Moment, TASKS_FAILED, Then};

/// Switches to another, unconfirmed baseline in this mode.
fn unconfirmed(scene: &mut Scene, mode: Mode) {
    scene.baseline = rollout("deadline-minutes = 5");
    (scene.mode, scene.confirmed) = (mode, false);
}

#[tokio::test]
async fn a_started_rollout_completes() {
    for mode in [Mode::Register, Mode::Rollout] {
        let mut scene = Scene::following(|_| {}).await;
        unconfirmed(&mut scene, mode);
        scene.account(|account| account.completes("prod/web"));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "rolled-out (0); prod/web rolled-out");
        assert_eq!(report.mode.name(), mode.name(), "the report has the configured mode");
        assert_eq!(scene.on_their_way(), NOTHING);
    }
}

#[tokio::test]
async fn a_started_rollout_completes_if_its_event_was_lost() {
    let mut scene = Scene::following(|_| {}).await;
    unconfirmed(&mut scene, Mode::Rollout);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (1, 0));
}

#[tokio::test]
async fn a_started_rollout_that_fails_is_rolled_back_and_opens_the_fuse() {
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
async fn no_other_service_is_updated_before_the_baseline_is_confirmed() {
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
async fn an_intent_that_was_not_carried_out_waits_for_the_confirmation() {
    let mut scene = Scene::deployed(|_| {}).await;
    scene.world.at_next("UpdateService", Moment::Before, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    scene.world.advance(LEASE);
    unconfirmed(&mut scene, Mode::Rollout);
    assert_eq!((scene.resumes().await, scene.runs("prod/web")), (vec![], "web:2".into()));
    assert_eq!(scene.told_in_the_record(), "web updating-service; web waiting in-flight");
    scene.confirmed = true;
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn the_deadline_of_an_unconfirmed_baseline_does_not_count() {
    let mut scene = Scene::following(|_| {}).await;
    unconfirmed(&mut scene, Mode::Rollout);
    scene.after(3600);
    assert_eq!((scene.resumes().await, scene.on_their_way().len()), (vec![], 1));
    scene.confirmed = true;
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
}

#[tokio::test]
async fn a_new_source_is_only_observed() {
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
