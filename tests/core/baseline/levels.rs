//! The table `[rules]`, and the rules that the caller of `logweir check` and `logweir fix` chooses.

use jiff::Timestamp;
use logweir::domain::baseline::{Baseline, Level, RuleChoice};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch;
use logweir::domain::plan::{Plan, plan};
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::facts::Observation;
use logweir::domain::severity::Severity;
use serde_json::json;

use super::refused;

/// A container that blocks, and that logs to another Region.
fn blocking() -> TaskDefinition {
    let options = json!({
        "awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app", "mode": "blocking",
    });
    let log = json!({"logDriver": "awslogs", "options": options});
    let document = json!({"family": "web", "containerDefinitions": [{"name": "app", "logConfiguration": log}]});
    TaskDefinition::parse(document.to_string()).unwrap()
}

fn planned(definition: &TaskDefinition, baseline: &Baseline) -> Plan {
    let seen = Observation::of_document(definition, Some("eu-west-1"), Timestamp::UNIX_EPOCH);
    plan(&seen, baseline)
}

fn baseline(rules: &str) -> Baseline {
    Baseline::parse(&format!("version = 1\n[rules]\n{rules}")).unwrap()
}

fn found(baseline: &Baseline) -> Vec<&'static str> {
    planned(&blocking(), baseline).findings.iter().map(|finding| finding.rule.name()).collect()
}

#[test]
fn a_rule_that_is_off_finds_and_fixes_nothing_in_a_document() {
    let all = baseline("");
    assert_eq!(found(&all), ["blocking-delivery", "unsized-buffer", "foreign-region"]);
    let chosen = baseline("blocking-delivery = \"off\"\nforeign-region = \"off\"").choosing(&RuleChoice::default());
    assert_eq!(found(&chosen), [""; 0]);
    assert!(planned(&blocking(), &chosen).edits.is_empty());
    let unsized_only =
        baseline("").choosing(&RuleChoice { ignore: vec![RuleName::UnsizedBuffer], ..Default::default() });
    let plan = planned(&blocking(), &unsized_only);
    let fixed = patch::apply(&blocking(), &plan.edits).unwrap();
    assert!(fixed.text().contains("non-blocking") && !fixed.text().contains("max-buffer-size"), "{}", fixed.text());
}

#[test]
fn the_function_ignores_the_table_of_rules() {
    let every = RuleName::ALL.map(|rule| format!("{rule} = \"off\"\n")).concat();
    assert_eq!(planned(&blocking(), &baseline(&every)).edits, planned(&blocking(), &baseline("")).edits);
}

#[test]
fn a_selected_rule_counts_even_if_the_baseline_switches_it_off() {
    let choice = RuleChoice { select: vec![RuleName::BlockingDelivery], ignore: Vec::new() };
    assert_eq!(found(&baseline("blocking-delivery = \"off\"").choosing(&choice)), ["blocking-delivery"]);
    let neither = RuleChoice { ignore: choice.select.clone(), ..choice };
    assert_eq!(found(&baseline("").choosing(&neither)), [""; 0]);
}

#[test]
fn an_unchecked_rule_that_is_off_is_not_reported_as_unchecked() {
    let choice = RuleChoice { ignore: vec![RuleName::MissingLogGroup], ..Default::default() };
    let plan = planned(&blocking(), &baseline("").choosing(&choice));
    assert_eq!(plan.not_checked, [RuleName::UnboundedRetention]);
}

#[test]
fn a_finding_has_the_severity_of_the_baseline_or_else_of_its_rule() {
    let baseline = baseline("foreign-region = \"note\"\nunsized-buffer = \"error\"");
    let plan = planned(&blocking(), &baseline);
    let severities: Vec<Severity> = plan.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Error, Severity::Note]);
    assert_eq!(baseline.level(RuleName::ForeignRegion), Level::At(Severity::Note));
}

#[test]
fn an_unknown_rule_or_level_is_refused_with_the_nearest_name() {
    assert_eq!(
        refused("version = 1\n[rules]\nforeign-regoin = \"off\"\n"),
        "3:1: no rule is called `foreign-regoin` (did you mean `foreign-region`?)"
    );
    assert_eq!(
        refused("version = 1\n[rules]\nforeign-region = \"warn\"\n"),
        "3:18: `warn` is neither a severity nor `off` (did you mean `warning`?)"
    );
    assert_eq!(
        refused("version = 1\n[rules]\nforeign-region = \"info\"\n"),
        "3:18: `info` is neither a severity nor `off` (use one of: off, error, warning, note)"
    );
}

#[test]
fn a_comparison_names_each_changed_level() {
    let differences = baseline("").differences(&baseline("foreign-region = \"off\""));
    let [difference] = differences.as_slice() else { panic!("{differences:?}") };
    assert_eq!(difference.key, "rules.foreign-region");
    assert_eq!((difference.old.as_deref(), difference.new.as_deref()), (Some("warning"), Some("off")));
}
