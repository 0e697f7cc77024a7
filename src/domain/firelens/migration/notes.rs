//! What a migration changes in the behaviour of a task, and what an operator has to know about it.

use super::PlannedFile;
use super::choices::{Choices, Health, Style};
use super::draft::Draft;
use super::iam::{RoleChange, RoleName, is_one_role};
use super::members::Members;
use super::router::{RESERVED, Router};
use crate::domain::ecs::task_definition::{Log, TaskDefinition};
use crate::domain::text::names;
use crate::domain::text::plain::plain;

/// Adds what changes for a task that moves to FireLens.
pub(super) fn forward(
    definition: &TaskDefinition,
    members: &Members<'_>,
    choices: &Choices,
    router: &Router,
    draft: &mut Draft,
) {
    let name = plain(&router.name, 255);
    stays(definition, members, draft);
    draft.say(
        "message",
        "each event is the raw log line, as before, so metric filters, subscription filters and queries that read the \
         message stay valid",
    );
    draft.say(
        "exec",
        "clusters whose Exec logging is DEFAULT no longer log the sessions of ECS Exec into the moved containers; set the \
         logging of the cluster to OVERRIDE",
    );
    draft.say("delivery", "a retry can deliver a log line twice, and the order of log lines is not guaranteed");
    draft.say("delivery", "log lines that wait in the router are lost if the router stops");
    draft.say(
        "start",
        format!("each moved container starts only after router `{name}` ({}), and stops before it", router.condition),
    );
    match members.routers.is_empty() {
        true => new_router(definition, &name, choices, draft),
        false => draft.say(
            "router",
            format!("the containers log to router `{name}`, which stays as it is; `logweir firelens check` checks it"),
        ),
    }
    groups(members, &name, draft);
    if definition.requires("EC2") || !definition.requires_fargate() {
        draft.say(
            "instances",
            "on EC2, only instances with the attribute ecs.capability.firelens.fluentbit run the task; instances with the \
             ECS-optimized Linux images have it",
        );
    }
    if choices.style == Style::AlertLogic {
        alertlogic(members, choices, draft);
    }
    if choices.config_folder.is_some() && !draft.files.iter().any(PlannedFile::is_of_operator) {
        draft.say("files", "the router reads no file from S3, so --config-folder has no effect");
    }
    draft.say(
        "way-back",
        "`logweir firelens plan --to awslogs` plans the way back; the current revision stays registered",
    );
}

/// Names the containers that do not move.
fn stays(definition: &TaskDefinition, members: &Members<'_>, draft: &mut Draft) {
    for container in &members.others {
        let name = plain(container.name().unwrap_or_default(), 255);
        match container.log() {
            Log::None => draft.say("stays", format!("container `{name}` has no log configuration and stays as it is")),
            Log::Configured { driver, .. } => {
                draft.say("stays", format!("container `{name}` logs through {} and stays as it is", plain(driver, 50)));
            }
            Log::Malformed(_) | Log::Unknown => {}
        }
    }
    let on_awslogs = definition
        .containers()
        .filter(|container| matches!(container.log(), Log::Configured { driver: "awslogs", .. }));
    for container in on_awslogs {
        let is_agent = members.agents.iter().any(|agent| agent.index == container.index);
        let is_sidecar = container.name().is_some_and(|name| members.sidecars.contains(name));
        let why = match (is_sidecar, is_agent) {
            (true, _) => "the router depends on it",
            (false, true) => "it is the agent of Alert Logic",
            (false, false) => continue,
        };
        let name = plain(container.name().unwrap_or_default(), 255);
        draft.say("stays", format!("container `{name}` stays on awslogs, because {why}"));
    }
}

fn new_router(definition: &TaskDefinition, name: &str, choices: &Choices, draft: &mut Draft) {
    let task = definition.memory().map(|bytes| format!(" of the task's {} MiB", bytes >> 20)).unwrap_or_default();
    draft.say(
        "memory",
        format!(
            "router `{name}` reserves {RESERVED} MiB{task} and no CPU units of its own; it uses more memory while a \
             destination is down"
        ),
    );
    draft.say("essential", format!("router `{name}` is essential, so the task stops if the router stops"));
    if choices.image.as_deref().is_none_or(|image| image.starts_with("public.ecr.aws/")) {
        draft.say(
            "image",
            "private subnets reach the image in public.ecr.aws only through a NAT gateway; without one, name a copy of the \
             image with --image",
        );
    }
    if choices.health == Health::Uptime {
        draft.say("port", "the router answers its health check at the port 2020; let no security group open this port");
    }
}

