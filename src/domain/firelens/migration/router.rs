//! The router of the migrated task definition: a new container, or the router that the task definition has.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::alertlogic;
use super::choices::{Choices, Health, Style};
use super::draft::Draft;
use super::members::Members;
use super::output::CloudWatchPlugin;
use crate::domain::ecs::task_definition::{Container, Log, TaskDefinition};
use crate::domain::firelens::agent::memory_limit;
use crate::domain::firelens::image::{RouterImage, Support, Vendor};
use crate::domain::firelens::launcher::{Launch, Section};
use crate::domain::firelens::router::{HealthCheck, RouterKind};
use crate::domain::text::plain::plain;

/// The image of AWS for Fluent Bit, without its tag.
const AWS_IMAGE: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit";
/// The tag of the image, and the tag of the image with the init process.
const TAG: &str = "3.4.16";
const INIT_TAG: &str = "init-3.4.14";

/// The file of the image that turns on the HTTP server, at the port 2020 (source: aws/aws-for-fluent-bit,
/// configs/output-metrics-healthcheck.conf).
const HTTP_SERVER: &str = "/fluent-bit/configs/output-metrics-healthcheck.conf";

/// The memory that ECS reserves for the router, in MiB. The ECS agent lets the router keep half of it as log lines.
pub(super) const RESERVED: u64 = 100;

/// What the other parts of a plan need from the router.
pub(super) struct Router {
    pub(super) name: String,
    /// The condition for which the other containers wait: `START` or `HEALTHY`.
    pub(super) condition: &'static str,
}

/// What a new router has to hold.
pub(super) struct Wanted<'a> {
    /// The ARN of the folder with the files.
    pub(super) folder: &'a str,
    /// The names of the files that the router reads from S3.
    pub(super) files: &'a [&'a str],
    /// The secrets of outputs in files: each with its environment variable and its ARN.
    pub(super) secrets: &'a [(String, String)],
}

/// Returns the first of `name`, `name_2`, … that no container has.
pub(super) fn free_name(definition: &TaskDefinition, name: &str) -> String {
    let taken: BTreeSet<&str> = definition.containers().filter_map(Container::name).collect();
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name.as_str())).unwrap_or_default()
}

/// Returns the new router, and the container that holds it.
pub(super) fn create(
    definition: &TaskDefinition,
    choices: &Choices,
    wanted: &Wanted<'_>,
    own_log: Option<Value>,
    agent: Option<&str>,
    draft: &mut Draft,
) -> (Router, Value) {
    let name = free_name(definition, "log_router");
    let needs_init = choices.style == Style::SameNames || !wanted.files.is_empty();
    let image = choices.image.clone().unwrap_or_else(|| {
        let tag = if needs_init { INIT_TAG } else { TAG };
        format!("{AWS_IMAGE}:{tag}")
    });
    check_image(&image, choices, needs_init, draft);
    let mut router = Map::new();
    let mut set = |member: &str, value: Value| drop(router.insert(member.to_owned(), value));
    set("name", name.clone().into());
    set("image", image.into());
    set("essential", true.into());
    set("user", "0".into());
    set("memoryReservation", RESERVED.into());
    let is_alertlogic = choices.style == Style::AlertLogic;
    let is_checked = choices.health == Health::Uptime;
    set(
        "firelensConfiguration",
        match is_checked && !is_alertlogic {
            true => {
                json!({"type": "fluentbit", "options": {"config-file-type": "file", "config-file-value": HTTP_SERVER}})
            }
            false => json!({"type": "fluentbit"}),
        },
    );
    if let Some(agent) = agent {
        set("volumesFrom", json!([{"sourceContainer": agent}]));
        set("dependsOn", json!([{"containerName": agent, "condition": "START"}]));
        set("entryPoint", json!([alertlogic::LAUNCHER]));
        set("command", alertlogic::arguments(choices.plugin, choices.health).into());
    }
    if !wanted.files.is_empty() {
        set("environment", files(wanted));
    }
    if !wanted.secrets.is_empty() {
        set("secrets", wanted.secrets.iter().map(|(name, from)| json!({"name": name, "valueFrom": from})).collect());
    }
    if is_checked {
        set(
            "healthCheck",
            json!({
                "command": ["CMD-SHELL", "curl -f http://127.0.0.1:2020/api/v1/uptime || exit 1"],
                "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 10
            }),
        );
    }
    if let Some(log) = own_log {
        set("logConfiguration", log);
    }
    (Router { name, condition: if is_checked { "HEALTHY" } else { "START" } }, Value::Object(router))
}

