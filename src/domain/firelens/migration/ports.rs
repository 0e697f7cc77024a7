//! The ports of a new router and a new agent. In the network modes awsvpc and host, the containers of a task share one
//! network, so no other container can use these ports.

use serde_json::Value;

use super::choices::{Choices, Health, Style};
use super::draft::Draft;
use super::members::Members;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::firelens::port::opens;

/// The ports of the inputs that the ECS agent configures in the network mode awsvpc (source: aws/amazon-ecs-agent,
/// agent/taskresource/firelens/firelensconfig_unix.go).
const INPUTS: [u64; 2] = [24224, 8877];
/// The port of the HTTP server of Fluent Bit, which answers the health check.
const HTTP_SERVER: u64 = 2020;
/// The port of the agent of Alert Logic.
const AGENT: u64 = 1514;

/// Returns the network mode of the task. The default on Fargate is awsvpc, which is the only mode there.
pub(super) fn network_mode(definition: &TaskDefinition) -> &str {
    let default = if definition.requires_fargate() { "awsvpc" } else { "bridge" };
    definition.view()["networkMode"].as_str().unwrap_or(default)
}

/// Adds a blocker for each container that uses a port of the new router or the new agent.
pub(super) fn check(definition: &TaskDefinition, members: &Members<'_>, choices: &Choices, draft: &mut Draft) {
    let mode = network_mode(definition);
    if !members.routers.is_empty() || !["awsvpc", "host"].contains(&mode) {
        return;
    }
    let inputs = INPUTS.into_iter().filter(|_| mode == "awsvpc");
    let http_server = (choices.health == Health::Uptime).then_some(HTTP_SERVER);
    let agent = (choices.style == Style::AlertLogic && members.agents.is_empty()).then_some(AGENT);
    let needed: Vec<u64> = inputs.chain(http_server).chain(agent).collect();
    for container in definition.containers() {
        let mappings =
            container.member("portMappings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for port in needed.iter().filter(|port| mappings.iter().any(|mapping| opens(mapping, **port))) {
            let name = container.name().unwrap_or_default();
            let choice = if *port == HTTP_SERVER { ", or use --health none" } else { "" };
            let message = format!(
                "container `{name}` uses the port {port} of the task's network, which the router or its agent needs; use \
                 another port{choice}"
            );
            draft.block("used-port", message);
        }
    }
    if mode == "host" && (http_server.is_some() || agent.is_some()) {
        draft.say(
            "port",
            "in the network mode host, an instance has each port once, so it can run one task with a router; use awsvpc, \
             or --health none",
        );
    }
}
