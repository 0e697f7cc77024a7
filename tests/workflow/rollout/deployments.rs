//! The source's own deployment has priority.

use super::scene::{COMPLETED, CREATE, FAILED, IN_PROGRESS, NOTHING, Scene, UPDATE, notes, rollout, said};
use crate::world::TASKS_FAILED;

const UNDER_WAY: &str = "skipped deployment-under-way (0); prod/web not-changed deployment-under-way";

#[tokio::test]
async fn nothing_is_done_during_another_principals_deployment_and_its_end_triggers_the_update() {
    let scene = Scene::deploying(|_| {}).await;
    for event in [UPDATE, IN_PROGRESS] {
        let report = scene.told(event).await;
        assert_eq!(said(&report), UNDER_WAY, "{event}");
    }
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    scene.account(|account| account.completes("prod/web"));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web updated");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:3".into()));
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated");
    assert_eq!(scene.on_their_way(), ["prod/web"]);
    assert!(
        report.report.backout.is_some_and(|command| command.contains("task-definition/web:2")),
        "it can be backed out"
    );
}

#[tokio::test]
async fn with_at_once_the_service_is_updated_during_the_sources_deployment() {
    let at_once = rollout("when = \"at-once\"");
    for event in [UPDATE, IN_PROGRESS] {
        let scene = Scene::deploying(|service| service.rolls_back = true).await.by(&at_once);
        let report = scene.told(event).await;
        assert_eq!(said(&report), "remediated (0); prod/web updated", "{event}");
        assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:3".into()));
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    }
}

#[tokio::test]
async fn a_paused_deployment_is_reported() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.service_mut("prod/web").paused = true);
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "skipped deployment-paused (0); prod/web not-changed deployment-paused");
    assert_eq!(notes(&report), "the deployment of service prod/web is paused until an operator continues it");
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_source_whose_own_deployment_fails_is_not_rolled_out() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "skipped deployment-failed (0); prod/web not-changed deployment-failed");
    assert_eq!(notes(&report), "the deployment of the source revision failed");
    assert_eq!((scene.pointed(), scene.stopped()), (0, None), "the failure is not Logweir's");
}

#[tokio::test]
async fn a_source_that_ecs_has_rolled_back_is_not_rolled_out() {
    let scene = Scene::deploying(|service| service.rolls_back = true).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    // The service runs web:1 again, which is compliant.
    assert_eq!(said(&scene.told(FAILED).await), "compliant (0)");
    assert_eq!(said(&scene.told(UPDATE).await), "skipped service-changed (0); prod/web not-changed service-changed");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "compliant (0)");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (0, "web:1".into()));
}

#[tokio::test]
async fn a_service_created_with_the_source_is_updated_like_a_changed_one() {
    let scene = Scene::created(|_| {}).await;
    assert_eq!(said(&scene.told(CREATE).await), UNDER_WAY);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:2".into()));
}

#[tokio::test]
async fn the_completion_event_may_arrive_before_the_creation_event() {
    let scene = Scene::created(|_| {}).await;
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    assert_eq!(said(&scene.told(CREATE).await), "skipped deployment-under-way (0); prod/web updated");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(said(&scene.told(CREATE).await), "skipped duplicate (0)");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:2".into()));
}

#[tokio::test]
async fn an_event_of_ecs_is_newer_than_what_ecs_shows() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.completes("prod/web"));
    let completed = scene.event(COMPLETED);
    // The read lags behind the event.
    let scene = Scene::deploying(|_| {}).await;
    assert_eq!(said(&scene.tell(&completed).await), "remediated (0); prod/web updated");
    assert_eq!(scene.runs("prod/web"), "web:3");
}

#[tokio::test]
async fn without_a_rollout_state_the_service_deployment_decides_when_it_has_ended() {
    let scene = Scene::deploying(|service| service.shifts_traffic = true).await;
    // All tasks of both deployments run, and traffic has not been shifted.
    let all_run = |account: &mut crate::world::Account| {
        let newest = &mut account.service_mut("prod/web").deployments[0];
        (newest.pending, newest.running) = (0, newest.desired);
    };
    scene.account(all_run);
    assert_eq!(said(&scene.told(UPDATE).await), UNDER_WAY);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(UPDATE).await), "remediated (0); prod/web updated");
    scene.account(all_run);
    assert_eq!(said(&scene.told(UPDATE).await), "skipped deployment-under-way (0); prod/web updated");
    assert_eq!(scene.resumes().await, NOTHING);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web rollout-ended completed");
}
