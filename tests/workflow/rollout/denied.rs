//! Calls that AWS denies or throttles. Logweir retries or reports them, and leaves nothing half done.

use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, blocking, notes, said, sound};
use crate::world::{Moment, Then};

const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
const UPDATED: &str = "remediated (0); prod/web updated";
const DENIED: &str = "failed access-denied (2); prod/web not-changed access-denied";

fn denied(call: &'static str) -> PortError {
    let message = format!("AccessDeniedException: not authorized to perform: {call}");
    PortError { kind: ErrorKind::Refused, call, message, reason: Some(Reason::AccessDenied) }
}

fn throttled(call: &'static str) -> Then {
    let message = "ThrottlingException: Rate exceeded".into();
    Then::Fail(PortError { kind: ErrorKind::Retry, call, message, reason: Some(Reason::Throttled) })
}

/// prod/web runs a revision that blocks. The tag of its image still resolves to the running digest.
async fn tagged() -> Scene {
    let named = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), IMAGE);
    let scene = Scene::of(&sound(), &named, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:one"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene
}

/// Every call for an event that updates a service, with its number of calls.
async fn calls() -> Vec<(&'static str, usize)> {
    let scene = tagged().await;
    let before = scene.world.log().len();
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    let mut calls: Vec<(&'static str, usize)> = Vec::new();
    for call in &scene.world.log()[before..] {
        match calls.iter_mut().find(|(name, _)| *name == call.name) {
            Some((_, times)) => *times += 1,
            None => calls.push((call.name, 1)),
        }
    }
    calls
}

#[tokio::test]
async fn a_throttled_call_makes_the_event_retryable_and_the_final_state_is_the_same() {
    let calls = calls().await;
    for name in ["DescribeServices", "UpdateService", "DescribeServiceRevisions", "DescribeImages", "commit"] {
        assert!(calls.iter().any(|(other, _)| *other == name), "{name} is not among {calls:?}");
    }
    for (name, times) in calls {
        for nth in 1..=times {
            let scene = tagged().await;
            scene.world.at_nth(name, nth, Moment::Before, throttled(name));
            let report = scene.told(COMPLETED).await;
            // Some errors have no consequence, such as an error when a worker releases a record.
            assert!(report.is_retried() || said(&report) == UPDATED, "{name} {nth}: {}", said(&report));
            if report.is_retried() {
                assert!(report.error.as_ref().unwrap().contains("Rate exceeded"), "{name} {nth}: {report:?}");
                assert_eq!(report.exit_code(), 2, "{name} {nth}");
            }
            scene.after(130);
            scene.told(COMPLETED).await;
            scene.resumes().await;
            assert_eq!(scene.runs("prod/web"), "web:3", "{name} {nth}");
            let told = scene.told_in_the_record();
            assert!(told.ends_with("web updating-service; web service-updated"), "{name} {nth}: {told}");
            scene.account(|account| account.completes("prod/web"));
            assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out", "{name} {nth}");
            assert_eq!(scene.account(|account| account.pointings.values().next().unwrap().times.len()), 1);
        }
    }
}

fn not_found() -> Then {
    Then::fail(ErrorKind::Missing, "UpdateService", "ClientException: TaskDefinition not found.")
}

#[tokio::test]
async fn an_update_to_a_revision_that_ecs_does_not_know_yet_is_retried() {
    const DESCRIBE: &str = "DescribeTaskDefinition";
    let reads = calls().await.into_iter().find(|(name, _)| *name == DESCRIBE).unwrap().1;
    for is_shown in [true, false] {
        let scene = tagged().await;
        scene.world.at_next("UpdateService", Moment::Before, not_found());
        if !is_shown {
            let lags = Then::fail(ErrorKind::Missing, DESCRIBE, "ClientException: Unable to describe task definition.");
            scene.world.at_nth(DESCRIBE, reads + 1, Moment::Before, lags);
        }
        let report = scene.told(COMPLETED).await;
        assert!(report.is_retried(), "{}", said(&report));
        scene.after(130);
        scene.told(COMPLETED).await;
        scene.resumes().await;
        assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("web:3", 2));
    }
}

#[tokio::test]
async fn an_update_to_an_old_revision_that_ecs_does_not_know_is_given_up() {
    let scene = tagged().await;
    scene.after(601);
    scene.world.at_next("UpdateService", Moment::Before, not_found());
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "failed (2); prod/web not-changed", "{}", notes(&report));
}

