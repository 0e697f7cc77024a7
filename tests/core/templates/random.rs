//! A template that is made from a task definition gets the verdict of the task definition.

use logweir::domain::rules::finding::Finding;
use logweir::sources::Document;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{fixed, judged};
use crate::laws::situations::documents;

/// The value with its members in PascalCase.
fn pascal(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(pascal).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (capitalized(key), member(key, value))).collect(),
        value => value.clone(),
    }
}

fn member(key: &str, value: &Value) -> Value {
    // The keys of these maps are no names of members.
    if ["options", "dockerLabels"].contains(&key) { value.clone() } else { pascal(value) }
}

fn capitalized(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The value in YAML by indentation.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) if !members.is_empty() => {
            let member = |(key, value): (&String, &Value)| match value {
                Value::Object(below) if !below.is_empty() => {
                    format!("{pad}{}:\n{}", json!(key), yaml(value, indent + 2))
                }
                Value::Array(below) if !below.is_empty() => format!("{pad}{}:\n{}", json!(key), yaml(value, indent)),
                value => format!("{pad}{}: {value}\n", json!(key)),
            };
            members.iter().map(member).collect()
        }
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| match item {
                Value::Object(below) if !below.is_empty() => {
                    let lines = yaml(item, indent + 2);
                    format!("{pad}- {}", &lines[indent + 2..])
                }
                item => format!("{pad}- {item}\n"),
            })
            .collect(),
        value => format!("{pad}{value}\n"),
    }
}

/// The findings without their places. A template says nothing about the Region, the log group and the role of a fix.
fn verdict(document: &Document) -> Vec<(String, Option<String>, String)> {
    let plan = judged(document).plan;
    let show = |finding: &Finding| (finding.rule.to_string(), finding.container.clone(), finding.message.clone());
    plan.findings.iter().map(show).collect()
}

/// Whether CloudFormation passes the document to ECS as it is. It turns numbers and booleans into strings where a string
/// belongs.
fn is_plain(value: &Value) -> bool {
    let texts = |value: &Value| match value {
        Value::Object(map) => map.values().all(|value| value.is_string() || value.is_null()),
        _ => true,
    };
    let containers = value["containerDefinitions"].as_array().into_iter().flatten();
    let named = |container: &Value| !container["name"].is_number() && texts(&container["logConfiguration"]["options"]);
    containers.into_iter().all(named) && !value["family"].is_number()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_template_gets_the_verdict_of_its_task_definition(text in documents()) {
        let Ok(definitions) = Document::parse_all("td.json", &text, None) else { return Ok(()) };
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assume!(is_plain(&value) && value.is_object());
        let wanted = verdict(&definitions[0]);
        let mut resources = Map::new();
        resources.insert("Task".into(), json!({"Type": "AWS::ECS::TaskDefinition", "Properties": pascal(&value)}));
        let template = json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources});
        let in_yaml = yaml(&template, 0);
        for (name, text) in [
            ("t.json", template.to_string()),
            ("t.json", format!("{template:#}")),
            ("t.yaml", in_yaml.clone()),
            ("td.yaml", yaml(&value, 0)),
        ] {
            let document = Document::parse_all(name, &text, None).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0);
            prop_assert_eq!(&verdict(&document), &wanted, "{}", text);
            let once = fixed(&text, true);
            if let Ok(once) = &once {
                prop_assert_eq!(fixed(once, true), Ok(once.clone()), "{}", text);
            }
            prop_assert!(once.is_ok(), "{:?}\n{}", once, text);
        }
    }
}
