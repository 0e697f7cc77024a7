//! Laws for all documents, baselines and facts: not what a rule finds, but what a fix may change.
//!
//! Each law is stated for one situation, and tested on many generated ones and on every golden case. Add a situation
//! that breaks a law to `tests/core/rules/`, as its own case.

mod json;
pub(crate) mod situations;

use std::collections::{BTreeMap, BTreeSet};

use json::Json;
use logweir::domain::baseline::{Baseline, Exempt, RuleChoice, Workload};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::patch::apply;
use logweir::domain::edit::{Change, Edit, Holder, LogGroupChange, OptionChange};
use logweir::domain::plan::Plan;
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::finding::Fix;
use logweir::domain::text::placeholder;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use situations::{Situation, baselines, documents, exemption, offline, rule_names, situations};

use crate::rules::golden;

type Law = Result<(), TestCaseError>;

fn config() -> ProptestConfig {
    // A counterexample becomes a golden case, so proptest need not store it.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn on_every_golden_case(law: impl Fn(&Situation) -> Law) {
    for case in golden::cases() {
        let (definition, baseline) = (case.definition(), case.baseline());
        let situation = Situation { definition, baseline, baseline_text: case.baseline, facts: case.facts };
        if let Err(error) = law(&situation) {
            panic!("{}: {error}", case.folder.display());
        }
    }
}

fn fix(situation: &Situation, plan: &Plan) -> Result<TaskDefinition, TestCaseError> {
    apply(&situation.definition, &plan.edits)
        .map_err(|conflict| TestCaseError::fail(format!("the plan does not apply: {conflict}")))
}

// Fixed point: a fixed document needs no fix.

fn fixing_twice_is_fixing_once(situation: &Situation) -> Law {
    let first = situation.plan();
    let after =
        Situation { definition: fix(situation, &first)?, facts: situation.facts.after(&first), ..situation.clone() };
    let second = after.plan();
    prop_assert!(second.edits.is_empty(), "edited again: {:?}", second.edits);
    prop_assert!(second.log_groups.is_empty(), "groups changed again: {:?}", second.log_groups);
    if first.refusal.is_none() {
        let left: Vec<_> = second.findings.iter().filter(|f| f.counts() && !matches!(f.fix, Fix::Advice(_))).collect();
        prop_assert!(left.is_empty(), "a fix resolves nothing: {left:?}");
    }
    // The fix names a stream or a group after the family. If the family contains a variable, its value is unknown.
    let family = situation.definition.family().unwrap_or_default();
    let is_unknown = |rule: &RuleName| *rule == RuleName::RefusedLogOption && placeholder::is_placeholder(family);
    prop_assert!(
        second.not_checked.iter().all(|rule| first.not_checked.contains(rule) || is_unknown(rule)),
        "undecided now: {:?}",
        second.not_checked
    );
    Ok(())
}

// Frame: nothing else changes.

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "containerDefinitions")]
    containers: Vec<&'a RawValue>,
}

/// The text of a document in parts: the text before the containers, each container, and the text after it.
fn parts(text: &str) -> Vec<&str> {
    let containers = serde_json::from_str::<Document<'_>>(text).unwrap().containers;
    let mut parts = Vec::new();
    let mut at = 0;
    for container in containers {
        let start = container.get().as_ptr() as usize - text.as_ptr() as usize;
        parts.extend([&text[at..start], container.get()]);
        at = start + container.get().len();
    }
    parts.push(&text[at..]);
    parts
}

fn members(text: &str) -> BTreeMap<String, &str> {
    let raw: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap();
    raw.into_iter().map(|(key, value)| (key, value.get())).collect()
}

/// The members of `text` except those named in `keys`.
fn others<'t>(text: &'t str, keys: &[&str]) -> BTreeMap<String, &'t str> {
    members(text).into_iter().filter(|(key, _)| !keys.contains(&key.as_str())).collect()
}

