//! The settling time: after the deployment of the source has completed, Logweir waits before it updates the service.

use logweir::settings::SHIPPED_BASELINE;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, WEB, notes, rollout, said};

const SETTLES: &str = "skipped settling (0); prod/web waits settling";

/// The source's deployment has completed at 12:10, and the event was delivered.
async fn settling() -> Scene {
    let scene = Scene::deployed(|_| {}).await.by(SHIPPED_BASELINE);
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), SETTLES);
    assert_eq!(
        notes(&report),
        "the deployment of the source revision completed at 2026-11-21T12:10:00Z; Logweir updates the service after \
         2026-11-21T12:25:00Z (settle-minutes)"
    );
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec![WEB.into()]));
    scene
}

#[tokio::test]
async fn a_service_waits_for_the_settling_time_and_the_schedule_updates_it() {
    let scene = settling().await;
    assert_eq!(scene.world.count("DescribeServiceDeployments"), 0, "the event names the time of completion");
    scene.after(15 * 60 - 1);
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(scene.told_in_the_record(), "web waiting settling", "a read that finds nothing new writes nothing");
    scene.after(1);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!(scene.told_in_the_record(), "web waiting settling; web updating-service; web service-updated");
    assert_eq!((scene.pointed(), scene.runs(WEB)), (1, "web:3".into()));
}

#[tokio::test]
async fn a_repeated_or_late_event_does_not_prolong_the_settling_time() {
    let scene = settling().await;
    scene.after(14 * 60);
    for event in [UPDATE, COMPLETED] {
        assert_eq!(said(&scene.told(event).await), SETTLES, "{event}");
    }
    scene.after(60);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_change_of_the_number_of_tasks_does_not_prolong_the_settling_time() {
    let scene = settling().await;
    scene.after(15 * 60);
    scene.account(|account| account.scales(WEB, 5));
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!(scene.world.count("DescribeServiceDeployments"), 1, "the deployment completed earlier than it changed");
}

#[tokio::test]
async fn another_deployment_of_the_source_begins_the_settling_time_again() {
    let scene = settling().await;
    scene.after(10 * 60);
    scene.account(|account| account.forces_deployment(WEB));
    scene.after(5 * 60);
    assert_eq!(scene.resumes().await, NOTHING, "a deployment is in progress");
    scene.account(|account| account.completes(WEB));
    scene.after(15 * 60 - 1);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn the_baseline_sets_the_settling_time_also_for_single_clusters() {
    let longer = "version = 1\n[[profile]]\nmatch = { cluster = \"prod\" }\nrollout.settle-minutes = 60\n";
    let scene = Scene::deployed(|_| {}).await.by(longer);
    assert_eq!(said(&scene.told(COMPLETED).await), SETTLES);
    scene.after(60 * 60 - 1);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    let scene = Scene::deployed(|_| {}).await.by(&rollout(""));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated", "no settling time");
}

#[tokio::test]
async fn with_at_once_there_is_no_settling_time() {
    let scene = Scene::deployed(|_| {}).await.by("version = 1\n[rollout]\nwhen = \"at-once\"\n");
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn apply_obeys_the_settling_time_and_says_until_when() {
    for again in [false, true] {
        let scene = Scene::deployed(|_| {}).await.by(SHIPPED_BASELINE);
        scene.after(60);
        let [_, service] = scene.applies(again).await;
        assert_eq!(said(&service), SETTLES);
        assert!(notes(&service).contains("after 2026-11-21T12:25:00Z"), "{}", notes(&service));
        assert_eq!(scene.on_their_way(), [WEB], "the schedule starts the rollout");
    }
}

#[tokio::test]
async fn without_a_rollout_state_the_end_of_the_service_deployment_counts() {
    let scene = Scene::deployed(|service| service.shifts_traffic = true).await.by(SHIPPED_BASELINE);
    scene.after(60);
    assert_eq!(said(&scene.told(UPDATE).await), SETTLES);
    scene.account(|account| account.scales(WEB, 5));
    scene.after(14 * 60 - 1);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn a_backout_ends_the_wait() {
    let scene = settling().await;
    assert_eq!(said(&scene.backs_out().await), "backed-out (0)");
    scene.after(3600);
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.pointed(), scene.runs(WEB)), (0, "web:2".into()));
}