/// Returns the environment variables that name the files, which the init image reads from S3 (source:
/// aws/aws-for-fluent-bit, init/fluent_bit_init_process.go).
fn files(wanted: &Wanted<'_>) -> Value {
    let folder = wanted.folder.trim_end_matches('/');
    let numbered = wanted.files.iter().zip(1..);
    let variable = |(name, number): (&&str, i32)| json!({"name": format!("aws_fluent_bit_init_s3_{number}"), "value": format!("{folder}/{name}")});
    numbered.map(variable).collect()
}

/// Checks that the image contains what the router needs.
fn check_image(name: &str, choices: &Choices, needs_init: bool, draft: &mut Draft) {
    let image = RouterImage::read(name);
    if needs_init {
        check_init(name, &image, choices.style, draft);
    }
    if image.vendor == Vendor::Other {
        check_unknown_image(name, choices, draft);
    }
    if choices.plugin == CloudWatchPlugin::Go && image.has_go_plugins() == Some(false) {
        let message = format!("{name} does not contain the plugin `cloudwatch`; use --plugin core, or an image of AWS");
        draft.block("unavailable-output-plugin", message);
    }
    if choices.health == Health::Uptime && image.vendor == Vendor::FluentBit {
        let message = format!(
            "{name} contains neither the program of the health check nor {HTTP_SERVER}; use --health none, or an image of AWS"
        );
        draft.block("failing-router-health-check", message);
    }
    if image.is_moving() {
        draft.say("image", format!("the tag of {name} moves to newer images; pin a complete version or a digest"));
    }
    // Version 2 of the image is past its end of life on every day on which this version of Logweir exists.
    let later = crate::domain::firelens::image::END_OF_VERSION_2.tomorrow().unwrap_or_default();
    match image.support(later) {
        Support::Ended => draft.say("image", format!("AWS does not maintain {name} any more; use {AWS_IMAGE}:{TAG}")),
        Support::Uncertain => {
            draft.say("image", format!("the tag of {name} does not show whether AWS still maintains the image"));
        }
        Support::Supported => {}
    }
}

/// Checks that the image is the init image of AWS.
fn check_init(name: &str, image: &RouterImage, style: Style, draft: &mut Draft) {
    let why = match style {
        Style::SameNames => "sets the variable ECS_TASK_ID, which is a part of the names of the log streams",
        _ => "reads files from S3",
    };
    match image.vendor {
        _ if image.is_init() => {}
        Vendor::Other => draft
            .say("image", format!("check that {name} is made from the init image of AWS for Fluent Bit, which {why}")),
        Vendor::Aws | Vendor::FluentBit => draft.block(
            "image-without-init",
            format!("only the init image of AWS for Fluent Bit {why}; use the image {AWS_IMAGE}:{INIT_TAG}"),
        ),
    }
}

/// Says what an image that Logweir does not know has to contain.
fn check_unknown_image(name: &str, choices: &Choices, draft: &mut Draft) {
    if choices.health == Health::Uptime {
        let file =
            if choices.style == Style::AlertLogic { String::new() } else { format!(" and the file {HTTP_SERVER}") };
        draft.say("image", format!("check that {name} contains a shell, curl{file}, or use --health none"));
    }
    if choices.plugin == CloudWatchPlugin::Go {
        draft.say("image", format!("check that {name} loads the plugin `cloudwatch`, or use --plugin core"));
    }
}

