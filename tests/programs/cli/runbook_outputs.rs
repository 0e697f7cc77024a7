//! The formats of `logweir runbook`, and its files. `tests/formats/test_runbook.py` reads them with third-party
//! parsers.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{file, golden, logweir, run};
use crate::loopback::operator::Ran;

/// A task definition whose texts try to be a mark, an element, a formula or a command of a terminal.
const HOSTILE: &str = r#"{
  "family": "=web|<b>",
  "pidMode": "host",
  "taskRoleArn": "arn:aws:iam::111122223333:role/web",
  "containerDefinitions": [
    {
      "name": "a`|<i>\u001b[31m\u202e",
      "image": "ghcr.io/a/b:1",
      "user": "0",
      "environment": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "CANARY-ENV"}]
    }
  ]
}"#;

/// Runs `logweir runbook` in a folder.
fn runbook(folder: &TempDir, arguments: &[&str]) -> Ran {
    let mut command = logweir(&["runbook", "--region", "eu-west-1"]);
    run(command.args(arguments).current_dir(folder.path()).env("SOURCE_DATE_EPOCH", "1764547200"))
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn the_sheet_for_people_shows_a_hostile_task_definition_in_its_own_way() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", HOSTILE);
    let ran = runbook(&folder, &["web.json", "--output", "text=out.txt", "--output", "markdown=out.md"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert_eq!(ran.out, read(&folder, "out.txt"), "a pipe gets no styles");
    for name in ["out.txt", "out.md"] {
        let text = read(&folder, name);
        assert!(!text.contains("CANARY") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    golden("runbook/hostile.txt", &ran.out);
    golden("runbook/hostile.md", &read(&folder, "out.md"));
}

#[test]
fn a_result_about_a_template_has_its_place_in_the_template() {
    let folder = TempDir::new().unwrap();
    let template = "Resources:\n  Web:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: web\n      \
                    PidMode: host\n      ContainerDefinitions:\n        - Name: app\n          Image: nginx\n          \
                    User: root\n";
    file(&folder, "web.yaml", template);
    let ran = runbook(&folder, &["web.yaml", "--format", "json"]);
    let sheet: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sheet["requirements"].as_array().unwrap().iter().flat_map(|of| of["results"].as_array().unwrap());
    let failing: Vec<(&str, u64)> = results
        .filter(|result| result["verdict"] == "fail")
        .map(|result| (result["rule"].as_str().unwrap(), result["place"]["line"].as_u64().unwrap()))
        .collect();
    for expected in [("host-pid", 6), ("foreign-registry", 9), ("root-user", 10)] {
        assert!(failing.contains(&expected), "{failing:?}");
    }
}

#[test]
fn standard_output_has_one_format_and_files_have_others() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", HOSTILE);
    let ran = runbook(&folder, &["web.json", "--format", "csv", "--output", "html=a.html", "--output", "sarif=b.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with("\"row\",\"requirement\","), "{}", ran.out);
    assert!(read(&folder, "a.html").contains("&lt;i&gt;"));
    assert!(read(&folder, "b.json").contains("\"runbook-X1-host-pid\""));
}

/// A container with a read-only root file system may have no such folder.
#[test]
fn a_large_run_needs_no_folder_for_temporary_files() {
    let folder = TempDir::new().unwrap();
    for number in 0..40 {
        file(&folder, &format!("{number}.json"), &HOSTILE.replace("=web", &format!("web-{number}")));
    }
    let outputs = ["/does/not/exist", folder.path().to_str().unwrap()].map(|place| {
        let mut command = logweir(&["runbook", "--region", "eu-west-1", ".", "--format", "csv"]);
        let ran = run(command.current_dir(folder.path()).env("TMPDIR", place).env("SOURCE_DATE_EPOCH", "1764547200"));
        assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{}", ran.err);
        ran.out
    });
    assert!(outputs[0].len() > 1 << 20 && outputs[0] == outputs[1], "{}", outputs[0].len());
}

#[test]
fn what_a_format_needs_is_said_before_anything_is_judged() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", HOSTILE);
    for (arguments, message) in [
        (&["--output", "junit=a"][..], "no format is called `junit`"),
        (&["--output", "json=a", "--output", "csv=a"], "two outputs would be written to a"),
        (&["--format", "asff"], "the format asff needs an account for files"),
        (&["--format", "github"], "only `check`, `audit`, `firelens check` and `exec check` have the format github"),
        (&["--format", "junit"], "use one of these formats: text, json, sarif, csv, markdown, ocsf, asff, html"),
    ] {
        let ran = runbook(&folder, &[&["web.json"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
}
