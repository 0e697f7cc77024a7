//! The source's own deployment comes first.

use super::scene::{COMPLETED, CREATE, FAILED, IN_PROGRESS, NOTHING, Scene, UPDATE, notes, rollout, said};
use crate::world::TASKS_FAILED;

const UNDER_WAY: &str = "skipped deployment-under-way (0); prod/web left-alone deployment-under-way";

#[tokio::test]
async fn nothing_is_done_in_the_middle_of_somebodys_deployment_and_its_end_has_an_event() {
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
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed");
    assert_eq!(scene.on_their_way(), ["prod/web"]);
    assert!(
        report.report.backout.is_some_and(|command| command.contains("task-definition/web:2")),
        "it can be taken back"
    );
}

#[tokio::test]
async fn at_once_acts_in_the_middle_of_the_sources_deployment() {
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
async fn a_deployment_that_waits_for_somebody_is_said_to() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.service_mut("prod/web").paused = true);
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "skipped deployment-paused (0); prod/web left-alone deployment-paused");
    assert_eq!(notes(&report), "its deployment is paused until somebody lets it go on");
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_source_whose_own_deployment_fails_is_followed_by_nothing() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "skipped deployment-failed (0); prod/web left-alone deployment-failed");
    assert_eq!(notes(&report), "the deployment of the source itself failed");
    assert_eq!((scene.pointed(), scene.stopped()), (0, None), "it is no failure of ours");
}

#[tokio::test]
async fn nor_where_ecs_has_rolled_it_back() {
    let scene = Scene::deploying(|service| service.rolls_back = true).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    // The service is on web:1 again, which nothing is wrong with.
    assert_eq!(said(&scene.told(FAILED).await), "compliant (0)");
    assert_eq!(said(&scene.told(UPDATE).await), "skipped service-moved-on (0); prod/web left-alone service-moved-on");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "compliant (0)");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (0, "web:1".into()));
}

#[tokio::test]
async fn a_service_that_is_made_with_the_source_follows_as_one_that_is_changed() {
    let scene = Scene::created(|_| {}).await;
    assert_eq!(said(&scene.told(CREATE).await), UNDER_WAY);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:2".into()));
}

#[tokio::test]
async fn it_does_not_matter_whether_its_end_is_told_of_before_its_making() {
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
async fn what_ecs_tells_is_newer_than_what_it_shows() {
    let scene = Scene::deploying(|_| {}).await;
    scene.account(|account| account.completes("prod/web"));
    let completed = scene.event(COMPLETED);
    // A look lags behind the event.
    let scene = Scene::deploying(|_| {}).await;
    assert_eq!(said(&scene.tell(&completed).await), "remediated (0); prod/web updated");
    assert_eq!(scene.runs("prod/web"), "web:3");
}

#[tokio::test]
async fn where_ecs_gives_no_state_the_service_deployment_says_when_it_is_over() {
    let scene = Scene::deploying(|service| service.shifts_traffic = true).await;
    // All tasks of both run, and traffic has not been shifted.
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
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed; web followed completed");
}
