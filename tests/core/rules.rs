//! What each rule finds and fixes: the golden cases, and the examples of `docs/rules.md`.
//!
//! `LOGWEIR_BLESS=1` rewrites the expectations; then read every line of the diff.

pub mod golden;

use std::collections::BTreeMap;
use std::fs;

use golden::{Case, Facts};
use logweir::domain::baseline::Baseline;
use logweir::domain::baseline::Exempted;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::LogGroupChange;
use logweir::domain::edit::patch::apply;
use logweir::domain::plan::{Plan, Refusal, plan, plan_by};
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::Rule;
use logweir::domain::rules::facts::LogGroup;
use logweir::domain::rules::finding::{Finding, Fix, Safety};
use logweir::domain::rules::packs;
use serde::Serialize;
use serde_json::{Value, json};

/// The contents of a plan, in an order for readers.
#[derive(Serialize)]
struct Expected<'a> {
    findings: Vec<ExpectedFinding<'a>>,
    log_groups: &'a [LogGroupChange],
    not_checked: &'a [RuleName],
    refusal: Option<&'static str>,
}

#[derive(Serialize)]
struct ExpectedFinding<'a> {
    rule: RuleName,
    container: Option<&'a str>,
    pointer: &'a str,
    message: &'a str,
    effective: Option<&'a str>,
    fix: Safety,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
    exempt: Option<&'a Exempted>,
    notes: &'a [String],
}

impl<'a> From<&'a Finding> for ExpectedFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule,
            container: finding.container.as_deref(),
            pointer: &finding.pointer,
            message: &finding.message,
            effective: finding.effective.as_deref(),
            fix: finding.fix.safety(),
            advice: match &finding.fix {
                Fix::Advice(advice) => Some(advice),
                _ => None,
            },
            exempt: finding.exempt.as_ref(),
            notes: &finding.notes,
        }
    }
}

/// The pack by which a case is judged: the pack of the deployed function if it has the rule of the case's folder.
fn pack(rule: RuleName) -> &'static [&'static dyn Rule] {
    let is_of = |pack: &[&dyn Rule]| pack.iter().any(|other| other.name() == rule);
    if is_of(packs::LOGGING) { packs::LOGGING } else { packs::FIRELENS }
}

fn judged(case: &Case) -> Plan {
    let (fault, _) = case.name.split_once('/').unwrap();
    let definition = case.definition();
    plan_by(pack(fault.parse().unwrap()), &case.facts.observe(&definition), &case.baseline())
}

/// `findings.json` for a plan.
fn findings(plan: &Plan) -> String {
    let expected = Expected {
        findings: plan.findings.iter().map(ExpectedFinding::from).collect(),
        log_groups: &plan.log_groups,
        not_checked: &plan.not_checked,
        refusal: plan.refusal.map(|refusal| match refusal {
            Refusal::Sandboxed => "sandboxed",
            Refusal::MissingExecutionRole => "missing-execution-role",
        }),
    };
    serde_json::to_string_pretty(&expected).unwrap() + "\n"
}

/// `fixed.json` for a plan. White space around the document is part of the file and stays.
fn fixed(case: &Case, plan: &Plan) -> Option<String> {
    if plan.edits.is_empty() {
        return None;
    }
    let definition = case.definition();
    let fixed = apply(&definition, &plan.edits).unwrap_or_else(|conflict| panic!("{}: {conflict}", case.name));
    Some(case.input.replacen(definition.text(), fixed.text(), 1))
}

/// Compares a file with its expected contents, or writes it. `None` means that the file must be absent.
fn settle(case: &Case, file: &str, actual: Option<String>) -> Result<(), String> {
    let path = case.folder.join(file);
    if std::env::var_os("LOGWEIR_BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a build server must not rewrite expectations");
        return match actual {
            Some(text) => fs::write(path, text).map_err(|error| error.to_string()),
            None if path.exists() => fs::remove_file(path).map_err(|error| error.to_string()),
            None => Ok(()),
        };
    }
    let standing = fs::read_to_string(&path).ok();
    if standing == actual {
        return Ok(());
    }
    let shown = |text: Option<String>| text.unwrap_or_else(|| "(no such file)\n".into());
    let (standing, actual) = (shown(standing), shown(actual));
    let diff = similar::TextDiff::from_lines(&standing, &actual);
    Err(format!(
        "{}/{file} differs from the actual output:\n{}",
        case.name,
        diff.unified_diff().header("expected", "actual")
    ))
}

