//! What Logweir does in each mode, and the events that it ignores.

use logweir::domain::outcome::Mode;
use serde_json::{Value, json};

use super::scene::{COMPLETED, CREATE, FAILED, IN_PROGRESS, NOTHING, REGISTER, Scene, UPDATE, blocking, said};
use crate::world::{LOGWEIR, TASKS_FAILED};

/// A world in which a blocking revision is deployed and not corrected yet.
async fn uncorrected(mode: Mode) -> Scene {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    scene.mode = mode;
    scene.source = scene.account(|account| account.registers(&blocking()));
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene
}

#[tokio::test]
async fn mode_register_corrects_a_deployed_revision_and_changes_no_service() {
    let scene = uncorrected(Mode::Register).await;
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "remediated (0)");
    assert_eq!(report.report.corrected.map(|corrected| corrected.ends_with("web:5")), Some(true));
    assert_eq!(said(&scene.told(UPDATE).await), "skipped duplicate (0)");
    for event in [IN_PROGRESS, COMPLETED] {
        assert_eq!(said(&scene.told(event).await), "skipped other-event (0); prod/web not-changed other-event");
    }
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.pointed(), scene.on_their_way().len(), scene.runs("prod/web")), (0, 0, "web:4".into()));
    assert_eq!(scene.told_in_the_record(), "");
}

#[tokio::test]
async fn mode_register_does_not_update_a_created_service() {
    let mut scene = Scene::created(|_| {}).await;
    scene.mode = Mode::Register;
    assert_eq!(said(&scene.told(CREATE).await), "skipped duplicate (0)");
    assert_eq!(scene.pointed(), 0);
}

#[tokio::test]
async fn a_started_rollout_is_finished_in_mode_register() {
    let mut scene = Scene::following(|_| {}).await;
    scene.mode = Mode::Register;
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    let mut scene = Scene::following(|_| {}).await;
    scene.mode = Mode::Register;
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(scene.resumes().await, ["rolled-out (0); prod/web rolled-out"]);
    assert_eq!((scene.pointed(), scene.on_their_way().len()), (1, 0));
}

#[tokio::test]
async fn a_failed_rollout_is_rolled_back_in_mode_register() {
    let mut scene = Scene::following(|_| {}).await;
    scene.mode = Mode::Register;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "failed deployment-failed (2); prod/web failed deployment-failed");
    assert_eq!((scene.runs("prod/web"), scene.stopped().is_some()), ("web:2".into(), true));
}

#[tokio::test]
async fn no_other_service_is_updated_in_mode_register() {
    let mut scene = Scene::before(&["prod/api", "prod/web"], |_| {}).await;
    for name in ["prod/api", "prod/web"] {
        scene.deploys(name);
        scene.account(|account| account.completes(name));
        scene.told_of(COMPLETED, name).await;
    }
    scene.mode = Mode::Register;
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(said(&scene.told_of(COMPLETED, "prod/api").await), "rolled-out (0); prod/api rolled-out");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.pointed(), scene.on_their_way()), (1, vec!["prod/web".into()]));
    // In mode `rollout`, the other service is updated.
    scene.mode = Mode::Rollout;
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
}

#[tokio::test]
async fn mode_observe_reports_its_findings_and_writes_nothing() {
    let scene = uncorrected(Mode::Observe).await;
    let before = scene.world.picture();
    let report = scene.told(UPDATE).await;
    assert_eq!((said(&report).as_str(), report.record.as_deref()), ("observed (1)", Some("web:4")));
    for event in [COMPLETED, IN_PROGRESS] {
        assert_eq!(said(&scene.told(event).await), "skipped other-event (0)");
    }
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(scene.world.picture(), before);
}

#[tokio::test]
async fn mode_observe_does_not_finish_a_started_rollout() {
    let mut scene = Scene::following(|_| {}).await;
    scene.mode = Mode::Observe;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let before = scene.world.picture();
    for event in [FAILED, UPDATE] {
        scene.told(event).await;
    }
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!(scene.world.picture(), before);
}

/// The event with one of its members changed.
fn with(mut event: Value, pointer: &str, value: &str) -> Value {
    *event.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = json!(value);
    event
}

/// Asserts that the event is skipped without any call.
async fn is_elsewhere(scene: &Scene, event: Value, says: &str) {
    let calls = scene.world.log().len();
    assert_eq!(said(&scene.tell(&event).await), says, "{event}");
    assert_eq!((scene.world.log().len(), scene.pointed()), (calls, 0));
}

#[tokio::test]
async fn an_event_of_another_account_is_ignored() {
    let scene = Scene::deployed(|_| {}).await;
    let says = "skipped foreign-account (1)";
    let other = |text: &str| text.replace("111122223333", "444455556666");
    for event in [UPDATE, COMPLETED] {
        is_elsewhere(&scene, with(scene.event(event), "/account", "444455556666"), says).await;
    }
    for pointer in ["serviceArn", "clusterArn", "taskDefinition"] {
        let pointer = format!("/detail/responseElements/service/{pointer}");
        let event = scene.event(UPDATE);
        let value = other(event.pointer(&pointer).unwrap().as_str().unwrap());
        is_elsewhere(&scene, with(event, &pointer, &value), says).await;
    }
    for pointer in ["/resources/0", "/detail/clusterArn"] {
        let event = scene.event(COMPLETED);
        let value = other(event.pointer(pointer).unwrap().as_str().unwrap());
        is_elsewhere(&scene, with(event, pointer, &value), says).await;
    }
}

#[tokio::test]
async fn an_event_of_another_region_is_ignored() {
    let scene = Scene::deployed(|_| {}).await;
    for event in [UPDATE, COMPLETED] {
        is_elsewhere(&scene, with(scene.event(event), "/region", "us-east-1"), "skipped foreign-region (1)").await;
    }
    let arn = "arn:aws:ecs:us-east-1:111122223333:service/prod/web";
    let event = with(scene.event(COMPLETED), "/resources/0", arn);
    is_elsewhere(&scene, event, "skipped foreign-region (1)").await;
}

#[tokio::test]
async fn logweirs_own_calls_are_ignored() {
    let scene = Scene::following(|_| {}).await;
    let calls = scene.world.log().len();
    let own: Vec<Value> = scene.account(|account| {
        let by_logweir = |event: &&Value| event["detail"]["userIdentity"]["arn"] == LOGWEIR;
        account.events.iter().filter(by_logweir).cloned().collect()
    });
    let names: Vec<&str> = own.iter().map(|event| event["detail"]["eventName"].as_str().unwrap()).collect();
    assert_eq!(names, [REGISTER, UPDATE]);
    for event in &own {
        assert_eq!(said(&scene.tell(event).await), "skipped registered-by-logweir (0)");
    }
    assert_eq!(scene.world.log().len(), calls);
}

#[tokio::test]
async fn calls_of_a_service_linked_role_are_ignored() {
    let scene = Scene::deployed(|_| {}).await;
    let role = "arn:aws:iam::111122223333:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch";
    let event = with(scene.event(UPDATE), "/detail/userIdentity/sessionContext/sessionIssuer/arn", role);
    is_elsewhere(&scene, event, "skipped service-owned (1)").await;
}

#[tokio::test]
async fn a_failed_call_is_ignored() {
    let scene = Scene::deployed(|_| {}).await;
    let mut event = scene.event(UPDATE);
    event["detail"]["errorCode"] = json!("AccessDenied");
    is_elsewhere(&scene, event, "skipped failed-call (0)").await;
}