fn only_planned_members_change(situation: &Situation) -> Law {
    let plan = situation.plan();
    let fixed = fix(situation, &plan)?;
    let edit_of = |name: Option<&str>| plan.edits.iter().find(|edit| Some(edit.container.as_str()) == name);
    let edited: BTreeSet<String> = situation
        .definition
        .containers()
        .filter(|container| edit_of(container.name()).is_some())
        .map(|container| format!("/containerDefinitions/{}/logConfiguration", container.index))
        .collect();
    for operation in json_patch::diff(situation.definition.view(), fixed.view()).0 {
        let path = operation.path().to_string();
        prop_assert!(
            edited.iter().any(|place| path == *place || path.starts_with(&format!("{place}/"))),
            "{operation} was not planned"
        );
    }
    let (before, after) = (parts(situation.definition.text()), parts(fixed.text()));
    prop_assert_eq!(before.len(), after.len());
    let names: Vec<_> = situation.definition.containers().map(|container| container.name()).collect();
    for (i, (before, after)) in before.iter().zip(&after).enumerate() {
        // Containers have odd indices.
        match (i % 2 == 1).then(|| edit_of(names[i / 2])).flatten() {
            None => prop_assert_eq!(before, after, "text outside of the edited containers"),
            Some(edit) => only_the_edit_shows(before, after, edit)?,
        }
    }
    Ok(())
}

fn only_the_edit_shows(before: &str, after: &str, edit: &Edit) -> Law {
    prop_assert_eq!(others(before, &["logConfiguration"]), others(after, &["logConfiguration"]));
    let Change::Options { options, .. } = &edit.change else { return Ok(()) };
    let (before, after) = (members(before)["logConfiguration"], members(after)["logConfiguration"]);
    prop_assert_eq!(others(before, &["options"]), others(after, &["options"]));
    let changed: Vec<&str> = options.iter().map(|change| change.option.as_str()).collect();
    let standing = members(before).get("options").map_or("{}", |text| if *text == "null" { "{}" } else { text });
    prop_assert_eq!(others(standing, &changed), others(members(after)["options"], &changed));
    Ok(())
}

// Reversal: every edit can be undone.

fn an_undone_edit_leaves_no_trace(situation: &Situation) -> Law {
    let plan = situation.plan();
    let fixed = fix(situation, &plan)?;
    let back: Vec<Edit> = plan.edits.iter().rev().map(Edit::reversed).collect();
    let restored = match apply(&fixed, &back) {
        Ok(restored) => restored,
        Err(conflict) => return Err(TestCaseError::fail(format!("cannot be undone: {conflict}"))),
    };
    prop_assert_eq!(restored.view(), situation.definition.view());
    if plan.edits.iter().all(only_adds) {
        prop_assert_eq!(restored.text(), situation.definition.text());
    }
    Ok(())
}

/// Whether the edit replaces nothing that the author wrote.
fn only_adds(edit: &Edit) -> bool {
    let is_nothing = |old: &Option<Value>| old.as_ref().is_none_or(Value::is_null);
    match &edit.change {
        Change::Configuration { old, .. } => is_nothing(old),
        Change::Options { options, .. } => options.iter().all(|change| is_nothing(&change.old)),
    }
}

// Commutation: the order does not matter.

fn edits_may_be_made_in_any_order(situation: &Situation) -> Law {
    let mut edits = situation.plan().edits;
    let together = fix(situation, &situation.plan())?;
    for _ in 0..edits.len() {
        edits.rotate_left(1);
        let rotated = apply(&situation.definition, &edits).unwrap();
        prop_assert_eq!(rotated.text(), together.text());
    }
    edits.reverse();
    let one_by_one = edits
        .iter()
        .try_fold(situation.definition.clone(), |definition, edit| apply(&definition, std::slice::from_ref(edit)));
    let one_by_one = one_by_one.unwrap();
    prop_assert_eq!(one_by_one.text(), together.text());
    Ok(())
}

