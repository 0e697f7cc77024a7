//! Reads of services that lag behind the latest updates: nothing is concluded from them.

use jiff::SignedDuration;
use logweir::settings::LEASE;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, WEB, said, sound};
use crate::world::story::resumes_backouts;
use crate::world::{Lag, Moment, TASKS_FAILED, Then};

const AGAIN: &str = "failed (2) again";

/// Reads of services omit every change of the last five minutes.
const LAG: Lag =
    Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 100, clusters: 0, lasts: SignedDuration::from_mins(5) };

/// Logweir's deployment is in progress, and no read shows it for five minutes.
async fn following() -> Scene {
    let scene = Scene::deployed(|service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    scene.after(1);
    scene
}

#[tokio::test]
async fn a_read_from_before_the_update_does_not_end_the_rollout() {
    let scene = following().await;
    assert_eq!(scene.resumes().await, [AGAIN]);
    assert_eq!(said(&scene.told(UPDATE).await), AGAIN);
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated");
    scene.after(5 * 60);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.account(|account| account.completes(WEB));
    scene.after(5 * 60);
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
    assert_eq!((scene.pointed(), scene.stopped()), (1, None));
}

#[tokio::test]
async fn a_rollback_by_another_principal_is_seen_once_the_reads_show_it() {
    let scene = following().await;
    scene.deploys(WEB);
    assert_eq!(scene.resumes().await, [AGAIN]);
    scene.after(5 * 60);
    assert_eq!(scene.resumes().await, ["skipped service-rolled-back (0); prod/web rolled-back service-rolled-back"]);
    assert_eq!((scene.runs(WEB), scene.stopped()), ("web:2".into(), None));
}

#[tokio::test]
async fn a_failure_is_seen_once_the_reads_show_it() {
    let scene = following().await;
    scene.account(|account| account.fails(WEB, TASKS_FAILED));
    assert_eq!(scene.resumes().await, [AGAIN]);
    assert_eq!(scene.stopped(), None);
    scene.after(5 * 60);
    assert_eq!(scene.resumes().await, ["failed deployment-failed (2); prod/web failed deployment-failed"]);
    assert!(scene.stopped().is_some());
}

#[tokio::test]
async fn a_backout_that_reads_the_service_from_before_the_update_rolls_the_service_back_later() {
    let scene = following().await;
    assert_eq!(said(&scene.backs_out().await), "failed (2) again; prod/web waits");
    assert_eq!(scene.account(|account| account.active("web")), [1, 2, 3], "the service runs web:3");
    scene.after(5 * 60);
    resumes_backouts(&scene.world).await;
    assert_eq!(scene.runs(WEB), "web:2");
    scene.account(|account| account.completes(WEB));
    scene.after(5 * 60);
    assert_eq!(said(&resumes_backouts(&scene.world).await.remove(0)), "backed-out (0); prod/web backed-out");
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}

#[tokio::test]
async fn the_deployment_of_another_principal_is_not_stopped_although_a_read_did_not_show_it() {
    let scene = Scene::deployed(|service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    scene.account(|account| account.updates_service(WEB, &account.arn("web", 3)));
    scene.after(10);
    // Logweir reads that the service runs the source, and its update changes nothing.
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    scene.after(10 * 60);
    scene.backs_out().await;
    assert_eq!((scene.runs(WEB), scene.world.count("StopServiceDeployment")), ("web:2".into(), 0));
}

#[tokio::test]
async fn logweir_does_not_believe_that_it_has_yielded_before_the_reads_show_its_update() {
    let scene = Scene::deployed(|service| service.rolls_back = true).await;
    // Another principal deploys other:1 right before Logweir's update, and the worker dies before the second update.
    let deploys = Then::act(|account| {
        account.now += SignedDuration::from_secs(1);
        let other = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service(WEB, &other);
        account.now += SignedDuration::from_secs(1);
        account.lag = Lag { lasts: SignedDuration::from_mins(9), ..LAG };
    });
    scene.world.at_next("UpdateService", Moment::Before, deploys);
    scene.world.at_nth("UpdateService", 2, Moment::Before, Then::Crash);
    scene.told(COMPLETED).await;
    assert!(scene.world.is_dead() && scene.told_in_the_record().ends_with("web yielding"));
    scene.world.restart();
    scene.world.advance(LEASE);
    assert_eq!((scene.resumes().await, scene.runs(WEB)), (vec![AGAIN.to_owned()], "web:3".into()));
    scene.after(10 * 60);
    scene.resumes().await;
    assert_eq!(scene.runs(WEB), "other:1");
}

#[tokio::test]
async fn a_backout_concludes_nothing_from_a_read_before_its_own_rollback() {
    let scene = Scene::followed(|service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    for _ in 0..4 {
        scene.backs_out().await;
        scene.after(60);
        resumes_backouts(&scene.world).await;
    }
    assert_eq!((scene.runs(WEB), scene.pointed()), ("web:2".into(), 2));
    scene.account(|account| account.completes(WEB));
    scene.after(10 * 60);
    resumes_backouts(&scene.world).await;
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}

#[tokio::test]
async fn a_read_from_before_the_deployment_of_the_source_does_not_end_the_work_on_the_service() {
    for event in [UPDATE, COMPLETED] {
        let scene = Scene::before(&[WEB], |_| {}).await;
        scene.world.lags(LAG);
        scene.deploys(WEB);
        scene.account(|account| account.completes(WEB));
        assert_eq!(said(&scene.told(event).await), AGAIN);
        scene.after(5 * 60);
        assert_eq!(said(&scene.told(event).await), "remediated (0); prod/web updated");
    }
}

#[tokio::test]
async fn a_lagging_read_of_another_principals_forced_deployment_is_no_failure_of_the_later_update() {
    let scene = Scene::deployed(|service| service.rolls_back = true).await;
    scene.world.lags(Lag { services: 2, ..LAG });
    scene.account(|account| account.forces_deployment(WEB));
    scene.after(10);
    // Logweir reads the service as it was before the forced deployment, and then before its own update.
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    assert_eq!(scene.resumes().await, [AGAIN]);
    assert_eq!((scene.stopped(), scene.on_their_way()), (None, vec![WEB.into()]));
    // A backout does not conclude from such a read that the service was rolled back.
    assert_eq!(said(&scene.backs_out().await), "failed (2) again; prod/web waits");
    scene.after(10 * 60);
    resumes_backouts(&scene.world).await;
    assert_eq!(scene.runs(WEB), "web:2");
}

#[tokio::test]
async fn a_backout_that_reads_the_service_from_before_the_sources_deployment_rolls_the_service_back_later() {
    let scene = Scene::before(&[WEB], |service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    scene.deploys(WEB);
    scene.account(|account| account.completes(WEB));
    scene.after(5 * 60);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    scene.account(|account| account.completes(WEB));
    // The read shows web:1, although Logweir has seen web:2 before its update.
    scene.world.lags(Lag { lasts: SignedDuration::from_mins(9), ..LAG });
    assert_eq!(said(&scene.backs_out().await), "failed (2) again; prod/web waits");
    scene.after(10 * 60);
    resumes_backouts(&scene.world).await;
    assert_eq!(scene.runs(WEB), "web:2");
}

#[tokio::test]
async fn a_revision_that_another_principal_has_just_deployed_is_not_taken_for_a_missing_one() {
    let scene = Scene::following(|service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    scene.account(|account| {
        let newest = account.registers(&sound());
        account.updates_service(WEB, &newest);
    });
    // The read shows Logweir's deployment, and UpdateService does not know web:4 yet.
    scene.world.lags(Lag { describe: 1, starts: 1, ..LAG });
    assert_eq!((said(&scene.told(UPDATE).await).as_str(), scene.stopped()), (AGAIN, None));
    scene.after(5 * 60);
    scene.resumes().await;
    assert_eq!((scene.runs(WEB), scene.stopped(), scene.on_their_way()), ("web:4".into(), None, vec![]));
}

#[tokio::test]
async fn an_update_whose_response_was_lost_is_not_started_again_before_the_reads_show_it() {
    let scene = Scene::deployed(|service| service.rolls_back = true).await;
    scene.world.lags(LAG);
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    assert!(scene.told(COMPLETED).await.is_retried());
    scene.after(1);
    assert!(scene.told(UPDATE).await.is_retried());
    assert_eq!(scene.told_in_the_record(), "web updating-service");
    // A backout knows that Logweir may have updated the service.
    assert_eq!(said(&scene.backs_out().await), "failed (2) again; prod/web waits");
    scene.after(5 * 60);
    resumes_backouts(&scene.world).await;
    assert_eq!(scene.runs(WEB), "web:2");
}
