//! Tests of files in HCL: what Logweir reads in them, and how it changes them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::domain::edit::NewLogGroup;
use crate::domain::rules::facts::DefinedRetention;
use crate::sources::site::Refused;
use crate::sources::{Correction, Retention};

mod hidden;

const LOGS: &str = r#"logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"  = aws_cloudwatch_log_group.web.name
          "awslogs-region" = data.aws_region.current.name
          "mode"           = "blocking"
        }
      }"#;

fn read(text: &str) -> Vec<Document> {
    read_hcl("main.tf", Path::new("no-such-folder/main.tf"), text).unwrap()
}

/// Returns a resource with this value of `container_definitions`.
fn web(containers: &str) -> String {
    format!(
        "resource \"aws_ecs_task_definition\" \"web\" {{\n  family = \"web\"\n  \
         container_definitions = {containers}\n}}\n"
    )
}

fn containers(text: &str) -> Value {
    read(text)[0].definition.view()["containerDefinitions"].clone()
}

fn reference(to: &str) -> Value {
    json!({ "Ref": to })
}

#[test]
fn a_resource_is_a_task_definition() {
    let text = format!(
        "resource \"aws_ecs_task_definition\" \"web\" {{\n  family = \"${{var.env}}-web\"\n  cpu = 256\n  \
         requires_compatibilities = [\"FARGATE\", var.x]\n  execution_role_arn = aws_iam_role.web.arn\n  \
         task_role_arn = null\n  \
         container_definitions = jsonencode([\n    {{\n      name = \"app\"\n      {LOGS}\n    }}\n  ])\n}}\n"
    );
    let document = &read(&text)[0];
    let expected = json!({
        "family": "${var.env}-web", "executionRoleArn": "${aws_iam_role.web.arn}",
        "requiresCompatibilities": ["FARGATE", "${var.x}"], "cpu": 256,
        "containerDefinitions": [{"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": reference("aws_cloudwatch_log_group.web.name"), "awslogs-region": reference("AWS::Region"),
            "mode": "blocking"}}}],
    });
    assert_eq!(document.definition.view(), &expected);
    assert_eq!(document.resource.as_ref().unwrap().id, "aws_ecs_task_definition.web");
    let lines = |pointer: &str| document.places([pointer])[0].1.line;
    let at = "/containerDefinitions/0/logConfiguration";
    assert_eq!(
        [lines("/family"), lines(at), lines(&format!("{at}/options/mode")), lines(&format!("{at}/x"))],
        [2, 10, 15, 10]
    );
    assert_eq!(document.pointer(at), "/resource/aws_ecs_task_definition/web/container_definitions/0/logConfiguration");
}

#[test]
fn the_containers_may_be_in_every_literal_form() {
    let app = json!([{"name": "app", "cpu": 1}]);
    for containers_text in [
        "jsonencode([{ name = \"app\", cpu = 1 }])",
        "jsonencode([{ \"name\" : \"app\", \"cpu\" : 1 }])",
        "jsonencode(concat([{ name = \"app\", cpu = 1 }], []))",
        "jsonencode([merge({ name = \"app\" }, { cpu = 1 })])",
        "jsonencode(flatten([[[{ name = \"app\", cpu = 1 }]], []]))",
        "jsonencode(concat([], flatten([[local.app], []])))\n}\nlocals {\n  app = { name = \"app\", cpu = 1 }",
        "jsonencode(flatten(local.all))\n}\nlocals {\n  all = [[{ name = \"app\", cpu = 1 }]]",
        "<<EOF\n[{\"name\": \"app\", \"cpu\": 1}]\nEOF",
        "<<-EOF\n  [{\"Name\": \"app\", \"Cpu\": 1}]\n  EOF",
        "\"[{\\\"name\\\": \\\"app\\\", \\\"cpu\\\": 1}]\"",
        "\"${jsonencode([{ name = \"app\", cpu = 1 }])}\"",
        "jsonencode(local.all)\n}\nlocals {\n  all = [local.app]\n  app = { name = \"app\", cpu = 1 }",
        "local.all\n}\nlocals {\n  all = jsonencode([{ name = \"app\", cpu = 1 }])",
        "jsonencode([{ name = \"x\", cpu = 1, name = \"app\" }])",
    ] {
        let found = containers(&web(containers_text));
        assert_eq!(sorted(&found), sorted(&app), "{containers_text}");
    }
}

