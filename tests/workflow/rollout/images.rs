//! Nothing is deployed that nobody deployed: what a tag means now, and what a driver that was added may break.

use logweir::ports::ErrorKind;

use super::scene::{COMPLETED, Scene, blocking, notes, rollout, said, sound};
use crate::world::{Moment, Then};

const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web:1.2";
const UPDATED: &str = "remediated (0); prod/web updated";
const HELD: &str = "refused image-changed (1); prod/web left-alone image-changed";

/// prod/web runs a revision that blocks and whose image has this name.
async fn with_image(image: &str) -> Scene {
    let named = blocking().replace(&format!("nginx@sha256:{}", "a".repeat(64)), image);
    let scene = Scene::of(&sound(), &named, &["prod/web"], |_| {}).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:one"));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene
}

/// The service is held, and the report says why.
async fn is_held(scene: &Scene, note: &str) {
    let report = scene.told(COMPLETED).await;
    assert_eq!((said(&report).as_str(), notes(&report).as_str()), (HELD, note));
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.told_in_the_record().as_str()), (0, 0, ""));
}

#[tokio::test]
async fn an_image_whose_tag_means_the_same_as_what_runs_passes() {
    let scene = with_image(IMAGE).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!(scene.world.count("DescribeImages"), 1);
}

#[tokio::test]
async fn one_whose_tag_means_another_image_by_now_is_held() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    is_held(&scene, "the tag of container app's image means another image by now").await;
    // Whoever deploys it has decided.
    scene.account(|account| {
        account.forces_deployment("prod/web");
        account.completes("prod/web");
    });
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}

#[tokio::test]
async fn one_that_ecr_does_not_know_any_more_is_held() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.unpushes(IMAGE));
    is_held(&scene, "the image of container app is not in its registry any more").await;
}

#[tokio::test]
async fn one_that_is_not_of_ecr_is_held_and_nobody_is_asked() {
    let scene = with_image("public.ecr.aws/nginx/nginx:1").await;
    scene.account(|account| {
        for images in account.service_revisions.values_mut() {
            images[0].digest = Some("sha256:one".into());
        }
    });
    is_held(&scene, "the image of container app has a tag, and only Amazon ECR is asked for those").await;
    assert_eq!(scene.world.count("DescribeImages"), 0);
}

#[tokio::test]
async fn one_of_which_ecs_does_not_say_what_runs_is_held() {
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.service_revisions.values_mut().for_each(|images| images[0].digest = None));
    is_held(&scene, "ECS does not say which image container app runs").await;
    // A service without tasks runs none.
    let scene = with_image(IMAGE).await;
    scene.account(|account| account.service_mut("prod/web").deployments[0].running = 0);
    is_held(&scene, "ECS does not say which image container app runs").await;
}

#[tokio::test]
async fn one_that_is_pinned_by_its_digest_passes_without_a_question() {
    let scene = Scene::deployed(|_| {}).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!((scene.world.count("DescribeServiceRevisions"), scene.world.count("DescribeImages")), (0, 0));
}

#[tokio::test]
async fn one_container_of_two_is_enough_to_be_held() {
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
    is_held(&scene, "the tag of container proxy's image means another image by now").await;
}

#[tokio::test]
async fn where_the_guard_warns_the_service_follows_and_the_report_says_what_changed() {
    let scene = with_image(IMAGE).await.by(&rollout("image-guard = \"warn\""));
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), UPDATED);
    assert_eq!(report.notes, ["prod/web: the tag of container app's image means another image by now"]);
}

#[tokio::test]
async fn where_it_is_off_nobody_is_asked() {
    let scene = with_image(IMAGE).await.by(&rollout("image-guard = \"off\""));
    scene.account(|account| account.pushes(IMAGE, "sha256:two"));
    let report = scene.told(COMPLETED).await;
    assert_eq!((said(&report).as_str(), report.notes.len()), (UPDATED, 0));
    assert_eq!((scene.world.count("DescribeServiceRevisions"), scene.world.count("DescribeImages")), (0, 0));
}

#[tokio::test]
async fn what_may_not_be_asked_counts_as_different() {
    for call in ["DescribeServiceRevisions", "DescribeImages"] {
        let scene = with_image(IMAGE).await;
        scene.world.at_next(call, Moment::Before, Then::fail(ErrorKind::Refused, call, "AccessDenied"));
        is_held(&scene, &format!("what runs could not be read: {call}: AccessDenied")).await;
    }
}

/// A container without a driver is given one.
fn without_driver() -> String {
    let blocking = blocking();
    let from = blocking.find(",\"logConfiguration\"").unwrap();
    format!("{}}}]}}", &blocking[..from])
}

#[tokio::test]
async fn a_driver_that_was_added_asks_for_a_circuit_breaker_that_rolls_back() {
    for (rolls_back, says) in [
        (false, "refused no-circuit-breaker (1); prod/web left-alone no-circuit-breaker"),
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
async fn so_does_one_that_was_replaced() {
    let syslog = blocking().replace("\"awslogs\",\"options\"", "\"json-file\",\"options\"");
    let syslog = format!("{}\"max-size\":\"10m\"}}}}}}]}}", &syslog[..syslog.find("\"awslogs-group\"").unwrap()]);
    let world = Scene::before(&["prod/web"], |_| {}).await.by("version = 1\n[logging]\nreplace = [\"json-file\"]\n");
    world.account(|account| {
        let newer = account.registers(&syslog);
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    let report = world.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web left-alone no-circuit-breaker");
    let note = "a log driver was added or replaced, and the service has no circuit breaker with rollback";
    assert_eq!((notes(&report).as_str(), world.pointed()), (note, 0));
}

#[tokio::test]
async fn an_option_that_was_changed_asks_for_none() {
    let scene = Scene::deployed(|service| (service.breaker, service.rolls_back) = (false, false)).await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
}
