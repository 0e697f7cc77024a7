//! The migration from awslogs to FireLens.

use std::collections::BTreeSet;

use serde_json::Value;

use super::blocker::{has_task_role, of_definition, of_size};
use super::choices::Style;
use super::cloudwatch::{Moved, TASK_ID, moved};
use super::draft::Draft;
use super::iam::{Needs, partition};
use super::members::{Members, dependencies, needed_by};
use super::multiline::{self, Multiline};
use super::output::Output;
use super::placeholder::{REPLACE, placeholder};
use super::ports::{self, network_mode};
use super::router::{self, Router, Wanted};
use super::surroundings::Surroundings;
use super::{Choices, Migration, alertlogic, fargate, notes};
use crate::domain::ecs::task_definition::{Container, Log, TaskDefinition};
use crate::domain::firelens::agent;
use crate::domain::firelens::router::routers;
use crate::domain::text::names;
use crate::domain::text::plain::plain;

/// The tags of all containers that log to the router.
const ALL: &str = "*-firelens-*";

/// A container with its output.
type Moving<'a> = (Container<'a>, Moved);

pub(super) fn plan(definition: &TaskDefinition, choices: &Choices, surroundings: &Surroundings<'_>) -> Migration {
    let members = Members::of(definition);
    let mut draft = Draft::default();
    check_logs(&members, &mut draft);
    if members.on_awslogs.is_empty() && draft.blockers.is_empty() {
        return nothing(definition, choices.style, draft);
    }
    draft.blockers.extend(of_definition(definition));
    check_task(definition, choices, &mut draft);
    ports::check(definition, &members, choices, &mut draft);
    if choices.style == Style::AlertLogic {
        check_alertlogic(definition, &members, choices, &mut draft);
    }
    let moving: Vec<Moving<'_>> = members
        .on_awslogs
        .iter()
        .map(|(container, options)| (*container, moved(*container, *options, choices, &mut draft)))
        .collect();
    let outputs = Outputs::of(&moving, choices, &mut draft);
    let router = add_router(definition, &members, choices, surroundings, &outputs, &mut draft);
    for (position, (container, moved)) in moving.iter().enumerate() {
        let output = outputs.primary(position).unwrap_or(&moved.output);
        change(*container, output, moved.secrets.clone(), &router, &mut draft);
    }
    notes::forward(definition, &members, choices, &router, &mut draft);
    finish(definition, choices.style, surroundings, &outputs.in_files(), draft)
}

/// Returns the migration of a task definition that needs none.
fn nothing(definition: &TaskDefinition, style: Style, mut draft: Draft) -> Migration {
    let is_on_awslogs =
        |container: &Container<'_>| matches!(container.log(), Log::Configured { driver: "awslogs", .. });
    let kept: Vec<&str> = definition.containers().filter(is_on_awslogs).filter_map(Container::name).collect();
    let why = match kept.is_empty() {
        true => "no container logs through awslogs".to_owned(),
        false => format!(
            "no container logs through awslogs except {}; a router and the containers that it needs stay there",
            names(kept)
        ),
    };
    draft.say("nothing-to-migrate", format!("nothing to migrate: {why}"));
    Migration::done(style, definition, draft.changes)
}

/// Adds a blocker for each container whose log configuration the document does not show.
fn check_logs(members: &Members<'_>, draft: &mut Draft) {
    for container in &members.others {
        let name = container.name().unwrap_or("without a name");
        match container.log() {
            Log::Malformed(found) => {
                let message =
                    format!("the log configuration of container `{name}` is {found}, and ECS refuses it; correct it");
                draft.block("unreadable-log-configuration", message);
            }
            Log::Unknown => {
                let message =
                    format!("the log configuration of container `{name}` is a placeholder; render the document first");
                draft.block("unreadable-log-configuration", message);
            }
            Log::None if container.is_variable() || container.malformed().is_some() => {
                let message = format!("container {} is no object; render the document first", container.index);
                draft.block("unreadable-log-configuration", message);
            }
            Log::None | Log::Configured { .. } => {}
        }
    }
}

