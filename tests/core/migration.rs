//! The plan of a move to FireLens, and of the way back, on golden cases, on generated options and on third-party task
//! definitions.
//!
//! A golden case is a folder `tests/core/migration/<case>/` with the files `before.json`, `choices.json` and `plan.json`.
//! `LOGWEIR_BLESS=1` rewrites `plan.json`; then read every line of the diff.

mod classic;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::{Container, Log, Options, TaskDefinition};
use logweir::domain::firelens::migration::option::{Fate, fate};
use logweir::domain::firelens::migration::{
    Choices, CloudWatchPlugin, Destination, Health, Migration, RegistrationKey, Style, Surroundings, to_awslogs,
    to_firelens,
};
use logweir::domain::plan::plan_by;
use logweir::domain::rules::facts::Observation;
use logweir::domain::rules::packs::every;
use logweir::settings::SHIPPED_BASELINE;
use logweir::sources::Document;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

const REGION: &str = "eu-west-1";

const TASK_ID: &str = "${ECS_TASK_ID}";

/// The rules that a plan cannot satisfy, because they are about another state than the task definition's text, or about
/// images of other people.
const ABOUT_OTHERS: [&str; 1] = ["moving-router-image"];

fn baseline() -> Baseline {
    Baseline::parse(SHIPPED_BASELINE).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/migration")
}

fn choices(given: &Value) -> Option<Choices> {
    if given.get("to").is_some() {
        return None;
    }
    let text = |key: &str| given[key].as_str();
    let plugin = if text("plugin") == Some("go") { CloudWatchPlugin::Go } else { CloudWatchPlugin::Core };
    Some(Choices {
        style: match text("style") {
            Some("same-names") => Style::SameNames,
            Some("alertlogic") => Style::AlertLogic,
            _ => Style::Simple,
        },
        plugin,
        image: text("image").map(String::from),
        health: if text("health") == Some("none") { Health::None } else { Health::Uptime },
        also: given["also"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|also| Destination::parse(also.as_str().unwrap()).unwrap())
            .inspect(|also| also.check(plugin).unwrap())
            .collect(),
        config_folder: text("config-folder").map(String::from),
        registration_key: text("registration-key").map(|key| match key {
            "none" => RegistrationKey::None,
            arn => RegistrationKey::Secret(arn.to_owned()),
        }),
    })
}

fn planned(definition: &TaskDefinition, choices: Option<&Choices>) -> Migration {
    let baseline = baseline();
    let surroundings =
        Surroundings { account: Some("111122223333"), region: Some(REGION), tags: &[], baseline: &baseline };
    match choices {
        Some(choices) => to_firelens(definition, choices, &surroundings),
        None => to_awslogs(definition, &surroundings),
    }
}

struct Case {
    name: String,
    folder: PathBuf,
    before: TaskDefinition,
    choices: Option<Choices>,
}

fn cases() -> Vec<Case> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let case = |folder: PathBuf| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let choices = choices(&serde_json::from_str(&read("choices.json")).unwrap());
        Case { name, before: TaskDefinition::parse(read("before.json")).unwrap(), choices, folder }
    };
    folders.into_iter().map(case).collect()
}

/// Returns the names of the rules that find a fault in the task definition.
fn faults(definition: &TaskDefinition) -> BTreeSet<String> {
    let baseline = baseline();
    let seen = Observation::of_document(definition, Some(REGION), Timestamp::UNIX_EPOCH);
    let findings = plan_by(&every(), &seen, &baseline).findings;
    let names = findings.into_iter().filter(|finding| finding.counts()).map(|finding| finding.rule.name().to_owned());
    names.filter(|name| !ABOUT_OTHERS.contains(&name.as_str())).collect()
}

/// Returns the rules of the pack `firelens` that find a fault.
fn firelens_faults(definition: &TaskDefinition) -> BTreeSet<String> {
    let of_pack: BTreeSet<&str> =
        logweir::domain::rules::packs::FIRELENS.iter().map(|rule| rule.name().name()).collect();
    faults(definition).into_iter().filter(|name| of_pack.contains(name.as_str())).collect()
}

