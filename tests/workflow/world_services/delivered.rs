//! The events that EventBridge delivers about services.

use jiff::Timestamp;
use logweir::domain::event::{RevisionRef, Trigger, read};
use serde_json::{Value, json};

use super::{WEB, points, web, world};
use crate::world::story::home;
use crate::world::{Account, DEPLOYER, LOGWEIR, TASKS_FAILED, World};

/// The events of an act: `eventName`; then, for a deployment, its id and reason, else the principal and the revision.
fn of(world: &World, act: impl FnOnce(&mut Account)) -> Vec<(String, String, String)> {
    world.account(|account| {
        account.delivers();
        act(account);
    });
    delivered(world)
}

fn delivered(world: &World) -> Vec<(String, String, String)> {
    let text = |event: &Value, pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(String::from);
    let tell = |event: &Value| {
        let about = text(event, "/detail/deploymentId").or(text(event, "/detail/userIdentity/arn"));
        let why = text(event, "/detail/reason").or(text(event, "/detail/responseElements/service/taskDefinition"));
        (text(event, "/detail/eventName").unwrap(), about.unwrap(), why.unwrap_or_default())
    };
    world.account(Account::delivers).iter().map(tell).collect()
}

fn told(name: &str, about: &str, why: &str) -> (String, String, String) {
    (name.into(), about.into(), why.into())
}

fn under_way(number: u32) -> (String, String, String) {
    let id = format!("ecs-svc/{number}");
    told("SERVICE_DEPLOYMENT_IN_PROGRESS", &id, &format!("ECS deployment {id} in progress."))
}

#[tokio::test]
async fn every_deployment_has_an_event_when_it_starts_and_when_it_ends() {
    let world = world();
    let [one, two] = [1, 2].map(|number| web(&world, number));
    assert_eq!(
        of(&world, |account| account.creates_service("prod/other", &one)),
        [told("CreateService", DEPLOYER, &one.to_string()), under_way(2)]
    );
    let completed = told("SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/2", "ECS deployment ecs-svc/2 completed.");
    assert_eq!(of(&world, |account| account.completes("prod/other")), [completed]);
    points(&world, 2).await.unwrap();
    assert_eq!(delivered(&world), [told("UpdateService", LOGWEIR, &two.to_string()), under_way(3)]);
    let again = told("UpdateService", DEPLOYER, &two.to_string());
    assert_eq!(of(&world, |account| account.forces_deployment(WEB)), [again.clone(), under_way(4)]);
    assert_eq!(of(&world, |account| account.updates_service(WEB, &two)), [again]);
}

#[tokio::test]
async fn only_a_circuit_breaker_causes_a_failure_event() {
    let world = world();
    points(&world, 2).await.unwrap();
    assert_eq!(
        of(&world, |account| {
            account.service_mut(WEB).breaker = false;
            account.fails(WEB, TASKS_FAILED);
        }),
        []
    );
    assert_eq!(
        of(&world, |account| {
            account.service_mut(WEB).rolls_back = true;
            account.fails(WEB, TASKS_FAILED);
        }),
        [
            told("SERVICE_DEPLOYMENT_FAILED", "ecs-svc/2", TASKS_FAILED),
            told(
                "SERVICE_DEPLOYMENT_IN_PROGRESS",
                "ecs-svc/3",
                "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
            )
        ]
    );
}

#[test]
fn events_have_the_form_of_eventbridge() {
    let world = world();
    let at: Timestamp = "2026-11-21T12:34:56.789Z".parse().unwrap();
    let two = web(&world, 2);
    let events = world.account(|account| {
        account.delivers();
        account.now = at;
        account.updates_service(WEB, &two);
        account.delivers()
    });
    let arn = world.account(|account| account.service_arn(WEB)).to_string();
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
    for event in &events {
        assert_eq!(event["source"], "aws.ecs");
        assert_eq!((&event["account"], &event["region"]), (&json!("111122223333"), &json!("eu-west-1")));
        assert_eq!(event["time"], "2026-11-21T12:34:56Z");
    }
    let [asked, made] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(asked["detail-type"], "AWS API Call via CloudTrail");
    assert_eq!(asked["detail"]["eventTime"], "2026-11-21T12:34:56Z");
    assert_eq!(
        asked["detail"]["requestParameters"],
        json!({"cluster": "prod", "service": "web", "taskDefinition": "web:2"})
    );
    let service = &asked["detail"]["responseElements"]["service"];
    assert_eq!((&service["serviceArn"], &service["clusterArn"]), (&json!(arn), &json!(cluster)));
    assert_eq!(service["taskDefinition"], two.to_string());
    assert_eq!(made["detail-type"], "ECS Deployment State Change");
    assert_eq!(made["resources"], json!([arn]));
    assert_eq!((&made["detail"]["eventType"], &made["detail"]["clusterArn"]), (&json!("INFO"), &json!(cluster)));
    assert_ne!(asked["id"], made["id"]);
}

#[test]
fn a_registration_event_hides_environment_values_and_is_read_as_a_registration() {
    let world = World::new();
    let one = world.account(|account| account.registers(crate::world::story::BLOCKING));
    let events = world.account(Account::delivers);
    let event = events.first().unwrap();
    let container = &event["detail"]["requestParameters"]["containerDefinitions"][0];
    assert_eq!(container["environment"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    assert_eq!(container["logConfiguration"]["options"]["mode"], "blocking");
    let Trigger::Remediate { which, cause } = read(event, &home()).unwrap() else { panic!("{event}") };
    assert_eq!((which, cause.actor.as_deref()), (RevisionRef::Revision(one), Some(DEPLOYER)));
}

#[test]
fn deployments_of_other_controllers_have_no_event_of_ecs() {
    let world = world();
    let one = web(&world, 1);
    let events = of(&world, |account| {
        account.creates_service_as("prod/other", &one, |service| {
            service.controller = logweir::domain::ecs::service::Controller::CodeDeploy;
        });
    });
    assert_eq!(events, [told("CreateService", DEPLOYER, &one.to_string())]);
}