/// Adds the blockers about the platform, the roles and the network.
fn check_task(definition: &TaskDefinition, choices: &Choices, draft: &mut Draft) {
    let system = definition.view()["runtimePlatform"]["operatingSystemFamily"].as_str().unwrap_or_default();
    if system.to_ascii_uppercase().starts_with("WINDOWS") {
        draft.block("windows-router", format!("the task runs on {}, and FireLens needs Linux", plain(system, 50)));
    }
    if !has_task_role(definition) {
        let message = "the task definition has no taskRoleArn, and the router writes to CloudWatch Logs with the task role; \
                       create a role that trusts ecs-tasks.amazonaws.com, give it the statements of this plan, and name it";
        draft.block("missing-task-role", message);
    }
    let needs_secrets = choices.also.iter().any(|also| also.has_secret());
    if !definition.has_execution_role() && (definition.requires_fargate() || needs_secrets) {
        let message = "the task definition has no executionRoleArn, with which ECS writes the router's own log and reads \
                       secrets; name one";
        draft.block("missing-execution-role", message);
    }
    let images = definition.containers().filter_map(|container| container.member("image")?.as_str());
    let mut values = images.chain(definition.roles()).chain(definition.family());
    if choices.style == Style::SameNames && values.any(|value| value.contains("${")) {
        let message = format!(
            "the document has variables in the notation `${{…}}`, and the tool that replaces them would also replace \
             {TASK_ID}, which style same-names writes; plan the registered revision (ecs:FAMILY), or use style simple"
        );
        draft.block("template", message);
    }
    if network_mode(definition) == "none" {
        draft.block(
            "no-network",
            "the network mode is none, and the router sends log lines over the network; use awsvpc",
        );
    }
}

/// Adds the blockers of the style alertlogic.
fn check_alertlogic(definition: &TaskDefinition, members: &Members<'_>, choices: &Choices, draft: &mut Draft) {
    if network_mode(definition) == "bridge" {
        let message = "in the network mode bridge, the router cannot reach the agent at 127.0.0.1; use awsvpc";
        draft.block("separate-networks", message);
    }
    if !choices.also.is_empty() {
        let message = "the launcher of Alert Logic reads no included file, in which --also would define its outputs; leave \
                       out --also, or use another style";
        draft.block("launcher-without-files", message);
    }
    let needed = needed_by(definition, &members.agents);
    let moved = members.on_awslogs.iter().filter_map(|(container, _)| container.name());
    for name in moved.filter(|name| needed.contains(name)) {
        let message = format!(
            "the agent of Alert Logic depends on container `{name}`, which would wait for the router, and the router for the \
             agent; remove the dependency"
        );
        draft.block("unfulfillable-router-dependency", message);
    }
    for agent in &members.agents {
        let name = agent.name().unwrap_or_default();
        if alertlogic::has_plain_key(*agent) {
            let message = format!(
                "agent `{name}` has its registration key in `environment`; store the key as a secret, and name it in \
                 `secrets` as `KEY`"
            );
            draft.block("exposed-registration-key", message);
        }
        if matches!(agent.log(), Log::Configured { driver: "awsfirelens", .. }) {
            let message = format!("agent `{name}` logs to the router, which starts after the agent; give it awslogs");
            draft.block("unfulfillable-router-dependency", message);
        }
    }
    if members.agents.len() > 1 {
        draft.block("second-agent", "the task definition has two agents of Alert Logic; remove one of them");
    }
}

/// The outputs of the moved containers beside the output in their log configuration.
struct Outputs {
    multiline: Vec<Multiline>,
    /// The output in the log configuration of each moved container, if it is not CloudWatch Logs.
    primary: Vec<Output>,
    /// The outputs in a file: each with the tags that it matches.
    others: Vec<(String, Output)>,
}

