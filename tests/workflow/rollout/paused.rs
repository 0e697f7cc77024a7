//! A lifecycle hook pauses Logweir's deployment: the deadline stands still, and an operator is notified once.

use logweir::domain::notice::{Notice, NoticeKind};
use logweir::domain::outcome::Reason;
use logweir::domain::report::Decision;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, WEB, notes, said};
use crate::world::TASKS_FAILED;

const PAUSED: &str = "remediated deployment-paused (0); prod/web updated deployment-paused";
const OVERDUE: &str = "needs-operator overdue (2); prod/web needs-operator overdue";

/// The deadline of the shipped baseline, in seconds.
const DEADLINE: i64 = 120 * 60;

/// A hook pauses Logweir's deployment, a minute after it began.
async fn paused(pauses: bool) -> Scene {
    let scene = Scene::following(|service| service.pauses = pauses).await;
    scene.account(|account| account.service_mut(WEB).paused = true);
    scene
}

fn continues(scene: &Scene) {
    scene.account(|account| account.service_mut(WEB).paused = false);
}

/// Asserts that no fuse is open and that the rollout goes on.
fn goes_on(scene: &Scene) {
    assert_eq!((scene.stopped(), scene.on_their_way(), scene.pointed()), (None, vec![WEB.into()], 1));
}

#[tokio::test]
async fn a_pause_is_reported_once_and_is_never_overdue() {
    let scene = paused(true).await;
    assert_eq!(scene.resumes().await, [PAUSED]);
    for _ in 0..5 {
        scene.after(DEADLINE);
        assert_eq!(scene.resumes().await, NOTHING);
    }
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web deployment-paused");
    goes_on(&scene);
}

#[tokio::test]
async fn after_a_pause_the_deadline_goes_on() {
    let scene = paused(true).await;
    scene.resumes().await;
    scene.after(10 * DEADLINE);
    continues(&scene);
    assert_eq!(scene.resumes().await, NOTHING, "the end of a pause needs no report");
    // The minute before the pause counts.
    scene.after(DEADLINE - 60);
    assert_eq!(scene.resumes().await, NOTHING);
    goes_on(&scene);
    scene.after(1);
    assert_eq!(scene.resumes().await, [OVERDUE]);
    assert_eq!(
        scene.told_in_the_record(),
        "web updating-service; web service-updated; web deployment-paused; web deployment-continued; web rollout-ended overdue"
    );
}

#[tokio::test]
async fn each_pause_is_reported() {
    let scene = paused(true).await;
    for _ in 0..3 {
        assert_eq!(scene.resumes().await, [PAUSED]);
        scene.after(DEADLINE);
        continues(&scene);
        assert_eq!(scene.resumes().await, NOTHING);
        scene.account(|account| account.service_mut(WEB).paused = true);
    }
    goes_on(&scene);
}

#[tokio::test]
async fn a_deployment_that_completes_after_a_pause_is_rolled_out() {
    for by_event in [false, true] {
        let scene = paused(true).await;
        scene.resumes().await;
        scene.after(3 * DEADLINE);
        scene.account(|account| account.completes(WEB));
        let says = "rolled-out (0); prod/web rolled-out";
        match by_event {
            true => assert_eq!(said(&scene.told(COMPLETED).await), says),
            false => assert_eq!(scene.resumes().await, [says]),
        }
        assert_eq!(scene.stopped(), None);
    }
}

#[tokio::test]
async fn a_pause_that_an_event_reveals_is_reported_once_too() {
    let scene = paused(true).await;
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), PAUSED);
    assert!(notes(&report).contains("aws ecs continue-service-deployment"), "{}", notes(&report));
    let again = scene.told(UPDATE).await;
    assert_eq!(said(&again), "skipped deployment-paused (0); prod/web updated deployment-paused");
    assert_eq!(scene.resumes().await, NOTHING);
    let kind = |decision: &Decision| Notice::of(decision).map(|notice| notice.kind);
    assert_eq!((kind(&report), kind(&again)), (Some(NoticeKind::RemediationPaused), None));
}

#[tokio::test]
async fn a_hook_that_the_service_no_longer_lists_is_found_before_the_deployment_is_overdue() {
    let scene = paused(false).await;
    assert_eq!(scene.resumes().await, NOTHING, "nothing hints at a hook");
    assert_eq!(scene.world.count("DescribeServiceDeployments"), 0);
    scene.after(DEADLINE);
    assert_eq!(scene.resumes().await, [PAUSED]);
    goes_on(&scene);
}

#[tokio::test]
async fn a_service_without_such_a_hook_costs_no_further_call() {
    let scene = Scene::following(|_| {}).await;
    scene.resumes().await;
    assert_eq!(scene.world.count("DescribeServiceDeployments"), 0);
}

#[tokio::test]
async fn a_deployment_that_fails_after_a_pause_opens_the_fuse() {
    let scene = paused(true).await;
    scene.resumes().await;
    continues(&scene);
    scene.account(|account| account.fails(WEB, TASKS_FAILED));
    assert_eq!(scene.resumes().await, ["failed deployment-failed (2); prod/web failed deployment-failed"]);
    assert!(scene.stopped().unwrap().contains(TASKS_FAILED));
}

#[tokio::test]
async fn a_paused_rollout_can_be_backed_out() {
    let scene = paused(true).await;
    scene.resumes().await;
    let report = scene.backs_out().await;
    assert_eq!(report.reason, Some(Reason::DeploymentUnderWay));
    assert_eq!((scene.runs(WEB), scene.world.count("StopServiceDeployment")), ("web:2".into(), 1));
}