/// Offline only: live, a missing log group that is not created keeps every rule from editing its container.
fn rules_one_by_one_fix_the_same_as_together(situation: &Situation, order: &[&'static str]) -> Law {
    let together = fix(situation, &situation.plan())?;
    let mut definition = situation.definition.clone();
    for rule in order {
        // All buffers share the memory of the task, so the rules that add or size a buffer go together. The exemption
        // of `missing-execution-role` says that a deploy tool adds the role, so it permits more fixes.
        const BUFFERS: [&str; 4] =
            ["missing-log-driver", "unaccepted-log-driver", "blocking-delivery", "unsized-buffer"];
        let goes_with = |name: &str| {
            name == *rule || name == "missing-execution-role" || (BUFFERS.contains(rule) && BUFFERS.contains(&name))
        };
        let others: Vec<_> = rule_names().into_iter().filter(|name| !goes_with(name)).collect();
        let off = ["family = \"*\"", "container = \"*\""].map(|who| exemption(who, &others, "2027-01-31")).concat();
        let alone = Situation { definition: definition.clone(), ..situation.with_baseline(&off) };
        definition = fix(&alone, &alone.plan())?;
    }
    prop_assert_eq!(definition.view(), together.view());
    Ok(())
}

// Exemptions: an exempt container is not changed.

fn exempt_containers_are_not_changed(situation: &Situation) -> Law {
    let plan = situation.plan();
    let fixed = fix(situation, &plan)?;
    let option = |container: logweir::domain::ecs::task_definition::Container<'_>, option: &str| {
        container.member("logConfiguration").and_then(|log| log.get("options")?.get(option)).cloned()
    };
    for (before, after) in situation.definition.containers().zip(fixed.containers()) {
        let who = Workload {
            family: situation.definition.family(),
            container: before.name(),
            account: situation.facts.account.as_deref(),
            region: situation.facts.region.as_deref(),
            tags: &situation.facts.tags,
            ..Workload::default()
        };
        let is_exempt =
            |rule: RuleName| matches!(situation.baseline.exempts(rule, &who, situation.facts.now), Exempt::Yes(_));
        for finding in plan.findings.iter().filter(|finding| finding.index == Some(before.index)) {
            prop_assert_eq!(finding.counts(), !is_exempt(finding.rule), "{:?}", finding);
        }
        if RuleName::ALL.into_iter().all(is_exempt) {
            prop_assert_eq!(before.member("logConfiguration"), after.member("logConfiguration"));
        }
        let keeps = |rule: RuleName, name: &str| !is_exempt(rule) || option(before, name) == option(after, name);
        let is_awslogs =
            matches!(before.member("logConfiguration").and_then(|log| log.get("logDriver")?.as_str()), Some("awslogs"));
        prop_assert!(!is_awslogs || keeps(RuleName::BlockingDelivery, "mode"));
        for name in ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"] {
            prop_assert!(!is_awslogs || keeps(RuleName::UnnamedLogGroup, name), "{name}");
        }
    }
    Ok(())
}

// Choice: a rule that is off changes what an exemption from the rule changes, and leaves no finding.

