//! Freeze windows and holds: afterwards, a waiting service is updated without another event.

use jiff::Timestamp;
use logweir::workflow::BackoutOptions;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, notes, rollout, said, sound};
use crate::world::story::backs_out_with;

/// The tests begin on a Saturday at noon.
const WEEKEND: &str = "freeze = [\"fri 15:00 - mon 08:00 Europe/Berlin\"]";
const FROZEN: &str = "refused frozen (1); prod/web waits frozen";

fn at(scene: &Scene, time: &str) {
    let time: Timestamp = time.parse().unwrap();
    scene.account(|account| account.now = time);
}

/// The service waits for the end of the weekend.
async fn frozen() -> Scene {
    let scene = Scene::deployed(|_| {}).await.by(&rollout(WEEKEND));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), FROZEN);
    assert_eq!(notes(&report), "a freeze window is active: fri 15:00 - mon 08:00 Europe/Berlin");
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec!["prod/web".into()]));
    scene
}

#[tokio::test]
async fn a_service_waits_for_the_end_of_the_window_and_is_updated_without_an_event() {
    let scene = frozen().await;
    at(&scene, "2026-11-23T06:59:59Z");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(scene.told_in_the_record(), "web waiting frozen", "a read that finds nothing new writes nothing");
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:3".into()));
    assert_eq!(scene.told_in_the_record(), "web waiting frozen; web updating-service; web service-updated");
}

#[tokio::test]
async fn a_wait_is_recorded_once_although_events_are_repeated() {
    let scene = frozen().await;
    for event in [UPDATE, COMPLETED] {
        assert_eq!(said(&scene.told(event).await), FROZEN);
    }
    assert_eq!(scene.told_in_the_record(), "web waiting frozen");
}

#[tokio::test]
async fn a_revision_is_corrected_during_a_freeze_window() {
    let scene = Scene::before(&["prod/web"], |_| {}).await.by(&rollout(WEEKEND));
    scene.account(|account| {
        let newer = account.registers(&super::scene::blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web waits frozen");
    assert_eq!((scene.account(|account| account.active("web").len()), scene.pointed()), (5, 0));
}

#[tokio::test]
async fn a_waiting_service_that_another_principal_updated_is_not_changed() {
    let scene = frozen().await;
    scene.account(|account| {
        let other = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service("prod/web", &other);
    });
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, ["skipped service-changed (0); prod/web not-changed service-changed"]);
    assert_eq!(scene.told_in_the_record(), "web waiting frozen; web rollout-ended service-changed");
    assert_eq!((scene.on_their_way().len(), scene.pointed(), scene.runs("prod/web")), (0, 0, "other:1".into()));
    assert_eq!(scene.resumes().await, NOTHING);
}

#[tokio::test]
async fn a_waiting_service_whose_image_changed_is_not_updated() {
    let image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
    let tagged = |document: String| document.replace(&format!("nginx@sha256:{}", "a".repeat(64)), image);
    let scene = Scene::of(&sound(), &tagged(super::scene::blocking()), &["prod/web"], |_| {}).await;
    let scene = scene.by(&rollout(WEEKEND));
    scene.account(|account| account.pushes(image, "sha256:old"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), FROZEN);
    scene.account(|account| account.pushes(image, "sha256:new"));
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, ["refused image-changed (1); prod/web not-changed image-changed"]);
    assert_eq!((scene.on_their_way().len(), scene.pointed()), (0, 0));
}

#[tokio::test]
async fn a_waiting_service_is_not_updated_after_a_backout() {
    let scene = frozen().await;
    assert_eq!(said(&scene.backs_out().await), "backed-out (0)", "there is no service to roll back");
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped backed-out-before (0)");
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.runs("prod/web")), (0, 0, "web:2".into()));
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}

#[tokio::test]
async fn a_profile_freezes_only_its_own_cluster() {
    let profile = "[[profile]]\nmatch = { cluster = \"prod\" }\nrollout.freeze = [\"sat 00:00 - sun 23:00 UTC\"]\n";
    for (cluster, says) in [("prod", FROZEN), ("test", "remediated (0); prod/web updated")] {
        let scene = Scene::deployed(|_| {}).await.by(&rollout(&profile.replace("prod", cluster)));
        assert_eq!(said(&scene.told(COMPLETED).await), says);
    }
}

#[tokio::test]
async fn a_family_on_hold_waits_until_the_hold_ends() {
    let scene = Scene::before(&["prod/web"], |_| {}).await;
    // Another record of the family is backed out, which puts the family on hold.
    let newer = scene.account(|account| account.registers(&super::scene::blocking()));
    scene.told(super::scene::REGISTER).await;
    let ask = BackoutOptions {
        hold_until: Some("2026-11-21T14:00:00Z".parse().unwrap()),
        reason: Some("incident 7".into()),
        ..BackoutOptions::default()
    };
    backs_out_with(&scene.world, "operator", &newer, ask).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "refused on-hold (1); prod/web waits on-hold");
    assert_eq!(notes(&report), "the family is on hold until 2026-11-21T14:00:00Z: incident 7");
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec!["prod/web".into()]));
    at(&scene, "2026-11-21T13:59:59Z");
    assert_eq!(scene.resumes().await, NOTHING);
    at(&scene, "2026-11-21T14:00:00Z");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}
