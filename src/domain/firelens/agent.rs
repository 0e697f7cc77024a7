//! The configuration that the ECS agent generates for a Fluent Bit router.
//!
//! Sources: aws/amazon-ecs-agent, agent/taskresource/firelens/firelensconfig_unix.go and agent/api/task/task.go;
//! awslabs/go-config-generator-for-fluentd-and-fluentbit, fluent-bit-template.go.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::router::{RouterKind, routers};
use crate::domain::ecs::task_definition::{Container, Log, Options, TaskDefinition};

/// The options of an awsfirelens container that do not become options of the output plugin.
pub const OF_THE_AGENT: [&str; 3] = ["include-pattern", "exclude-pattern", BUFFER_LIMIT];

/// The option that the agent passes to Docker's log driver.
const BUFFER_LIMIT: &str = "log-driver-buffer-limit";

/// The limit of the router's memory if the router has no memory settings, in MB.
const DEFAULT_LIMIT: u64 = 25;

/// The limit `Mem_Buf_Limit` for the log lines that a router keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemBufLimit {
    pub bytes: u64,
    /// Whether the router has no memory settings, so that the agent uses its default.
    pub is_default: bool,
}

/// Returns the limit that the agent sets: half of the router's `memoryReservation`, or else half of its `memory`, or
/// else 25 MB. The agent writes the number of MiB with the unit MB.
pub fn memory_limit(router: Container<'_>) -> MemBufLimit {
    let mib = router.memory_reservation().or_else(|| router.memory()).map_or(0, |bytes| bytes >> 20);
    let is_default = mib / 2 == 0;
    let megabytes = if is_default { DEFAULT_LIMIT } else { mib / 2 };
    MemBufLimit { bytes: megabytes * 1_000_000, is_default }
}

/// Returns the configuration that the agent will generate for the task definition, in the classic format of Fluent
/// Bit. Values that are known only when the task starts are names in angle brackets. Returns an empty text if the task
/// definition has no Fluent Bit router.
pub fn configuration(definition: &TaskDefinition) -> String {
    let mut all = routers(definition);
    let Some(router) = all.next().filter(|router| RouterKind::of(*router) == Some(RouterKind::FluentBit)) else {
        return String::new();
    };
    let mut text = inputs(definition, router);
    let options = |name: &str| router.member("firelensConfiguration")?.get("options")?.get(name)?.as_str();
    text += &patterns(definition);
    if adds_metadata(options("enable-ecs-log-metadata")) {
        text += &metadata(definition);
    }
    match options("config-file-type") {
        Some("file") => text += &format!("\n@INCLUDE {}\n", options("config-file-value").unwrap_or_default()),
        Some("s3") => text += "\n@INCLUDE /fluent-bit/etc/external.conf\n",
        _ => {}
    }
    if has_network_inputs(definition) {
        text += &section("OUTPUT", &[("Name", "null"), ("Match", "firelens-healthcheck")]);
    }
    for (name, options) in sources(definition) {
        let Some(plugin) = options.get("Name") else { continue };
        let tag = format!("{name}-firelens*");
        let mut keys = vec![("Name", plugin.as_str()), ("Match", tag.as_str())];
        let rest = options.iter().filter(|(key, _)| *key != "Name" && !OF_THE_AGENT.contains(&key.as_str()));
        keys.extend(rest.map(|(key, value)| (key.as_str(), value.as_str())));
        text += &section("OUTPUT", &keys);
    }
    text
}

/// Returns the inputs: the socket, and in the network modes `bridge` and `awsvpc` also two ports.
fn inputs(definition: &TaskDefinition, router: Container<'_>) -> String {
    let limit = format!("{}MB", memory_limit(router).bytes / 1_000_000);
    let socket = [("Name", "forward"), ("Mem_Buf_Limit", limit.as_str()), ("unix_path", "/var/run/fluent.sock")];
    let mut text = section("INPUT", &socket);
    if has_network_inputs(definition) {
        let listen = if definition.view()["networkMode"] == "awsvpc" { "127.0.0.1" } else { "0.0.0.0" };
        text += &section("INPUT", &[("Name", "forward"), ("Listen", listen), ("Port", "24224")]);
        let check = [("Name", "tcp"), ("Tag", "firelens-healthcheck"), ("Listen", "127.0.0.1"), ("Port", "8877")];
        text += &section("INPUT", &check);
    }
    text
}

/// Whether the network mode is `awsvpc` or `bridge`, which is the default.
fn has_network_inputs(definition: &TaskDefinition) -> bool {
    matches!(definition.view()["networkMode"].as_str().unwrap_or("bridge"), "awsvpc" | "bridge")
}

/// Returns the filters for the options `include-pattern` of all containers, and then those for `exclude-pattern`.
fn patterns(definition: &TaskDefinition) -> String {
    let mut text = String::new();
    for (option, key) in [("include-pattern", "Regex"), ("exclude-pattern", "Exclude")] {
        for (name, options) in sources(definition) {
            let Some(pattern) = options.get(option) else { continue };
            let (tag, value) = (format!("{name}-firelens*"), format!("log {pattern}"));
            text += &section("FILTER", &[("Name", "grep"), ("Match", &tag), (key, &value)]);
        }
    }
    text
}

