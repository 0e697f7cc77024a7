//! A deployment of ours that never ends, and what it takes to go on after a failure.

use super::scene::{COMPLETED, FAILED, NOTHING, Scene, notes, rollout, said};
use crate::world::TASKS_FAILED;

#[tokio::test]
async fn without_a_circuit_breaker_a_human_is_asked_once_the_deadline_is_over_and_not_before() {
    let scene = Scene::deployed(|service| service.breaker = false).await;
    scene.told(COMPLETED).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    scene.after(120 * 60);
    assert_eq!(scene.resumes().await, NOTHING, "two hours are its time");
    scene.after(1);
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed; web followed overdue");
    assert_eq!((scene.on_their_way().len(), scene.pointed(), scene.runs("prod/web")), (0, 1, "web:3".into()));
    assert!(scene.stopped().unwrap().contains("neither completed nor failed in its time"));
    assert_eq!(scene.resumes().await, NOTHING, "it is said once");
}

#[tokio::test]
async fn the_baseline_says_how_long_that_is() {
    let scene = Scene::deployed(|_| {}).await.by(&rollout("deadline-minutes = 5"));
    scene.told(COMPLETED).await;
    scene.after(300);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["needs-operator overdue (2); prod/web needs-operator overdue"]);
}

#[tokio::test]
async fn what_is_overdue_can_be_taken_back() {
    let scene = Scene::deployed(|service| service.breaker = false).await;
    scene.told(COMPLETED).await;
    scene.after(120 * 60 + 1);
    scene.resumes().await;
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web pointed-back");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

/// Our deployment failed, and the service is on the source again.
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
async fn to_ask_for_it_by_name_does_not_close_the_fuse() {
    let scene = failed().await;
    let [first, second] = scene.applies(false).await;
    assert_eq!(said(&first), "skipped duplicate (0)");
    // Somebody who asks is told how it ended.
    assert_eq!(said(&second), "failed deployment-failed (2); prod/web failed deployment-failed");
    assert!(scene.stopped().is_some());
    assert_eq!(scene.pointed(), 1);
}

#[tokio::test]
async fn to_ask_again_closes_it_and_the_service_follows_once_more() {
    let scene = failed().await;
    let [first, second] = scene.applies(true).await;
    assert_eq!(said(&first), "skipped duplicate (0)");
    assert!(first.notes.concat().contains("it may be corrected again"), "{first:?}");
    assert_eq!(said(&second), "remediated (0); prod/web updated");
    assert_eq!((scene.stopped(), scene.pointed(), scene.runs("prod/web")), (None, 2, "web:3".into()));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(scene.account(|account| account.active("web")), [1, 2, 3], "no other revision");
}

#[tokio::test]
async fn what_fails_once_more_opens_it_once_more() {
    let scene = failed().await;
    scene.applies(true).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "failed deployment-failed (2); prod/web failed deployment-failed");
    assert_eq!((notes(&report), scene.stopped().is_some()), (TASKS_FAILED.into(), true));
}
