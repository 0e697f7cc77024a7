//! The daily reconciliation finds a revision whose containers have created their log groups after its event.

use logweir::ports::ErrorKind;

use super::{GROUP, container, document};
use crate::reconcile::scene::{HOUR, Scene};
use crate::world::story::{backs_out, event, register};
use crate::world::{Moment, Then};
use logweir::domain::outcome::{Mode, Outcome};
use serde_json::Value;

const FIRST: &str = "/app/first";

/// web:1 was registered when these log groups were missing. Logweir has handled its event.
async fn registered(containers: &[Value]) -> Scene {
    let scene = Scene::noted(Mode::Register).await;
    let source = scene.world.account(|account| account.registers(&document(containers)));
    register(&scene.world, &event(&source)).await;
    scene.world.advance(HOUR * 2);
    scene
}

fn creates(scene: &Scene, group: &str) {
    scene.world.account(|account| account.has_group(group, None, 1));
}

#[tokio::test]
async fn a_revision_is_corrected_after_its_container_has_created_the_group() {
    let mut scene = registered(&[container("app", GROUP)]).await;
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 0, 0]]), "the group is missing");
    scene.world.advance(HOUR * 24);
    creates(&scene, GROUP);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.decided()), (vec!["web:1".to_owned()], vec!["remediated".to_owned()]));
    assert_eq!(scene.active("web"), [1, 2]);
    let report = &scene.heard.decisions[0].report;
    assert!(report.rules.contains(&"unbounded-retention".to_owned()), "{:?}", report.rules);
    assert_eq!(scene.world.account(|account| account.groups[GROUP].retention), None);
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    // The retention of the group is a fault that only an operator can correct.
    assert_eq!((scene.active("web"), scene.finished()[2]), (vec![1, 2], [1, 1, 0, 0, 0]));
}

#[tokio::test]
async fn a_container_that_the_correction_left_unchanged_is_corrected() {
    let mut scene = Scene::noted(Mode::Register).await;
    let source = scene.world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        account.registers(&document(&[container("app", GROUP), container("first", FIRST)]))
    });
    register(&scene.world, &event(&source)).await;
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.active("web")), (0, vec![1, 2]));
    creates(&scene, FIRST);
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.decided()), (vec!["web:2".to_owned()], vec!["remediated".to_owned()]));
    assert_eq!(scene.active("web"), [1, 2, 3]);
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.active("web")), (1, vec![1, 2, 3]));
}

#[tokio::test]
async fn a_correction_that_was_backed_out_is_not_repeated() {
    let mut scene = Scene::noted(Mode::Register).await;
    let source = scene.world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        account.registers(&document(&[container("app", GROUP), container("first", FIRST)]))
    });
    register(&scene.world, &event(&source)).await;
    assert_eq!(backs_out(&scene.world, &source).await.outcome, Outcome::BackedOut);
    creates(&scene, FIRST);
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.active("web")), (0, vec![1]));
}

/// web:2 is the correction of web:1. Its container `first` has created its log group since.
async fn partly() -> Scene {
    let scene = Scene::noted(Mode::Register).await;
    let source = scene.world.account(|account| {
        account.has_group(GROUP, Some(30), 1);
        account.registers(&document(&[container("app", GROUP), container("first", FIRST)]))
    });
    register(&scene.world, &event(&source)).await;
    creates(&scene, FIRST);
    scene.world.advance(HOUR * 2);
    scene
}

#[tokio::test]
async fn a_later_correction_that_was_backed_out_is_not_repeated() {
    let mut scene = partly().await;
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.active("web")), (vec!["web:2".to_owned()], vec![1, 2, 3]));
    let corrected = scene.world.account(|account| account.arn("web", 2));
    assert_eq!(backs_out(&scene.world, &corrected).await.outcome, Outcome::BackedOut);
    for _ in 0..2 {
        scene.world.advance(HOUR * 24);
        scene.reconciles().await;
    }
    assert_eq!((scene.overdue().len(), scene.active("web")), (1, vec![1, 2]));
}

#[tokio::test]
async fn a_later_correction_that_failed_is_only_counted() {
    let mut scene = partly().await;
    let denied = Then::fail(ErrorKind::Refused, "RegisterTaskDefinition", "AccessDeniedException: no");
    scene.world.at_next("RegisterTaskDefinition", Moment::Before, denied);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.decided()), (1, vec!["failed".to_owned()]));
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()[1]), (1, [1, 1, 0, 1, 0]));
}

#[tokio::test]
async fn a_group_that_logweir_could_not_create_may_have_been_created_since() {
    let mut scene = Scene::noted(Mode::Register).await;
    let source = scene.world.account(|account| account.registers(&document(&[container("app", "/ecs/web")])));
    let denied = Then::fail(ErrorKind::Refused, "CreateLogGroup", "AccessDeniedException: no");
    scene.world.at_next("CreateLogGroup", Moment::Before, denied);
    assert_eq!(register(&scene.world, &event(&source)).await.outcome, Outcome::Failed);
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 1, 0]]));
    creates(&scene, "/ecs/web");
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.active("web")), (vec!["web:1".to_owned()], vec![1, 2]));
    assert_eq!(scene.world.account(|account| account.groups["/ecs/web"].retention), None, "the group holds data");
    assert_eq!(scene.world.account(|account| account.wrongs.clone()), Vec::<String>::new());
}
