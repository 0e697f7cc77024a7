//! What could hide a task definition or a value from a reader of a file: the verdict is never compliant by mistake.

use logweir::domain::verdict::Decided;
use logweir::sources::Document;

use super::{GOOD, container, documents, findings, fixed, judged, template};

const BAD: &str = "- name: app\n  image: nginx\n";

fn families(text: &str) -> Vec<String> {
    let family = |document: &Document| document.definition.family().unwrap_or_default().to_owned();
    documents(text).iter().map(family).collect()
}

#[test]
fn every_task_definition_of_a_yaml_text_is_judged() {
    let definition = |name: &str| format!("{{family: {name}, containerDefinitions: [{{name: app, image: x}}]}}");
    let (web, api) = (definition("web"), definition("api"));
    for text in [
        format!("- {web}\n- {api}\n"),
        format!("taskDefinitions:\n- {web}\n- {api}\n"),
        format!("taskDefinition: {web}\nTaskDefinition: {api}\n"),
        format!("web: {web}\napi: {api}\n"),
        format!("services:\n  web:\n    taskDefinition: {web}\n  api:\n    taskDefinition: {api}\n"),
        format!("taskDefinitions: [{web}]\n---\n{api}\n"),
        format!("taskDefinition: {web}\n---\nx: y\n---\ntaskDefinitions: [{api}]\n"),
        format!("base: &base {web}\nother: *base\nlast: {api}\n"),
        "web: {Family: web, ContainerDefinitions: [{Name: app}]}\napi: {Family: api, ContainerDefinitions: [{Name: app}]}\n"
            .into(),
    ] {
        assert_eq!(families(&text), ["web", "api"], "{text}");
    }
}

#[test]
fn each_task_definition_of_a_yaml_text_is_fixed_in_its_place() {
    let log = "logConfiguration: {logDriver: awslogs, options: {awslogs-group: /g, awslogs-region: eu-west-1, \
               awslogs-stream-prefix: p, max-buffer-size: 25m, mode: blocking}}";
    let text = format!(
        "web:\n  family: web\n  containerDefinitions:\n  - name: app\n    {log}\napi:\n  family: api\n  \
         containerDefinitions:\n  - name: app\n    {log}\n"
    );
    assert_eq!(fixed(&text, false), Ok(text.replace("mode: blocking", "mode: non-blocking")));
}

