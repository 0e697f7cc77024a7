//! Later corrections of a corrected revision, in mode rollout: a service runs the newest correction, and an operator
//! backs out the corrections in any order.

use logweir::domain::ecs::revision::RevisionArn;

use super::*;
use crate::rollout::scene::{COMPLETED, Scene, WEB, notes, said};
use crate::world::story::{PROMPT, backs_out, resumes_backouts};

const FIRST: &str = "/app/first";

/// prod/web ran web:1, and then the corrections web:2 and web:3.
async fn twice() -> Scene {
    let image = format!("nginx@sha256:{}", "a".repeat(64));
    let document = document(&[container("app", GROUP), container("first", FIRST)]).replace("nginx", &image);
    let world = World::new();
    let source = world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        account.registers(&document)
    });
    let scene = Scene { world, baseline: PROMPT.clone(), mode: Mode::Rollout, confirmed: true, source };
    assert_eq!(ended(&scene.tell(&event(&scene.source)).await), REMEDIATED);
    scene.account(|account| account.runs_service(WEB, &scene.source));
    scene.told(COMPLETED).await;
    rolled_out(&scene, 2).await;
    creates(&scene.world, FIRST);
    let corrected = revision(&scene, 2);
    assert_eq!(ended(&scene.tell(&event(&corrected)).await), REMEDIATED);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    rolled_out(&scene, 3).await;
    scene
}

fn revision(scene: &Scene, number: usize) -> RevisionArn {
    scene.account(|account| account.arn("web", number))
}

async fn rolled_out(scene: &Scene, number: usize) {
    assert_eq!(scene.runs(WEB), format!("web:{number}"));
    ends(scene);
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    scene.after(600);
}

fn ends(scene: &Scene) {
    scene.after(600);
    scene.account(|account| account.completes(WEB));
    scene.after(600);
}

#[tokio::test]
async fn the_backout_of_the_first_correction_waits_for_the_backout_of_the_later_one() {
    let scene = twice().await;
    let report = backs_out(&scene.world, &scene.source).await;
    assert_eq!(said(&report), "needs-operator newer-revision (2); prod/web not-changed newer-revision");
    assert!(notes(&report).contains("run `logweir backout web:2` first"), "{}", notes(&report));
    assert_eq!((scene.runs(WEB).as_str(), active(&scene.world)), ("web:3", vec![1, 2, 3]));
    for (number, runs, left) in [(2, "web:2", vec![1, 2]), (1, "web:1", vec![1])] {
        backs_out(&scene.world, &revision(&scene, number)).await;
        ends(&scene);
        resumes_backouts(&scene.world).await;
        assert_eq!((scene.runs(WEB).as_str(), active(&scene.world)), (runs, left), "after web:{number}");
    }
}
