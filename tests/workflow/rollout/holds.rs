//! Services that are deployed while their family is on hold: Logweir updates them after the hold.

use jiff::SignedDuration;
use logweir::domain::event::own_message;
use logweir::domain::limits::family::Hold;

use super::scene::{COMPLETED, Scene, WEB, blocking, rollout, said};

/// prod/web runs web:4, which blocks. It was registered and deployed while the family was on hold for an hour.
async fn deployed_on_hold() -> Scene {
    let mut scene = Scene::followed(|_| {}).await;
    scene.source = scene.account(|account| {
        let until = account.now + SignedDuration::from_hours(1);
        let family = account.remembered.values_mut().next().unwrap();
        family.hold = Some(Hold { until, reason: None, by: None });
        let source = account.registers(&blocking());
        account.updates_service(WEB, &source);
        account.completes(WEB);
        source
    });
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "refused on-hold (1)");
    scene
}

#[tokio::test]
async fn a_service_that_was_deployed_during_a_hold_is_updated_after_the_hold() {
    let scene = deployed_on_hold().await;
    scene.told(COMPLETED).await;
    scene.after(3600);
    let family = scene.account(|account| account.remembered.values().next().unwrap().clone());
    let due = family.due(scene.account(|account| account.now));
    let [deferred] = &due[..] else { panic!("{due:?}") };
    let services: Vec<String> = deferred.services.iter().map(|service| service.short()).collect();
    assert_eq!((&deferred.source, services), (&scene.source, vec![WEB.to_owned()]), "the service is named once");

    let registered = own_message::registration(&deferred.source, &deferred.cause);
    assert_eq!(said(&scene.tell(&registered).await), "remediated (0)");
    let updated = own_message::service_update(&deferred.services[0], &deferred.source, &deferred.cause);
    assert_eq!(said(&scene.tell(&updated).await), "remediated (0); prod/web updated");
    assert_eq!(scene.runs(WEB), "web:5");
}

#[tokio::test]
async fn a_freeze_window_still_applies_after_the_hold() {
    let scene = deployed_on_hold().await;
    scene.after(3600);
    let family = scene.account(|account| account.remembered.values().next().unwrap().clone());
    let deferred = family.deferred.newest().unwrap();
    let scene = scene.by(&rollout("freeze = [\"sat 12:00 - sat 18:00 UTC\"]"));
    let updated = own_message::service_update(&deferred.services[0], &deferred.source, &deferred.cause);
    assert_eq!(said(&scene.tell(&updated).await), "remediated (0); prod/web waits frozen");
    assert_eq!(scene.runs(WEB), "web:4");
}
