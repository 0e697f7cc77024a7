//! `check` and `fix` on files in HCL, and on plans and states of Terraform.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{file, logweir, run};
use crate::loopback::operator::Ran;

const SECRET: &str = "CANARY-SENSITIVE";

/// A file with one fault of each kind that `fix` can correct.
const MAIN: &str = r#"resource "aws_cloudwatch_log_group" "web" {
  name = "/ecs/web"
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([
    {
      name  = "app"
      image = "nginx" # the newest
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.web.name
          "awslogs-region"        = "eu-west-1"
          "awslogs-stream-prefix" = "app"
        }
      }
    },
    {
      name  = "side"
      image = "envoy"
    }
  ])
}
"#;

const FIXED: &str = r#"resource "aws_cloudwatch_log_group" "web" {
  name = "/ecs/web"
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([
    {
      name  = "app"
      image = "nginx" # the newest
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.web.name
          "awslogs-region"        = "eu-west-1"
          "awslogs-stream-prefix" = "app"
          "mode"                  = "non-blocking"
          "max-buffer-size"       = "25m"
        }
      }
    },
    {
      name  = "side"
      image = "envoy"
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.web.name
          "awslogs-region"        = "eu-west-1"
          "awslogs-stream-prefix" = "side"
          "mode"                  = "non-blocking"
          "max-buffer-size"       = "25m"
        }
      }
    }
  ])
}
"#;

fn run_in(folder: &TempDir, arguments: &[&str]) -> Ran {
    run(logweir(arguments).current_dir(folder.path()).args(["--region", "eu-west-1"]))
}

/// Returns the exit code of `check` on a file, and its JSON output.
fn check(folder: &TempDir, target: &str) -> (i32, Value) {
    let ran = run_in(folder, &["check", target, "--format", "json"]);
    let output = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err));
    (ran.code, output)
}

/// Returns the rule and the line of each finding.
fn findings(target: &Value) -> Vec<(&str, u64)> {
    let found = target["findings"].as_array().unwrap().iter();
    found.map(|finding| (finding["rule"].as_str().unwrap(), finding["place"]["line"].as_u64().unwrap())).collect()
}

#[test]
fn a_file_in_hcl_is_judged_as_the_task_definition_that_it_makes() {
    let folder = TempDir::new().unwrap();
    file(&folder, "main.tf", MAIN);
    let (code, output) = check(&folder, "main.tf");
    let target = &output["targets"][0];
    assert_eq!(code, 1);
    assert_eq!(target["resource"], json!({"kind": "aws_ecs_task_definition", "id": "aws_ecs_task_definition.web"}));
    assert_eq!(target["family"], "web");
    assert_eq!(
        findings(target),
        [("blocking-delivery", 16), ("unsized-buffer", 16), ("unbounded-retention", 1), ("missing-log-driver", 23)]
    );
}

#[test]
fn fix_writes_hcl_and_nothing_else_changes() {
    let folder = TempDir::new().unwrap();
    file(&folder, "main.tf", MAIN);
    let ran = run_in(&folder, &["fix", "main.tf", "--in-place"]);
    let read = || fs::read_to_string(folder.path().join("main.tf")).unwrap();
    assert_eq!(read(), FIXED, "{}", ran.err);
    run_in(&folder, &["fix", "main.tf", "--in-place"]);
    assert_eq!(read(), FIXED);
    run_in(&folder, &["fix", "main.tf", "--in-place", "--unsafe"]);
    let retention = "  name = \"/ecs/web\"\n  retention_in_days = 30\n";
    assert_eq!(read(), FIXED.replace("  name = \"/ecs/web\"\n", retention));
    assert_eq!(check(&folder, "main.tf").0, 0);
}

#[test]
fn a_definition_that_only_terraform_knows_is_unknown_and_no_fault() {
    let folder = TempDir::new().unwrap();
    file(
        &folder,
        "main.tf",
        "resource \"aws_ecs_task_definition\" \"web\" {\n  family = \"web\"\n  \
         container_definitions = var.containers\n}\n",
    );
    let (code, output) = check(&folder, "main.tf");
    let target = &output["targets"][0];
    assert_eq!((code, &target["compliant"]), (0, &Value::Null), "{target}");
    assert!(target["unknown"].to_string().contains("only Terraform knows the value of `var.containers`"), "{target}");
}