fn sorted(value: &Value) -> Value {
    let mut members: Vec<_> = value[0].as_object().unwrap().iter().collect();
    members.sort_by_key(|(key, _)| *key);
    json!(members)
}

#[test]
fn a_value_that_only_terraform_knows_is_an_intrinsic_function() {
    let found = containers(&web(
        "jsonencode([{ name = var.name, memory = var.m, command = [\"a${var.b}\"], logConfiguration = var.log }, \
         var.side, merge({ name = \"x\" }, var.y), { (var.k) = 1 }, { name = \"${upper(\"z\")}\" }])",
    ));
    let expected = json!([
        {"name": "${var.name}", "memory": reference("var.m"), "command": [{"Fn::Sub": "a${var.b}"}],
         "logConfiguration": reference("var.log")},
        reference("var.side"),
        reference("merge({ name = \"x\" }, var.y)"),
        reference("{ (var.k) = 1 }"),
        {"name": "${upper(\"z\")}"},
    ]);
    assert_eq!(found, expected);
    let flat = containers(&web("jsonencode(flatten([[{ name = \"app\" }], var.side]))"));
    assert_eq!(flat, json!([{"name": "app"}, reference("var.side")]));
    let heredoc =
        containers(&web("<<EOF\n[{\"name\": \"a-${var.x}\", \"memory\": ${var.m}, \"image\": \"${f(\"}\")}\"}]\nEOF"));
    assert_eq!(heredoc, json!([{"name": "a-${var.x}", "memory": reference("var.m"), "image": reference("f(\"}\")")}]));
    let with_key = containers(&web("<<EOF\n[{\"name\": \"a\", \"options\": {\"${var.k}\": \"b\"}}]\nEOF"));
    assert_eq!(with_key, json!([{"name": "a", "options": reference("{\"${var.k}\": \"b\"}")}]));
}

#[test]
fn containers_that_only_terraform_knows_have_a_reason() {
    for (containers_text, reason) in [
        ("var.containers", "`var.containers`"),
        ("jsonencode(var.containers)", "`var.containers`"),
        ("jsonencode([for x in y : x])", "this expression"),
        ("data.aws_ecs_container_definition.x.image", "`data.aws_ecs_container_definition.x.image`"),
        ("data.template_file.x.rendered", "`data.template_file.x.rendered`"),
        ("templatefile(\"${path.module}/no.json\", {})", "Logweir cannot read the file no.json"),
        ("file(\"${path.root}/no.json\")", "only Terraform knows the path \"${path.root}/no.json\""),
        ("file(\"../td.json\")", "outside of the folder"),
        ("file(\"/etc/passwd\")", "outside of the folder"),
        ("file(var.path)", "the path var.path"),
        ("<<EOF\n[%{ if x }{}%{ endif }]\nEOF", "directives of a template"),
        ("<<EOF\n[{} %{ for x in y ~},{}%{ endfor ~}]\nEOF", "directives of a template"),
        ("jsonencode(concat([], flatten([var.x])))", "`concat`"),
        ("replace(a, b, c)", "`replace`"),
        ("jsonencode(local.a)\n}\nlocals {\n  a = local.b\n  b = local.a", "so many local values"),
        (
            "module.c.json_map_encoded_list\n}\nmodule \"c\" {\n  source = \"cloudposse/ecs-container-definition/aws\"",
            "log_configuration",
        ),
    ] {
        let documents = read(&web(containers_text));
        let unknown = &documents[0].unknowns[0];
        assert!(unknown.why.contains(reason), "{containers_text}: {}", unknown.why);
        assert_eq!(documents[0].definition.containers().count(), 1);
        assert_eq!(documents[0].places([unknown.pointer.as_str()])[0].1.line, 3, "{containers_text}");
    }
}

