//! The image guard, which compares the current digest of a tag with the running one; and the circuit breaker that an
//! added driver requires.

use logweir::ports::ErrorKind;

use super::scene::{COMPLETED, Scene, blocking, notes, rollout, said, sound};
use crate::world::{Moment, Then};

const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web:1.2";
const UPDATED: &str = "remediated (0); prod/web updated";
const HELD: &str = "refused image-changed (1); prod/web not-changed image-changed";

/// prod/web runs a revision that blocks and whose image has this name.
async fn with_image(image: &str) -> Scene {
    let named = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), image);
    let scene = Scene::of(&sound(), &named, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:one"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene
}

/// Asserts that the service is not updated, and that the report says why.
async fn is_held(scene: &Scene, note: &str) {
    let report = scene.told(COMPLETED).await;
    assert_eq!((said(&report).as_str(), notes(&report).as_str()), (HELD, note));
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.told_in_the_record().as_str()), (0, 0, ""));
}

#[tokio::test]
async fn an_image_whose_tag_resolves_to_the_running_digest_passes() {
    let scene = with_image(IMAGE).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!(scene.world.count("DescribeImages"), 1);
}

#[tokio::test]
async fn an_image_whose_tag_resolves_to_another_digest_stops_the_update() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    is_held(&scene, "the tag of container app's image now resolves to another image").await;
    // A deployment of the new image by another principal allows the update.
    scene.account(|account| {
        account.forces_deployment("prod/web");
        account.completes("prod/web");
    });
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}

#[tokio::test]
async fn an_image_that_ecr_no_longer_knows_stops_the_update() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.unpushes(IMAGE));
    is_held(&scene, "the image of container app is no longer in its registry").await;
}

#[tokio::test]
async fn a_tagged_image_outside_ecr_stops_the_update_without_a_call() {
    let scene = with_image("public.ecr.aws/nginx/nginx:1").await;
    scene.account(|account| {
        for images in account.service_revisions.values_mut() {
            images[0].digest = Some("sha256:one".into());
        }
    });
    is_held(&scene, "the image of container app is not in Amazon ECR, so Logweir cannot resolve its tag").await;
    assert_eq!(scene.world.count("DescribeImages"), 0);
}

#[tokio::test]
async fn an_image_without_a_known_running_digest_stops_the_update() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.service_revisions.values_mut().for_each(|images| images[0].digest = None));
    is_held(&scene, "ECS does not say which image container app runs").await;
    // A service without tasks has no running digest.
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.service_mut("prod/web").deployments[0].running = 0);
    is_held(&scene, "ECS does not say which image container app runs").await;
}

#[tokio::test]
async fn a_pinned_image_passes_without_a_call() {
    let scene = Scene::deployed(|_| {}).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!((scene.world.count("DescribeServiceRevisions"), scene.world.count("DescribeImages")), (0, 0));
}

#[tokio::test]
async fn one_container_of_two_is_enough_to_stop_the_update() {
    let pinned = blocking();
    let sidecar = "\"containerDefinitions\":[{\"name\":\"proxy\",\"image\":\"IMAGE\",\"memory\":64,\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"/ecs/web\",\"awslogs-region\":\"eu-west-1\",\"awslogs-stream-prefix\":\"proxy\",\"mode\":\"non-blocking\",\"max-buffer-size\":\"4m\"}}},";
    let two = pinned.replace("\"containerDefinitions\":[", &sidecar.replace("IMAGE", IMAGE));
    let scene = Scene::of(&sound(), &two, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:one"));
    scene.deploys("prod/web");
    scene.account(|account| {
        account.completes("prod/web");
        account.pushes(IMAGE, "sha256:two");
    });
    is_held(&scene, "the tag of container proxy's image now resolves to another image").await;
}

#[tokio::test]
async fn with_a_warning_guard_the_service_is_updated_and_the_change_reported() {
    let scene = with_image(IMAGE).await.by(&rollout("image-guard = \"warn\""));
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), UPDATED);
    assert_eq!(report.notes, ["prod/web: the tag of container app's image now resolves to another image"]);
}

#[tokio::test]
async fn with_a_disabled_guard_no_call_is_made() {
    let scene = with_image(IMAGE).await.by(&rollout("image-guard = \"off\""));
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    let report = scene.told(COMPLETED).await;
    assert_eq!((said(&report).as_str(), report.notes.len()), (UPDATED, 0));
    assert_eq!((scene.world.count("DescribeServiceRevisions"), scene.world.count("DescribeImages")), (0, 0));
}

#[tokio::test]
async fn an_image_that_may_not_be_read_counts_as_different() {
    for call in ["DescribeServiceRevisions", "DescribeImages"] {
        let scene = with_image(IMAGE).await;
        scene.world.at_next(call, Moment::Before, Then::fail(ErrorKind::Refused, call, "AccessDenied"));
        is_held(&scene, &format!("the image digests could not be read: {call}: AccessDenied")).await;
    }
}

/// A document whose container has no driver. Its correction adds one.
fn without_driver() -> String {
    let blocking = blocking();
    let from = blocking.find(",\"logConfiguration\"").unwrap();
    format!("{}}}]}}", &blocking[..from])
}

#[tokio::test]
async fn an_added_driver_requires_a_circuit_breaker_with_rollback() {
    for (rolls_back, says) in [
        (false, "refused no-circuit-breaker (1); prod/web not-changed no-circuit-breaker"),
        (true, "remediated (0); prod/web updated"),
    ] {
        let scene =
            Scene::of(&sound(), &without_driver(), &["prod/web"], |service| service.rolls_back = rolls_back).await;
        scene.deploys("prod/web");
        scene.account(|account| account.completes("prod/web"));
        let report = scene.told(COMPLETED).await;
        assert_eq!(said(&report), says);
        assert_eq!((scene.pointed(), scene.on_their_way().len()), (usize::from(rolls_back), usize::from(rolls_back)));
    }
}

#[tokio::test]
async fn a_replaced_driver_requires_a_circuit_breaker_with_rollback() {
    let syslog = blocking().replace("\"awslogs\",\"options\"", "\"json-file\",\"options\"");
    let syslog = format!("{}\"max-size\":\"10m\"}}}}}}]}}", &syslog[..syslog.find("\"awslogs-group\"").unwrap()]);
    let world = Scene::before(&["prod/web"], |_| {}).await.by("version = 1\n[logging]\nreplace = [\"json-file\"]\n");
    world.account(|account| {
        let newer = account.registers(&syslog);
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    let report = world.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web not-changed no-circuit-breaker");
    let note = "the edits add or replace a log driver, and the service has no circuit breaker with rollback";
    assert_eq!((notes(&report).as_str(), world.pointed()), (note, 0));
}

#[tokio::test]
async fn a_changed_option_requires_no_circuit_breaker() {
    let scene = Scene::deployed(|service| (service.breaker, service.rolls_back) = (false, false)).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}
