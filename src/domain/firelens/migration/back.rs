//! The way back from FireLens to awslogs, with the same table of options.

use serde_json::{Map, Value};

use super::blocker::of_definition;
use super::choices::Style;
use super::cloudwatch::TASK_ID;
use super::draft::Draft;
use super::members::Members;
use super::option::{Return, back};
use super::surroundings::Surroundings;
use super::{Migration, forward};
use crate::domain::ecs::task_definition::{Container, Options, TaskDefinition};
use crate::domain::firelens::router::RouterKind;
use crate::domain::text::plain::plain;

pub(super) fn plan(definition: &TaskDefinition, surroundings: &Surroundings<'_>) -> Migration {
    let members = Members::of(definition);
    let mut draft = Draft::default();
    if members.on_firelens.is_empty() && members.routers.is_empty() {
        draft.say("nothing-to-migrate", "nothing to migrate: no container logs through awsfirelens");
        return Migration::done(Style::Awslogs, definition, draft.changes);
    }
    draft.blockers.extend(of_definition(definition));
    if !definition.has_execution_role() && definition.requires_fargate() {
        let message = "the task definition has no executionRoleArn, with which awslogs writes on Fargate; name one";
        draft.block("missing-execution-role", message);
    }
    let given = members.on_firelens.iter().find_map(|(_, options)| text(*options, "region"));
    let region = given.map(String::from).or_else(|| surroundings.region.map(String::from));
    for (container, options) in &members.on_firelens {
        let name = container.name().unwrap_or_default();
        let plugin = text(*options, "name").map(str::to_ascii_lowercase);
        let log = match plugin.as_deref() {
            Some("cloudwatch_logs" | "cloudwatch") => options_back(name, *options, &mut draft),
            Some(other) => {
                let message = format!(
                    "container `{name}` logs to {}, and awslogs sends to CloudWatch Logs alone; move this container by hand",
                    plain(other, 50)
                );
                draft.block("other-destination", message);
                continue;
            }
            None => without_options(definition, name, *options, region.as_deref(), surroundings, &mut draft),
        };
        change(*container, log, &mut draft);
    }
    remove_routers(definition, &members, &mut draft);
    notes(&members, &mut draft);
    forward::finish(definition, Style::Awslogs, surroundings, &[], draft)
}

/// Returns the value of an option of the output. Fluent Bit compares the names of options without regard to case.
fn text<'a>(options: Options<'a>, name: &str) -> Option<&'a str> {
    let Options::Map(map) = options else { return None };
    map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// Returns the awslogs options for the options of a CloudWatch output.
fn options_back(name: &str, options: Options<'_>, draft: &mut Draft) -> Map<String, Value> {
    let Options::Map(map) = options else { return Map::new() };
    let mut log = Map::new();
    let mut is_raw = false;
    for (option, value) in map {
        let shown = plain(option, 100);
        let text = value.as_str().unwrap_or_default();
        match back(option) {
            Return::Option(awslogs) => drop(log.insert(awslogs.to_owned(), value.clone())),
            Return::StreamPrefix => {
                let prefix = text.strip_suffix('/').unwrap_or(text);
                say_stream(name, prefix, draft);
                log.insert("awslogs-stream-prefix".to_owned(), prefix.into());
            }
            Return::StreamName => match stream_prefix(name, text) {
                Some(prefix) => drop(log.insert("awslogs-stream-prefix".to_owned(), prefix.into())),
                None => {
                    let message = format!(
                        "{shown} of container `{name}` is not PREFIX/{name}/{TASK_ID}, and awslogs gives its log streams \
                         only such names; change it to log_stream_prefix"
                    );
                    draft.block("untranslatable-option", message);
                }
            },
            Return::CreateGroup => {
                if ["true", "on", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
                    log.insert("awslogs-create-group".to_owned(), "true".into());
                }
            }
            Return::LogKey => is_raw = text == "log",
            Return::Dropped => {
                let is_own = option.eq_ignore_ascii_case("name") || option.eq_ignore_ascii_case("retry_limit");
                if !is_own {
                    draft.say(
                        "dropped-option",
                        format!("container `{name}`: {shown} has no counterpart and is left out"),
                    );
                }
            }
            Return::Blocks => {
                let message = format!("{shown} of container `{name}` has no counterpart in awslogs; remove the option");
                draft.block("untranslatable-option", message);
            }
        }
    }
    for needed in ["awslogs-group", "awslogs-region"] {
        if !log.contains_key(needed) {
            draft.block(
                "missing-option",
                format!("the options of container `{name}` give no value for {needed}; add it"),
            );
        }
    }
    if !log.contains_key("awslogs-stream-prefix") {
        log.insert("awslogs-stream-prefix".to_owned(), name.into());
    }
    if !is_raw {
        let message =
            format!("container `{name}`: each event is the raw log line, and no JSON object with metadata any more");
        draft.say("message", message);
    }
    log
}

/// Returns the prefix in the name of a log stream that awslogs can give, too.
fn stream_prefix<'a>(name: &str, stream: &'a str) -> Option<&'a str> {
    let rest = stream.strip_suffix(TASK_ID)?.strip_suffix('/')?;
    match rest.strip_suffix(name)? {
        "" => Some(rest),
        prefix => prefix.strip_suffix('/').filter(|prefix| !prefix.is_empty()),
    }
}

fn say_stream(name: &str, prefix: &str, draft: &mut Draft) {
    let message = format!(
        "container `{name}`: the log streams are called {prefix}/{name}/TASK-ID instead of {prefix}/{name}-firelens-TASK-ID"
    );
    draft.say("stream-names", message);
}

