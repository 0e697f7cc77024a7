//! The variables of deploy tools, in every position that a rule reads: no fix overwrites a variable, and no rule judges
//! one as a value.

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch::apply;
use logweir::domain::plan::plan;
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::finding::Safety;
use logweir::domain::text::placeholder::is_placeholder;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::rules::golden::Facts;

/// The paths that rules read.
const POSITIONS: [&str; 12] = [
    "/family",
    "/memory",
    "/requiresCompatibilities/0",
    "/executionRoleArn",
    "/containerDefinitions/0/name",
    "/containerDefinitions/0/memory",
    "/containerDefinitions/0/logConfiguration/logDriver",
    "/containerDefinitions/0/logConfiguration/options/awslogs-group",
    "/containerDefinitions/0/logConfiguration/options/awslogs-region",
    "/containerDefinitions/0/logConfiguration/options/awslogs-stream-prefix",
    "/containerDefinitions/0/logConfiguration/options/mode",
    "/containerDefinitions/0/logConfiguration/options/max-buffer-size",
];

/// A task definition without faults.
fn sound() -> Value {
    json!({
        "family": "web", "memory": "512", "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
        "containerDefinitions": [{"name": "app", "memory": 512, "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
            "mode": "non-blocking", "max-buffer-size": "25m",
        }}}],
    })
}

fn names() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_]{1,12}"
}

fn variables() -> impl Strategy<Value = String> {
    let marks = [
        ("$", ""),
        ("${", "}"),
        ("$(", ")"),
        ("%", "%"),
        ("#{", "}"),
        ("#{", "}#"),
        ("@", "@"),
        ("@@", "@@"),
        ("{", "}"),
        ("{{", "}}"),
        ("{{ ", " }}"),
        ("[[", "]]"),
        ("((", "))"),
        ("<", ">"),
        ("<%= ", " %>"),
        ("{% ", " %}"),
        ("~", "~"),
        ("|", "|"),
        ("!", "!"),
        ("%{", "}"),
        ("$[", "]"),
    ];
    let marked = (select(marks.to_vec()), names()).prop_map(|((open, close), name)| format!("{open}{name}{close}"));
    let around = |text: BoxedStrategy<String>| {
        ("(/ecs/|eu-|x-|)", text, "(/web|-1|)").prop_map(|(a, text, b)| format!("{a}{text}{b}"))
    };
    let asked = select(vec![
        "CHANGEME",
        "REPLACE_ME",
        "YOUR_REGION",
        "YOUR_VALUE",
        "your-value",
        "INSERT_VALUE_HERE",
        "__VALUE__",
        "MY_VALUE",
        "TODO",
    ]);
    prop_oneof![4 => around(marked.boxed()), 1 => asked.prop_map(String::from)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_variable_is_neither_overwritten_nor_judged(variable in variables(), chosen in prop::sample::subsequence(POSITIONS.to_vec(), 1..6)) {
        prop_assert!(is_placeholder(&variable), "{variable}");
        let mut document = sound();
        for position in &chosen {
            *document.pointer_mut(position).unwrap() = json!(variable);
        }
        let definition = TaskDefinition::parse(document.to_string()).unwrap();
        let facts = Facts { region: Some("eu-west-1".into()), ..Facts::none() };
        let plan = plan(&facts.observe(&definition), &Baseline::parse("version = 1\n").unwrap());
        let fixed = apply(&definition, &plan.edits).unwrap();
        prop_assert_eq!(fixed.view(), definition.view());
        for finding in &plan.findings {
            prop_assert_eq!(finding.fix.safety(), Safety::Advice, "{:?}", finding);
            prop_assert!(finding.message.ends_with("is a placeholder"), "{:?}", finding);
            prop_assert!(finding.rule != RuleName::ForeignRegion && finding.rule != RuleName::UnnamedLogGroup);
        }
    }

    #[test]
    fn a_legal_value_is_no_variable(region in "(us|eu|ap|sa|me|af|ca|il|mx|us-gov|us-iso)-(east|west|north|south|central|northeast)-[1-9]", size in "[1-9][0-9]{0,3}(b|k|m|g|kb|mb|MiB|)", group in "/[a-f0-9/.-]{1,30}") {
        for value in [region, size, group] {
            prop_assert!(!is_placeholder(&value), "{}", value);
        }
    }

    #[test]
    fn any_text_is_a_variable_or_not(text in any::<String>(), marks in "[$%@#{}<>()\\[\\]_!a-zA-Z ]{0,40}") {
        let _ = is_placeholder(&text) | is_placeholder(&marks);
    }
}