#[tokio::test]
async fn a_service_that_may_not_be_read_is_reported_as_not_changed() {
    let scene = tagged().await;
    scene.world.always("DescribeServices", denied("DescribeServices"));
    for event in [COMPLETED, UPDATE] {
        let report = scene.told(event).await;
        assert_eq!(said(&report), DENIED, "{event}");
        assert!(notes(&report).contains("not authorized to perform: DescribeServices"), "{}", notes(&report));
    }
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.told_in_the_record().as_str()), (0, 0, ""));
    scene.world.restart();
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}

#[tokio::test]
async fn a_service_that_may_not_be_updated_is_reported_and_retried_at_the_next_event() {
    let scene = tagged().await;
    scene.world.always("UpdateService", denied("UpdateService"));
    for _ in 0..5 {
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), DENIED);
        assert!(notes(&report).contains("not authorized to perform: UpdateService"), "{}", notes(&report));
        assert_eq!((scene.on_their_way().len(), scene.stopped()), (0, None), "a denied update does not open the fuse");
        assert_eq!(scene.resumes().await, NOTHING);
    }
    assert!(scene.told_in_the_record().ends_with("web updating-service; web rollout-ended not-done access-denied"));
    scene.world.restart();
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}

#[tokio::test]
async fn a_running_image_that_may_not_be_read_counts_as_different() {
    for call in ["DescribeServiceRevisions", "DescribeImages"] {
        let scene = tagged().await;
        scene.world.always(call, denied(call));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "refused image-changed (1); prod/web not-changed image-changed");
        assert!(notes(&report).contains(&format!("not authorized to perform: {call}")), "{}", notes(&report));
        assert_eq!((scene.pointed(), scene.told_in_the_record().as_str()), (0, ""));
    }
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_recorded() {
    for call in ["commit", "put_family", "put_pointings", "read", "family", "pointings"] {
        let scene = tagged().await;
        scene.world.always(call, denied(call));
        let report = scene.told(COMPLETED).await;
        assert_eq!((report.outcome.name(), report.exit_code()), ("failed", 2), "{call}: {}", said(&report));
        assert!(report.error.as_ref().unwrap().contains(call), "{call}: {report:?}");
        assert_eq!((scene.pointed(), scene.runs("prod/web")), (0, "web:2".into()), "{call}");
        scene.world.restart();
        scene.after(130);
        assert_eq!(said(&scene.told(COMPLETED).await), UPDATED, "{call}");
    }
}

#[tokio::test]
async fn a_rollout_whose_service_may_not_be_read_stays_in_flight() {
    let scene = Scene::following(|_| {}).await;
    scene.world.always("DescribeServices", denied("DescribeServices"));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "failed access-denied (2)");
    assert_eq!(scene.resumes().await, ["failed access-denied (2)"]);
    assert_eq!(scene.on_their_way(), ["prod/web"]);
    scene.world.restart();
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
}

#[tokio::test]
async fn a_failed_deployment_that_may_not_be_rolled_back_needs_an_operator() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.fails("prod/web", crate::world::TASKS_FAILED));
    scene.world.always("UpdateService", denied("UpdateService"));
    let says = "needs-operator deployment-failed (2); prod/web needs-operator deployment-failed";
    let report = scene.told(super::scene::FAILED).await;
    assert_eq!(said(&report), says);
    assert!(notes(&report).contains("not authorized"), "{}", notes(&report));
    assert_eq!((scene.runs("prod/web"), scene.stopped().is_some()), ("web:3".into(), true));
    // Once the update is allowed, a backout rolls the service back.
    scene.world.restart();
    assert_eq!(said(&scene.backs_out().await), "partial deployment-under-way (2); prod/web backed-out");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn a_throttled_rollback_is_completed_later() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.fails("prod/web", crate::world::TASKS_FAILED));
    scene.world.at_next("UpdateService", Moment::Before, throttled("UpdateService"));
    let report = scene.told(super::scene::FAILED).await;
    assert!(report.is_retried(), "{}", said(&report));
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web rolling-back");
    assert_eq!(scene.resumes().await, ["failed deployment-failed (2); prod/web failed deployment-failed"]);
    assert_eq!((scene.runs("prod/web"), scene.on_their_way().len()), ("web:2".into(), 0));
}