/// Says which log groups should exist before the deployment.
fn groups(members: &Members<'_>, router: &str, draft: &mut Draft) {
    let mut groups: Vec<String> = Vec::new();
    for (_, options) in &members.on_awslogs {
        let group = options.text("awslogs-group").map(|group| plain(group, 512));
        groups.extend(group.filter(|group| !groups.contains(group)));
    }
    if !groups.is_empty() {
        let message = format!(
            "create the log groups before the deployment, with their retention: {}; if the router creates a group, failed \
             attempts use up its retries",
            names(groups.iter().map(String::as_str))
        );
        draft.say("log-groups", message);
    }
    if members.routers.is_empty() {
        let message =
            format!("the log group of the baseline, to which router `{router}` logs, must exist before the deployment");
        draft.say("own-log", message);
    }
}

fn alertlogic(members: &Members<'_>, choices: &Choices, draft: &mut Draft) {
    draft.say(
        "retries",
        "the router sends log lines to the agent at 127.0.0.1 with unlimited retries, as the vendor documents it; the \
         launcher caps the waiting log lines at 50 MB",
    );
    draft
        .say("multiline", "the launcher reads no included file, so no container can have multiline parsers or filters");
    draft.say("port", "the agent listens at the port 1514; let no security group open this port");
    if members.agents.is_empty() {
        draft.say(
            "image",
            "the vendor publishes the image of the agent with tags that move, such as latest; pin a digest if your rules \
             ask for it",
        );
        draft.say("memory", "the agent reserves 100 MiB, and uses up to 500 MiB");
    }
    if members.routers.is_empty() && choices.image.is_none() {
        draft.say(
            "image",
            "the vendor documents its launcher with the image aws-for-fluent-bit:stable only; test it with this image \
             before the deployment, or choose another one with --image",
        );
    }
    if let (Some(agent), Some(_)) = (members.agents.first(), &choices.registration_key) {
        let name = plain(agent.name().unwrap_or_default(), 255);
        draft.say(
            "registration-key",
            format!("agent `{name}` keeps its registration key; --registration-key applies to a new agent"),
        );
    }
    if members.agents.is_empty() && choices.registration_key.is_none() {
        draft.say(
            "registration-key",
            "customers of Cloud Defender put the registration key into a secret and name it with --registration-key; \
             customers of Managed Detection and Response use --registration-key none",
        );
    }
}

/// Adds what the changes of the roles mean.
pub(super) fn roles(definition: &TaskDefinition, changes: &[RoleChange], draft: &mut Draft) {
    if is_one_role(definition) {
        draft.say("roles", "the task role is also the execution role, so no right moves from one role to the other");
    }
    for change in changes {
        let actions: Vec<&str> =
            change.add.iter().flat_map(|statement| &statement.action).map(String::as_str).collect();
        match change.role {
            RoleName::Task if !actions.is_empty() => draft.say(
                "roles",
                format!("the task role gets new rights, and with it every container of the task: {}", names(actions)),
            ),
            RoleName::Execution if change.arn.is_none() && !definition.requires_fargate() => draft.say(
                "roles",
                "the task definition has no execution role, so the role of the EC2 instances holds these rights, which other \
                 tasks on the instances may need",
            ),
            _ => {}
        }
    }
    if changes.iter().any(|change| !change.remove.is_empty()) {
        draft.say(
            "roles",
            "remove rights only after no task of an older revision runs, and if no other task needs them",
        );
    }
}

/// Names the values that the operator has to replace.
pub(super) fn placeholders(values: &[String], draft: &mut Draft) {
    if !values.is_empty() {
        let message =
            format!("replace these values before the registration: {}", names(values.iter().map(String::as_str)));
        draft.say("replace", message);
    }
    let names: Vec<String> =
        draft.files.iter().filter(|file| file.is_of_operator()).map(|file| file.path.clone()).collect();
    if !names.is_empty() {
        let message = format!(
            "put these files into S3, from where the init image of the router reads them at its start \
             (aws_fluent_bit_init_s3_…): {}; --config-folder names the folder",
            names.join(", ")
        );
        draft.say("files", message);
    }
}
