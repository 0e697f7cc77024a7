//! Services that Logweir must not update: they have another controller, were deleted, run another revision, or have not
//! opted in.

use logweir::domain::ecs::service::Controller;

use super::scene::{COMPLETED, CREATE, Scene, UPDATE, notes, rollout, said, sound};

/// Asserts the report on the event, and that no service is updated.
async fn is_left_alone(scene: Scene, event: &str, says: &str, note: &str) {
    let report = scene.told(event).await;
    assert_eq!(said(&report), says);
    assert_eq!(notes(&report), note);
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    assert_eq!(scene.told_in_the_record(), "");
}

#[tokio::test]
async fn a_service_with_another_deployment_controller_is_not_updated() {
    for (controller, note) in [
        (Controller::CodeDeploy, "CodeDeploy deploys the service"),
        (Controller::External, "an external controller deploys the service"),
        (Controller::Other, "Logweir does not know the deployment controller of the service"),
    ] {
        let scene = Scene::created(|service| service.controller = controller).await;
        let says = "refused unsupported-controller (1); prod/web not-changed unsupported-controller";
        is_left_alone(scene, CREATE, says, note).await;
    }
}

#[tokio::test]
async fn an_express_service_is_not_updated() {
    let scene = Scene::created(|service| service.managed = true).await;
    let says = "skipped service-owned (1); prod/web not-changed service-owned";
    is_left_alone(scene, CREATE, says, "ECS manages the service for an Express service").await;
}

#[tokio::test]
async fn a_draining_or_deleted_service_is_not_updated() {
    let says = "skipped service-inactive (0); prod/web not-changed service-inactive";
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.drains("prod/web"));
    is_left_alone(scene, UPDATE, says, "the service is being deleted").await;
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.deletes_service("prod/web"));
    is_left_alone(scene, UPDATE, says, "the service was deleted").await;
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.forgets_service("prod/web"));
    is_left_alone(scene, UPDATE, says, "service prod/web does not exist").await;
}

#[tokio::test]
async fn a_deployment_event_of_a_deleted_service_changes_nothing() {
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.forgets_service("prod/web"));
    let says = "skipped service-inactive (0); prod/web not-changed service-inactive";
    is_left_alone(scene, COMPLETED, says, "service prod/web does not exist").await;
}

#[tokio::test]
async fn a_service_that_runs_another_revision_by_now_is_not_updated() {
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| {
        let newer = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service("prod/web", &newer);
    });
    let update = scene.account(|account| {
        let events = account.events.iter().filter(|event| event["detail"]["eventName"] == UPDATE);
        events.rev().nth(1).unwrap().clone()
    });
    let report = scene.tell(&update).await;
    assert_eq!(said(&report), "skipped service-changed (0); prod/web not-changed service-changed");
    assert_eq!(notes(&report), "the service runs other:1 now");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (0, "other:1".into()));
}

#[tokio::test]
async fn a_service_is_not_updated_until_its_tag_opts_in() {
    let scene = Scene::deployed(|_| {}).await.by(&rollout("require-service-tag = \"logweir=follow\""));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "skipped not-opted-in (0); prod/web not-changed not-opted-in");
    assert_eq!(notes(&report), "the service lacks the tag logweir=follow");
    scene.account(|account| account.tags_service("prod/web", "logweir", "no"));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped not-opted-in (0); prod/web not-changed not-opted-in");
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    scene.account(|account| account.tags_service("prod/web", "logweir", "follow"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_profile_for_a_cluster_overrides_the_baseline() {
    let profile = "[[profile]]\nmatch = { cluster = \"prod*\" }\nrollout.require-service-tag = \"logweir=follow\"\n";
    let scene = Scene::deployed(|_| {}).await.by(&rollout(profile));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped not-opted-in (0); prod/web not-changed not-opted-in");
    let scene = Scene::deployed(|_| {}).await.by(&rollout(&profile.replace("prod*", "test*")));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_profile_for_a_service_tag_overrides_the_baseline() {
    let baseline = "version = 1\ntrusted-tags = [\"speed\"]\n[[profile]]\nmatch = { service-tag = \"speed=fast\" }\nrollout.when = \"at-once\"\n";
    let scene = Scene::deploying(|_| {}).await.by(baseline);
    assert_eq!(
        said(&scene.told(UPDATE).await),
        "skipped deployment-under-way (0); prod/web not-changed deployment-under-way"
    );
    scene.account(|account| account.tags_service("prod/web", "speed", "fast"));
    assert_eq!(said(&scene.told(UPDATE).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_correction_in_the_same_run_is_reported_before_the_reason_not_to_update_the_service() {
    let scene = Scene::before(&["prod/web"], |_| {}).await.by(&rollout("require-service-tag = \"logweir=follow\""));
    let newer = scene.account(|account| {
        let newer = account.registers(&super::scene::blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
        newer
    });
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "remediated (0); prod/web not-changed not-opted-in");
    assert_eq!((report.report.record, report.report.corrected.is_some()), (Some(newer.short()), true));
}
