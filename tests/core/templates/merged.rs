//! Merge keys, repeated keys and what else could hide a value from a reader: the verdict is never compliant by mistake.

use logweir::sources::Document;

use super::{document, documents, faults};

/// A template with one task definition, whose options are `options`. `top` comes before the resources.
fn template(top: &str, options: &str) -> String {
    format!(
        "{top}\nResources:\n  Web:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: web\n      \
         ContainerDefinitions:\n        - Name: app\n          Image: app:1\n          LogConfiguration:\n            \
         LogDriver: awslogs\n            Options: {options}\n"
    )
}

/// The options of awslogs apart from the mode.
const REST: &str =
    "awslogs-group: /ecs/web, awslogs-region: eu-west-1, awslogs-stream-prefix: app, max-buffer-size: 25m";

fn error(text: &str) -> String {
    let name = if text.starts_with('{') { "t.json" } else { "t.yaml" };
    Document::parse_all(name, text, None).err().unwrap_or_else(|| panic!("{text}")).to_string()
}

#[test]
fn an_earlier_mapping_of_a_merge_key_overrides_a_later_one() {
    let top = "X: &x {mode: blocking}\nY: &y {mode: non-blocking}";
    assert_eq!(faults(&template(top, &format!("{{<<: [*x, *y], {REST}}}"))), ["blocking-delivery"]);
    assert_eq!(faults(&template(top, &format!("{{<<: [*y, *x], {REST}}}"))), [""; 0]);
    let nested = "X: &x {mode: blocking}\nY: &y {<<: *x}\nZ: &z {mode: non-blocking}";
    assert_eq!(faults(&template(nested, &format!("{{<<: [*y, *z], {REST}}}"))), ["blocking-delivery"]);
}

#[test]
fn a_repeated_key_is_an_error_wherever_logweir_reads_it() {
    let good = template("", &format!("{{mode: non-blocking, {REST}}}"));
    let merged = template("X: &x {mode: non-blocking, mode: blocking}", &format!("{{<<: *x, {REST}}}"));
    let properties = format!("{good}    Properties: {{Family: web}}\n");
    let resources = format!("{good}Resources: {{}}\n");
    let resource = format!("{good}  Web: {{Type: AWS::SNS::Topic}}\n");
    let json = r#"{"Resources": {"Web": {"Type": "AWS::ECS::TaskDefinition",
        "Properties": {"ContainerDefinitions": []}, "Properties": {"ContainerDefinitions": []}}}}"#;
    for text in [merged, properties, resources, resource, json.to_owned()] {
        assert!(error(&text).contains("occurs twice"), "{text}");
    }
}

#[test]
fn a_template_to_which_a_merge_key_or_an_include_adds_resources_is_partly_unknown() {
    let good = template("X: &x {Type: AWS::ECS::TaskDefinition}", &format!("{{mode: non-blocking, {REST}}}"));
    for more in [
        "  Api: {<<: *x}\n",
        "  <<: {Api: *x}\n",
        "    Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://a/b}}\n",
    ] {
        let text = format!("{good}{more}");
        assert!(documents(&text).iter().all(|document| !document.unknowns.is_empty()), "{text}");
    }
    assert!(document(&good).unknowns.is_empty());
}

#[test]
fn a_branch_that_the_conditions_rule_out_is_not_judged() {
    let conditions = "Parameters: {P: {Type: String}}\nConditions:\n  IsProd: !Equals [!Ref P, prod]\n  \
                      IsTest: !Not [!Condition IsProd]";
    let text = template(conditions, &format!("{{mode: !If [IsProd, blocking, non-blocking], {REST}}}"));
    assert_eq!(faults(&text), ["blocking-delivery"]);
    let only_in_test = text.replace("    Properties:", "    Condition: IsTest\n    Properties:");
    assert_eq!(faults(&only_in_test), [""; 0]);
}

#[test]
fn the_delimiter_of_a_join_can_be_a_function() {
    let text = template("", &format!("{{mode: !Join [!Ref D, [non, blocking]], {REST}}}"));
    assert_eq!(faults(&text), [""; 0]);
    assert!(!super::judged(&document(&text)).plan.is_compliant());
}

#[test]
fn a_branch_that_is_no_task_definition_is_unknown() {
    let good = template("", &format!("{{mode: non-blocking, {REST}}}"));
    let (head, properties) = good.split_once("    Properties:\n").unwrap();
    let indented: String = properties.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("{head}    Properties: !If\n      - P\n      -\n{indented}      - {{Family: web}}\n");
    assert!(!document(&text).unknowns.is_empty(), "{text}");
}
