//! `logweir firelens plan`: its JSON, its text, its exit codes, and its patches for every form of a task definition.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::patches::{PROGRAMS, apply};
use super::{file, golden, logweir, run};
use crate::loopback::operator::Ran;
use crate::loopback::{Loopback, Reply};

const WEB: &str = r#"{
  "family": "web",
  "taskRoleArn": "arn:aws:iam::111122223333:role/web-task",
  "executionRoleArn": "arn:aws:iam::111122223333:role/web-execution",
  "networkMode": "awsvpc",
  "requiresCompatibilities": ["FARGATE"],
  "cpu": "256",
  "memory": "1024",
  "containerDefinitions": [
    {
      "name": "app",
      "image": "shop/web:1.2.3",
      "cpu": 1.50,
      "unheardOf": { "n": 12345678901234567890, "e": [ ] },
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
          "awslogs-group": "/ecs/web",
          "awslogs-region": "eu-west-1",
          "awslogs-stream-prefix": "app"
        }
      }
    }
  ]
}
"#;

const YAML: &str = "# the shop
family: web
taskRoleArn: arn:aws:iam::111122223333:role/web-task
networkMode: awsvpc
containerDefinitions:
  # the application
  - name: app
    image: shop/web:1   # pinned
    dependsOn:
      - containerName: side
        condition: START
    logConfiguration:
      logDriver: awslogs # for now
      options:
        awslogs-group: '/ecs/web'
        awslogs-region: 'eu-west-1'
        awslogs-stream-prefix: 'app'
  - {name: side, image: 'shop/side:1', logConfiguration: {logDriver: awslogs, options: {awslogs-group: '/ecs/web', awslogs-region: 'eu-west-1', awslogs-stream-prefix: 'side'}}}
memory: '1024'
";

fn planned(folder: &TempDir, arguments: &[&str]) -> Ran {
    let all = [&["firelens", "plan"], arguments, &["--region", "eu-west-1"]].concat();
    run(logweir(&all).current_dir(folder.path()))
}

fn plan(folder: &TempDir, arguments: &[&str]) -> (i32, Value) {
    let ran = planned(folder, &[arguments, &["--format", "json"]].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err)))
}

#[test]
fn the_text_of_a_plan_is_the_golden_one() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", WEB);
    let ran = planned(&folder, &["web.json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    golden("firelens-plan.txt", &ran.out);
}

#[test]
fn the_text_of_a_blocked_plan_begins_with_the_blockers() {
    let folder = TempDir::new().unwrap();
    file(
        &folder,
        "web.json",
        &WEB.replace("taskRoleArn", "x").replace("\"1024\"", "\"512\"").replace("\"cpu\": 1.50", "\"memory\": 512"),
    );
    let ran = planned(&folder, &["web.json"]);
    assert_eq!(ran.code, 1);
    golden("firelens-plan-blocked.txt", &ran.out);
}

#[test]
fn the_json_of_a_plan_has_the_documented_members_and_the_registration_input() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", WEB);
    let (code, json) = plan(&folder, &["web.json"]);
    let members: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented =
        ["schema", "target", "style", "document", "text", "diff", "files", "iam", "blockers", "changes"].into();
    assert_eq!((code, members), (0, documented));
    assert_eq!((&json["schema"], &json["style"]), (&json!("logweir.firelens/1"), &json!("simple")));
    let text = json["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), json["document"]);
    // Every byte outside of the log configuration stays.
    for kept in ["\"cpu\": 1.50,", "\"unheardOf\": { \"n\": 12345678901234567890, \"e\": [ ] }"] {
        assert!(text.contains(kept), "{text}");
    }
}

#[test]
fn a_document_that_is_blocked_has_no_text_and_no_patch() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", &WEB.replace("taskRoleArn", "x"));
    let (code, json) = plan(&folder, &["web.json"]);
    assert_eq!((code, &json["document"], &json["text"], &json["diff"]), (1, &json!(null), &json!(null), &json!("")));
    assert_eq!(json["blockers"][0]["rule"], "missing-task-role");
    // The policy for the role that is missing.
    assert_eq!((&json["iam"][0]["role"], &json["iam"][0]["arn"]), (&json!("task"), &json!(null)));
    assert_eq!(json["iam"][0]["add"][0]["Action"], json!(["logs:CreateLogStream", "logs:PutLogEvents"]));
}

