//! The command line from the user's view: its output, its streams and its exit codes.

mod account_audit;
mod account_default;
mod accounts;
mod activity;
mod against;
mod apply;
mod apply_all;
mod audit;
mod audit_faults;
mod audit_sources;
mod backout;
mod baseline;
mod by_function;
mod destination;
mod doctor;
mod errors;
mod event_files;
mod exec_apply;
mod exec_check;
mod exec_sessions;
mod exec_transcript;
mod faulty_baseline;
mod firelens;
mod firelens_apply;
mod help;
mod holds;
mod init;
mod limits;
mod live;
mod migration;
mod outputs;
mod parameters;
mod patches;
mod places;
mod printed;
mod question;
mod records;
mod replay;
mod repository;
mod rolled_out;
mod rollout;
mod rule_choice;
mod runbook;
mod runbook_apply;
mod runbook_outputs;
mod runbook_patch;
mod shapes;
mod stack_baseline;
mod terraform;
mod verdicts;

use std::path::Path;

use assert_cmd::Command;
use logweir::domain::rule_name::RuleName;
use serde_json::Value;
use tempfile::TempDir;

use crate::loopback::operator::Ran;

const BLOCKING: &str = r#"{
  "family": "web",
  "containerDefinitions": [
    {
      "name": "app",
      "image": "nginx",
      "environment": [{"name": "TOKEN", "value": "CANARY-ENV"}],
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
          "awslogs-group": "/ecs/web",
          "awslogs-region": "eu-west-1",
          "awslogs-stream-prefix": "app",
          "mode": "blocking"
        }
      }
    }
  ]
}
"#;

fn logweir(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("logweir").unwrap();
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("LOGWEIR_")) {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove("NO_COLOR");
    command.args(arguments);
    command
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Compares with a file under `tests/programs/cli`; `LOGWEIR_BLESS=1` rewrites it.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/cli").join(name);
    if std::env::var_os("LOGWEIR_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
}

#[test]
fn a_finding_says_where_what_and_how_to_fix_it() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", BLOCKING);
    let ran = run(&mut logweir(&["check", &path, "--region", "eu-west-1"]));
    assert_eq!(ran.code, 1);
    let shown = ran.out.replace(&path, "web.json");
    golden("finding.txt", &shown);
}

#[test]
fn a_diff_shows_the_log_configuration_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", BLOCKING);
    let ran = run(&mut logweir(&["check", &path, "--diff", "--region", "eu-west-1"]));
    let shown = ran.out.replace(&path, "web.json");
    golden("diff.txt", &shown[shown.find("--- ").unwrap()..]);
}

#[test]
fn json_is_one_object_of_the_documented_form() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", BLOCKING);
    let mut command = logweir(&["check", "web.json", "--format", "json", "--region", "eu-west-1"]);
    let ran = run(command.current_dir(folder.path()));
    let mut json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["baseline"]["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    json["baseline"]["digest"] = "…".into();
    golden("check.json", &format!("{json:#}\n"));
}

#[test]
fn a_describe_answer_is_patched_with_its_own_pointers() {
    let wrapped = format!("{{\"taskDefinition\": {BLOCKING}, \"tags\": []}}");
    let ran = run(logweir(&["check", "-", "--format", "json", "--region", "eu-west-1"]).write_stdin(wrapped.clone()));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let operations: json_patch::Patch = serde_json::from_value(json["targets"][0]["patch"].clone()).unwrap();
    let mut patched: Value = serde_json::from_str(&wrapped).unwrap();
    json_patch::patch(&mut patched, &operations).unwrap();
    let fixed = run(logweir(&["fix", "-", "--region", "eu-west-1"]).write_stdin(wrapped));
    assert_eq!(serde_json::from_str::<Value>(&fixed.out).unwrap(), patched);
    assert!(
        json["targets"][0]["findings"][0]["pointer"]
            .as_str()
            .unwrap()
            .starts_with("/taskDefinition/containerDefinitions/0/")
    );
}

#[test]
fn fix_changes_the_lines_of_the_log_configuration_and_no_other() {
    let crlf = format!("\u{feff}{}", BLOCKING.replace('\n', "\r\n"));
    for text in [BLOCKING.to_owned(), BLOCKING.replace("  ", "\t"), crlf] {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, "web.json", &text);
        let ran = run(&mut logweir(&["fix", &path, "--in-place", "--region", "eu-west-1"]));
        assert_eq!((ran.code, ran.out.as_str(), ran.err), (0, "", format!("wrote {path}\n")));
        let newline = if text.contains('\r') { "\r\n" } else { "\n" };
        let indent = if text.contains('\t') { "\t".repeat(5) } else { " ".repeat(10) };
        let wanted = text.replace(
            "\"mode\": \"blocking\"",
            &format!("\"mode\": \"non-blocking\",{newline}{indent}\"max-buffer-size\": \"25m\""),
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
        let again = run(&mut logweir(&["check", &path, "--region", "eu-west-1"]));
        assert_eq!(
            (again.code, again.out.as_str()),
            (
                0,
                "1 task definition checked: 1 compliant, 0 findings\nnot checked, because these rules need AWS: missing-log-group, unbounded-retention\n"
            )
        );
    }
}

#[test]
fn fix_leaves_a_compliant_file_untouched_and_exits_with_1_if_advice_remains() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", &BLOCKING.replace("\"eu-west-1\"", "\"us-east-1\""));
    let ran = run(&mut logweir(&["fix", &path, "--in-place", "--region", "eu-west-1"]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("not fixed: warning[foreign-region]"), "{}", ran.err);
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    run(&mut logweir(&["fix", &path, "--in-place", "--region", "eu-west-1"]));
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
}

