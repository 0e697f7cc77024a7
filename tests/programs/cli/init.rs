//! `logweir init`: the file that it writes, and what it learns from files and from the account.

use std::fs;

use logweir::domain::baseline::Baseline;
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BLOCKING, file, golden, logweir, run};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

fn init(folder: &TempDir, arguments: &[&str]) -> Ran {
    run(logweir(&["init"]).args(arguments).current_dir(folder.path()))
}

fn written(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("logweir.toml")).unwrap()
}

fn definition(family: &str, group: &str) -> Value {
    let text = BLOCKING.replacen("\"web\"", &format!("\"{family}\""), 1).replace("/ecs/web", group);
    serde_json::from_str(&text).unwrap()
}

/// A folder with three task definitions whose log groups have a pattern, and one with another log group.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for family in ["web", "api", "jobs"] {
        let text = definition(family, &format!("/apps/{family}")).to_string();
        file(&folder, &format!("ecs/{family}.json"), &text);
    }
    file(&folder, "ecs/old.json", &definition("old", "/ecs/old").to_string());
    file(&folder, "package.json", "{\"name\": \"web\"}");
    folder
}

#[test]
fn the_file_has_every_setting_at_its_default_and_is_the_baseline_of_the_folder() {
    let folder = TempDir::new().unwrap();
    let ran = init(&folder, &[]);
    let digest = Baseline::parse(SHIPPED_BASELINE).unwrap().digest().to_owned();
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, format!("wrote logweir.toml ({digest})\nnext: logweir check .\n"));
    assert_eq!(written(&folder), SHIPPED_BASELINE);
    let shown = run(logweir(&["baseline", "show", "--format", "json"]).current_dir(folder.path())).json();
    assert_eq!(shown["baseline"]["digest"], digest);
    assert_eq!(shown["baseline"]["path"], "logweir.toml");
}

#[test]
fn a_file_that_exists_is_replaced_only_with_force() {
    let folder = TempDir::new().unwrap();
    file(&folder, "logweir.toml", "version = 1\n");
    for arguments in [&[][..], &["--path", "logweir.toml"], &["--learn"]] {
        let ran = init(&folder, arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("logweir.toml exists") && ran.err.contains("--force"), "{}", ran.err);
        assert_eq!(written(&folder), "version = 1\n");
    }
    assert_eq!(init(&folder, &["--force"]).code, 0);
    assert_eq!(written(&folder), SHIPPED_BASELINE);
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1, "no temporary file is left");
}

#[test]
fn another_name_needs_the_option_for_the_baseline() {
    let folder = TempDir::new().unwrap();
    let ran = init(&folder, &["--path", "my baseline.toml"]);
    assert!(ran.out.ends_with("next: logweir check . --baseline 'my baseline.toml'\n"), "{}", ran.out);
    let nowhere = init(&folder, &["--path", "nowhere/logweir.toml"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("cannot write nowhere/logweir.toml"), "{}", nowhere.err);
    assert_eq!(init(&folder, &["--path", ".", "--force"]).code, 2, "a folder is no file");
}

#[test]
fn the_settings_are_learnt_from_the_files_of_the_folder() {
    let folder = folder();
    let ran = init(&folder, &["--learn"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    golden("init.txt", &ran.out);
    golden("init.toml", &written(&folder));
    assert!(Baseline::parse(&written(&folder)).is_ok());
}

#[test]
fn the_json_says_what_was_learnt_and_from_how_much() {
    let folder = folder();
    let ran = init(&folder, &["--learn", "ecs", "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    golden("init.json", &format!("{:#}\n", ran.json()));
    let plain = init(&folder, &["--force", "--format", "json"]).json();
    assert_eq!((&plain["schema"], &plain["learnt"]), (&json!("logweir.init/1"), &Value::Null));
}

#[test]
fn a_target_that_cannot_be_read_is_an_error_and_the_others_are_learnt() {
    let folder = folder();
    file(&folder, "ecs/broken.json", "{\"containerDefinitions\": [");
    let ran = init(&folder, &["--learn"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("broken.json") && ran.out.contains("; 1 error"), "{ran:?}");
    assert!(written(&folder).contains("group = \"/apps/{family}\""), "{}", written(&folder));
}

#[test]
fn nothing_is_written_if_nothing_could_be_read() {
    let folder = TempDir::new().unwrap();
    let ran = init(&folder, &["--learn"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("wrote no logweir.toml"), "{}", ran.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn targets_are_only_for_learning() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["ecs:web"][..], &["--all"], &["--learn", "--all", "ecs:web"]] {
        assert_eq!(init(&folder, arguments).code, 64, "{arguments:?}");
    }
}

/// An account with these log groups.
fn account(documents: &[Value], groups: &Value) -> Operator {
    let Operator { account, folder, .. } = Operator::of(documents);
    let (mut service, groups) = (account.service(), groups.clone());
    let aws = Loopback::serve(move |operation, body| match operation {
        "DescribeLogGroups" if groups.is_null() => Reply::error("AccessDeniedException", "not for you"),
        "DescribeLogGroups" => {
            let body: Value = serde_json::from_str(body).unwrap();
            let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
            let is_found = |group: &&Value| group["logGroupName"].as_str().unwrap().starts_with(prefix);
            let found: Vec<&Value> = groups.as_array().unwrap().iter().filter(is_found).collect();
            Reply::ok(&json!({"logGroups": found}))
        }
        _ => service(operation, body),
    });
    Operator { folder, account, aws }
}

fn learnt<'j>(json: &'j Value, key: &str) -> &'j Value {
    let settings = json["learnt"]["settings"].as_array().unwrap();
    settings.iter().find(|setting| setting["key"] == key).unwrap()
}

#[test]
fn the_account_shows_the_retention_of_its_log_groups() {
    let documents = ["web", "api"].map(|family| definition(family, &format!("/apps/{family}")));
    let group = |name: &str| json!({"logGroupName": name, "retentionInDays": 90, "storedBytes": 0});
    let operator = account(&documents, &json!([group("/apps/web"), group("/apps/api"), group("/apps/other")]));
    let path = operator.folder.path().join("new.toml").display().to_string();
    let ran = operator.run(&["init", "--learn", "--all", "--path", &path, "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let json = ran.json();
    let retention = learnt(&json, "log-group.retention-days");
    assert_eq!((&retention["value"], &retention["count"], &retention["of"]), (&json!(90), &json!(2), &json!(2)));
    assert_eq!(learnt(&json, "logging.group")["value"], "/apps/{family}");
    assert_eq!(json["learnt"]["regions"], json!([{"value": "eu-west-1", "count": 2}]));
    assert_eq!(operator.writing_calls(), [""; 0]);
    let calls = operator.aws.calls();
    assert!(!calls.iter().any(|(operation, _)| operation == "DescribeLogStreams"), "{calls:?}");
    assert!(!calls.iter().any(|(operation, _)| operation == "GetParameter"), "the stack's baseline is not used");
}

#[test]
fn without_access_to_the_log_groups_no_retention_is_learnt() {
    let operator = account(&[definition("web", "/apps/web"), definition("api", "/apps/api")], &Value::Null);
    let path = operator.folder.path().join("new.toml").display().to_string();
    let ran = operator.run(&["init", "--learn", "--all", "--path", &path, "--format", "json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("DescribeLogGroups") && ran.err.contains("no retention"), "{}", ran.err);
    let json = ran.json();
    assert_eq!(learnt(&json, "log-group.retention-days")["basis"], "default");
    assert_eq!(learnt(&json, "logging.group")["value"], "/apps/{family}");
}
