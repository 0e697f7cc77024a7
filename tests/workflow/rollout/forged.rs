//! Forged events: a principal that may send to the queue claims a deployment that ECS does not know.

use jiff::Timestamp;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};
use serde_json::Value;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, said, sound};
use crate::world::{Account, Moment, Then};

const UPDATED: &str = "remediated (0); prod/web updated";
const LIST: &str = "ListServiceDeployments";

/// The source's deployment completed some seconds ago, and Logweir is about to act.
async fn deployed() -> Scene {
    let scene = Scene::deployed(|_| {}).await;
    scene.after(5);
    scene
}

fn other(account: &mut Account) -> RevisionArn {
    account.registers(&sound().replace("\"web\"", "\"other\""))
}

/// The event of the source's deployment, forged to name this revision and the current time.
fn forged(scene: &Scene, revision: &RevisionArn) -> Value {
    let text = scene.event(UPDATE).to_string().replace(&scene.source.to_string(), &revision.to_string());
    let mut event: Value = serde_json::from_str(&text).unwrap();
    assert!(text.contains(&revision.to_string()), "{text}");
    let now = Timestamp::from_second(scene.account(|account| account.now).as_second()).unwrap();
    event["detail"]["eventTime"] = now.to_string().into();
    event
}

/// Asserts that an operator is needed, and that the rollout continues as before.
async fn needs_an_operator(scene: &Scene, event: &Value) {
    let report = scene.tell(event).await;
    assert!(said(&report).starts_with("needs-operator service-changed (2)"), "{}", said(&report));
    let why = "an event reports that other:1 was deployed to service prod/web just before Logweir's update, but ECS \
               does not list that deployment; check which revision the service should run";
    assert_eq!(report.error.as_deref(), Some(why));
    assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:3".into(), 1));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:3".into(), 1));
}

#[tokio::test]
async fn a_revision_is_not_deployed_because_an_event_claims_a_deployment_that_ecs_does_not_know() {
    let scene = deployed().await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    let revision = scene.account(other);
    needs_an_operator(&scene, &forged(&scene, &revision)).await;
    assert_eq!(scene.world.count(LIST), 1, "ECS was asked");
}

#[tokio::test]
async fn a_claimed_deployment_is_not_trusted_if_ecs_may_not_be_read() {
    let scene = deployed().await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    let revision = scene.account(other);
    let message = "AccessDeniedException: not authorized".into();
    let denied = PortError { kind: ErrorKind::Refused, call: LIST, message, reason: Some(Reason::AccessDenied) };
    scene.world.at_next(LIST, Moment::Before, Then::Fail(denied));
    needs_an_operator(&scene, &forged(&scene, &revision)).await;
}

#[tokio::test]
async fn logweir_yields_to_a_deployment_that_was_really_made_right_before_its_update() {
    let scene = deployed().await;
    scene.account(|account| account.forgets_overtaken = true);
    let deploys = Then::act(|account| {
        let revision = other(account);
        account.updates_service("prod/web", &revision);
    });
    scene.world.at_next(UPDATE, Moment::Before, deploys);
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!((scene.runs("prod/web"), scene.world.count(LIST)), ("web:3".into(), 0));
    scene.told(UPDATE).await;
    assert_eq!((scene.runs("prod/web"), scene.pointed(), scene.world.count(LIST)), ("other:1".into(), 2, 1));
}
