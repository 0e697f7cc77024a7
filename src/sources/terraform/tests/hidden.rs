//! What could hide a value of Terraform from a reader of its files: the verdict is never compliant by mistake.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{DefinedRetention, containers, read, read_hcl, reference, web};

#[test]
fn a_local_value_that_refers_to_itself_is_unknown() {
    for locals in [
        "c = [{ name = \"app\", x = local.o }]\n  o = { mode = \"blocking\", o = local.o }",
        "c = [{ name = \"app\" }, local.c]",
        "c = [local.a]\n  a = { name = \"app\", b = [local.b] }\n  b = { a = local.a }",
    ] {
        let document = read(&(web("jsonencode(local.c)") + &format!("locals {{\n  {locals}\n}}\n"))).remove(0);
        assert!(document.unknowns[0].why.contains("refers to itself"), "{locals}");
    }
    let twice = "locals {\n  c = [local.a, local.a]\n  a = { name = \"app\" }\n}\n";
    assert!(read(&(web("jsonencode(local.c)") + twice))[0].unknowns.is_empty());
}

#[test]
fn the_members_of_a_container_are_known_in_any_case() {
    let found = containers(&web("jsonencode([{ NAME = \"app\", logconfiguration = { LogDriver = \"awslogs\" } }])"));
    assert_eq!(found, json!([{"name": "app", "logConfiguration": {"logDriver": "awslogs"}}]));
    let twice = containers(&web("<<EOF\n[{\"name\": \"app\", \"Name\": \"x\"}]\nEOF"));
    assert_eq!(twice, json!([reference("repeated member")]));
}

#[test]
fn a_plain_path_in_a_module_that_another_folder_calls_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    };
    write("main.tf", "module \"web\" {\n  source = \"./parts/web\"\n}\n");
    for module in ["parts/web", "modules/web", "parts/api"] {
        write(&format!("{module}/td.json"), "[{\"name\": \"app\"}]");
        let why = |containers: &str| {
            let path = folder.path().join(module).join("main.tf");
            read_hcl("main.tf", &path, &web(containers)).unwrap().remove(0).unknowns.pop().map(|unknown| unknown.why)
        };
        assert_eq!(why("file(\"${path.module}/td.json\")"), None);
        let plain = why("file(\"td.json\")");
        assert_eq!(plain.is_some_and(|why| why.contains("write ${path.module}/td.json")), module != "parts/api");
    }
}

const JSON: &str = r#"{
  "locals": {"all": [{"name": "app"}]},
  "resource": {
    "aws_cloudwatch_log_group": {"web": {"name": "/ecs/web", "retention_in_days": 7}},
    "aws_ecs_task_definition": {
      "web": {"family": "web", "container_definitions": "CONTAINERS"}
    }
  }
}"#;

#[test]
fn a_file_in_json_is_judged_and_not_changed() {
    for containers in [
        r#"[{\"name\": \"app\"}]"#,
        r#"${jsonencode([{name = \"app\"}])}"#,
        r#"${jsonencode([{\n  \"name\" = \"app\"\n}])}"#,
        "${jsonencode(local.all)}",
    ] {
        let text = JSON.replace("CONTAINERS", containers);
        let document = read_hcl("x.tf.json", Path::new("no-such-folder/x.tf.json"), &text).unwrap().remove(0);
        assert_eq!(document.definition.view()["containerDefinitions"], json!([{"name": "app"}]), "{containers}");
        assert_eq!(document.places(["/containerDefinitions"])[0].1.line, 6);
        assert!(document.is_read_only() && document.text() == text);
        let group = document.template.as_ref().unwrap().group("aws_cloudwatch_log_group.web.name").unwrap();
        assert!(group.retention == DefinedRetention::Days(7) && !group.is_editable);
    }
    let unknown = read_hcl("x.tf.json", Path::new("no-such-folder/x.tf.json"), &JSON.replace("CONTAINERS", "${var.x}"));
    assert!(unknown.unwrap()[0].unknowns[0].why.contains("`var.x`"));
    for (text, line) in
        [(JSON.replace("CONTAINERS", "{}"), 6), (JSON.replace("},\n    \"aws_ecs", "}\n    \"aws_ecs"), 5)]
    {
        let error = read_hcl("x.tf.json", Path::new("no-such-folder/x.tf.json"), &text).err().unwrap();
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn a_file_in_json_belongs_to_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("more.tf.json"), JSON.replace("aws_ecs_task_definition", "x")).unwrap();
    let read = || read_hcl("main.tf", &path("main.tf"), &web("jsonencode(local.all)")).unwrap().remove(0);
    assert_eq!(read().definition.view()["containerDefinitions"], json!([{"name": "app"}]));
    assert!(read().template.unwrap().named("/ecs/web").is_some());
    fs::write(path("x_override.tf.json"), r#"{"resource": {"aws_ecs_task_definition": {"web": {}}}}"#).unwrap();
    assert!(read().unknowns[0].why.contains("x_override.tf.json"));
}

#[test]
fn a_resource_of_another_provider_is_unknown() {
    let documents = read("resource \"awscc_ecs_task_definition\" \"web\" {\n  family = \"web\"\n}\n");
    assert_eq!(documents[0].resource.as_ref().unwrap().id, "awscc_ecs_task_definition.web");
    assert!(documents[0].unknowns[0].why.contains("awscc_ecs_task_definition"));
}

#[test]
fn a_template_of_cloudformation_in_a_text_is_unknown() {
    let stack = |of_type: &str| {
        let body = "<<EOF\nResources:\n  T:\n    Type: TYPE\nEOF".replace("TYPE", of_type);
        format!("resource \"aws_cloudformation_stack\" \"web\" {{\n  template_body = {body}\n}}\n")
    };
    let documents = read(&stack("AWS::ECS::TaskDefinition"));
    assert!(documents[0].unknowns[0].why.contains("a template of CloudFormation"));
    assert!(read_hcl("main.tf", Path::new("no-such-folder/main.tf"), &stack("AWS::SNS::Topic")).is_err());
}