fn a_rule_that_is_off_is_like_an_exempt_rule(situation: &Situation, rules: &[RuleName]) -> Law {
    if situation.definition.family().is_none() {
        // No exemption covers such a document.
        return Ok(());
    }
    let choice = RuleChoice { ignore: rules.to_vec(), ..RuleChoice::default() };
    let off = Situation { baseline: situation.baseline.choosing(&choice), ..situation.clone() }.plan();
    let names: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
    let exempt = match names.as_slice() {
        [] => situation.plan(),
        names => situation.with_baseline(&exemption("family = \"*\"", names, "2027-01-31")).plan(),
    };
    prop_assert_eq!((&off.edits, &off.log_groups, off.refusal), (&exempt.edits, &exempt.log_groups, exempt.refusal));
    let others: Vec<_> = exempt.findings.into_iter().filter(|finding| !rules.contains(&finding.rule)).collect();
    prop_assert_eq!(off.findings, others);
    prop_assert!(off.not_checked.iter().all(|rule| !rules.contains(rule)));
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_rule_that_is_off_is_fixed_nowhere(
        situation in situations(),
        rules in prop::sample::subsequence(RuleName::ALL.to_vec(), 0..=RuleName::ALL.len()),
    ) {
        a_rule_that_is_off_is_like_an_exempt_rule(&situation, &rules)?;
    }

    #[test]
    fn a_fixed_document_needs_no_fix(situation in situations()) {
        fixing_twice_is_fixing_once(&situation)?;
    }

    #[test]
    fn nothing_else_changes(situation in situations()) {
        only_planned_members_change(&situation)?;
    }

    #[test]
    fn every_edit_can_be_undone(situation in situations()) {
        an_undone_edit_leaves_no_trace(&situation)?;
    }

    #[test]
    fn edits_commute(situation in situations()) {
        edits_may_be_made_in_any_order(&situation)?;
    }

    #[test]
    fn rules_commute(situation in offline(), order in Just(rule_names()).prop_shuffle()) {
        rules_one_by_one_fix_the_same_as_together(&situation, &order)?;
    }

    #[test]
    fn exemptions_are_kept(situation in situations()) {
        exempt_containers_are_not_changed(&situation)?;
    }
}

// No input makes Logweir panic.

/// Arbitrary edits of one small container: some apply, most conflict.
fn edits() -> impl Strategy<Value = Edit> {
    let value = || {
        select(vec![
            None,
            None,
            Some(Value::Null),
            Some(Value::from("x")),
            Some(Value::from(1.5)),
            Some(Value::Object(Map::new())),
        ])
    };
    let holder = || select(vec![Holder::Map, Holder::Null, Holder::Absent]);
    let option = (select(vec!["mode", "a"]), value(), value()).prop_map(|(option, old, new)| OptionChange {
        option: option.into(),
        old,
        new,
    });
    let change = prop_oneof![
        (value(), value()).prop_map(|(old, new)| Change::Configuration { old, new }),
        (holder(), holder(), prop::collection::vec(option, 0..3))
            .prop_map(|(before, after, options)| Change::Options { before, after, options }),
    ];
    change.prop_map(|change| Edit { container: "app".into(), change })
}

