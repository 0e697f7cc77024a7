//! A deployment of Logweir that never ends, and how an operator continues after a failure.

use super::scene::{COMPLETED, FAILED, NOTHING, Scene, notes, rollout, said};
use crate::world::TASKS_FAILED;

#[tokio::test]
async fn without_a_circuit_breaker_an_operator_is_needed_after_the_deadline_and_not_before() {
    let scene = Scene::deployed(|service| service.breaker = false).await;
    scene.told(COMPLETED).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    scene.after(120 * 60);
    assert_eq!(scene.resumes().await, NOTHING, "the deadline is two hours");
    scene.after(1);
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web rollout-ended overdue");
    assert_eq!((scene.on_their_way().len(), scene.pointed(), scene.runs("prod/web")), (0, 1, "web:3".into()));
    assert!(scene.stopped().unwrap().contains("neither completed nor failed before its deadline"));
    assert_eq!(scene.resumes().await, NOTHING, "it is reported once");
}

#[tokio::test]
async fn the_deadline_comes_from_the_baseline() {
    let scene = Scene::deployed(|_| {}).await.by(&rollout("deadline-minutes = 5"));
    scene.told(COMPLETED).await;
    scene.after(300);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
}

#[tokio::test]
async fn an_overdue_rollout_can_be_backed_out() {
    let scene = Scene::deployed(|service| service.breaker = false).await;
    scene.told(COMPLETED).await;
    scene.after(120 * 60 + 1);
    scene.resumes().await;
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web backed-out");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

/// Logweir's deployment failed, and the service runs the source again.
async fn failed() -> Scene {
    let scene = Scene::following(|service| service.rolls_back = true).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    scene.told(FAILED).await;
    scene.account(|account| account.completes("prod/web"));
    scene.after(60);
    scene
}

#[tokio::test]
async fn after_a_failure_nothing_of_the_family_is_corrected() {
    let scene = failed().await;
    let newer = scene.account(|account| account.registers(&super::scene::blocking()));
    let report = scene.told(super::scene::REGISTER).await;
    assert_eq!(said(&report), "refused fuse-open (1)");
    assert!(report.report.error.unwrap().contains(TASKS_FAILED), "{newer}");
}

#[tokio::test]
async fn a_correction_by_name_does_not_close_the_fuse() {
    let scene = failed().await;
    let [first, second] = scene.applies(false).await;
    assert_eq!(said(&first), "skipped duplicate (0)");
    // The operator gets the result of the failed rollout.
    assert_eq!(said(&second), "failed deployment-failed (2); prod/web failed deployment-failed");
    assert!(scene.stopped().is_some());
    assert_eq!(scene.pointed(), 1);
}

#[tokio::test]
async fn forcing_closes_the_fuse_and_updates_the_service_once_more() {
    let scene = failed().await;
    let [first, second] = scene.applies(true).await;
    assert_eq!(said(&first), "skipped duplicate (0)");
    assert!(first.notes.concat().contains("`--force` closed the fuse of family web"), "{first:?}");
    assert_eq!(said(&second), "remediated (0); prod/web updated");
    assert_eq!((scene.stopped(), scene.pointed(), scene.runs("prod/web")), (None, 2, "web:3".into()));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(scene.account(|account| account.active("web")), [1, 2, 3], "no other revision");
}

#[tokio::test]
async fn another_failure_opens_the_fuse_again() {
    let scene = failed().await;
    scene.applies(true).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "failed deployment-failed (2); prod/web failed deployment-failed");
    assert_eq!((notes(&report), scene.stopped().is_some()), (TASKS_FAILED.into(), true));
}