#[test]
fn the_plan_of_each_case_is_the_golden_one() {
    let mut wrong = Vec::new();
    for Case { name, folder, before, choices } in cases() {
        let Migration { style, definition, is_done, files, iam, blockers, changes, placeholders } =
            planned(&before, choices.as_ref());
        assert_eq!(definition.is_none(), !blockers.is_empty(), "{name}");
        let plan = json!({
            "style": style.name(), "nothing": is_done, "document": definition.as_ref().map(TaskDefinition::view),
            "files": files, "iam": iam, "blockers": blockers, "changes": changes, "placeholders": placeholders
        });
        let (path, text) = (folder.join("plan.json"), format!("{plan:#}\n"));
        if std::env::var_os("LOGWEIR_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "LOGWEIR_BLESS=1 accepts the plans of {wrong:?}");
}

#[test]
fn the_check_of_a_plan_finds_no_fault_that_was_not_there() {
    let mut count = 0;
    for Case { name, before, choices, .. } in cases() {
        let Some(migrated) = planned(&before, choices.as_ref()).definition else { continue };
        let mut new: Vec<String> = faults(&migrated).difference(&faults(&before)).cloned().collect();
        // The way back chooses no delivery mode, and says so.
        new.retain(|fault| choices.is_some() || !["blocking-delivery", "unsized-buffer"].contains(&fault.as_str()));
        assert!(new.is_empty(), "{name}: {new:?}\n{:#}", migrated.view());
        if choices.is_some() {
            assert_eq!(firelens_faults(&migrated), BTreeSet::new(), "{name}");
        }
        count += 1;
    }
    assert!(count > 15, "{count} plans");
}

#[test]
fn a_task_definition_that_was_migrated_needs_no_migration() {
    for Case { name, before, choices, .. } in cases() {
        let Some(migrated) = planned(&before, choices.as_ref()).definition else { continue };
        let again = planned(&migrated, choices.as_ref());
        assert!(again.is_done && again.definition == Some(migrated), "{name}");
    }
}

/// Whether Go reads the text as true.
fn is_true(value: &Value) -> bool {
    ["1", "t", "T", "true", "TRUE", "True"].iter().any(|word| value == word)
}

/// Returns the value without the members that a plan says it leaves out, and without empty members.
fn comparable(definition: &TaskDefinition) -> Value {
    fn without_empty(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter(|(_, value)| !value.is_null() && **value != json!([]));
                Value::Object(kept.map(|(key, value)| (key.clone(), without_empty(value))).collect())
            }
            Value::Array(items) => items.iter().map(without_empty).collect(),
            value => value.clone(),
        }
    }
    let mut value = without_empty(definition.view());
    for container in value["containerDefinitions"].as_array_mut().unwrap() {
        let name = container["name"].clone();
        let Some(options) = container["logConfiguration"]["options"].as_object_mut() else { continue };
        let is_lost = |option: &str| matches!(fate(option), Fate::Dropped(_) | Fate::Multiline | Fate::Datetime);
        options.retain(|option, value| !is_lost(option) && *value != "");
        // Without a prefix, the log stream had the name of the Docker container.
        options.entry("awslogs-stream-prefix").or_insert(name);
        if options.get("awslogs-create-group").is_some_and(|creates| !is_true(creates)) {
            options.remove("awslogs-create-group");
        }
        if let Some(creates) = options.get_mut("awslogs-create-group") {
            *creates = "true".into();
        }
    }
    value
}

/// Whether the way back of a plan restores the whole task definition: the plan adds its own router and no agent, every
/// moved container logs to CloudWatch Logs, and no option has a variable, which the router would replace.
fn is_reversible(before: &TaskDefinition, choices: &Choices) -> bool {
    let has_router = before.containers().any(|container| container.member("firelensConfiguration").is_some());
    let has_variable = before.containers().any(|container| {
        matches!(container.log(), Log::Configured { driver: "awslogs", options: Options::Map(map) }
            if map.values().any(|value| value.as_str().is_some_and(|text| text.contains('$'))))
    });
    !has_router && !has_variable && choices.style != Style::AlertLogic && choices.also.is_empty()
}

#[test]
fn the_way_back_restores_the_task_definition() {
    let mut count = 0;
    for Case { name, before, choices, .. } in cases() {
        let Some(choices) = choices.filter(|choices| is_reversible(&before, choices)) else { continue };
        let Some(migrated) = planned(&before, Some(&choices)).definition else { continue };
        let back = planned(&migrated, None);
        assert_eq!(back.blockers, [], "{name}");
        assert_eq!(comparable(&back.definition.unwrap()), comparable(&before), "{name}");
        count += 1;
    }
    assert!(count > 8, "{count} ways back");
}