#[test]
fn faulty_json_is_an_error_at_its_place() {
    for (text, line) in [
        (web("<<EOF\n[\n  {\"name\": \"app\",}\n]\nEOF"), 5),
        (web("<<EOF\n{}\nEOF"), 4),
        (web("\"[\""), 3),
        ("resource \"a\" {\n  b = [\n}\n".to_owned(), 3),
    ] {
        let error = read_hcl("main.tf", Path::new("no-such-folder/main.tf"), &text).err().unwrap();
        assert_eq!(error.line, line, "{error}");
    }
    let other = read_hcl("main.tf", Path::new("no-such-folder/main.tf"), "variable \"x\" {}\n").err().unwrap();
    assert_eq!(other.message, "not a task definition: the file is a Terraform file");
}

#[test]
fn a_file_in_the_folder_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("td")).unwrap();
    fs::write(path("td/app.json"), "\n[{\"name\": \"app\"}]\n").unwrap();
    fs::write(path("app.tpl"), "[{\"name\": \"app\", \"cpu\": ${cpu}}]").unwrap();
    fs::write(path("for.tpl"), "[{\"name\": \"app\"} %{ for x in y ~},{}%{ endfor ~}]").unwrap();
    fs::write(path("locals.tf"), "locals {\n  all = [{ name = \"app\" }]\n}\n").unwrap();
    let read = |containers: &str| read_hcl("x/main.tf", &path("main.tf"), &web(containers)).unwrap().remove(0);
    for (containers, name, line) in [
        ("file(\"td/app.json\")", "td/app.json", 2),
        ("file(\"${path.module}/td/app.json\")", "td/app.json", 2),
        ("templatefile(\"${path.module}/app.tpl\", { cpu = 1 })", "app.tpl", 1),
        ("jsonencode(local.all)", "locals.tf", 2),
        (
            "data.template_file.x.rendered\n}\ndata \"template_file\" \"x\" {\n  template = \"${file(\"app.tpl\")}\"",
            "app.tpl",
            1,
        ),
    ] {
        let document = read(containers);
        assert_eq!(document.origin, path(name).display().to_string(), "{containers}");
        assert_eq!(document.definition.family(), Some("web"), "{containers}");
        assert_eq!(document.places(["/containerDefinitions/0/name"])[0].1.line, line, "{containers}");
        let refused = changed(&document, |app| app["logConfiguration"] = json!({"logDriver": "awslogs"})).unwrap_err();
        assert!(refused.why.contains(name) && refused.text_to_write.unwrap().contains("awslogs"), "{containers}");
    }
    let document = read("templatefile(\"for.tpl\", {})");
    assert!(document.unknowns[0].why.contains("directives of a template"));
    #[cfg(unix)]
    for link in ["link.json", "linked"] {
        let target = if link == "linked" { path("td") } else { path("td/app.json") };
        std::os::unix::fs::symlink(target, path(link)).unwrap();
        let name = if link == "linked" { "linked/app.json" } else { link };
        let document = read(&format!("file(\"{name}\")"));
        assert!(document.unknowns[0].why.contains("a symbolic link"), "{link}");
    }
}

#[test]
fn what_an_override_file_changes_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let group = |days| format!("resource \"aws_cloudwatch_log_group\" \"g\" {{\n  retention_in_days = {days}\n}}\n");
    let main = web("jsonencode(local.c)") + "locals {\n  c = [{ name = \"app\" }]\n}\n" + &group(0);
    let read = || read_hcl("main.tf", &path("main.tf"), &main).unwrap().remove(0);
    let retention = || read().template.unwrap().group("aws_cloudwatch_log_group.g.name").unwrap().retention;
    assert!(read().unknowns.is_empty() && retention() == DefinedRetention::Unbounded);
    for (text, name) in [
        (format!("locals {{\n  c = []\n}}\n{}", group(7)), "`local.c`"),
        (web("jsonencode([])") + &group(7), "`aws_ecs_task_definition.web`"),
    ] {
        fs::write(path("web_override.tf"), &text).unwrap();
        let why = &read().unknowns[0].why;
        assert!(why.contains(name) && why.contains("web_override.tf"), "{why}");
        assert_eq!(retention(), DefinedRetention::Unknown);
        let refused = read_hcl("web_override.tf", &path("web_override.tf"), &text).err().unwrap();
        assert_eq!(refused.message, "not a task definition: the file is a Terraform file");
    }
}

