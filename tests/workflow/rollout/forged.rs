//! An event that lies: somebody who may send to the queue says that another revision was deployed than ECS knows of.

use jiff::Timestamp;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};
use serde_json::Value;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, said, sound};
use crate::world::{Account, Moment, Then};

const UPDATED: &str = "remediated (0); prod/web updated";
const LIST: &str = "ListServiceDeployments";

/// The source was deployed, and its deployment completed, some seconds ago: Logweir is about to act.
async fn deployed() -> Scene {
    let scene = Scene::deployed(|_| {}).await;
    scene.after(5);
    scene
}

fn other(account: &mut Account) -> RevisionArn {
    account.registers(&sound().replace("\"web\"", "\"other\""))
}

/// The event of somebody's having the service run the source, as if it had been this one, and now.
fn forged(scene: &Scene, revision: &RevisionArn) -> Value {
    let text = scene.event(UPDATE).to_string().replace(&scene.source.to_string(), &revision.to_string());
    let mut event: Value = serde_json::from_str(&text).unwrap();
    assert!(text.contains(&revision.to_string()), "{text}");
    let now = Timestamp::from_second(scene.account(|account| account.now).as_second()).unwrap();
    event["detail"]["eventTime"] = now.to_string().into();
    event
}

/// A human is asked, and the service goes on as it was.
async fn is_for_a_human(scene: &Scene, event: &Value) {
    let report = scene.tell(event).await;
    assert!(said(&report).starts_with("needs-operator service-moved-on (2)"), "{}", said(&report));
    let why = "an event says that somebody had other:1 deployed just before our act, and ECS knows nothing of it";
    assert_eq!(report.error.as_deref(), Some(why));
    assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:3".into(), 1));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:3".into(), 1));
}

#[tokio::test]
async fn what_ecs_knows_nothing_of_is_not_deployed_because_an_event_says_that_somebody_had() {
    let scene = deployed().await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    let theirs = scene.account(other);
    is_for_a_human(&scene, &forged(&scene, &theirs)).await;
    assert_eq!(scene.world.count(LIST), 1, "ECS was asked");
}

#[tokio::test]
async fn nor_where_nobody_may_ask_ecs() {
    let scene = deployed().await;
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    let theirs = scene.account(other);
    let message = "AccessDeniedException: not authorized".into();
    let denied = PortError { kind: ErrorKind::Refused, call: LIST, message, reason: Some(Reason::AccessDenied) };
    scene.world.at_next(LIST, Moment::Before, Then::Fail(denied));
    is_for_a_human(&scene, &forged(&scene, &theirs)).await;
}

#[tokio::test]
async fn what_somebody_did_deploy_just_before_our_act_is_given_way_to() {
    let scene = deployed().await;
    scene.account(|account| account.forgets_overtaken = true);
    let deploys = Then::act(|account| {
        let theirs = other(account);
        account.updates_service("prod/web", &theirs);
    });
    scene.world.at_next(UPDATE, Moment::Before, deploys);
    assert_eq!(said(&scene.told(COMPLETED).await), UPDATED);
    assert_eq!((scene.runs("prod/web"), scene.world.count(LIST)), ("web:3".into(), 0));
    scene.told(UPDATE).await;
    assert_eq!((scene.runs("prod/web"), scene.pointed(), scene.world.count(LIST)), ("other:1".into(), 2, 1));
}