impl Outputs {
    /// A container's log configuration holds one output, and its secret options belong to this output. So a destination
    /// with a secret comes first, and CloudWatch Logs and the other destinations are in a file.
    fn of(moving: &[Moving<'_>], choices: &Choices, draft: &mut Draft) -> Self {
        let multiline: Vec<Multiline> = moving.iter().filter_map(|(_, moved)| moved.multiline.clone()).collect();
        if choices.style == Style::AlertLogic {
            for Multiline { container, .. } in &multiline {
                let message = format!(
                    "container `{container}` has a multiline option, and the launcher of Alert Logic reads no file with \
                     parsers; remove the option, or use another style"
                );
                draft.block("launcher-without-files", message);
            }
            return Self { multiline: Vec::new(), primary: Vec::new(), others: Vec::new() };
        }
        let region = |moved: &Moved| moved.output.value("region").and_then(Value::as_str).map(String::from);
        let first = moving.iter().find_map(|(_, moved)| region(moved));
        let chosen = choices.also.iter().position(|also| also.has_secret());
        let mut outputs = Self { multiline, primary: Vec::new(), others: Vec::new() };
        if let Some(chosen) = chosen {
            for (container, moved) in moving {
                let name = container.name().unwrap_or_default();
                if !moved.secrets.is_empty() {
                    let message =
                        format!("container `{name}` has secret options for CloudWatch Logs, which a file cannot read");
                    draft.block("secret-option", message);
                }
                outputs.primary.push(choices.also[chosen].output(choices.plugin, region(moved).as_deref()));
                outputs.others.push((format!("{name}-firelens*"), moved.output.clone()));
            }
        }
        let rest = choices.also.iter().enumerate().filter(|(index, _)| Some(*index) != chosen);
        outputs.others.extend(rest.map(|(_, also)| (ALL.to_owned(), also.output(choices.plugin, first.as_deref()))));
        outputs
    }

    fn primary(&self, position: usize) -> Option<&Output> {
        self.primary.get(position)
    }

    /// Returns the files that the router reads from S3: each with its name.
    fn files(&self) -> Vec<(&'static str, String)> {
        let mut files = Vec::new();
        if !self.multiline.is_empty() {
            files.push(("parsers.conf", multiline::parsers(&self.multiline)));
            files.push(("filters.conf", multiline::filters(&self.multiline)));
        }
        if !self.others.is_empty() {
            let sections: Vec<String> = self.others.iter().map(|(tags, output)| output.section(tags)).collect();
            files.push(("outputs.conf", sections.join("\n")));
        }
        files
    }

    /// Returns the environment variables of the router that hold the secrets of outputs in files.
    fn secrets(&self) -> Vec<(String, String)> {
        let all = self.others.iter().flat_map(|(_, output)| output.secrets.iter().map(move |secret| (output, secret)));
        all.map(|(output, (option, from))| (output.variable(option), from.clone())).collect()
    }

    fn in_files(&self) -> Vec<Vec<(&str, &Value)>> {
        let outputs = self.others.iter().map(|(_, output)| &output.options);
        outputs.map(|options| options.iter().map(|(name, value)| (*name, value)).collect()).collect()
    }
}

/// Returns the router. Adds a new one, and the agent of Alert Logic, if the task definition has none.
fn add_router(
    definition: &TaskDefinition,
    members: &Members<'_>,
    choices: &Choices,
    surroundings: &Surroundings<'_>,
    outputs: &Outputs,
    draft: &mut Draft,
) -> Router {
    let files = outputs.files();
    if !members.routers.is_empty() {
        return router::existing(members, choices, !files.is_empty(), draft);
    }
    // A registered revision runs in its Region. The Region of a file is only a default.
    let region = match surroundings.account {
        Some(_) => surroundings.region.or_else(|| region(members)),
        None => region(members).or(surroundings.region),
    };
    let own_log = |name: &str, draft: &mut Draft| {
        let log = region.ok_or_else(|| "no option awslogs-region and no --region shows the Region".to_owned());
        match log.and_then(|region| surroundings.own_log(definition, name, region)) {
            Ok(log) => Some(log),
            Err(why) => {
                draft.block("no-own-log", format!("container `{name}` cannot get an awslogs configuration: {why}"));
                None
            }
        }
    };
    let mut agent = members.agents.first().and_then(|agent| agent.name()).map(String::from);
    if choices.style == Style::AlertLogic && agent.is_none() {
        let name = router::free_name(definition, "al-agent");
        let log = own_log(&name, draft);
        draft.containers.add(alertlogic::agent(&name, choices.registration_key.as_ref(), log));
        agent = Some(name);
    }
    let agent = agent.filter(|_| choices.style == Style::AlertLogic);
    let name = router::free_name(definition, "log_router");
    let log = own_log(&name, draft);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let folder = choices
        .config_folder
        .clone()
        .unwrap_or_else(|| format!("arn:{}:s3:::{}", partition(definition, region), placeholder("CONFIG-BUCKET")));
    let wanted = Wanted { folder: &folder, files: &names, secrets: &outputs.secrets() };
    let (router, container) = router::create(definition, choices, &wanted, log, agent.as_deref(), draft);
    draft.containers.add(container);
    for (name, content) in files {
        draft.file(name, content);
    }
    router
}

/// Returns the Region to which the containers log.
fn region<'a>(members: &Members<'a>) -> Option<&'a str> {
    members.on_awslogs.iter().find_map(|(_, options)| options.text("awslogs-region"))
}

