//! Rollouts of a source that another principal deregistered: none waits any longer, and none starts.

use logweir::domain::outcome::Mode;

use super::scene::{COMPLETED, NOTHING, Scene, rollout, said};
use crate::world::story::deregistration;

const WEEKEND: &str = "freeze = [\"fri 15:00 - mon 08:00 Europe/Berlin\"]";

/// A world in which a rollout waits for the end of a freeze window, and its source is deregistered.
async fn withdrawn() -> Scene {
    let scene = Scene::deployed(|_| {}).await.by(&rollout(WEEKEND));
    assert_eq!(said(&scene.told(COMPLETED).await), "refused frozen (1); prod/web waits frozen");
    scene.after(3600);
    scene.account(|account| account.deregisters(&scene.source));
    scene
}

#[tokio::test]
async fn the_event_of_the_deregistration_ends_a_rollout_that_waits() {
    let scene = withdrawn().await;
    let report = scene.tell(&deregistration(&scene.world, &scene.source)).await;
    assert_eq!(said(&report), "skipped source-withdrawn (0); prod/web not-changed source-withdrawn");
    assert_eq!(scene.on_their_way(), Vec::<String>::new());
    assert!(scene.record().head.is_retiring(), "the retirement waits for the service, and the record is closed");
    scene.after(3 * 24 * 3600);
    assert_eq!((scene.resumes().await, scene.pointed()), (NOTHING.map(String::from).to_vec(), 0));
}

#[tokio::test]
async fn a_service_that_still_runs_the_deregistered_source_is_not_updated() {
    let scene = withdrawn().await;
    scene.tell(&deregistration(&scene.world, &scene.source)).await;
    scene.after(3 * 24 * 3600);
    scene.told(COMPLETED).await;
    assert_eq!((scene.pointed(), scene.on_their_way()), (0, vec![]));
}

#[tokio::test]
async fn the_schedule_ends_the_waiting_rollouts_that_the_event_left_also_in_mode_register() {
    let names: Vec<String> = (0..21).map(|number| format!("prod/s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut scene = Scene::before(&names, |_| {}).await.by(&rollout(WEEKEND));
    for name in &names {
        scene.deploys(name);
        scene.account(|account| account.completes(name));
        scene.told_of(COMPLETED, name).await;
    }
    assert_eq!(scene.on_their_way().len(), 21);
    scene.mode = Mode::Register;
    scene.account(|account| account.deregisters(&scene.source));
    scene.tell(&deregistration(&scene.world, &scene.source)).await;
    assert_eq!(scene.on_their_way().len(), 1, "one event ends twenty rollouts");
    let left = scene.on_their_way();
    assert_eq!(
        scene.resumes().await,
        [format!("skipped source-withdrawn (0); {} not-changed source-withdrawn", left[0])]
    );
    assert!(scene.record().head.is_retiring());
    assert_eq!(scene.pointed(), 0);
}