#[test]
fn every_task_definition_of_a_json_text_is_judged() {
    let definition = |name: &str| format!(r#"{{"family": "{name}", "containerDefinitions": [{{"name": "app"}}]}}"#);
    let (web, api) = (definition("web"), definition("api"));
    for text in [
        format!("{{\"taskDefinition\": {web}, \"TaskDefinition\": {api}}}"),
        format!("{{\"taskDefinition\": {web}, \"taskDefinitions\": [{api}]}}"),
        format!("{{\"web\": {web}, \"version\": 1, \"api\": {{\"taskDefinition\": {api}}}}}"),
    ] {
        assert_eq!(families(&text), ["web", "api"], "{text}");
    }
    for text in [
        format!("{{\"containerDefinitions\": [], \"taskDefinition\": {api}}}"),
        format!("[{{\"x\": 1}}, {web}]"),
        "{\"terraform_version\": \"1.9.0\", \"x\": \"aws_ecs_task_definition\"".to_owned(),
    ] {
        assert!(Document::parse_all("t.json", &text, None).is_err(), "{text}");
    }
}

#[test]
fn a_task_definition_in_another_one_is_an_error() {
    let text = format!("containerDefinitions:\n{BAD}other:\n  containerDefinitions:\n  {BAD}", BAD = BAD.trim_end());
    let text = text.replace("\n  image: nginx\n  image", "\n  image");
    let nested = "family: web\ncontainerDefinitions: []\nother: {containerDefinitions: []}\n";
    for text in [nested, text.as_str()] {
        assert!(Document::parse_all("t.yaml", text, None).is_err(), "{text}");
    }
}

#[test]
fn a_template_in_the_file_of_another_tool_is_judged() {
    let resources: String = template(&container("")).lines().skip(1).map(|line| format!("  {line}\n")).collect();
    let text = format!("service: web\nprovider:\n  name: aws\nresources:\n{resources}");
    let found: Vec<String> = findings(&text).iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(found, ["blocking-delivery", "unsized-buffer"]);
}

#[test]
fn a_template_whose_resources_only_cloudformation_knows_is_unknown() {
    let version = "AWSTemplateFormatVersion: 2010-09-09\n";
    let loop_of =
        |kind: &str| format!("Resources:\n  Fn::ForEach::S:\n  - N\n  - [a]\n  - X${{N}}: {{Type: {kind}}}\n");
    for text in [
        loop_of("AWS::ECS::TaskDefinition"),
        loop_of("!Ref T"),
        loop_of("AWS::Logs::LogGroup"),
        format!("{version}{}", loop_of("AWS::ECS::TaskDefinition")),
        format!("{version}Transform: Mine\nResources:\n  T: {{Type: AWS::SNS::Topic}}\n"),
        format!("{version}Transform: {{Name: AWS::Include, Parameters: {{Location: s3://a/b}}}}\nResources: {{}}\n"),
        format!("{version}Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: s3://a/b}}}}\n"),
        format!("{version}Resources:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: s3://a/b}}}}\n"),
        format!("{version}Resources:\n  M: {{Type: My::Org::Web::MODULE}}\n"),
        format!(
            "{version}Resources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      TemplateBody: |\n        \
             Resources: {{T: {{Type: AWS::ECS::TaskDefinition}}}}\n"
        ),
        "{\"Resources\": {\"Fn::ForEach::S\": [\"N\", [\"a\"], {\"X${N}\": {\"Type\": \"AWS::ECS::TaskDefinition\"}}]}}"
            .to_owned(),
    ] {
        let documents = documents(&text);
        assert_eq!(documents.len(), 1, "{text}");
        assert!(!documents[0].unknowns.is_empty() && documents[0].is_read_only(), "{text}");
        assert_eq!(fixed(&text, true).as_deref(), Ok(text.as_str()));
    }
    let other = format!("{version}{}", loop_of("AWS::SNS::Topic"));
    let error = Document::parse_all("t.yaml", &other, None).err().unwrap();
    assert!(error.message.contains("has no resource of the type"), "{error}");
}

#[test]
fn a_loop_that_adds_members_to_a_task_definition_makes_it_unknown() {
    let options = format!(
        "{GOOD}              Fn::ForEach::O:\n              - N\n              - [mode]\n              - {{'${{N}}': blocking}}\n"
    );
    assert!(!documents(&template(&container(&options)))[0].unknowns.is_empty());
}

#[test]
fn a_tag_means_the_same_in_every_spelling() {
    let tagged = |mode: &str| template(&container(&GOOD.replace("non-blocking", mode)));
    let decided = |text: &str| -> Vec<Decided> {
        judged(&documents(text)[0]).plan.findings.iter().map(|finding| finding.decided).collect()
    };
    for mode in
        ["!<!Sub> non-blocking", "!!str non-blocking", "!<tag:yaml.org,2002:str> non-blocking", "! non-blocking"]
    {
        assert_eq!(decided(&tagged(mode)), [], "{mode}");
    }
    for mode in ["!<!Ref> Mode", "!<tag:example.com,2000:x> non-blocking", "!<x> non-blocking", "!!binary bm9u"] {
        assert_eq!(decided(&tagged(mode)), [Decided::Unknown], "{mode}");
    }
    let directive = |line: &str, mode: &str| format!("{line}\n---\n{}", tagged(mode));
    assert_eq!(decided(&directive("%TAG !e! !", "!e!Sub non-blocking")), []);
    assert_eq!(decided(&directive("%TAG !e! tag:example.com,2000:", "!e!Sub non-blocking")), [Decided::Unknown]);
}

#[test]
fn an_alias_can_be_a_key() {
    let options =
        "              awslogs-stream: &mode mode\n              mode: non-blocking\n              *mode : blocking\n";
    let error = Document::parse_all("t.yaml", &template(&container(options)), None).err().unwrap();
    assert!(error.message.contains("occurs twice"), "{error}");
}

#[test]
fn a_fix_keeps_a_verbatim_tag() {
    let text = template(&container(&GOOD.replace("mode: non-blocking", "mode: !<tag:yaml.org,2002:str> blocking")));
    let fixed = fixed(&text, false);
    assert!(fixed.clone().is_ok_and(|fixed| fixed.contains("non-blocking")) || fixed.is_err(), "{fixed:?}");
}

#[test]
fn two_containers_that_share_an_alias_have_one_reason() {
    let options =
        "            Options: &o\n              awslogs-group: !Ref LogGroup\n              mode: non-blocking\n";
    let first = format!(
        "        - Name: app\n          Image: x\n          LogConfiguration:\n            LogDriver: awslogs\n{options}"
    );
    let second = "        - Name: side\n          Image: x\n          LogConfiguration:\n            LogDriver: awslogs\n            Options: *o\n";
    let refused = fixed(&template(&format!("{first}{second}")), true).unwrap_err();
    assert!(refused.contains("anchor or an alias"), "{refused}");
}