/// Returns the awslogs options of the baseline for a container whose output is not in its options.
fn without_options(
    definition: &TaskDefinition,
    name: &str,
    options: Options<'_>,
    region: Option<&str>,
    surroundings: &Surroundings<'_>,
    draft: &mut Draft,
) -> Map<String, Value> {
    let is_empty = match options {
        Options::Absent | Options::Null => true,
        Options::Map(map) => map.is_empty(),
        Options::Malformed(_) | Options::Unknown => false,
    };
    if !is_empty {
        draft.block(
            "other-destination",
            format!("the options of container `{name}` do not name their output; add Name"),
        );
        return Map::new();
    }
    let log = region.ok_or_else(|| "no option and no --region shows the Region".to_owned());
    match log.and_then(|region| surroundings.own_log(definition, name, region)) {
        Ok(log) => {
            draft.say(
                "destination",
                format!(
                    "container `{name}` has no options, so only the configuration of the router knows its destinations; it \
                     gets the log group of the baseline"
                ),
            );
            log["options"].as_object().cloned().unwrap_or_default()
        }
        Err(why) => {
            draft.block("other-destination", format!("container `{name}` cannot get an awslogs configuration: {why}"));
            Map::new()
        }
    }
}

/// Gives the container its awslogs options.
fn change(container: Container<'_>, options: Map<String, Value>, draft: &mut Draft) {
    let Some(Value::Object(old)) = container.member("logConfiguration") else { return };
    let mut new = old.clone();
    let is_empty = |secrets: &Value| secrets.is_null() || secrets.as_array().is_some_and(Vec::is_empty);
    if new.get("secretOptions").is_some_and(|secrets| !is_empty(secrets)) {
        let name = container.name().unwrap_or_default();
        draft.block(
            "secret-option",
            format!("container `{name}` has secret options, and awslogs takes none; remove them"),
        );
    }
    new.insert("logDriver".into(), "awslogs".into());
    new.insert("options".into(), options.into());
    draft.containers.set(container.index, "logConfiguration", new.into());
}

/// Removes the routers, and the dependencies on them.
fn remove_routers(definition: &TaskDefinition, members: &Members<'_>, draft: &mut Draft) {
    for router in &members.routers {
        if RouterKind::of(*router) != Some(RouterKind::FluentBit) {
            let name = router.name().unwrap_or_default();
            draft.block(
                "fluentd-router",
                format!("router `{name}` is not Fluent Bit, and its outputs have other options"),
            );
        }
        draft.containers.remove(router.index);
    }
    let names: Vec<&str> = members.routers.iter().filter_map(|router| router.name()).collect();
    let is_router = |container: &Container<'_>| members.routers.iter().any(|router| router.index == container.index);
    for container in definition.containers().filter(|container| !is_router(container)) {
        let volumes = container.member("volumesFrom").and_then(Value::as_array).into_iter().flatten();
        if volumes
            .into_iter()
            .any(|volume| volume["sourceContainer"].as_str().is_some_and(|name| names.contains(&name)))
        {
            let name = container.name().unwrap_or_default();
            draft.block(
                "needed-router",
                format!("container `{name}` uses the volumes of the router; remove volumesFrom"),
            );
        }
        let list = container.member("dependsOn").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_on_router =
            |dependency: &Value| dependency["containerName"].as_str().is_some_and(|name| names.contains(&name));
        let removed: Vec<usize> = list
            .iter()
            .enumerate()
            .filter(|(_, dependency)| is_on_router(dependency))
            .map(|(index, _)| index)
            .collect();
        match removed.len() {
            0 => {}
            count if count == list.len() => draft.containers.unset(container.index, "dependsOn"),
            _ => draft.containers.pull(container.index, "dependsOn", removed),
        }
    }
}

fn notes(members: &Members<'_>, draft: &mut Draft) {
    for router in &members.routers {
        let name = plain(router.name().unwrap_or_default(), 255);
        draft.say("router", format!("router `{name}` is removed"));
        let options = router.member("firelensConfiguration").and_then(|router| router.get("options"));
        let file = options.and_then(|options| options.get("config-file-value")).and_then(Value::as_str);
        let is_own = |file: &&str| !file.starts_with("/fluent-bit/configs/");
        let variables = router.member("environment").and_then(Value::as_array).into_iter().flatten();
        let in_variables = variables.filter(|variable| {
            variable["name"].as_str().is_some_and(|name| name.to_ascii_lowercase().starts_with("aws_fluent_bit_init_"))
        });
        for file in
            file.filter(is_own).into_iter().chain(in_variables.filter_map(|variable| variable["value"].as_str()))
        {
            let message = format!(
                "the parsers, filters and outputs in {} end with the router; write multiline patterns as \
                 awslogs-multiline-pattern, and move other destinations by hand",
                plain(file, 300)
            );
            draft.say("router-configuration", message);
        }
        if router.member("entryPoint").is_some() || router.member("command").is_some() {
            draft.say(
                "router-configuration",
                format!("the outputs in the arguments of router `{name}` end with the router"),
            );
        }
    }
    for agent in &members.agents {
        let name = plain(agent.name().unwrap_or_default(), 255);
        let message =
            format!("container `{name}` stays, because it also inspects the network; it gets no log lines any more");
        draft.say("agent", message);
    }
    draft.say(
        "delivery",
        "the option mode is absent, so the setting of the account decides between blocking and non-blocking delivery; \
         `logweir fix` writes what the baseline asks for",
    );
    draft.say(
        "exec",
        "sessions of ECS Exec into these containers are logged again in clusters whose Exec logging is DEFAULT",
    );
    draft.say("log-groups", "the log groups must exist before the deployment, unless awslogs-create-group is set");
}
