//! A source revision whose deregistration no event has reported is found.

use jiff::SignedDuration;
use logweir::domain::outcome::Mode;

use super::scene::{HOUR, Scene};
use crate::world::story::retires;

/// An account in which web:2 corrects web:1.
async fn corrected() -> Scene {
    let mut scene = Scene::lost().await;
    scene.reconciles().await;
    assert_eq!(scene.active("web"), [1, 2]);
    scene.world.advance(HOUR * 24);
    scene
}

#[tokio::test]
async fn a_deregistered_source_is_sent_to_the_queue() {
    let mut scene = corrected().await;
    scene.reconciles().await;
    assert_eq!((scene.withdrawn().len(), scene.heard.finished[1].withdrawn), (0, 0), "the source is ACTIVE");
    scene.world.account(|account| account.deregisters(&account.arn("web", 1).clone()));
    scene.world.advance(HOUR * 24);
    let before = scene.world.count("DescribeTaskDefinition");
    scene.delivers(&super::scene::start()).await;
    assert_eq!(scene.withdrawn(), ["web:1"]);
    assert_eq!(scene.heard.finished[2].withdrawn, 1);
    assert_eq!(scene.world.count("DescribeTaskDefinition") - before, 2, "the newest revision and its source");
}

#[tokio::test]
async fn the_corrected_revision_of_a_source_whose_deregistration_was_lost_is_retired() {
    let mut scene = corrected().await;
    scene.world.account(|account| account.deregisters(&account.arn("web", 1).clone()));
    scene.reconciles().await;
    assert_eq!(scene.decided().pop().unwrap(), "skipped source-withdrawn");
    for _ in 0..6 {
        scene.world.advance(SignedDuration::from_mins(15));
        retires(&scene.world).await;
    }
    assert_eq!(scene.active("web"), [0; 0]);
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.finished()[2], scene.withdrawn().len()), ([0; 5], 1), "the family has no ACTIVE revision");
}

#[tokio::test]
async fn a_source_that_ecs_no_longer_describes_is_left_to_its_event() {
    let mut scene = corrected().await;
    scene.world.account(|account| {
        account.shows_inactive = false;
        account.deregisters(&account.arn("web", 1).clone());
    });
    scene.reconciles().await;
    assert_eq!((scene.withdrawn().len(), scene.heard.failed.len(), scene.finished().len()), (0, 0, 2));
}

#[tokio::test]
async fn in_mode_observe_no_source_is_described() {
    let mut scene = corrected().await;
    scene.world.account(|account| account.deregisters(&account.arn("web", 1).clone()));
    scene.mode = Mode::Observe;
    let before = scene.world.count("DescribeTaskDefinition");
    scene.reconciles().await;
    assert_eq!((scene.withdrawn().len(), scene.world.count("DescribeTaskDefinition") - before), (0, 1));
}