/// Returns the text of the document after `change` has changed its first container.
fn changed(document: &Document, change: impl Fn(&mut Value)) -> Result<String, Refused> {
    let mut definition = document.definition.view().clone();
    change(&mut definition["containerDefinitions"][0]);
    let definition = TaskDefinition::parse(definition.to_string()).unwrap();
    Document::with_all([(document, &definition)])
}

#[test]
fn a_fix_changes_only_its_own_lines() {
    let log = |options: Value| move |app: &mut Value| app["logConfiguration"]["options"] = options.clone();
    let text = web(&format!(
        "jsonencode([\n    {{\n      name = \"app\"\n      {LOGS}\n    }},\n    {{ name = \"side\" }}\n  ])"
    ));
    let document = read(&text).remove(0);
    let mut options = document.definition.view()["containerDefinitions"][0]["logConfiguration"]["options"].clone();
    options["mode"] = "non-blocking".into();
    options["max-buffer-size"] = "25m".into();
    let fixed = changed(&document, log(options)).unwrap();
    let expected = text.replace(
        "          \"mode\"           = \"blocking\"\n",
        "          \"mode\"           = \"non-blocking\"\n          \"max-buffer-size\" = \"25m\"\n",
    );
    assert_eq!(fixed, expected);
    let heredoc = web("<<EOF\n[\n  {\n    \"name\": \"app\",\n    \"cpu\": ${var.cpu}\n  }\n]\nEOF");
    let document = read(&heredoc).remove(0);
    let fixed = changed(&document, |app| app["logConfiguration"] = json!({"logDriver": "awslogs"})).unwrap();
    let added = ",\n    \"logConfiguration\": {\n      \"logDriver\": \"awslogs\"\n    }";
    assert_eq!(fixed, heredoc.replace("${var.cpu}", &format!("${{var.cpu}}{added}")));
    assert_eq!(changed(&document, |_| ()).unwrap(), heredoc);
}

#[test]
fn a_value_that_only_terraform_knows_is_not_changed() {
    for containers in [
        "jsonencode([{ name = \"app\", logConfiguration = var.x }])",
        "jsonencode([merge({ name = \"app\" }, {})])",
        "\"[{\\\"name\\\": \\\"app\\\"}]\"",
    ] {
        let document = read(&web(containers)).remove(0);
        let refused = changed(&document, |app| app["logConfiguration"] = json!({"logDriver": "awslogs"})).unwrap_err();
        assert_eq!(
            refused.text_to_write.unwrap(),
            "# container app\nlogConfiguration = {\n  logDriver = \"awslogs\"\n}\n"
        );
    }
}

#[test]
fn a_local_value_with_other_uses_is_not_changed() {
    let locals = "locals {\n  all = [local.app]\n  app = { name = \"app\" }\n}\n";
    let fixed = |rest: &str| {
        let document = read(&(web("jsonencode(local.all)") + locals + rest)).remove(0);
        changed(&document, |app| app["cpu"] = json!(1))
    };
    assert!(fixed(&web("jsonencode([local.app])").replace("\"web\"", "\"api\"")).is_ok());
    let refused = fixed("output \"x\" {\n  value = local.all\n}\n").unwrap_err();
    assert!(refused.why.contains("`local.all`"), "{}", refused.why);
    assert!(fixed("output \"x\" {\n  value = local.app.name\n}\n").is_err());
}

#[test]
fn a_log_group_gets_a_retention() {
    for (group, expected) in [
        ("{\n  name = \"x\" # a\n}", "{\n  name = \"x\" # a\n  retention_in_days = 30\n}"),
        ("{\n  name              = \"x\"\n}", "{\n  name              = \"x\"\n  retention_in_days = 30\n}"),
        ("{ name = \"x\" }", "{\n  name = \"x\"\n  retention_in_days = 30\n}"),
        ("{}", "{\n  retention_in_days = 30\n}"),
        ("{\r\n\tname = \"x\"\r\n}", "{\r\n\tname = \"x\"\r\n\tretention_in_days = 30\r\n}"),
        ("{\n  name = \"x\"\n  retention_in_days = 7\n}", "{\n  name = \"x\"\n  retention_in_days = 30\n}"),
        ("{\n  retention_in_days = \"0\"\n}", "{\n  retention_in_days = 30\n}"),
    ] {
        let block = |group: &str| format!("resource \"aws_cloudwatch_log_group\" \"web\" {group}\n");
        let text = web("jsonencode([{ name = \"app\" }])") + &block(group);
        let document = read(&text).remove(0);
        let retention = Retention { group: "aws_cloudwatch_log_group.web.name".into(), days: 30 };
        let correction = Correction { retentions: vec![retention], ..Correction::from(&document.definition) };
        let fixed = Document::corrected(&[(&document, &correction)]).unwrap();
        assert_eq!(fixed, web("jsonencode([{ name = \"app\" }])") + &block(expected));
    }
}

