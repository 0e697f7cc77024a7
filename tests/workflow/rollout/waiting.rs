//! Freeze windows and holds: what waits follows by itself, and no event has to come for it.

use jiff::Timestamp;
use logweir::workflow::BackoutOptions;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, notes, rollout, said, sound};
use crate::world::story::takes_back;

/// The story begins on a Saturday at noon.
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
    assert_eq!(notes(&report), "nothing is rolled out during fri 15:00 - mon 08:00 Europe/Berlin");
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec!["prod/web".into()]));
    scene
}

#[tokio::test]
async fn a_service_waits_for_the_end_of_the_window_and_follows_without_an_event() {
    let scene = frozen().await;
    at(&scene, "2026-11-23T06:59:59Z");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(scene.told_in_the_record(), "web waiting frozen", "a look that finds nothing new writes nothing");
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:3".into()));
    assert_eq!(scene.told_in_the_record(), "web waiting frozen; web pointing; web pointed");
}

#[tokio::test]
async fn it_is_said_once_though_events_come_again() {
    let scene = frozen().await;
    for event in [UPDATE, COMPLETED] {
        assert_eq!(said(&scene.told(event).await), FROZEN);
    }
    assert_eq!(scene.told_in_the_record(), "web waiting frozen");
}

#[tokio::test]
async fn a_revision_is_corrected_in_the_window_all_the_same() {
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
async fn one_that_somebody_has_moved_on_while_it_waited_is_left_with_that() {
    let scene = frozen().await;
    scene.account(|account| {
        let other = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service("prod/web", &other);
    });
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, ["skipped service-moved-on (0); prod/web left-alone service-moved-on"]);
    assert_eq!(scene.told_in_the_record(), "web waiting frozen; web followed moved-on");
    assert_eq!((scene.on_their_way().len(), scene.pointed(), scene.runs("prod/web")), (0, 0, "other:1".into()));
    assert_eq!(scene.resumes().await, NOTHING);
}

#[tokio::test]
async fn one_whose_image_changed_meanwhile_is_said_to_stay() {
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
    assert_eq!(scene.resumes().await, ["refused image-changed (1); prod/web left-alone image-changed"]);
    assert_eq!((scene.on_their_way().len(), scene.pointed()), (0, 0));
}

#[tokio::test]
async fn one_that_was_taken_back_while_it_waited_is_not_pointed() {
    let scene = frozen().await;
    assert_eq!(said(&scene.backs_out().await), "backed-out (0)", "there is nothing to point");
    at(&scene, "2026-11-23T07:00:00Z");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped suppressed (0)");
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.runs("prod/web")), (0, 0, "web:2".into()));
    assert_eq!(scene.account(|account| account.active("web")), [1, 2]);
}

#[tokio::test]
async fn a_profile_freezes_its_own_cluster_alone() {
    let baseline =
        "version = 1\n[[profile]]\nmatch = { cluster = \"prod\" }\nrollout.freeze = [\"sat 00:00 - sun 23:00 UTC\"]\n";
    for (cluster, says) in [("prod", FROZEN), ("test", "remediated (0); prod/web updated")] {
        let scene = Scene::deployed(|_| {}).await.by(&baseline.replace("prod", cluster));
        assert_eq!(said(&scene.told(COMPLETED).await), says);
    }
}

#[tokio::test]
async fn a_family_that_is_held_waits_until_the_hold_is_over() {
    let scene = Scene::before(&["prod/web"], |_| {}).await;
    // Another record of the family is taken back, and the family held.
    let newer = scene.account(|account| account.registers(&super::scene::blocking()));
    scene.told(super::scene::REGISTER).await;
    let ask = BackoutOptions {
        hold_until: Some("2026-11-21T14:00:00Z".parse().unwrap()),
        reason: Some("incident 7".into()),
        ..BackoutOptions::default()
    };
    takes_back(&scene.world, "operator", &newer, ask).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "refused held (1); prod/web waits held");
    assert_eq!(notes(&report), "the family is held until 2026-11-21T14:00:00Z: incident 7");
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec!["prod/web".into()]));
    at(&scene, "2026-11-21T13:59:59Z");
    assert_eq!(scene.resumes().await, NOTHING);
    at(&scene, "2026-11-21T14:00:00Z");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}
