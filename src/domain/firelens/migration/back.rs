//! The way back from FireLens to awslogs, with the same table of options.

use serde_json::{Map, Value};

use super::blocker::of_definition;
use super::choices::Style;
use super::cloudwatch::TASK_ID;
use super::draft::Draft;
use super::log_name::{check_group, check_stream};
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
    let mut regions = members.on_firelens.iter().filter_map(|(_, options)| text(*options, "region"));
    let given = regions.find(|region| !region.contains('$'));
    let region = given.map(String::from).or_else(|| surroundings.region.map(String::from));
    let mut leaves_mode = false;
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
        leaves_mode |= !log.contains_key("mode");
        change(*container, log, &mut draft);
    }
    remove_routers(definition, &members, &mut draft);
    notes(&members, &mut draft);
    if !members.on_firelens.is_empty() {
        of_awslogs(leaves_mode, &mut draft);
    }
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
    // The agent leaves out an option that is null, and Fluent Bit reads an empty value as an absent one.
    for (option, value) in map.iter().filter(|(_, value)| !value.is_null() && **value != "") {
        let shown = plain(option, 100);
        let fate = back(option);
        let text = match (fate, read(fate, value)) {
            (Return::Dropped | Return::Blocks, _) => "",
            (_, Ok(text)) => text,
            (_, Err(why)) => {
                let message = format!("{shown} of container `{name}` {why}; write the value that awslogs gets");
                draft.block("untranslatable-option", message);
                if let Return::Option(awslogs) = fate {
                    log.insert(awslogs.to_owned(), Value::Null);
                }
                continue;
            }
        };
        match fate {
            Return::Option(awslogs) => drop(log.insert(awslogs.to_owned(), text.into())),
            Return::StreamPrefix => {
                let prefix = text.strip_suffix('/').unwrap_or(text);
                let message = format!(
                    "container `{name}`: the log streams are called {prefix}/{name}/TASK-ID instead of \
                     {text}{name}-firelens-TASK-ID"
                );
                draft.say("stream-names", message);
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
                    let message = format!("container `{name}`: {shown} has no counterpart and is left out");
                    draft.say("dropped-option", message);
                }
            }
            Return::Blocks => {
                let message = format!("{shown} of container `{name}` has no counterpart in awslogs; remove the option");
                draft.block("untranslatable-option", message);
            }
        }
    }
    complete(name, &mut log, draft);
    if !is_raw {
        let message =
            format!("container `{name}`: each event is the raw log line, and no JSON object with metadata any more");
        draft.say("message", message);
    }
    log
}

/// Returns the text of an option that awslogs gets. The error is the reason why awslogs cannot get it.
fn read(fate: Return, value: &Value) -> Result<&str, &'static str> {
    let Some(text) = value.as_str() else { return Err("is no text") };
    let rest = if fate == Return::StreamName { text.strip_suffix(TASK_ID).unwrap_or(text) } else { text };
    match rest {
        rest if rest.contains('$') => Err("has a variable, which the router replaces and awslogs does not"),
        rest if rest.contains(char::is_control) => Err("has a control character"),
        _ => Ok(text),
    }
}

/// Checks the options of awslogs, and adds the stream prefix if there is none.
fn complete(name: &str, log: &mut Map<String, Value>, draft: &mut Draft) {
    for needed in ["awslogs-group", "awslogs-region"] {
        if !log.contains_key(needed) {
            let message = format!("the options of container `{name}` give no value for {needed}; add it");
            draft.block("missing-option", message);
        }
    }
    let prefix = log.entry("awslogs-stream-prefix").or_insert_with(|| name.into()).as_str().unwrap_or_default();
    check_stream(name, |task| format!("{prefix}/{name}/{task}"), draft);
    check_group(name, log.get("awslogs-group").and_then(Value::as_str).unwrap_or_default(), draft);
}

/// Returns the prefix in the name of a log stream that awslogs can give, too.
fn stream_prefix<'a>(name: &str, stream: &'a str) -> Option<&'a str> {
    let rest = stream.strip_suffix(TASK_ID)?.strip_suffix('/')?;
    match rest.strip_suffix(name)? {
        "" => Some(rest),
        prefix => prefix.strip_suffix('/').filter(|prefix| !prefix.is_empty()),
    }
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
    }
    let is_router = |container: &Container<'_>| members.routers.iter().any(|router| router.index == container.index);
    let left: Vec<Container<'_>> = definition.containers().filter(|container| !is_router(container)).collect();
    if left.is_empty() {
        draft.block("no-other-container", "the task has no container but its router; deregister the task definition");
        return;
    }
    for router in &members.routers {
        draft.containers.remove(router.index);
    }
    let names: Vec<&str> = members.routers.iter().filter_map(|router| router.name()).collect();
    for container in left {
        separate(container, &names, draft);
    }
}

/// Removes the dependencies of a container on the routers. Adds a blocker if the container needs a router.
fn separate(container: Container<'_>, routers: &[&str], draft: &mut Draft) {
    let list = |member: &str| container.member(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_router = |name: Option<&str>| name.is_some_and(|name| routers.contains(&name));
    // A link has the form NAME or NAME:ALIAS.
    let linked = |link: &Value| is_router(link.as_str().and_then(|link| link.split(':').next()));
    for (member, needs) in [
        ("volumesFrom", list("volumesFrom").iter().any(|volume| is_router(volume["sourceContainer"].as_str()))),
        ("links", list("links").iter().any(linked)),
    ] {
        if needs {
            let name = container.name().unwrap_or_default();
            draft.block(
                "needed-router",
                format!("{member} of container `{name}` names the router; remove the router from {member}"),
            );
        }
    }
    let dependencies = list("dependsOn").iter().enumerate();
    let on_router = dependencies.filter(|(_, dependency)| is_router(dependency["containerName"].as_str()));
    let removed: Vec<usize> = on_router.map(|(index, _)| index).collect();
    match removed.len() {
        0 => {}
        count if count == list("dependsOn").len() => draft.containers.unset(container.index, "dependsOn"),
        _ => draft.containers.pull(container.index, "dependsOn", removed),
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
}

/// Adds what changes for the containers that log through awslogs again. `leaves_mode` says whether a container has no
/// option `mode`.
fn of_awslogs(leaves_mode: bool, draft: &mut Draft) {
    if leaves_mode {
        draft.say(
            "delivery",
            "without the option mode, the setting of the account decides between blocking and non-blocking delivery; \
             `logweir fix` writes what the baseline asks for",
        );
    }
    draft.say(
        "exec",
        "sessions of ECS Exec into these containers are logged again in clusters whose Exec logging is DEFAULT",
    );
    draft.say("log-groups", "the log groups must exist before the deployment, unless awslogs-create-group is set");
}