/// Returns the router that the task definition has. Adds a blocker if the moved containers cannot use it.
pub(super) fn existing(members: &Members<'_>, choices: &Choices, needs_files: bool, draft: &mut Draft) -> Router {
    let found = &members.routers[0];
    let name = found.name().unwrap_or_default().to_owned();
    if members.routers.len() > 1 {
        let message =
            format!("the task definition has {} routers, and ECS uses one; remove the others", members.routers.len());
        draft.block("unroutable-firelens", message);
    }
    if RouterKind::of(*found) != Some(RouterKind::FluentBit) {
        draft.block("fluentd-router", format!("router `{name}` is not Fluent Bit, and its outputs have other options"));
    }
    if matches!(found.log(), Log::Configured { driver: "awsfirelens", .. }) {
        draft.block("router-logs-through-itself", format!("router `{name}` logs through itself; give it awslogs"));
    }
    let image = found.member("image").and_then(Value::as_str).unwrap_or_default();
    let read = RouterImage::read(image);
    if choices.style == Style::SameNames {
        check_init(&plain(image, 300), &read, choices.style, draft);
    }
    if choices.plugin == CloudWatchPlugin::Go && !loads_go_plugins(*found, &read) {
        let message = format!("router `{name}` does not load the plugin `cloudwatch`; use --plugin core");
        draft.block("unavailable-output-plugin", message);
    }
    if choices.style == Style::AlertLogic && Launch::of(*found).is_none() {
        let message = format!(
            "router `{name}` does not run the launcher of Alert Logic; change the router by hand, or remove it"
        );
        draft.block("router-without-launcher", message);
    }
    if needs_files {
        let message = format!(
            "the multiline options and --also need files in the router, and router `{name}` has its own configuration; add \
             the parsers, filters and outputs to it by hand"
        );
        draft.block("router-configuration", message);
    }
    if choices.image.is_some() {
        draft.say("image", format!("router `{name}` keeps its image; --image applies to a new router"));
    }
    let depends = HealthCheck::of(*found) != HealthCheck::None;
    Router { name, condition: if depends { "HEALTHY" } else { "START" } }
}

/// Whether the router loads the plugins in Go: with the entry point of AWS's image, or with an argument.
fn loads_go_plugins(router: Container<'_>, image: &RouterImage) -> bool {
    let words = |member: &str| router.member(member).and_then(Value::as_array).into_iter().flatten();
    let mut given = words("entryPoint").chain(words("command"));
    let names_plugin = given.any(|word| word.as_str().is_some_and(|word| word.ends_with("cloudwatch.so")));
    let is_own = words("entryPoint").next().is_some();
    names_plugin || (!is_own && image.has_go_plugins() != Some(false))
}

/// Adds a blocker if the hard memory limit of the router is below twice the log lines that it may keep.
pub(super) fn check_memory(router: Container<'_>, draft: &mut Draft) {
    let launched = Launch::of(router);
    let given = launched.as_ref().and_then(|launch| launch.value(Section::Input, "Mem_Buf_Limit"));
    let limit = given.and_then(bytes).unwrap_or_else(|| memory_limit(router).bytes);
    let needed = limit.saturating_mul(2);
    let name = router.name().unwrap_or_default();
    if let Some(memory) = router.memory().filter(|memory| *memory < needed) {
        let message = format!(
            "router `{name}` may keep {} MB of log lines and needs twice as much memory, but its limit is {} MiB; raise \
             its memory to {} MiB",
            limit / 1_000_000,
            memory >> 20,
            needed.div_ceil(1 << 20)
        );
        draft.block("insufficient-router-memory", message);
    }
}

/// Reads a size of Fluent Bit, such as `50M` (source: fluent-bit, flb_utils_size_to_bytes).
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.trim().parse().ok()?;
    let unit = match text[digits.len()..].chars().next().map(|c| c.to_ascii_uppercase()) {
        None => 1,
        Some('K') => 1000,
        Some('M') => 1_000_000,
        Some('G') => 1_000_000_000,
        Some(_) => return None,
    };
    number.checked_mul(unit)
}
