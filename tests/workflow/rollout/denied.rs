//! What AWS refuses, or is asked too often for: it comes again, or it is said, and nothing is left half done.

use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, blocking, notes, said, sound};
use crate::world::{Moment, Then};

const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
const UPDATED: &str = "remediated (0); prod/web updated";
const DENIED: &str = "failed access-denied (2); prod/web left-alone access-denied";

fn denied(call: &'static str) -> PortError {
    let message = format!("AccessDeniedException: not authorized to perform: {call}");
    PortError { kind: ErrorKind::Refused, call, message, reason: Some(Reason::AccessDenied) }
}

fn throttled(call: &'static str) -> Then {
    let message = "ThrottlingException: Rate exceeded".into();
    Then::Fail(PortError { kind: ErrorKind::Retry, call, message, reason: Some(Reason::Throttled) })
}

/// prod/web runs a revision that blocks, by a tag that still means what runs.
async fn tagged() -> Scene {
    let named = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), IMAGE);
    let scene = Scene::of(&sound(), &named, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:one"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene
}

/// Every call that is made of an event whose service follows, each with how many of them there are.
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
async fn whatever_is_asked_too_often_comes_again_and_ends_as_if_it_had_not_been() {
    let calls = calls().await;
    for name in ["DescribeServices", "UpdateService", "DescribeServiceRevisions", "DescribeImages", "commit"] {
        assert!(calls.iter().any(|(other, _)| *other == name), "{name} is not among {calls:?}");
    }
    for (name, times) in calls {
        for nth in 1..=times {
            let scene = tagged().await;
            scene.world.at_nth(name, nth, Moment::Before, throttled(name));
            let report = scene.told(COMPLETED).await;
            // What is thrown away, an answer to a release, say, is nobody's concern.
            assert!(report.comes_again() || said(&report) == UPDATED, "{name} {nth}: {}", said(&report));
            if report.comes_again() {
                assert!(report.error.as_ref().unwrap().contains("Rate exceeded"), "{name} {nth}: {report:?}");
                assert_eq!(report.exit_code(), 2, "{name} {nth}");
            }
            scene.after(130);
            scene.told(COMPLETED).await;
            scene.resumes().await;
            assert_eq!(scene.runs("prod/web"), "web:3", "{name} {nth}");
            let told = scene.told_in_the_record();
            assert!(told.ends_with("web pointing; web pointed"), "{name} {nth}: {told}");
            scene.account(|account| account.completes("prod/web"));
            assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out", "{name} {nth}");
            assert_eq!(scene.account(|account| account.pointings.values().next().unwrap().times.len()), 1);
        }
    }
}

#[tokio::test]
async fn a_service_that_may_not_be_looked_at_is_said_to_be_left_alone() {
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
async fn one_that_may_not_be_pointed_is_said_and_tried_again_by_the_next_event() {
    let scene = tagged().await;
    scene.world.always("UpdateService", denied("UpdateService"));
    for _ in 0..5 {
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), DENIED);
        assert!(notes(&report).contains("not authorized to perform: UpdateService"), "{}", notes(&report));
        assert_eq!((scene.on_their_way().len(), scene.stopped()), (0, None), "nobody keeps pointing it back");
        assert_eq!(scene.resumes().await, NOTHING);
    }
    assert!(scene.told_in_the_record().ends_with("web pointing; web followed not-done access-denied"));
    scene.world.restart();
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}

#[tokio::test]
async fn what_runs_and_may_not_be_read_is_different() {
    for call in ["DescribeServiceRevisions", "DescribeImages"] {
        let scene = tagged().await;
        scene.world.always(call, denied(call));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), "refused image-changed (1); prod/web left-alone image-changed");
        assert!(notes(&report).contains(&format!("not authorized to perform: {call}")), "{}", notes(&report));
        assert_eq!((scene.pointed(), scene.told_in_the_record().as_str()), (0, ""));
    }
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_written_down() {
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
async fn where_our_deployment_may_not_be_looked_at_it_stays_on_its_way() {
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
async fn a_failed_deployment_that_may_not_be_pointed_back_is_for_a_human() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.fails("prod/web", crate::world::TASKS_FAILED));
    scene.world.always("UpdateService", denied("UpdateService"));
    let says = "needs-operator deployment-failed (2); prod/web needs-operator deployment-failed";
    let report = scene.told(super::scene::FAILED).await;
    assert_eq!(said(&report), says);
    assert!(notes(&report).contains("not authorized"), "{}", notes(&report));
    assert_eq!((scene.runs("prod/web"), scene.stopped().is_some()), ("web:3".into(), true));
    // Once it may be, a backout points it back.
    scene.world.restart();
    assert_eq!(said(&scene.backs_out().await), "partial deployment-under-way (2); prod/web pointed-back");
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn one_that_is_throttled_while_it_is_pointed_back_is_pointed_back_later() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.fails("prod/web", crate::world::TASKS_FAILED));
    scene.world.at_next("UpdateService", Moment::Before, throttled("UpdateService"));
    let report = scene.told(super::scene::FAILED).await;
    assert!(report.comes_again(), "{}", said(&report));
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed; web returning");
    assert_eq!(scene.resumes().await, ["failed deployment-failed (2); prod/web failed deployment-failed"]);
    assert_eq!((scene.runs("prod/web"), scene.on_their_way().len()), ("web:2".into(), 0));
}