#[test]
fn the_rights_of_the_way_back_are_those_of_the_plan_in_the_other_direction() {
    for Case { name, before, choices, .. } in cases() {
        let Some(choices) = choices.filter(|choices| is_reversible(&before, choices)) else { continue };
        let there = planned(&before, Some(&choices));
        let Some(migrated) = there.definition else { continue };
        for (there, back) in there.iam.iter().zip(planned(&migrated, None).iam) {
            assert_eq!((&there.add, &there.remove), (&back.remove, &back.add), "{name}: {:?}", there.role);
        }
    }
}

#[test]
fn every_generated_configuration_is_valid_for_an_independent_parser() {
    let mut count = 0;
    for Case { name, before, choices, .. } in cases() {
        let migration = planned(&before, choices.as_ref());
        for file in migration.files.iter().filter(|_| migration.definition.is_some()) {
            let sections = classic::parse(&file.content).unwrap_or_else(|why| panic!("{name}: {}: {why}", file.path));
            for section in &sections {
                if let Err(why) = section.check() {
                    panic!("{name}: {}: {why}", file.path);
                }
            }
            count += sections.len();
        }
    }
    assert!(count > 60, "{count} sections");
}

/// Every style on third-party task definitions: a plan adds no fault, and the way back restores the document.
#[test]
fn third_party_task_definitions_are_planned_checked_and_restored() {
    let mut count = 0;
    let documents = crate::corpus::documents();
    for document in &documents {
        for style in [Style::Simple, Style::SameNames, Style::AlertLogic] {
            let registration_key = Some(RegistrationKey::None);
            let choices = Choices { style, registration_key, ..Choices::default() };
            let migration = planned(&document.definition, Some(&choices));
            assert_eq!(migration.definition.is_none(), !migration.blockers.is_empty(), "{}", document.origin);
            let Some(migrated) = migration.definition.filter(|_| !migration.is_done) else { continue };
            count += 1;
            let new: Vec<String> = faults(&migrated).difference(&faults(&document.definition)).cloned().collect();
            assert!(new.is_empty(), "{}: {new:?}", document.origin);
            let text = Document::with_all([(document, &migrated)]).unwrap();
            assert_ne!(text, document.text(), "{}", document.origin);
            for file in &migration.files {
                let sections = classic::parse(&file.content).unwrap();
                sections.iter().try_for_each(classic::Section::check).unwrap();
            }
            if is_reversible(&document.definition, &choices) {
                let back = planned(&migrated, None);
                assert_eq!(back.blockers, [], "{}", document.origin);
                let restored = back.definition.unwrap();
                assert_eq!(comparable(&restored), comparable(&document.definition), "{}", document.origin);
            }
        }
    }
    assert!(documents.is_empty() || count > 40, "{count} plans");
}

// Every option is mapped, dropped with a note, or blocks.

const OPTIONS: [&str; 22] = [
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-multiline-pattern",
    "awslogs-datetime-format",
    "awslogs-format",
    "awslogs-stream",
    "awslogs-create-stream",
    "awslogs-endpoint",
    "awslogs-credentials-endpoint",
    "awslogs-force-flush-interval-seconds",
    "awslogs-max-buffered-events",
    "mode",
    "max-buffer-size",
    "cache-disabled",
    "tag",
    "labels",
    "env",
    "splunk-token",
    "awslogs_group",
    "Name",
];

fn value() -> impl Strategy<Value = Value> {
    const TEXTS: [&str; 13] = [
        "true",
        "false",
        "non-blocking",
        "25m",
        "/ecs/web",
        "eu-west-1",
        "app",
        "^a",
        "%Y-%m-%d",
        "a\nb",
        "${X}",
        "",
        "(",
    ];
    prop_oneof![
        8 => select(&TEXTS[..]).prop_map(Value::from),
        1 => ".{0,12}".prop_map(Value::from),
        1 => select(vec![json!(1), json!(null), json!(true), json!({}), json!({"Ref": "X"}), json!([])]),
    ]
}

fn options() -> impl Strategy<Value = Map<String, Value>> {
    let names = subsequence(&OPTIONS[..], 0..OPTIONS.len());
    let strange = proptest::collection::vec("[a-z\\-]{0,10}", 0..2);
    (names, strange).prop_flat_map(|(names, strange)| {
        let names: Vec<String> = names.into_iter().map(String::from).chain(strange).collect();
        let count = names.len();
        proptest::collection::vec(value(), count).prop_map(move |values| names.iter().cloned().zip(values).collect())
    })
}

fn of_options(options: &Map<String, Value>) -> TaskDefinition {
    let definition = json!({
        "family": "web", "taskRoleArn": "arn:aws:iam::111122223333:role/task",
        "executionRoleArn": "arn:aws:iam::111122223333:role/execution", "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}}]
    });
    TaskDefinition::parse(definition.to_string()).unwrap()
}