fn small_documents() -> impl Strategy<Value = String> {
    let log =
        select(vec!["", r#","logConfiguration":null"#, r#","logConfiguration":{}"#, r#","logConfiguration":"x""#]);
    let options = select(vec![
        "",
        r#","options":null"#,
        r#","options":{}"#,
        r#","options":{"mode":"x"}"#,
        r#","options":{"a":null, "mode":1.5}"#,
    ]);
    let configured = options.prop_map(|options| format!(r#","logConfiguration":{{"logDriver":"awslogs"{options}}}"#));
    prop_oneof![1 => log.prop_map(String::from), 3 => configured]
        .prop_map(|log| format!(r#"{{"containerDefinitions":[{{"name":"app"{log}}}]}}"#))
}

/// A damaged text: a part of it is missing, or is repeated elsewhere.
fn damaged(texts: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (texts, any::<[prop::sample::Index; 3]>()).prop_map(|(text, places)| {
        let [a, b, c] = places.map(|place| text.floor_char_boundary(place.index(text.len() + 1)));
        let (from, to) = (a.min(b), a.max(b));
        let part = &text[from..to];
        if c <= from { [&text[..c], part, &text[c..]].concat() } else { [&text[..from], &text[to..]].concat() }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_json_can_be_judged(containers in prop::collection::vec(json::anything(), 1..3), layout in json::layouts(), baseline in baselines()) {
        let document = Json::Object(vec![("\"containerDefinitions\"".into(), Json::Array(containers))]);
        let situation = Situation::new(&document.write(layout), &baseline, golden::Facts::none());
        fix(&situation, &situation.plan())?;
    }

    #[test]
    fn damaged_documents_are_read_or_refused(text in damaged(documents()), baseline in baselines()) {
        if let Ok(definition) = TaskDefinition::parse(text) {
            let situation = Situation::new(definition.text(), &baseline, golden::Facts::none());
            fix(&situation, &situation.plan())?;
        }
    }

    #[test]
    fn any_edit_that_applies_can_be_undone(text in small_documents(), edits in prop::collection::vec(edits(), 1..3)) {
        let definition = TaskDefinition::parse(text).unwrap();
        if let Ok(edited) = apply(&definition, &edits) {
            let back: Vec<Edit> = edits.iter().rev().map(Edit::reversed).collect();
            let restored = apply(&edited, &back).unwrap();
            prop_assert_eq!(restored.view(), definition.view());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = TaskDefinition::parse(text.as_str());
        let _ = Baseline::parse(&text);
    }

    #[test]
    fn damaged_baselines_are_read_or_refused(text in damaged(baselines())) {
        if let Err(error) = Baseline::parse(&text) {
            prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{error}");
        }
    }

    #[test]
    fn an_edit_survives_the_journal(edit in edits()) {
        let written = serde_json::to_string(&edit).unwrap();
        prop_assert_eq!(serde_json::from_str::<Edit>(&written).unwrap(), edit);
    }
}

#[test]
fn every_golden_case_obeys_the_laws() {
    on_every_golden_case(fixing_twice_is_fixing_once);
    on_every_golden_case(only_planned_members_change);
    on_every_golden_case(an_undone_edit_leaves_no_trace);
    on_every_golden_case(edits_may_be_made_in_any_order);
    on_every_golden_case(exempt_containers_are_not_changed);
    for rule in rule_names().into_iter().map(|name| name.parse().unwrap()) {
        on_every_golden_case(|situation| a_rule_that_is_off_is_like_an_exempt_rule(situation, &[rule]));
    }
}

/// A law that is tested on no relevant situation always holds.
#[test]
fn the_generated_situations_reach_every_rule_and_every_kind_of_change() {
    let mut runner = TestRunner::deterministic();
    let strategy = situations();
    let mut reached = BTreeSet::new();
    for _ in 0..1000 {
        reached.extend(kinds(&strategy.new_tree(&mut runner).unwrap().current().plan()));
    }
    let rules = rule_names().into_iter().flat_map(|rule| [rule.to_owned(), format!("{rule}, exempt")]);
    let changes = [
        "options, Map",
        "options, Null",
        "options, Absent",
        "configuration, added",
        "configuration, replaced",
        "group, created",
        "group, given a retention",
        "refused, Sandboxed",
        "refused, MissingExecutionRole",
    ];
    let missed: Vec<_> = rules.chain(changes.map(String::from)).filter(|kind| !reached.contains(kind)).collect();
    assert!(missed.is_empty(), "never generated: {missed:?}");
}

fn kinds(plan: &Plan) -> Vec<String> {
    let findings = plan.findings.iter().map(|f| format!("{}{}", f.rule, if f.counts() { "" } else { ", exempt" }));
    let edits = plan.edits.iter().map(|edit| match &edit.change {
        Change::Options { before, .. } => format!("options, {before:?}"),
        Change::Configuration { old: None, .. } => "configuration, added".to_owned(),
        Change::Configuration { old: Some(_), .. } => "configuration, replaced".to_owned(),
    });
    let groups = plan.log_groups.iter().map(|change| match change {
        LogGroupChange::Create(_) => "group, created".to_owned(),
        LogGroupChange::SetRetention { .. } => "group, given a retention".to_owned(),
    });
    findings.chain(edits).chain(groups).chain(plan.refusal.map(|refusal| format!("refused, {refusal:?}"))).collect()
}
