//! The sidecar of Alert Logic: the agent, and the launcher with which the router starts.
//!
//! Source: alertlogic/al-agent-container, fargate/README.md.

use serde_json::{Map, Value, json};

use super::choices::{Health, RegistrationKey};
use super::output::CloudWatchPlugin;
use super::placeholder::placeholder;
use crate::domain::ecs::task_definition::Container;

/// The program that changes the configuration of the router and starts Fluent Bit. The agent's image contains it.
pub(super) const LAUNCHER: &str = "/var/alertlogic/lib/fluent-bit/fluent-launch";

const IMAGE: &str = "public.ecr.aws/alertlogic/al-agent-container:latest";

/// The memory that ECS reserves for the agent, in MiB. The agent uses up to 500 MiB.
const RESERVED: u64 = 100;

/// Returns the container of the agent.
pub(super) fn agent(name: &str, key: Option<&RegistrationKey>, own_log: Option<Value>) -> Value {
    let mut agent = Map::new();
    let mut set = |member: &str, value: Value| drop(agent.insert(member.to_owned(), value));
    set("name", name.into());
    set("image", IMAGE.into());
    set("essential", true.into());
    set("memoryReservation", RESERVED.into());
    let secret = match key {
        Some(RegistrationKey::Secret(arn)) => Some(arn.clone()),
        Some(RegistrationKey::None) => None,
        None => Some(placeholder("THE-ARN-OF-THE-REGISTRATION-KEY")),
    };
    if let Some(secret) = secret {
        set("secrets", json!([{"name": "KEY", "valueFrom": secret}]));
    }
    if let Some(log) = own_log {
        set("logConfiguration", log);
    }
    Value::Object(agent)
}

/// Whether the agent has its registration key in plain text.
pub(super) fn has_plain_key(agent: Container<'_>) -> bool {
    let mut variables = agent.member("environment").and_then(Value::as_array).into_iter().flatten();
    variables.any(|variable| variable["name"] == "KEY" && !variable["value"].is_null() && variable["value"] != "")
}

/// Returns the arguments of the launcher, and behind `--` the arguments of Fluent Bit.
pub(super) fn arguments(plugin: CloudWatchPlugin, health: Health) -> Vec<&'static str> {
    let mut arguments = vec!["-s", "Scheduler.Cap", "60"];
    if health == Health::Uptime {
        arguments.extend(["-s", "HTTP_Server", "On", "-s", "HTTP_Listen", "127.0.0.1", "-s", "HTTP_Port", "2020"]);
    }
    arguments.extend(["-i", "Mem_Buf_Limit", "50M", "--"]);
    if plugin == CloudWatchPlugin::Go {
        arguments.extend(["-e", "/fluent-bit/cloudwatch.so"]);
    }
    arguments.extend(["-F", "record_modifier", "-m", "*", "-p", "Record=pid 1"]);
    arguments.extend(["-o", "syslog", "-m", "*"]);
    for property in [
        "Mode=tcp",
        "Host=127.0.0.1",
        "Port=1514",
        "Retry_Limit=False",
        "Syslog_Format=rfc3164",
        "Syslog_Maxsize=786432",
        "Syslog_Hostname_Key=container_id",
        "Syslog_Appname_Key=container_name",
        "Syslog_Procid_Key=pid",
        "Syslog_Message_Key=log",
    ] {
        arguments.extend(["-p", property]);
    }
    arguments
}
