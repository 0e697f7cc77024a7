//! The formats of `logweir check`, its files, and `--new-since`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::apply::blocking;
use super::{BLOCKING, file, golden, logweir, run};
use crate::loopback::operator::{Operator, Ran};

const FORMATS: [(&str, &str); 12] = [
    ("text", "txt"),
    ("json", "json"),
    ("sarif", "sarif.json"),
    ("junit", "xml"),
    ("github", "github.txt"),
    ("github-summary", "summary.md"),
    ("gitlab", "gitlab.json"),
    ("csv", "csv"),
    ("markdown", "md"),
    ("ocsf", "ocsf.json"),
    ("asff", "asff.jsonl"),
    ("html", "html"),
];

fn hostile(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name)).unwrap()
}

/// Runs `logweir check` in a folder.
fn check(folder: &TempDir, arguments: &[&str]) -> Ran {
    let mut command = logweir(&["check", "--region", "eu-west-1"]);
    run(command.args(arguments).current_dir(folder.path()).env("SOURCE_DATE_EPOCH", "1764547200"))
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// Returns an output without the parts that are the same in every output: the texts of the rules, the style and the
/// script.
fn stable(format: &str, text: &str) -> String {
    match format {
        "sarif" => {
            let mut log: Value = serde_json::from_str(text).unwrap();
            log["runs"][0]["tool"]["driver"]["rules"] = "…".into();
            format!("{log:#}\n")
        }
        "html" => {
            let without = |text: &str, name: &str| {
                let (head, rest) = text.split_once(&format!("<{name}>")).unwrap();
                format!("{head}<{name}>…{}", &rest[rest.find(&format!("</{name}>")).unwrap()..])
            };
            let lines = text.lines().filter(|line| !line.contains("Content-Security-Policy"));
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            without(&without(&text, "style"), "script")
        }
        _ => text.to_owned(),
    }
}

#[test]
fn each_format_shows_a_hostile_report_in_its_own_way() {
    let folder = TempDir::new().unwrap();
    file(&folder, "we b%,:.json", &hostile("hostile.json"));
    file(&folder, "logweir.toml", &hostile("hostile.toml"));
    let outputs: Vec<String> = FORMATS.iter().map(|(format, end)| format!("{format}=out.{end}")).collect();
    let mut arguments = vec!["we b%,:.json", "--baseline", "logweir.toml", "--account", "111122223333"];
    arguments.extend(outputs.iter().flat_map(|output| ["--output", output]));
    let ran = check(&folder, &arguments);
    assert_eq!(ran.code, 1, "{ran:?}");
    let rest = ran.out.clone() + "warning";
    assert!(rest.starts_with(read(&folder, "out.txt").split("warning: ").next().unwrap()), "the text is the same");
    for (format, end) in FORMATS {
        let text = read(&folder, &format!("out.{end}"));
        assert!(!text.contains("CANARY"), "{format}");
        golden(&format!("formats/hostile.{end}"), &stable(format, &text));
    }
}

#[test]
fn standard_output_has_one_format_and_files_have_others() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let sarif =
        check(&folder, &["web.json", "--format", "sarif", "--output", "json=a.json", "--output", "json=b.json"]);
    assert_eq!((sarif.code, sarif.err.as_str()), (1, ""));
    let log: Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 2);
    assert_eq!(read(&folder, "a.json"), read(&folder, "b.json"));
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.json", "b.json", "web.json"], "no temporary file is left");
}