#[test]
fn a_task_definition_without_awslogs_has_nothing_to_migrate() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", &WEB.replace("\"logDriver\": \"awslogs\"", "\"logDriver\": \"splunk\""));
    let ran = planned(&folder, &["web.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "web.json: nothing to migrate: no container logs through awslogs\n"));
    let (code, json) = plan(&folder, &["web.json"]);
    assert_eq!((code, &json["diff"], &json["iam"]), (0, &json!(""), &json!([])));
    let (code, json) = plan(&folder, &["web.json", "--to", "awslogs"]);
    assert_eq!((code, &json["style"], &json["diff"]), (0, &json!("awslogs"), &json!("")));
}

#[test]
fn a_target_that_is_no_single_task_definition_ends_with_an_error() {
    let folder = TempDir::new().unwrap();
    file(&folder, "broken.json", "{");
    file(&folder, "two.json", &format!("[{WEB},{WEB}]"));
    file(&folder, "folder/web.json", WEB);
    file(&folder, "folder/api.json", WEB);
    for (target, code) in [("missing.json", 2), ("broken.json", 2), ("two.json", 2), ("folder", 64)] {
        let ran = planned(&folder, &[target]);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{target}: {}", ran.err);
        assert!(ran.err.contains("help: ") || code == 2, "{}", ran.err);
    }
    assert!(planned(&folder, &["two.json"]).err.contains("contains several task definitions"));
}

#[test]
fn a_template_is_blocked_and_no_other_file_is_changed() {
    let folder = TempDir::new().unwrap();
    let template = "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        \
                    - Name: app\n          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Group}}\n";
    file(&folder, "stack.yaml", template);
    file(
        &folder,
        "main.tf",
        "resource \"aws_ecs_task_definition\" \"web\" {\n  family = \"web\"\n  container_definitions = jsonencode([{ name = \"app\" }])\n}\n",
    );
    for name in ["stack.yaml", "main.tf"] {
        let (code, json) = plan(&folder, &[name]);
        assert_eq!((code, &json["blockers"][0]["rule"]), (1, &json!("template")), "{name}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("stack.yaml")).unwrap(), template);
}

/// Every form of a file, with the name of the file and the options that it needs.
fn forms() -> Vec<(&'static str, String, &'static [&'static str])> {
    let compact = WEB.replace("\n", "").replace("  ", "");
    let minified = serde_json::from_str::<Value>(WEB).unwrap().to_string();
    let computed = WEB.replacen('{', "{\"revision\": 7, \"status\": \"ACTIVE\",", 1);
    let containers = &WEB[WEB.find("[\n    {").unwrap()..WEB.rfind('}').unwrap()];
    let mut pascal = WEB.to_owned();
    for (camel, in_pascal) in [
        ("\"family\"", "\"Family\""),
        ("\"taskRoleArn\"", "\"TaskRoleArn\""),
        ("\"executionRoleArn\"", "\"ExecutionRoleArn\""),
        ("\"networkMode\"", "\"NetworkMode\""),
        ("\"requiresCompatibilities\"", "\"RequiresCompatibilities\""),
        ("\"cpu\"", "\"Cpu\""),
        ("\"memory\"", "\"Memory\""),
        ("\"containerDefinitions\"", "\"ContainerDefinitions\""),
        ("\"name\"", "\"Name\""),
        ("\"image\"", "\"Image\""),
        ("      \"unheardOf\": { \"n\": 12345678901234567890, \"e\": [ ] },\n", ""),
        ("\"logConfiguration\"", "\"LogConfiguration\""),
        ("\"logDriver\"", "\"LogDriver\""),
        ("\"options\"", "\"Options\""),
    ] {
        pascal = pascal.replace(camel, in_pascal);
    }
    vec![
        ("web.json", WEB.to_owned(), &[]),
        ("crlf.json", WEB.replace('\n', "\r\n"), &[]),
        ("tabs.json", WEB.replace("  ", "\t"), &[]),
        ("no-newline.json", WEB.trim_end().to_owned(), &[]),
        ("compact.json", compact, &[]),
        ("minified.json", minified, &[]),
        ("bom.json", format!("\u{feff}{WEB}"), &[]),
        (
            "described.json",
            format!(
                "{{\"taskDefinition\": {computed}, \"tags\": [{{\"key\": \"team\", \"value\": \"a\"}}, {{\"key\": \"aws:x\", \"value\": \"b\"}}]}}"
            ),
            &[],
        ),
        ("list.json", format!("[{WEB}]"), &[]),
        ("pascal.json", pascal, &[]),
        ("containers.json", containers.to_owned(), &["--family", "web"]),
        ("web.yaml", YAML.to_owned(), &[]),
        ("crlf.yaml", YAML.replace('\n', "\r\n"), &[]),
    ]
}

#[test]
fn the_patch_of_every_form_makes_the_text_of_the_plan_and_the_way_back_restores_it() {
    for (name, before, options) in forms() {
        let folders = PROGRAMS.map(|_| TempDir::new().unwrap());
        let mut texts = BTreeSet::new();
        for (folder, program) in folders.iter().zip(PROGRAMS) {
            file(folder, name, &before);
            let (code, json) = plan(folder, &[&[name], options].concat());
            if name == "containers.json" {
                // The roles are in the rest of the task definition, which the file does not contain.
                assert_eq!((code, &json["blockers"][0]["rule"]), (1, &json!("missing-task-role")));
                continue;
            }
            assert_eq!((code, &json["blockers"]), (0, &json!([])), "{name}");
            apply(folder.path(), program, json["diff"].as_str().unwrap());
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            assert_eq!(json["text"], text, "{name}");
            texts.insert(text);
            let (code, again) = plan(folder, &[&[name], options].concat());
            assert_eq!((code, &again["diff"]), (0, &json!("")), "{name}");
            let (code, back) = plan(folder, &[&[name, "--to", "awslogs"], options].concat());
            assert_eq!((code, back["text"].as_str()), (0, Some(before.as_str())), "{name}: {}", back["blockers"]);
        }
        assert!(texts.len() < 2, "{name}");
    }
}

#[test]
fn the_input_of_a_registration_has_the_tags_and_no_member_that_ecs_computes() {
    let folder = TempDir::new().unwrap();
    let (name, text, _) = forms().into_iter().find(|(name, ..)| *name == "described.json").unwrap();
    file(&folder, name, &text);
    let (_, json) = plan(&folder, &[name]);
    assert_eq!(json["document"]["tags"], json!([{"key": "team", "value": "a"}]));
    assert_eq!((json["document"].get("revision"), json["document"].get("status")), (None, None));
    assert!(json["text"].as_str().unwrap().contains("\"revision\": 7"));
}

#[test]
fn a_registered_revision_is_planned_with_its_account_and_its_region() {
    let mut definition: Value = serde_json::from_str(WEB).unwrap();
    definition["taskDefinitionArn"] = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7".into();
    definition["revision"] = 7.into();
    definition["status"] = "ACTIVE".into();
    let aws = Loopback::serve(move |operation, _| match operation {
        "DescribeTaskDefinition" => {
            Reply::ok(&json!({"taskDefinition": definition, "tags": [{"key": "team", "value": "a"}]}))
        }
        "GetParameter" => Reply::error("ParameterNotFound", ""),
        other => panic!("{other} is not expected"),
    });
    let folder = TempDir::new().unwrap();
    let arguments =
        ["firelens", "plan", "ecs:web", "--format", "json", "--endpoint-url", &aws.url, "--region", "eu-west-1"];
    let mut command = logweir(&arguments);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "CANARY-KEY");
    let ran = run(command.current_dir(folder.path()));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["target"], &json["document"]["tags"][0]["key"]), (&json!("ecs:web"), &json!("team")));
    let resource = "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/web:*";
    assert_eq!(json["iam"][0]["add"][0]["Resource"], json!([resource]));
    assert!(json["diff"].as_str().unwrap().starts_with("diff --git a/web-7.json b/web-7.json\n"));
}

#[test]
fn a_wrong_choice_is_refused_before_anything_is_read() {
    let folder = TempDir::new().unwrap();
    file(&folder, "web.json", WEB);
    for arguments in [
        &["web.json", "--style", "plain"][..],
        &["web.json", "--to", "awslogs", "--style", "simple"],
        &["web.json", "--also", "syslog"],
        &["web.json", "--also", "splunk:hosts=a"],
        &["web.json", "--also", "s3", "--also", "s3:bucket=a"],
        &["web.json", "--config-folder", "my-bucket"],
        &["web.json", "--style", "alertlogic", "--registration-key", "CANARY-KEY"],
        &["web.json", "--registration-key", "none"],
        &["web.json", "--also", "datadog:apikey=CANARY-KEY"],
        &["web.json", "--also", "http:http_passwd=CANARY-KEY"],
        &["web.json", "--also", "splunk:retry_limit=no_limits"],
        &["web.json", "--plugin", "go", "--also", "kinesis:auto_retry_requests=true"],
        &["web.json", "--image", "a b"],
    ] {
        let ran = planned(&folder, arguments);
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.out);
        assert!(!format!("{}{}", ran.out, ran.err).contains("CANARY"), "{arguments:?}: {}", ran.err);
    }
}
