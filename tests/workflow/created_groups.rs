//! A container with `awslogs-create-group` creates its log group when it starts. Logweir may not create the group, so
//! it corrects the container only after the group exists: at a completed deployment or in the daily reconciliation.

mod deployed;
mod reconciled;
mod rolled_out;
mod several;

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::report::Decision;
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use crate::world::World;
use crate::world::story::{ended, event, register, with};

/// A log group that the shipped baseline does not let Logweir create.
const GROUP: &str = "/app/web";

const ADVICE_ONLY: (Outcome, Option<Reason>) = (Outcome::Skipped, Some(Reason::AdviceOnly));
const DUPLICATE: (Outcome, Option<Reason>) = (Outcome::Skipped, Some(Reason::Duplicate));
const REMEDIATED: (Outcome, Option<Reason>) = (Outcome::Remediated, None);

/// A blocking container of this name that creates this log group.
fn container(name: &str, group: &str) -> Value {
    let options = json!({
        "awslogs-group": group, "awslogs-create-group": "true", "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": name, "mode": "blocking",
    });
    let log = json!({"logDriver": "awslogs", "options": options});
    json!({"name": name, "image": "nginx", "memory": 512, "logConfiguration": log})
}

fn document(containers: &[Value]) -> String {
    json!({"family": "web", "executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": containers})
        .to_string()
}

/// The number of log groups, and the retention of this one.
fn retention(world: &World, group: &str) -> Option<u32> {
    world.account(|account| account.groups[group].retention)
}

/// The delivery mode of each container of a revision.
fn modes(world: &World, number: usize) -> Vec<String> {
    let text = world.account(|account| account.revision(&account.arn("web", number)).unwrap().text.clone());
    let document: Value = serde_json::from_str(&text).unwrap();
    let containers = document["containerDefinitions"].as_array().unwrap();
    let mode = |container: &Value| container["logConfiguration"]["options"]["mode"].as_str().unwrap().to_owned();
    containers.iter().map(mode).collect()
}

fn active(world: &World) -> Vec<usize> {
    world.account(|account| account.active("web"))
}

fn creates(world: &World, group: &str) {
    world.account(|account| account.has_group(group, None, 1));
}

/// Delivers the last event of this name in a mode.
async fn told(world: &World, name: &str, mode: Mode) -> Decision {
    let event = world.account(|account| {
        let last = account.events.iter().rev().find(|event| event["detail"]["eventName"] == name);
        last.unwrap_or_else(|| panic!("no {name}")).clone()
    });
    with(world, SHIPPED_BASELINE, mode, "worker", &event).await
}

async fn completed(world: &World) -> Decision {
    told(world, "SERVICE_DEPLOYMENT_COMPLETED", Mode::Register).await
}

/// An account in which web:1 was registered when its log groups were missing. Logweir has handled its event.
async fn registered(containers: &[Value]) -> (World, RevisionArn, Decision) {
    let world = World::new();
    let source = world.account(|account| account.registers(&document(containers)));
    let report = register(&world, &event(&source)).await;
    world.advance(SignedDuration::from_mins(1));
    (world, source, report)
}

/// The same account. prod/web runs web:1, and the deployment of web:1 has completed.
async fn deployed(containers: &[Value], meanwhile: impl FnOnce(&World)) -> (World, RevisionArn) {
    let (world, source, _) = registered(containers).await;
    world.account(|account| account.creates_service("prod/web", &source));
    meanwhile(&world);
    world.advance(SignedDuration::from_mins(2));
    world.account(|account| account.completes("prod/web"));
    (world, source)
}

fn nothing_wrong(world: &World) {
    assert_eq!(world.account(|account| account.wrongs.clone()), Vec::<String>::new());
}