#[test]
fn every_golden_case_comes_out_as_expected() {
    let mut wrong = Vec::new();
    for case in golden::cases() {
        let plan = judged(&case);
        wrong.extend(settle(&case, "findings.json", Some(findings(&plan))).err());
        wrong.extend(settle(&case, "fixed.json", fixed(&case, &plan)).err());
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n{} differ; LOGWEIR_BLESS=1 accepts the actual output",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn no_golden_case_has_an_unused_file() {
    const READ: [&str; 5] = ["input.json", "baseline.toml", "facts.json", "findings.json", "fixed.json"];
    for case in golden::cases() {
        for entry in fs::read_dir(&case.folder).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(READ.iter().any(|read| name == *read), "{}: {name:?}", case.name);
        }
    }
}

/// The rules that judge task definitions by themselves. `tests/core/exec.rs` tests the other rules.
fn of_definitions() -> impl Iterator<Item = RuleName> {
    RuleName::ALL.into_iter().filter(|rule| !rule.is_about_exec())
}

/// The cases in the folder of `fault`, each with its number of findings of `fault`.
fn expected_findings_of(fault: RuleName) -> Vec<(String, usize)> {
    let cases = golden::cases()
        .into_iter()
        .filter(|case| case.name.split_once('/').is_some_and(|(folder, _)| folder == fault.name()));
    cases
        .map(|case| {
            let plan = judged(&case);
            (case.name, plan.findings.iter().filter(|finding| finding.rule == fault).count())
        })
        .collect()
}

#[test]
fn every_rule_has_cases_with_and_without_findings() {
    for fault in of_definitions() {
        let cases = expected_findings_of(fault);
        assert!(cases.len() >= 4, "{fault} has {} cases: {cases:?}", cases.len());
        assert!(cases.iter().any(|(_, found)| *found > 0), "{fault} finds nothing in any of its cases");
        assert!(cases.iter().any(|(_, found)| *found == 0), "{fault} finds something in every one of its cases");
    }
}

#[test]
fn a_document_is_not_compliant_while_the_delivery_mode_of_a_container_is_not_known() {
    let cases = golden::cases();
    for (name, is_compliant) in [
        ("blocking-delivery/other-driver-without-a-mode", false),
        ("blocking-delivery/other-driver-without-a-mode-and-live", true),
        ("blocking-delivery/other-driver-without-a-mode-while-the-account-blocks", false),
        ("refused-log-option/stream-prefix-is-a-placeholder", true),
    ] {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let definition = case.definition();
        assert_eq!(plan(&case.facts.observe(&definition), &case.baseline()).is_compliant(), is_compliant, "{name}");
    }
}

// The examples of docs/rules.md.

/// The text between the fences of each block of `language`.
pub fn blocks(section: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    section.split(&opening).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// The text after `- WORD: ` at the head of a section, with its continuation lines.
pub fn item(section: &str, word: &str) -> String {
    let start = section.find(&format!("- {word}: ")).unwrap_or_else(|| panic!("no `{word}` in:\n{section}"));
    let lines = section[start..].lines();
    let lines: Vec<&str> = lines
        .enumerate()
        .take_while(|(i, line)| *i == 0 || line.starts_with("  "))
        .map(|(_, line)| line.trim())
        .collect();
    lines.join(" ")[word.len() + 4..].to_owned()
}

/// The situation of an example, which shows one container, some members of a task definition, or the log groups in AWS.
fn situation(block: &str) -> (TaskDefinition, Facts) {
    let mut facts = Facts { region: Some("eu-west-1".into()), ..Facts::none() };
    let shown: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}:\n{block}"));
    let mut document = json!({"family": "web"});
    if let Some(groups) = shown.get("logGroups") {
        let log = json!({"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
            "mode": "non-blocking", "max-buffer-size": "25m",
        }});
        document["containerDefinitions"] = json!([{"name": "app", "logConfiguration": log}]);
        facts.log_groups = Some(log_groups(groups));
    } else if shown.get("containerDefinitions").is_some() {
        document.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
    } else {
        document["containerDefinitions"] = json!([shown]);
    }
    (TaskDefinition::parse(document.to_string()).unwrap(), facts)
}