/// Whether the router adds ECS metadata to each log line. The agent adds no metadata if the option is no boolean.
fn adds_metadata(option: Option<&str>) -> bool {
    option.is_none_or(|value| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn metadata(definition: &TaskDefinition) -> String {
    let family = format!("ecs_task_definition {}:<revision>", definition.family().unwrap_or("<family>"));
    let mut keys = vec![("Name", "record_modifier"), ("Match", "*")];
    if definition.requires("EC2") && !definition.requires_fargate() {
        keys.push(("Record", "ec2_instance_id <instance-id>"));
    }
    keys.extend([("Record", "ecs_cluster <cluster>"), ("Record", "ecs_task_arn <task-arn>"), ("Record", &family)]);
    section("FILTER", &keys)
}

/// Returns the names of the containers that log through awsfirelens, each with its options in the order of their names.
/// The value of a secret option is a variable that the agent sets in the router.
fn sources(definition: &TaskDefinition) -> impl Iterator<Item = (&str, BTreeMap<String, String>)> {
    definition.containers().filter_map(|container| {
        let Log::Configured { driver: "awsfirelens", options } = container.log() else { return None };
        let mut map = BTreeMap::new();
        if let Options::Map(given) = options {
            let set = given.iter().filter(|(_, value)| !value.is_null());
            map.extend(set.map(|(key, value)| (key.clone(), text_of(value))));
        }
        let secrets = container.member("logConfiguration").and_then(|log| log.get("secretOptions"));
        let names =
            secrets.and_then(Value::as_array).into_iter().flatten().filter_map(|secret| secret["name"].as_str());
        map.extend(names.map(|name| (name.to_owned(), format!("${{{name}_{}}}", container.index))));
        Some((container.name().unwrap_or("<container>"), map))
    })
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn section(kind: &str, keys: &[(&str, &str)]) -> String {
    let mut text = format!("\n[{kind}]\n");
    for (key, value) in keys {
        let _ = writeln!(text, "    {key} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(text: Value) -> TaskDefinition {
        TaskDefinition::parse(text.to_string()).unwrap()
    }

    #[test]
    fn the_limit_is_half_of_the_memory_that_the_router_has() {
        for (router, megabytes, is_default) in [
            (json!({"memoryReservation": 50, "memory": 200}), 25, false),
            (json!({"memory": "101"}), 50, false),
            (json!({"memoryReservation": 1}), 25, true),
            (json!({}), 25, true),
        ] {
            let definition = definition(json!({"containerDefinitions": [router]}));
            let limit = memory_limit(definition.containers().next().unwrap());
            assert_eq!(limit, MemBufLimit { bytes: megabytes * 1_000_000, is_default }, "{}", definition.text());
        }
    }

    #[test]
    fn the_configuration_has_the_sections_and_the_order_of_the_agent() {
        let definition = definition(json!({
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": {
                     "region": "eu-west-1", "Name": "datadog", "exclude-pattern": "debug",
                    "log-driver-buffer-limit": "1"},
                    "secretOptions": [{"name": "apikey", "valueFrom": "arn:x"}]}},
                {"name": "quiet", "logConfiguration": {"logDriver": "awsfirelens"}},
                {"name": "router", "memoryReservation": 100, "firelensConfiguration": {"type": "fluentbit",
                    "options": {"config-file-type": "file", "config-file-value": "/extra.conf"}}},
            ],
        }));
        let expected = "
[INPUT]
    Name forward
    Mem_Buf_Limit 50MB
    unix_path /var/run/fluent.sock

[INPUT]
    Name forward
    Listen 127.0.0.1
    Port 24224

[INPUT]
    Name tcp
    Tag firelens-healthcheck
    Listen 127.0.0.1
    Port 8877

[FILTER]
    Name grep
    Match app-firelens*
    Exclude log debug

[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster <cluster>
    Record ecs_task_arn <task-arn>
    Record ecs_task_definition web:<revision>

@INCLUDE /extra.conf

[OUTPUT]
    Name null
    Match firelens-healthcheck

[OUTPUT]
    Name datadog
    Match app-firelens*
    apikey ${apikey_0}
    region eu-west-1
";
        assert_eq!(configuration(&definition), expected);
    }

    #[test]
    fn in_network_mode_host_without_metadata_only_the_socket_is_left() {
        let definition = definition(json!({
            "networkMode": "host",
            "containerDefinitions": [
                {"name": "app", "logConfiguration": {"logDriver": "awsfirelens", "options": null}},
                {"name": "router",
                 "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "false"}}},
            ],
        }));
        let expected = "\n[INPUT]\n    Name forward\n    Mem_Buf_Limit 25MB\n    unix_path /var/run/fluent.sock\n";
        assert_eq!(configuration(&definition), expected);
    }

    #[test]
    fn a_task_without_a_fluent_bit_router_has_no_configuration() {
        for router in [json!({"name": "app"}), json!({"firelensConfiguration": {"type": "fluentd"}})] {
            assert_eq!(configuration(&definition(json!({"containerDefinitions": [router]}))), "");
        }
    }
}