#[test]
fn fix_writes_a_folder_into_another_of_the_same_shape() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    file(&from, "a/one.json", BLOCKING);
    file(&from, "b/two.json", BLOCKING);
    let ran = run(&mut logweir(&[
        "fix",
        from.path().to_str().unwrap(),
        "--output-dir",
        to.path().to_str().unwrap(),
        "--region",
        "eu-west-1",
    ]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(to.path().join("a/one.json").is_file() && to.path().join("b/two.json").is_file());
}

#[test]
fn without_a_region_the_region_finding_is_advice_and_says_so() {
    let text = BLOCKING.replace("          \"awslogs-region\": \"eu-west-1\",\n", "");
    let ran = run(logweir(&["check", "-"]).write_stdin(text.clone()));
    assert!(ran.out.contains("the Region is not known (set it with --region)"), "{}", ran.out);
    let known = run(logweir(&["fix", "-"]).env("AWS_REGION", "eu-central-1").write_stdin(text));
    assert!(known.out.contains("\"awslogs-region\": \"eu-central-1\""), "{}", known.out);
}

#[test]
fn colour_is_used_on_terminals_or_on_request() {
    let plain = run(logweir(&["check", "-"]).write_stdin(BLOCKING));
    assert!(!plain.out.contains('\u{1b}'));
    let asked = run(logweir(&["check", "-", "--color", "always"]).write_stdin(BLOCKING));
    assert!(asked.out.contains("\u{1b}["));
    let both = run(logweir(&["check", "-"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").write_stdin(BLOCKING));
    assert!(!both.out.contains('\u{1b}'));
}

#[test]
fn every_rule_explains_itself() {
    let list = run(&mut logweir(&["rules"]));
    assert_eq!(list.out.lines().count(), RuleName::ALL.len());
    for line in list.out.lines() {
        let rule = line.split_whitespace().next().unwrap();
        let ran = run(&mut logweir(&["rules", rule]));
        assert!(ran.code == 0 && ran.out.lines().count() > 5, "{rule}: {}", ran.out);
    }
    let typo = run(&mut logweir(&["rules", "blocking-delivry"]));
    assert_eq!(typo.code, 64);
    assert!(typo.err.contains("did you mean `blocking-delivery`?"));
}

#[test]
fn an_error_on_bad_input_says_what_where_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let cases = [
        (file(&folder, "broken.json", "{\n  \"family\": \"web\",,\n}"), ":2:19: not JSON", ""),
        (
            file(&folder, "template.json", "{\n \"containerDefinitions\": {{ list }}\n}"),
            ":2:27: not JSON",
            "render it first",
        ),
        (
            file(&folder, "stack.json", "{\"Resources\": {}}"),
            "not a task definition: the file is a CloudFormation template",
            "",
        ),
        (file(&folder, "list.json", "[]"), "an array instead of an object", "RegisterTaskDefinition input"),
        (
            file(&folder, "containers.json", "{\n \"family\": \"a\",\n \"containerDefinitions\": \"x\"\n}"),
            ":3:26: containerDefinitions is a string",
            "",
        ),
        (empty.display().to_string(), "this folder contains no task definition", ""),
        (folder.path().join("nowhere.json").display().to_string(), "no such file or folder", ""),
    ];
    for (path, what, help) in cases {
        let ran = run(&mut logweir(&["check", &path]));
        assert_eq!(ran.code, 2, "{path}");
        assert!(ran.err.contains(&path) && ran.err.contains(what) && ran.err.contains(help), "{}", ran.err);
        assert_eq!(run(&mut logweir(&["fix", &path])).code, 2);
    }
}

#[test]
fn an_invalid_baseline_stops_everything() {
    let folder = TempDir::new().unwrap();
    let target = file(&folder, "web.json", BLOCKING);
    let exempt = "version = 1\n[[exempt]]\nmatch = { family = \"web\" }\nrules = [\"blocking-delivery\"]\nowner = \"me\"\nreason = \"x\"\n";
    let cases = [
        (
            "version = 1\n[log-group]\nretention-dais = 30\n",
            ":3:1: unknown field `retention-dais`",
            "did you mean `retention-days`?",
        ),
        (
            "version = 1\n[log-group]\nretention-days = 31\n",
            ":3:18: CloudWatch Logs does not support a retention of 31 days",
            "use 60, the next longer retention",
        ),
        (exempt, ":2:1: missing field `until`", "until = 2027-01-31"),
    ];
    for (text, what, help) in cases {
        let path = file(&folder, "baseline.toml", text);
        let ran = run(&mut logweir(&["check", &target, "--baseline", &path]));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(&format!("{path}{what}")) && ran.err.contains(help), "{}", ran.err);
    }
}

#[test]
fn wrong_usage_exits_with_64() {
    for arguments in [
        &["check"][..],
        &["nonsense"],
        &["check", "ecs:not/a/family"],
        &["check", "arn:aws:ecs:eu-west-1:1:task-definition/x:1"],
        &["fix", "a.json", "b.json"],
        &["fix", "-", "--in-place"],
        &["replay", "a.json", "--mode", "sometimes"],
        &["records", "web"],
    ] {
        assert_eq!(run(&mut logweir(arguments)).code, 64, "{arguments:?}");
    }
    assert_eq!(run(&mut logweir(&["--help"])).code, 0);
}