fn output(definition: &TaskDefinition) -> &Map<String, Value> {
    let app = definition.containers().next().unwrap();
    match app.log() {
        Log::Configured { driver: "awsfirelens", options: Options::Map(map) } => map,
        _ => panic!("the container does not log through awsfirelens"),
    }
}

fn every_option_is_accounted_for(options: &Map<String, Value>, style: Style) -> Result<(), TestCaseError> {
    let definition = of_options(options);
    let migration = planned(&definition, Some(&Choices { style, ..Choices::default() }));
    let told = |option: &str| {
        let messages = migration.blockers.iter().map(|blocker| &blocker.message);
        messages.chain(migration.changes.iter().map(|change| &change.message)).any(|message| message.contains(option))
    };
    for (option, value) in options {
        let is_mapped = migration.definition.as_ref().is_some_and(|definition| {
            let output = output(definition);
            match fate(option) {
                Fate::Output(name) => output.get(name) == Some(value),
                Fate::StreamPrefix => {
                    let stream = output.get("log_stream_prefix").or(output.get("log_stream_name"));
                    stream.unwrap().as_str().unwrap().starts_with(value.as_str().unwrap())
                }
                Fate::CreateGroup => output["auto_create_group"] == if is_true(value) { "true" } else { "false" },
                Fate::Multiline | Fate::Datetime => migration.files.iter().any(|file| file.path == "parsers.conf"),
                Fate::Dropped(_) | Fate::Blocks(_) => false,
            }
        });
        // An empty value is an absent one.
        let is_absent = value == "" && matches!(fate(option), Fate::Output(_));
        prop_assert!(is_mapped || is_absent || told(option) || told("log group"), "{option}: {migration:?}");
    }
    if let Some(migrated) = &migration.definition {
        let left = output(migrated).keys().filter(|option| options.contains_key(*option) && *option != "Name");
        prop_assert_eq!(left.count(), 0);
        let unknown = firelens_faults(migrated);
        prop_assert!(unknown.is_empty(), "{unknown:?}: {:#}", migrated.view());
        for file in &migration.files {
            prop_assert!(classic::parse(&file.content).is_ok(), "{}", file.content);
        }
        let back = planned(migrated, None);
        let has_variable =
            output(migrated).values().any(|value| value.as_str().unwrap().replace(TASK_ID, "").contains('$'));
        prop_assert_eq!(!back.blockers.is_empty(), has_variable, "{:?}", back.blockers);
        if style != Style::AlertLogic && !has_variable {
            prop_assert_eq!(comparable(&back.definition.unwrap()), comparable(&definition));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_option_is_mapped_or_dropped_with_a_note_or_blocks(
        options in options(),
        style in select(&[Style::Simple, Style::SameNames, Style::AlertLogic][..])
    ) {
        every_option_is_accounted_for(&options, style)?;
    }

    #[test]
    fn a_good_configuration_with_any_other_option_is_accounted_for(option in select(&OPTIONS[..]), value in value()) {
        let mut options = Map::from_iter([
            ("awslogs-group".to_owned(), json!("/ecs/web")),
            ("awslogs-region".to_owned(), json!(REGION)),
            ("awslogs-stream-prefix".to_owned(), json!("app")),
        ]);
        options.insert(option.to_owned(), value);
        every_option_is_accounted_for(&options, Style::Simple)?;
    }
}

/// A secret stands in a plan only as the ARN of a secret: `--also` and `--registration-key` take nothing else.
#[test]
fn a_secret_value_is_refused_without_being_printed() {
    for text in ["splunk:splunk_token=canary", "http:header=Authorization canary", "s3:tls.key_passwd=canary"] {
        let error = Destination::parse(text).unwrap().check(CloudWatchPlugin::Core).unwrap_err();
        assert!(!error.contains("canary"), "{error}");
    }
    assert!(!RegistrationKey::parse("canary").unwrap_err().contains("canary"));
}

#[test]
fn a_registration_key_is_never_in_the_environment_of_a_plan() {
    for Case { name, before, choices, .. } in cases() {
        let Some(migrated) = planned(&before, choices.as_ref()).definition else { continue };
        let names = |container: Container<'_>| container.member("environment").cloned().unwrap_or_default().to_string();
        assert!(migrated.containers().all(|container| !names(container).contains("\"KEY\"")), "{name}");
    }
}