#[test]
fn a_file_that_cannot_be_written_at_the_end_is_an_error_and_the_other_files_are_written() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let ran = check(&folder, &["web.json", "--exit-zero", "--output", "json=/dev/full", "--output", "csv=b.csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let (message, help) = ("cannot write /dev/full: No space left", "free disk space");
    assert!(ran.err.contains(message) && ran.err.contains(help), "{}", ran.err);
    assert!(read(&folder, "b.csv").contains("blocking-delivery"));
}

#[test]
fn a_path_that_cannot_be_written_stops_each_verb_before_its_first_call() {
    let operator = Operator::of(&[blocking("web")]);
    file(&operator.folder, "old.json", "old");
    let place = |name: &str| operator.folder.path().join(name).display().to_string();
    for (path, help) in [("none/out", "create the folder of the file first"), ("", ""), ("old.json/out", "")] {
        let path = place(path);
        let output = format!("json={path}");
        for arguments in [
            &["audit", "--no-cache", "--output", &output][..],
            &["runbook", "--output", &output],
            &["check", "--all", "--output", &output],
            &["exec", "check", "--output", &output],
            &["apply", "--all", "--plan-out", &path],
        ] {
            let ran = operator.run(arguments);
            assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
            assert!(ran.err.contains(&format!("cannot write {path}")) && ran.err.contains(help), "{}", ran.err);
        }
    }
    assert_eq!(operator.aws.calls(), []);
    let mut names: Vec<_> = fs::read_dir(operator.folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.retain(|name| name == "old.json" || name.to_string_lossy().contains(".logweir-"));
    assert_eq!((names, read(&operator.folder, "old.json")), (vec!["old.json".into()], "old".to_owned()));
}

#[test]
fn what_a_format_needs_and_who_has_it_is_said_before_anything_is_checked() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    for (arguments, message) in [
        (&["--output", "sarif"][..], "use the form FORMAT=FILE"),
        (&["--output", "sarfi=a"], "no format is called `sarfi`"),
        (&["--output", "json=a", "--output", "csv=a"], "two outputs would be written to a"),
        (&["--format", "asff"], "the format asff needs an account for files"),
        (&["--format", "xml"], "the option --output in the help of the verb lists further formats"),
        (&["--account", "12"], "the ID of an account has twelve digits"),
        (&["--against", "new.toml", "--format", "html"], "--against shows its result only as text or JSON"),
        (&["--against", "new.toml", "--output", "html=a"], "cannot be used with"),
    ] {
        let ran = check(&folder, &[&["web.json"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
    let ran = run(&mut logweir(&["rules", "--format", "sarif"]));
    assert_eq!(ran.code, 64);
    let verbs = "only `check`, `audit`, `firelens check`, `exec check` and `runbook` have the format sarif";
    assert!(ran.err.contains(verbs), "{}", ran.err);
    let path = folder.path().join("web.json");
    let old = run(&mut logweir(&["fix", path.to_str().unwrap(), "--output", "fixed"]));
    assert_eq!(old.code, 64);
    assert!(old.err.contains("use --output-dir fixed"), "{}", old.err);
}

#[test]
fn a_registered_revision_has_its_arn_and_a_place_in_no_file() {
    let operator = Operator::of(&[super::apply::blocking("web")]);
    let ran = operator.run(&["check", "ecs:web", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let location = &log["runs"][0]["results"][0]["locations"][0];
    let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with(".logweir/aws/") && uri.ends_with("/web.json"), "{location}");
    assert!(
        location["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap().ends_with(":task-definition/web:1")
    );
    let asff = operator.run(&["check", "ecs:web", "--format", "asff"]);
    let batch: Value = serde_json::from_str(&asff.out).unwrap();
    let resource = &batch["Findings"][0]["Resources"][0];
    assert_eq!(resource["Type"], "AwsEcsTaskDefinition");
    assert!(resource["Id"].as_str().unwrap().ends_with(":task-definition/web:1"), "{resource}");
}

#[test]
fn only_findings_that_an_earlier_report_does_not_contain_fail() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    assert_eq!(check(&folder, &["web.json", "--output", "json=before.json"]).code, 1);
    // Other lines and another order of containers give no finding another fingerprint.
    let before = |driver: &str| {
        let options = r#""awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "a",
          "mode": "non-blocking", "max-buffer-size": "25m""#;
        let options = if driver == "awslogs" { options } else { "" };
        let log = format!("{{\n\n\"logDriver\": \"{driver}\", \"options\": {{{options}}}}}");
        let first = format!("{{\"name\": \"first\", \"image\": \"a\", \"logConfiguration\": {log}}},");
        BLOCKING.replace("{\n      \"name\"", &format!("{first} {{\n\n\n      \"name\""))
    };
    file(&folder, "web.json", &before("awslogs"));
    let ran = check(&folder, &["web.json", "--new-since", "before.json"]);
    assert!(ran.out.contains("2 known and not shown, 0 new"), "{}", ran.out);
    assert!(!ran.out.contains("[blocking-delivery]"), "{}", ran.out);
    assert_eq!(ran.code, 0, "{ran:?}");
    file(&folder, "web.json", &before("journald"));
    let ran = check(&folder, &["web.json", "--new-since", "before.json", "--output", "json=after.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("[unaccepted-log-driver]") && !ran.out.contains("[blocking-delivery]"), "{}", ran.out);
    let after: Value = serde_json::from_str(&read(&folder, "after.json")).unwrap();
    assert_eq!(after["summary"]["known"], 2);
    let states = after["targets"][0]["findings"].as_array().unwrap().iter().map(|finding| finding["state"].as_str());
    assert_eq!(states.flatten().collect::<Vec<_>>(), ["new", "known", "known"]);
    let github = check(&folder, &["web.json", "--new-since", "before.json", "--format", "github"]);
    assert_eq!(github.out.lines().count(), 1, "{}", github.out);
}

#[test]
fn a_report_of_another_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    for (text, message) in [
        ("{\"schema\":\"logweir.check/1\",\"targets\":[]}", "the report has the schema `logweir.check/1` instead of"),
        ("[]", "not a report of `logweir check --format json`"),
        ("", "not a report of `logweir check --format json`"),
    ] {
        file(&folder, "before.json", text);
        let ran = check(&folder, &["web.json", "--new-since", "before.json"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains("before.json: ") && ran.err.contains(message), "{}", ran.err);
    }
    assert_eq!(check(&folder, &["web.json", "--new-since", "absent.json"]).code, 2);
}

#[test]
fn two_equal_faults_have_different_fingerprints() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", &format!("[{BLOCKING},{BLOCKING}]"));
    let ran = check(&folder, &["web.json", "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let targets = json["targets"].as_array().unwrap();
    let all = targets.iter().flat_map(|target| target["findings"].as_array().unwrap());
    let all: Vec<&str> = all.map(|finding| finding["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(all.len(), 4);
    assert_eq!([all[2].to_owned(), all[3].to_owned()], [format!("{}-2", all[0]), format!("{}-2", all[1])]);
}

#[test]
fn the_name_of_a_file_begins_no_line_of_the_text() {
    let folder = TempDir::new().unwrap();
    file(&folder, "a\nerror: b.json", BLOCKING);
    let ran = check(&folder, &[".", "--diff"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("./aerror: b.json:") && !ran.out.contains("\nerror: b.json"), "{}", ran.out);
}