fn log_groups(shown: &Value) -> BTreeMap<String, LogGroup> {
    let mut groups = BTreeMap::from([("/ecs/web".to_owned(), LogGroup::Missing)]);
    for group in shown.as_array().unwrap() {
        let retention = group.get("retentionInDays").map(|days| u32::try_from(days.as_u64().unwrap()).unwrap());
        let exists = LogGroup::Exists { retention, policy: None, empty: Some(group["storedBytes"] == 0) };
        groups.insert(group["logGroupName"].as_str().unwrap().to_owned(), exists);
    }
    groups
}

#[test]
fn every_rule_finds_its_example_before_and_nothing_after() {
    for rule in of_definitions() {
        let section = packs::explanation(rule).unwrap_or_else(|| panic!("docs/rules.md does not explain {rule}"));
        let baseline = format!("version = 1\n{}", blocks(section, "toml").concat());
        let baseline = Baseline::parse(&baseline).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let examples = blocks(section, "json");
        let [before, after] = examples.as_slice() else { panic!("{rule} has {} examples", examples.len()) };
        let judge = |block: &str| {
            let (definition, facts) = situation(block);
            let plan = plan_by(pack(rule), &facts.observe(&definition), &baseline);
            (definition, facts, plan)
        };
        let ((definition, facts, first), (wanted, facts_wanted, second)) = (judge(before), judge(after));
        let found = first
            .findings
            .iter()
            .find(|finding| finding.rule == rule)
            .unwrap_or_else(|| panic!("{rule} does not find its example"));
        assert!(
            second.findings.iter().all(|finding| finding.rule != rule),
            "{rule} finds what it asks for: {:?}",
            second.findings
        );
        assert_eq!(item(section, "Severity"), rule.severity().name(), "{rule}");
        let said = item(section, "Fix");
        assert!(
            said.starts_with(&format!("{:?}", found.fix.safety()).to_lowercase()),
            "{rule}: the fix is {:?}, not {said}",
            found.fix.safety()
        );
        if found.fix.safety() != Safety::Advice {
            let corrected = apply(&definition, &first.edits).unwrap();
            assert_eq!(
                corrected.view(),
                wanted.view(),
                "{rule}: the fixed document differs from the example under `After`"
            );
            assert_eq!(
                facts.after(&first).log_groups,
                facts_wanted.log_groups,
                "{rule}: the log groups differ from those under `After`"
            );
        }
    }
}

#[test]
fn every_explanation_names_keys_that_the_baseline_has() {
    for rule in RuleName::ALL {
        let keys = item(packs::explanation(rule).unwrap(), "Baseline");
        for key in keys.split('`').skip(1).step_by(2) {
            let error =
                Baseline::parse(&format!("version = 1\n{key} = {{}}")).expect_err("a table is no value of any key");
            assert!(!error.message.starts_with("unknown"), "{rule}: {error}");
        }
        assert!(keys == "none" || keys.contains('`'), "{rule}: {keys}");
    }
}

#[test]
fn every_explanation_has_the_same_shape() {
    for rule in RuleName::ALL {
        let section = packs::explanation(rule).unwrap();
        let parts = [
            "- Severity: ",
            "- Fix: ",
            "- Undo: ",
            "- Needs AWS: ",
            "- Baseline: ",
            "\nFinds ",
            "\nWhy: ",
            "\nBefore:\n",
            "\nAfter:\n",
            "xempt ",
            "\nSource",
        ];
        let places: Vec<_> = parts
            .iter()
            .map(|part| section.find(part).unwrap_or_else(|| panic!("{rule}: no `{}`", part.trim())))
            .collect();
        assert!(places.is_sorted(), "{rule}: the parts are in another order");
        let width = section.lines().map(|line| line.chars().count()).max();
        assert!(width <= Some(120), "{rule}: a line is {width:?} characters wide");
    }
}
