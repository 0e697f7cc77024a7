//! Whether Logweir updates a service to the corrected revision, and what it concludes from a later read. Decisions on
//! plain data.

mod after;
mod finish;
mod in_the_way;
mod names;
mod pointings;

use jiff::Timestamp;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{Controller, Deployment, RolloutState, Service, ServiceArn, Status};

fn arn(short: &str) -> RevisionArn {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{short}").parse().unwrap()
}

fn web() -> ServiceArn {
    "arn:aws:ecs:eu-west-1:111122223333:service/prod/web".parse().unwrap()
}

/// A time on the day of all these tests, a Saturday.
fn at(time: &str) -> Timestamp {
    format!("2026-11-21T{time}Z").parse().unwrap()
}

/// A rolling deployment of `revision` that has completed: `ecs-svc/NUMBER`.
fn deployment(number: u32, revision: &str, primary: bool) -> Deployment {
    Deployment {
        id: id(number),
        primary,
        revision: arn(revision),
        created: Some(at(&format!("12:{number:02}:00"))),
        updated: Some(at(&format!("12:{number:02}:30"))),
        state: Some(RolloutState::Completed),
        reason: None,
        desired: 1,
        pending: 0,
        running: 1,
    }
}

fn id(number: u32) -> String {
    format!("ecs-svc/{number}")
}

/// A service with these deployments that nothing keeps from being updated.
fn service(revision: &str, deployments: Vec<Deployment>) -> Service {
    Service {
        arn: web(),
        status: Status::Active,
        controller: Controller::Ecs,
        managed: false,
        revision: arn(revision),
        deployments,
        rolls_back: true,
        pauses: false,
        tags: Vec::new(),
        service_deployment: None,
        service_revisions: Vec::new(),
        service_connect_logs: false,
    }
}