#[test]
fn a_new_log_group_is_a_resource_that_the_container_refers_to() {
    let text = web("jsonencode([{ name = \"app\" }])") + "resource \"aws_cloudwatch_log_group\" \"ecs_web\" {}\n";
    let document = read(&text).remove(0);
    let mut definition = document.definition.view().clone();
    definition["containerDefinitions"][0]["logConfiguration"] =
        json!({"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}});
    let definition = TaskDefinition::parse(definition.to_string()).unwrap();
    let group =
        NewLogGroup { name: "/ecs/web".into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) };
    let correction = Correction { new_groups: vec![group], ..Correction::from(&definition) };
    let fixed = Document::corrected(&[(&document, &correction)]).unwrap();
    let log = ", logConfiguration = { logDriver = \"awslogs\", options = { \"awslogs-group\" = \
               aws_cloudwatch_log_group.ecs_web_2.name } } }";
    let block = "\nresource \"aws_cloudwatch_log_group\" \"ecs_web_2\" {\n  name              = \"/ecs/web\"\n  \
                 retention_in_days = 30\n}\n";
    assert_eq!(fixed, text.replace("\"app\" }", &format!("\"app\"{log}")) + block);
}

#[test]
fn a_group_is_known_by_its_reference_and_its_name() {
    let log = |group: &str| {
        format!(
            "{{ name = \"a\", logConfiguration = {{ logDriver = \"awslogs\", \
             options = {{ awslogs-group = {group} }} }} }}"
        )
    };
    let groups =
        "resource \"aws_cloudwatch_log_group\" \"web\" {\n  name = \"/ecs/web\"\n  retention_in_days = var.days\n}\n";
    let text = web(&format!("jsonencode([{}])", log("aws_cloudwatch_log_group.web[0].name"))) + groups;
    let facts = read(&text)[0].template.clone().unwrap();
    for id in ["aws_cloudwatch_log_group.web.name", "aws_cloudwatch_log_group.web[0].name"] {
        assert_eq!(facts.group(id).unwrap().retention, DefinedRetention::Unknown);
    }
    assert_eq!(facts.named("/ecs/web").unwrap().id, "aws_cloudwatch_log_group.web.name");
}

#[test]
fn a_module_is_a_document_without_known_containers() {
    let text = "module \"web\" {\n  source = \"terraform-aws-modules/ecs/aws//modules/service\"\n}\n\
                module \"vpc\" {\n  source = \"terraform-aws-modules/vpc/aws\"\n}\n";
    let documents = read(text);
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].resource.as_ref().unwrap().id, "module.web");
    assert!(documents[0].unknowns[0].why.contains("container_definitions[…].logConfiguration"));
}

/// Texts of the signs of HCL and JSON.
const TEXT: &str = "([a-z.]{1,3}|[ \n\r\t]|[{}()\\[\\]\"$%<>=:,#/*\\\\-]|<<A\n|\nA\n|\\$\\{|jsonencode\\(|é){0,60}";

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in TEXT) {
        let whole = web(&text) + &text;
        for text in [text.as_str(), &whole, &web(&format!("jsonencode([{text}])")), &web(&format!("<<A\n{text}\nA"))] {
            if let Ok(documents) = read_hcl("main.tf", Path::new("no-such-folder/main.tf"), text) {
                for document in &documents {
                    let _ = changed(document, |app| app["logConfiguration"] = json!({"logDriver": "awslogs"}));
                }
            }
        }
    }
}