/// Returns a plan with one task definition in a module, whose container logs in blocking mode to a group that keeps all
/// events.
fn plan(sensitive: bool) -> Value {
    let group = if sensitive { SECRET } else { "/ecs/web" };
    let containers = json!([{"name": "app", "image": SECRET, "environment": [{"name": "P", "value": SECRET}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group,
        "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app", "mode": "blocking"}}}]);
    json!({
        "format_version": "1.2", "terraform_version": "1.13.0", "resource_changes": [
            {"address": "module.app.aws_ecs_task_definition.web[0]", "module_address": "module.app", "mode": "managed",
             "type": "aws_ecs_task_definition", "name": "web", "index": 0, "change": {
                "actions": ["no-op"], "before": null,
                "after": {"family": "web", "container_definitions": containers.to_string()},
                "after_unknown": {"arn": true}, "after_sensitive": {"container_definitions": sensitive}}},
            {"address": "aws_cloudwatch_log_group.web", "mode": "managed", "type": "aws_cloudwatch_log_group",
             "name": "web", "change": {"actions": ["create"], "after": {"name": "/ecs/web", "retention_in_days": 0},
                "after_unknown": {}, "after_sensitive": {}}},
        ],
        "configuration": {"root_module": {"module_calls": {"app": {"source": "./app", "module": {}}}}},
    })
}

#[test]
fn a_plan_is_judged_and_its_findings_have_the_place_in_hcl() {
    let folder = TempDir::new().unwrap();
    file(&folder, "plan.json", &plan(false).to_string());
    let (code, output) = check(&folder, "plan.json");
    let target = &output["targets"][0];
    assert_eq!(code, 1);
    assert_eq!(findings(target), [("blocking-delivery", 1), ("unsized-buffer", 1), ("unbounded-retention", 1)]);
    assert!(
        target["findings"].as_array().unwrap().iter().all(|finding| finding["fix"]["safety"] == "advice"),
        "{target}"
    );
    fs::create_dir(folder.path().join("app")).unwrap();
    file(&folder, "app/td.tf", "\n\nresource \"aws_ecs_task_definition\" \"web\" {\n}\n");
    let (_, output) = check(&folder, "plan.json");
    let target = &output["targets"][0];
    assert!(findings(target).iter().all(|(_, line)| *line == 3), "{target}");
    let ran = run_in(&folder, &["check", "plan.json"]);
    assert!(ran.out.contains("app/td.tf:3:1"), "{}", ran.out);
}

#[test]
fn a_plan_is_never_changed() {
    let folder = TempDir::new().unwrap();
    let text = plan(false).to_string();
    file(&folder, "plan.json", &text);
    let ran = run_in(&folder, &["fix", "plan.json", "--in-place"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("non-blocking"), "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.path().join("plan.json")).unwrap(), text);
}

#[test]
fn no_output_shows_a_sensitive_value() {
    let folder = TempDir::new().unwrap();
    file(&folder, "plan.json", &plan(true).to_string());
    for arguments in [
        &["check", "plan.json"][..],
        &["check", "plan.json", "--diff"],
        &["check", "plan.json", "--format", "json"],
        &["fix", "plan.json"],
        &["fix", "plan.json", "--diff"],
        &["fix", "plan.json", "--check"],
    ] {
        let ran = run_in(&folder, arguments);
        assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "{arguments:?}: {}{}", ran.out, ran.err);
    }
    let (code, output) = check(&folder, "plan.json");
    assert_eq!((code, &output["targets"][0]["compliant"]), (0, &Value::Null));
}

#[test]
fn a_plan_without_task_definitions_says_so() {
    let folder = TempDir::new().unwrap();
    file(&folder, "plan.json", &json!({"format_version": "1.2", "resource_changes": []}).to_string());
    let ran = run_in(&folder, &["check", "plan.json"]);
    assert_eq!(ran.code, 0);
    assert!((ran.out + &ran.err).contains("plan.json: nothing to judge"));
    file(&folder, "next.json", &json!({"format_version": "2.0", "resource_changes": []}).to_string());
    let ran = run_in(&folder, &["check", "next.json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("format version 2.0"), "{}", ran.err);
}

#[test]
fn a_state_is_judged() {
    let folder = TempDir::new().unwrap();
    let containers = json!([{"name": "app"}]).to_string();
    let resource = json!({"address": "aws_ecs_task_definition.web", "mode": "managed",
        "type": "aws_ecs_task_definition", "name": "web",
        "values": {"family": "web", "container_definitions": containers}, "sensitive_values": {}});
    let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {
        "child_modules": [{"address": "module.a", "resources": [resource]}]}}});
    file(&folder, "state.json", &state.to_string());
    let (code, output) = check(&folder, "state.json");
    assert_eq!(code, 1);
    assert_eq!(findings(&output["targets"][0]), [("missing-log-driver", 1)]);
}

#[test]
fn a_folder_of_hcl_is_walked() {
    let folder = TempDir::new().unwrap();
    file(&folder, "main.tf", MAIN);
    file(&folder, "main.tofu", "variable \"x\" {}\n");
    file(&folder, "broken.tf", "resource \"a\" {\n");
    let (code, output) = check(&folder, ".");
    assert_eq!(code, 1, "{output}");
    assert_eq!(output["targets"].as_array().unwrap().len(), 1, "{output}");
}
