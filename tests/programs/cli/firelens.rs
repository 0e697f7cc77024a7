//! `logweir firelens check`, and the rules of its pack in `logweir check` and `logweir fix`.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{file, logweir, run};

/// A task definition whose options a migration left over, and whose containers log through awslogs beside it.
fn left_over() -> String {
    json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "web-execution", "taskRoleArn": "web-task",
        "containerDefinitions": [
            {"name": "app", "image": "web:1", "logConfiguration": {"logDriver": "awsfirelens", "options": {
                "Name": "cloudwatch_logs", "region": "eu-west-1", "log_group_name": "/ecs/web",
                "log_stream_prefix": "app/", "awslogs-create-group": "true"}}},
            {"name": "log_router", "image": "aws-for-fluent-bit:3.4.16", "memoryReservation": 100,
             "firelensConfiguration": {"type": "fluentbit"},
             "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "router"}}},
        ],
    })
    .to_string()
}

const TEMPLATE: &str = r#"
Parameters:
  Group: {Type: String}
  Retries: {Type: String, Default: no_limits}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      TaskRoleArn: !Ref Role
      ContainerDefinitions:
        - Name: app
          Image: web:1
          LogConfiguration:
            LogDriver: awsfirelens
            Options:
              Name: cloudwatch_logs
              region: !Ref AWS::Region
              log_group_name: !Ref Group
              auto_create_group: maybe
              retry_limit: !Ref Retries
        - Name: log_router
          Image: public.ecr.aws/aws-observability/aws-for-fluent-bit:2.34.2
          FirelensConfiguration: {Type: fluentbit}
"#;

const HCL: &str = r#"
resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([
    {
      name  = "app"
      image = var.image
      logConfiguration = {
        logDriver = "awsfirelens"
        options = {
          Name              = "cloudwatch_logs"
          region            = var.region
          log_group_name    = "/ecs/web:prod"
          log_stream_prefix = "app/"
        }
      }
    },
    {
      name                  = "log_router"
      image                 = "fluent/fluent-bit:3.2.4"
      firelensConfiguration = { type = "fluentbit" }
      healthCheck           = { command = ["CMD-SHELL", "curl -f http://127.0.0.1:2020/"] }
    },
  ])
}
"#;

/// The rules that a command finds in a file, each with its line.
fn found(command: &[&str], path: &str) -> Vec<(String, u64)> {
    let ran = run(&mut logweir(&[command, &[path, "--format", "json", "--region", "eu-west-1"]].concat()));
    let output: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
    let findings =
        output["targets"].as_array().unwrap().iter().flat_map(|target| target["findings"].as_array().unwrap());
    findings
        .map(|found| (found["rule"].as_str().unwrap().to_owned(), found["place"]["line"].as_u64().unwrap_or_default()))
        .collect()
}

fn names(found: &[(String, u64)]) -> Vec<&str> {
    found.iter().map(|(rule, _)| rule.as_str()).collect()
}

#[test]
fn firelens_check_has_the_rules_of_its_pack_alone_and_check_has_all() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", &left_over());
    assert_eq!(names(&found(&["firelens", "check"], &path)), ["unknown-output-option"]);
    assert_eq!(names(&found(&["check"], &path)), ["unknown-output-option", "blocking-delivery", "unsized-buffer"]);
    assert_eq!(names(&found(&["check", "--select", "unknown-output-option"], &path)), ["unknown-output-option"]);
    assert_eq!(
        names(&found(&["check", "--ignore", "unknown-output-option"], &path)),
        ["blocking-delivery", "unsized-buffer"]
    );
}

#[test]
fn fix_does_not_change_a_route() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", &left_over());
    let fixed: Value = serde_json::from_str(&run(&mut logweir(&["fix", &path])).out).unwrap();
    let before: Value = serde_json::from_str(&left_over()).unwrap();
    assert_eq!(fixed["containerDefinitions"][0], before["containerDefinitions"][0]);
    assert_ne!(fixed["containerDefinitions"][1], before["containerDefinitions"][1]);
}

#[test]
fn the_baseline_switches_a_rule_off_and_exempts_a_family() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", &left_over());
    let off = file(&folder, "off.toml", "version = 1\n[rules]\nunknown-output-option = \"off\"\n");
    assert_eq!(found(&["firelens", "check", "--baseline", &off], &path), []);
    let exempt = "version = 1\n[[exempt]]\nmatch = { family = \"web\" }\nrules = [\"unknown-output-option\"]\n\
                  until = 2099-01-31\nowner = \"web\"\nreason = \"own image\"\n";
    let exempt = file(&folder, "exempt.toml", exempt);
    assert_eq!(run(&mut logweir(&["firelens", "check", &path, "--baseline", &exempt])).code, 0);
}

#[test]
fn a_rule_of_another_pack_is_refused() {
    let ran = run(&mut logweir(&["firelens", "check", "web.json", "--select", "blocking-delivery"]));
    assert_eq!(ran.code, 64);
    assert!(ran.err.contains("`blocking-delivery` is no rule of the pack firelens"), "{}", ran.err);
}

#[test]
fn a_template_is_judged_without_the_values_that_it_does_not_show() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "stack.yaml", TEMPLATE);
    let found = found(&["firelens", "check"], &path);
    let found: Vec<_> = found.iter().map(|(rule, line)| (rule.as_str(), *line)).collect();
    let expected = [
        ("missing-output-option", 18),
        ("invalid-output-option", 22),
        ("unlimited-retries", 23),
        ("unsupported-router-image", 25),
    ];
    assert_eq!(found, expected);
}

#[test]
fn hcl_is_judged_without_the_values_of_variables() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.tf", HCL);
    let found = found(&["firelens", "check"], &path);
    assert_eq!(names(&found), ["invalid-output-option", "failing-router-health-check", "missing-task-role"]);
}

#[test]
fn every_format_of_check_is_a_format_of_firelens_check() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", &left_over());
    for format in ["text", "json", "sarif", "junit", "github", "gitlab", "csv", "markdown", "html"] {
        let ran = run(&mut logweir(&["firelens", "check", &path, "--format", format]));
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        assert!(ran.out.contains("unknown-output-option"), "{format}: {}", ran.out);
    }
}
