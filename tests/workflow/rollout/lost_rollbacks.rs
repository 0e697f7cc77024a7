//! A worker dies right after it has rolled a service back, and the rollback has replaced another principal's deployment
//! that no read had shown. The next worker finds the replaced deployment, and yields to it.

use jiff::SignedDuration;
use logweir::domain::outcome::Reason;
use logweir::settings::BACKOUT_LEASE;

use super::scene::{COMPLETED, Scene, UPDATE, WEB, said};
use crate::world::story::resumes_backouts;
use crate::world::{Account, Lag, Moment, Then};

/// Reads of services omit every change of the last five minutes.
const LAG: Lag =
    Lag { describe: 0, list: 0, tags: 0, starts: 0, services: 100, clusters: 0, lasts: SignedDuration::from_mins(5) };

/// The service is back at the other principal's revision, and the last tasks of the correction are ending.
const YIELDED: &str = "partial deployment-under-way (2); prod/web not-changed service-changed";

/// The owner has deployed web:1, and no read shows it. A backout rolls the service back, and its worker dies at the
/// moment.
async fn interrupted(moment: Moment, like: impl Fn(&mut Account)) -> Scene {
    let scene = Scene::followed(|service| service.rolls_back = true).await;
    scene.after(10 * 60);
    scene.world.lags(LAG);
    scene.account(|account| account.updates_service(WEB, &account.arn("web", 1)));
    scene.account(like);
    scene.after(2);
    scene.world.at_next("UpdateService", moment, Then::Crash);
    scene.backs_out().await;
    assert!(scene.world.is_dead());
    scene.world.restart();
    scene
}

async fn schedule(scene: &Scene) -> Vec<String> {
    resumes_backouts(&scene.world).await.iter().map(said).collect()
}

#[tokio::test]
async fn a_rollback_whose_worker_died_yields_to_the_deployment_that_it_replaced() {
    for completes in [false, true] {
        let scene = interrupted(Moment::After, |_| {}).await;
        assert_eq!(scene.runs(WEB), "web:2");
        if completes {
            // ECS then no longer lists the replaced deployment in the description of the service.
            scene.account(|account| account.completes(WEB));
        }
        scene.world.advance(BACKOUT_LEASE);
        schedule(&scene).await;
        assert_eq!(scene.runs(WEB), "web:1");
        scene.account(|account| account.completes(WEB));
        for event in [UPDATE, COMPLETED] {
            scene.told(event).await;
        }
        scene.after(10 * 60);
        schedule(&scene).await;
        assert_eq!(scene.runs(WEB), "web:1");
        let closing = scene.record().head.closing.unwrap();
        assert_eq!((closing.outcome.name(), closing.reason), ("needs-operator", Some(Reason::ServiceChanged)));
    }
}

#[tokio::test]
async fn a_rollback_to_a_restored_revision_yields_to_the_deployment_that_it_replaced() {
    let scene = interrupted(Moment::After, |account| account.deregisters(&account.arn("web", 2))).await;
    assert_eq!(scene.runs(WEB), "web:4");
    scene.world.advance(BACKOUT_LEASE);
    schedule(&scene).await;
    assert_eq!(scene.runs(WEB), "web:1");
}

#[tokio::test]
async fn a_rollback_whose_worker_died_before_the_update_leaves_the_other_deployment() {
    let scene = interrupted(Moment::Before, |_| {}).await;
    let pointed = scene.pointed();
    scene.world.advance(BACKOUT_LEASE);
    schedule(&scene).await;
    assert_eq!((scene.runs(WEB).as_str(), scene.pointed() - pointed), ("web:1", 0));
}

#[tokio::test]
async fn a_rollback_whose_worker_died_does_not_replace_a_later_deployment_of_the_source() {
    let scene = interrupted(Moment::Before, |_| {}).await;
    let pointed = scene.pointed();
    scene.after(5 * 60);
    scene.deploys(WEB);
    scene.world.advance(BACKOUT_LEASE);
    schedule(&scene).await;
    assert_eq!((scene.runs(WEB).as_str(), scene.pointed() - pointed), ("web:2", 0));
}

#[tokio::test]
async fn a_read_from_before_the_rollback_does_not_end_a_backout_whose_worker_died() {
    let scene = interrupted(Moment::After, |_| {}).await;
    // Reads show the owner's deployment, and not the rollback that replaced it.
    scene.world.lags(Lag { services: 1, lasts: SignedDuration::from_mins(9), ..LAG });
    scene.world.advance(BACKOUT_LEASE);
    assert_eq!(schedule(&scene).await, ["failed (2) again; prod/web waits"]);
    scene.after(5 * 60);
    assert_eq!(schedule(&scene).await, [YIELDED]);
    assert_eq!(scene.runs(WEB), "web:1");
}

#[tokio::test]
async fn a_new_request_remembers_a_rollback_whose_answer_was_lost() {
    let scene = Scene::followed(|service| service.rolls_back = true).await;
    scene.after(10 * 60);
    scene.world.lags(LAG);
    scene.account(|account| account.updates_service(WEB, &account.arn("web", 1)));
    scene.after(2);
    scene.world.at_next("UpdateService", Moment::After, Then::Cut);
    assert!(scene.backs_out().await.is_retried());
    assert_eq!(scene.runs(WEB), "web:2");
    scene.after(2);
    scene.world.lags(Lag { services: 1, ..LAG });
    assert!(scene.backs_out().await.is_retried(), "the read shows the owner's deployment");
    scene.after(10 * 60);
    scene.backs_out().await;
    assert_eq!(scene.runs(WEB), "web:1");
}

#[tokio::test]
async fn a_read_from_before_an_update_whose_answer_was_lost_does_not_end_the_work_on_the_service() {
    for backs_out in [false, true] {
        let scene = match backs_out {
            false => Scene::deployed(|service| service.rolls_back = true).await,
            true => Scene::followed(|service| service.rolls_back = true).await,
        };
        scene.after(10 * 60);
        scene.world.lags(LAG);
        let completed = scene.event(COMPLETED);
        scene.account(|account| account.updates_service(WEB, &account.arn("web", 1)));
        scene.after(2);
        // The next read shows the owner's deployment, and not Logweir's update.
        scene.world.at_next("UpdateService", Moment::Before, Then::act(|account| account.lag.services = 1));
        scene.world.at_next("UpdateService", Moment::After, Then::Cut);
        let report = match backs_out {
            false => scene.tell(&completed).await,
            true => scene.backs_out().await,
        };
        assert!(report.is_retried(), "{}", said(&report));
        scene.after(10 * 60);
        scene.resumes().await;
        schedule(&scene).await;
        assert_eq!(scene.runs(WEB), "web:1");
    }
}

#[tokio::test]
async fn a_rollback_whose_worker_died_is_recorded_so_that_a_late_event_is_heard() {
    let scene = Scene::followed(|service| service.rolls_back = true).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Crash);
    scene.backs_out().await;
    scene.world.restart();
    scene.world.advance(BACKOUT_LEASE);
    schedule(&scene).await;
    assert!(scene.told_in_the_record().ends_with("web service-rolled-back"), "{}", scene.told_in_the_record());
    scene.account(|account| account.completes(WEB));
    scene.after(10 * 60);
    schedule(&scene).await;
    assert_eq!((scene.runs(WEB).as_str(), scene.pointed()), ("web:2", 2));
}
