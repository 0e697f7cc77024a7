//! Reads services and tasks from responses, as far as an audit needs them.

use serde_json::Value;

use super::{last, text};
use crate::domain::audit::{FleetDeployment, FleetService, FleetTask, Text};
use crate::domain::ecs::service::{Controller, Status};

fn shared(value: &Value) -> Text {
    text(value).unwrap_or_default().into()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns a service of the cluster with this name or ARN.
pub(super) fn service(cluster: &str, service: &Value) -> FleetService {
    let breaker = &service["deploymentConfiguration"]["deploymentCircuitBreaker"];
    let arn = shared(&service["serviceArn"]);
    let rollouts = list(&service["deployments"]).iter().filter_map(deployment);
    let tag = |tag: &Value| Some((text(&tag["key"])?.into(), text(&tag["value"]).unwrap_or_default().into()));
    FleetService {
        cluster: last(cluster).into(),
        name: text(&service["serviceName"]).unwrap_or_else(|| last(&arn).to_owned()).into(),
        arn,
        status: match service["status"].as_str() {
            Some("DRAINING") => Status::Draining,
            Some("INACTIVE") => Status::Inactive,
            _ => Status::Active,
        },
        // ECS omits the member `deploymentController` for a service that is older than this member.
        controller: match service["deploymentController"]["type"].as_str() {
            None | Some("ECS") => Controller::Ecs,
            Some("CODE_DEPLOY") => Controller::CodeDeploy,
            Some("EXTERNAL") => Controller::External,
            Some(_) => Controller::Other,
        },
        is_managed: service["resourceManagementType"] == "ECS",
        definition: text(&service["taskDefinition"]).map(Text::from),
        desired: number(&service["desiredCount"]),
        running: number(&service["runningCount"]),
        has_circuit_breaker: breaker["enable"] == true,
        rolls_back: breaker["enable"] == true && breaker["rollback"] == true,
        deployments: rollouts.chain(list(&service["taskSets"]).iter().filter_map(task_set)).collect(),
        tags: list(&service["tags"]).iter().filter_map(tag).collect(),
    }
}

/// Returns `None` for a deployment with task sets, which name the task definitions.
fn deployment(deployment: &Value) -> Option<FleetDeployment> {
    Some(FleetDeployment {
        definition: text(&deployment["taskDefinition"])?.into(),
        is_primary: deployment["status"] == "PRIMARY",
        desired: number(&deployment["desiredCount"]),
        running: number(&deployment["runningCount"]),
    })
}

fn task_set(set: &Value) -> Option<FleetDeployment> {
    Some(FleetDeployment {
        definition: text(&set["taskDefinition"])?.into(),
        is_primary: set["status"] == "PRIMARY",
        desired: number(&set["computedDesiredCount"]),
        running: number(&set["runningCount"]),
    })
}

pub(super) fn task(task: &Value) -> FleetTask {
    FleetTask { definition: shared(&task["taskDefinitionArn"]), group: shared(&task["group"]) }
}
