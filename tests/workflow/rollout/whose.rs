//! Services that are not Logweir's to point: somebody else deploys them, they are gone, they run something else, or nobody
//! has asked for it.

use logweir::domain::ecs::service::Controller;

use super::scene::{COMPLETED, CREATE, Scene, UPDATE, notes, rollout, said, sound};

/// Told of the making of such a service, the report says this, and nothing is pointed.
async fn is_left_alone(scene: Scene, event: &str, says: &str, note: &str) {
    let report = scene.told(event).await;
    assert_eq!(said(&report), says);
    assert_eq!(notes(&report), note);
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    assert_eq!(scene.told_in_the_record(), "");
}

#[tokio::test]
async fn a_service_that_somebody_elses_controller_deploys_is_left_to_it() {
    for (controller, note) in [
        (Controller::CodeDeploy, "CodeDeploy deploys it"),
        (Controller::External, "an external controller deploys it"),
        (Controller::Other, "Logweir does not know its controller"),
    ] {
        let scene = Scene::created(|service| service.controller = controller).await;
        let says = "refused unsupported-controller (1); prod/web left-alone unsupported-controller";
        is_left_alone(scene, CREATE, says, note).await;
    }
}

#[tokio::test]
async fn an_express_service_is_left_to_its_own_api() {
    let scene = Scene::created(|service| service.managed = true).await;
    let says = "skipped service-owned (1); prod/web left-alone service-owned";
    is_left_alone(scene, CREATE, says, "ECS keeps it for an Express service").await;
}

#[tokio::test]
async fn a_service_that_is_being_deleted_was_deleted_or_is_gone_is_left_alone() {
    let says = "skipped service-inactive (0); prod/web left-alone service-inactive";
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.drains("prod/web"));
    is_left_alone(scene, UPDATE, says, "it is being deleted").await;
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.deletes_service("prod/web"));
    is_left_alone(scene, UPDATE, says, "it was deleted").await;
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.forgets_service("prod/web"));
    is_left_alone(scene, UPDATE, says, "there is no such service").await;
}

#[tokio::test]
async fn so_it_is_where_ecs_tells_of_a_deployment_of_what_is_gone_by_now() {
    let scene = Scene::deployed(|_| {}).await;
    scene.account(|account| account.forgets_service("prod/web"));
    let says = "skipped service-inactive (0); prod/web left-alone service-inactive";
    is_left_alone(scene, COMPLETED, says, "there is no such service").await;
}

#[tokio::test]
async fn a_service_that_runs_something_else_by_now_is_left_with_it() {
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
    assert_eq!(said(&report), "skipped service-moved-on (0); prod/web left-alone service-moved-on");
    assert_eq!(notes(&report), "it runs other:1 now");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (0, "other:1".into()));
}

#[tokio::test]
async fn a_service_that_nobody_has_opted_in_is_left_alone_and_follows_once_somebody_has() {
    let scene = Scene::deployed(|_| {}).await.by(&rollout("require-service-tag = \"logweir=follow\""));
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "skipped not-opted-in (0); prod/web left-alone not-opted-in");
    assert_eq!(notes(&report), "it does not carry the tag logweir=follow");
    scene.account(|account| account.tags_service("prod/web", "logweir", "no"));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped not-opted-in (0); prod/web left-alone not-opted-in");
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (0, 0));
    scene.account(|account| account.tags_service("prod/web", "logweir", "follow"));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_profile_for_a_cluster_says_otherwise_than_the_baseline_at_large() {
    let profile = "[[profile]]\nmatch = { cluster = \"prod*\" }\nrollout.require-service-tag = \"logweir=follow\"\n";
    let scene = Scene::deployed(|_| {}).await.by(&format!("version = 1\n{profile}"));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped not-opted-in (0); prod/web left-alone not-opted-in");
    let scene = Scene::deployed(|_| {}).await.by(&format!("version = 1\n{}", profile.replace("prod*", "test*")));
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn a_profile_for_services_with_a_tag_says_so_too() {
    let baseline = "version = 1\ntrusted-tags = [\"speed\"]\n[[profile]]\nmatch = { service-tag = \"speed=fast\" }\nrollout.when = \"at-once\"\n";
    let scene = Scene::deploying(|_| {}).await.by(baseline);
    assert_eq!(
        said(&scene.told(UPDATE).await),
        "skipped deployment-under-way (0); prod/web left-alone deployment-under-way"
    );
    scene.account(|account| account.tags_service("prod/web", "speed", "fast"));
    assert_eq!(said(&scene.told(UPDATE).await), "remediated (0); prod/web updated");
}

#[tokio::test]
async fn what_was_corrected_in_the_same_run_is_said_before_what_the_service_is_left_alone_for() {
    let scene = Scene::before(&["prod/web"], |_| {}).await.by(&rollout("require-service-tag = \"logweir=follow\""));
    let newer = scene.account(|account| {
        let newer = account.registers(&super::scene::blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
        newer
    });
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "remediated (0); prod/web left-alone not-opted-in");
    assert_eq!((report.report.record, report.report.corrected.is_some()), (Some(newer.short()), true));
}
