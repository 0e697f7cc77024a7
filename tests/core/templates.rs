//! Templates of CloudFormation, and task definitions in YAML: the verdict, and the fix of each hazard of editing.

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::readings::{Judged, judge};
use logweir::domain::rules::facts::Observation;
use logweir::domain::rules::finding::Finding;
use logweir::domain::rules::packs::LOGGING;
use logweir::domain::verdict::Decided;
use logweir::settings::SHIPPED_BASELINE;
use logweir::sources::{Correction, Document};

mod branches;
mod edits;
mod groups;
mod hidden;
mod merged;
mod random;
mod refused;

/// Judges the document as `logweir check --region eu-west-1` does.
fn judged(document: &Document) -> Judged {
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let template = document.template.as_deref();
    let seen = |definition| Observation {
        template,
        ..Observation::of_document(definition, Some("eu-west-1"), Timestamp::UNIX_EPOCH)
    };
    judge(&document.readings, LOGGING, seen, &baseline, |reading, below| document.pointer_of(reading, below))
}

fn documents(text: &str) -> Vec<Document> {
    let name = if text.trim_start_matches('\u{feff}').starts_with('{') { "t.json" } else { "t.yaml" };
    Document::parse_all(name, text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn document(text: &str) -> Document {
    documents(text).remove(0)
}

/// The findings about the only task definition of a template, each as `rule decided message`.
fn findings(text: &str) -> Vec<String> {
    let show = |finding: &Finding| format!("{} {} {}", finding.rule, finding.decided.name(), finding.message);
    judged(&document(text)).plan.findings.iter().map(show).collect()
}

/// The findings that the text shows to be faults.
fn faults(text: &str) -> Vec<String> {
    let judged = judged(&document(text));
    let faults = judged.plan.findings.iter().filter(|finding| finding.decided == Decided::Yes);
    faults.map(|finding| finding.rule.name().to_owned()).collect()
}

/// The text after `logweir fix`, or why Logweir does not change it.
fn fixed(text: &str, with_unsafe: bool) -> Result<String, String> {
    let documents = documents(text);
    let corrections: Vec<Correction> = documents
        .iter()
        .map(|document| {
            let judged = judged(document);
            Correction::of(document, &judged.edits, &judged.plan.retentions, with_unsafe).unwrap()
        })
        .collect();
    let pairs: Vec<_> = documents.iter().zip(&corrections).collect();
    Document::corrected(&pairs).map_err(|refused| refused.why)
}

/// Checks that the fix of `text` replaces exactly `old` by `new`, and that a second fix changes nothing.
fn expect(text: &str, old: &str, new: &str, with_unsafe: bool) {
    assert_eq!(text.matches(old).count(), 1, "{old}");
    let wanted = text.replacen(old, new, 1);
    let found = fixed(text, with_unsafe).unwrap_or_else(|why| panic!("{why}\n{text}"));
    assert_eq!(found, wanted, "\n{found}");
    assert_eq!(fixed(&found, with_unsafe).as_deref(), Ok(found.as_str()), "a second fix changes\n{found}");
}

/// A template with one task definition, whose containers are `containers`, and one log group.
fn template(containers: &str) -> String {
    format!(
        "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  LogGroup:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      \
         RetentionInDays: 30\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: web\n      \
         ExecutionRoleArn: !GetAtt Role.Arn\n      ContainerDefinitions:\n{containers}"
    )
}

/// A container in a list that is indented by eight columns, with the given options.
fn container(options: &str) -> String {
    format!(
        "        - Name: app\n          Image: nginx\n          LogConfiguration:\n            LogDriver: awslogs\n            \
         Options:\n              awslogs-group: !Ref LogGroup\n              awslogs-region: !Ref AWS::Region\n              \
         awslogs-stream-prefix: app\n{options}"
    )
}

const GOOD: &str = "              mode: non-blocking\n              max-buffer-size: 25m\n";

#[test]
fn a_good_template_has_no_finding_and_no_fix() {
    let text = template(&container(GOOD));
    assert_eq!(findings(&text), Vec::<String>::new());
    assert_eq!(fixed(&text, true).as_deref(), Ok(text.as_str()));
}

#[test]
fn the_forms_of_a_text_are_one_value() {
    for (mode, size) in [
        ("'non-blocking'", "\"25m\""),
        ("!Sub non-blocking", "!Sub '25m'"),
        ("{Fn::Sub: non-blocking}", "{\"Fn::Sub\": \"25m\"}"),
        ("!Join ['-', [non, blocking]]", "!Join ['', [25, m]]"),
        (">-\n                non-blocking", "|-\n                25m"),
    ] {
        let options = format!("              mode: {mode}\n              max-buffer-size: {size}\n");
        assert_eq!(findings(&template(&container(&options))), Vec::<String>::new(), "{mode}");
    }
}

#[test]
fn booleans_and_numbers_become_text_in_a_template_and_not_in_a_task_definition() {
    let options = format!("{GOOD}              awslogs-create-group: true\n");
    assert_eq!(faults(&template(&container(&options))), Vec::<String>::new());
    let definition = "family: web\nexecutionRoleArn: arn:aws:iam::111122223333:role/x\ncontainerDefinitions:\n- name: app\n  \
                      logConfiguration:\n    logDriver: awslogs\n    options: {awslogs-group: /ecs/web, awslogs-region: eu-west-1, \
                      awslogs-stream-prefix: app, mode: non-blocking, max-buffer-size: 25m, awslogs-create-group: true}\n";
    assert_eq!(faults(definition), ["refused-log-option"]);
}

#[test]
fn a_function_hides_a_value_and_is_no_fault() {
    for mode in ["!Ref Mode", "!FindInMap [A, B, C]", "!ImportValue x", "{Fn::GetAtt: [A, B]}", "!Select [0, !Ref L]"] {
        let options = format!("              mode: {mode}\n              max-buffer-size: 25m\n");
        let text = template(&container(&options));
        let judged = judged(&document(&text));
        let decided: Vec<_> =
            judged.plan.findings.iter().map(|finding| (finding.rule.name(), finding.decided)).collect();
        assert_eq!(decided, [("blocking-delivery", Decided::Unknown)], "{mode}");
        assert_eq!(fixed(&text, true).as_deref(), Ok(text.as_str()), "{mode}");
    }
}

#[test]
fn a_default_of_a_parameter_decides_by_default_and_is_not_edited() {
    let options = "              mode: !Ref Mode\n              max-buffer-size: 25m\n";
    let with = |default: &str| {
        let parameters = format!("Parameters:\n  Mode:\n    Type: String\n    Default: {default}\nResources:");
        template(&container(options)).replace("Resources:", &parameters)
    };
    assert_eq!(findings(&with("non-blocking")), Vec::<String>::new());
    let bad = with("blocking");
    let found = findings(&bad);
    assert!(found.len() == 1 && found[0].starts_with("blocking-delivery by-default"), "{found:?}");
    assert_eq!(fixed(&bad, true).as_deref(), Ok(bad.as_str()));
    for hidden in ["    NoEcho: true\n    Type: String\n", "    Type: AWS::SSM::Parameter::Value<String>\n"] {
        let text = bad.replace("    Type: String\n", hidden);
        assert_eq!(judged(&document(&text)).plan.findings[0].decided, Decided::Unknown, "{hidden}");
    }
}

#[test]
fn a_template_in_json_is_judged_and_fixed_like_one_in_yaml() {
    let text = "{\n  \"Resources\": {\n    \"Group\": { \"Type\": \"AWS::Logs::LogGroup\", \"Properties\": { \"RetentionInDays\": 7 } },\n    \
                \"Task\": {\n      \"Type\": \"AWS::ECS::TaskDefinition\",\n      \"Properties\": {\n        \"Family\": \"web\",\n        \
                \"ExecutionRoleArn\": \"arn:aws:iam::111122223333:role/x\",\n        \"ContainerDefinitions\": [\n          {\n            \
                \"Name\": \"app\",\n            \"LogConfiguration\": {\n              \"LogDriver\": \"awslogs\",\n              \
                \"Options\": {\n                \"awslogs-group\": { \"Ref\": \"Group\" },\n                \
                \"awslogs-region\": { \"Ref\": \"AWS::Region\" },\n                \"awslogs-stream-prefix\": \"app\"\n              }\n            \
                }\n          },\n          { \"Name\": \"side\", \"Image\": \"x\" }\n        ]\n      }\n    }\n  }\n}\n";
    let wanted = text
        .replace("\"RetentionInDays\": 7", "\"RetentionInDays\": 30")
        .replace(
            "\"awslogs-stream-prefix\": \"app\"\n",
            "\"awslogs-stream-prefix\": \"app\",\n                \"mode\": \"non-blocking\",\n                \
             \"max-buffer-size\": \"25m\"\n",
        )
        .replace(
            "\"Image\": \"x\" }",
            "\"Image\": \"x\", \"LogConfiguration\": { \"LogDriver\": \"awslogs\", \"Options\": { \"awslogs-group\": \
             { \"Ref\": \"Group\" }, \"awslogs-region\": { \"Ref\": \"AWS::Region\" }, \"awslogs-stream-prefix\": \
             \"side\", \"mode\": \"non-blocking\", \"max-buffer-size\": \"25m\" } } }",
        );
    let found = fixed(text, false).unwrap();
    assert_eq!(found, wanted, "\n{found}");
    assert_eq!(fixed(&found, false).as_deref(), Ok(found.as_str()));
}