/// Changes a container that moves: its log configuration, and its dependency on the router.
fn change(container: Container<'_>, output: &Output, secrets: Vec<Value>, router: &Router, draft: &mut Draft) {
    let Some(Value::Object(old)) = container.member("logConfiguration") else { return };
    draft.containers.set(container.index, "logConfiguration", output.configuration(old, secrets));
    if dependencies(container).any(|name| name == router.name) {
        return;
    }
    let dependency = serde_json::json!({"containerName": router.name, "condition": router.condition});
    match container.member("dependsOn") {
        None | Some(Value::Null) => {
            draft.containers.set(container.index, "dependsOn", Value::Array(vec![dependency]));
        }
        Some(Value::Array(_)) => draft.containers.push(container.index, "dependsOn", dependency),
        Some(_) => {
            let name = container.name().unwrap_or_default();
            draft.block("unreadable-dependencies", format!("dependsOn of container `{name}` is no list; write a list"));
        }
    }
}

/// Returns the migration with the changes of the draft: the migrated task definition, and what depends on it.
pub(super) fn finish(
    definition: &TaskDefinition,
    style: Style,
    surroundings: &Surroundings<'_>,
    in_files: &[Vec<(&str, &Value)>],
    mut draft: Draft,
) -> Migration {
    let migrated = match draft.containers.apply(definition) {
        Ok(migrated) => migrated,
        Err(why) => {
            draft.block("unreadable-containers", format!("the containers cannot be changed: {why}"));
            definition.clone()
        }
    };
    let found = of_size(&migrated);
    draft.blockers.extend(found);
    check_memory(&migrated, &mut draft);
    let before = Needs::of(definition, surroundings, &[]);
    let after = Needs::of(&migrated, surroundings, in_files);
    let iam = before.changes(after, definition);
    notes::roles(definition, &iam, &mut draft);
    let configuration = agent::configuration(&migrated);
    if !configuration.is_empty() {
        draft.file("generated/fluent-bit.conf", configuration);
    }
    let mut placeholders = Vec::new();
    collect_placeholders(migrated.view(), &mut placeholders);
    for file in draft.files.iter().filter(|file| file.is_of_operator()) {
        let words = file.content.split_whitespace().filter(|word| word.contains(REPLACE));
        placeholders.extend(words.map(String::from));
    }
    let mut seen = BTreeSet::new();
    placeholders.retain(|text| seen.insert(text.clone()));
    notes::placeholders(&placeholders, &mut draft);
    let Draft { files, blockers, changes, .. } = draft;
    let definition = blockers.is_empty().then_some(migrated);
    Migration { style, definition, is_done: false, files, iam, blockers, changes, placeholders }
}

/// Adds the blockers about the memory of the task and of its router.
fn check_memory(migrated: &TaskDefinition, draft: &mut Draft) {
    for router in routers(migrated) {
        router::check_memory(router, draft);
    }
    let (Some(task), reserved) = (migrated.memory().map(|bytes| bytes >> 20), fargate::reserved(migrated)) else {
        return;
    };
    if reserved <= task {
        return;
    }
    let what = format!("the containers reserve {reserved} MiB together, with the router, but the task has {task} MiB");
    if !migrated.requires_fargate() {
        return draft.block("task-memory", format!("{what}; raise the memory of the task to {reserved} MiB"));
    }
    let message = match fargate::next(fargate::cpu(migrated).unwrap_or(0), reserved) {
        Some(size) => format!("{what}; the next size of Fargate is {} MiB with {} CPU units", size.mib, size.cpu),
        None => format!("{what}, and Fargate has no larger size; lower the memory of a container"),
    };
    draft.block("fargate-memory", message);
}

/// Collects the values that the operator has to replace.
fn collect_placeholders(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(REPLACE) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_placeholders(item, found)),
        Value::Object(members) => members.values().for_each(|member| collect_placeholders(member, found)),
        _ => {}
    }
}
