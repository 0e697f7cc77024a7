//! What each rule about ECS Exec finds: the golden cases `tests/core/rules/<fault>/cases.json`, the examples of
//! `docs/rules.md`, and the law that a denied read never makes a resource compliant.
//!
//! `LOGWEIR_BLESS=1` rewrites the expectations; then read every line of the diff.

mod situation;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use logweir::domain::baseline::Baseline;
use logweir::domain::rule_name::RuleName;
use logweir::domain::rules::exec::judge::{Judged, Subject, judge};
use logweir::domain::rules::finding::{Finding, Fix};
use logweir::domain::rules::packs::{self, EXEC};
use logweir::domain::verdict::Decided;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use situation::{READS, Situation};

use crate::rules::{blocks, golden, item};

/// One situation with its expected findings.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<String>,
    situation: Value,
    /// One line for each finding of the rule and each read that leaves it unchecked.
    #[serde(default)]
    expected: Vec<String>,
}

type Cases = BTreeMap<String, Case>;

fn rules() -> impl Iterator<Item = RuleName> {
    EXEC.iter().map(|rule| rule.name)
}

fn path(rule: RuleName) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/core/rules");
    folder.join(rule.name()).join("cases.json")
}

fn cases(rule: RuleName) -> Cases {
    let path = path(rule);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    fn baseline(&self) -> Baseline {
        let text = format!("version = 1\n{}", self.baseline.as_deref().unwrap_or_default());
        Baseline::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }
}

fn name(subject: Subject<'_>) -> String {
    match subject {
        Subject::Cluster(cluster) => cluster.cluster.arn.short(),
        Subject::Workload(_, workload) => format!("{}/{}", workload.kind.name(), workload.name),
        Subject::Definition(arn, _) => arn.rsplit('/').next().unwrap().to_owned(),
    }
}

fn line(subject: Subject<'_>, finding: &Finding) -> String {
    let Finding { severity, decided, pointer, message, exempt, notes, .. } = finding;
    let decided = if *decided == Decided::Yes { String::new() } else { format!(" ({decided:?})") };
    let exempt = exempt.as_ref().map(|exempt| format!(" [exempt until {}]", exempt.until)).unwrap_or_default();
    let expired = if notes.iter().any(|note| note.contains("expired")) { " [exemption expired]" } else { "" };
    format!("{severity}{decided} {}{pointer}: {message}{exempt}{expired}", name(subject))
}

/// The findings of the rule, and the reads that leave it unchecked.
fn lines(rule: RuleName, judged: &[Judged<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for judged in judged {
        let its = judged.findings.iter().filter(|finding| finding.rule == rule);
        lines.extend(its.map(|finding| line(judged.subject, finding)));
        let its = judged.not_checked.iter().filter(|(other, _)| *other == rule);
        lines.extend(its.map(|(_, unread)| format!("not checked {}: {}", name(judged.subject), unread.message)));
    }
    lines
}

fn found(rule: RuleName, situation: &Value, baseline: &Baseline) -> Vec<String> {
    let fleet = Situation::new(situation, &[]).fleet();
    lines(rule, &judge(EXEC, &fleet, baseline, golden::NOW.parse().unwrap()))
}

#[test]
fn every_golden_case_about_exec_comes_out_as_expected() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let mut cases = cases(rule);
        let mut is_changed = false;
        for (name, case) in &mut cases {
            let found = found(rule, &case.situation, &case.baseline());
            if found != case.expected {
                wrong.push(format!("{rule}/{name}:\n  expected {:#?}\n  found {found:#?}", case.expected));
                case.expected = found;
                is_changed = true;
            }
        }
        if is_changed && std::env::var_os("LOGWEIR_BLESS").is_some() {
            assert!(std::env::var_os("CI").is_none(), "a build server must not rewrite expectations");
            fs::write(path(rule), serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
            wrong.clear();
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n{} differ; LOGWEIR_BLESS=1 accepts the actual output",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn every_rule_about_exec_has_cases_with_a_fault_without_one_and_with_an_unread_fact() {
    for rule in rules() {
        let cases = cases(rule);
        let is = |start: fn(&str) -> bool| {
            cases.values().filter(|case| case.expected.iter().any(|line| start(line))).count()
        };
        let faults = is(|line| ["error", "warning", "note"].iter().any(|severity| line.starts_with(severity)));
        let none = cases.values().filter(|case| case.expected.is_empty()).count();
        let unread = is(|line| line.starts_with("not checked") || line.contains("(Unknown)"));
        let least = if rule == RuleName::UnloggedSessions { 0 } else { 1 };
        assert!(faults >= 1 && none >= 1 && cases.len() >= 4, "{rule}: {faults} {none} {}", cases.len());
        assert!(unread >= least || !needs_reads(rule), "{rule} has no case with an unread fact");
    }
}

/// Whether a rule needs a fact beside the configuration of the cluster, which every run reads.
fn needs_reads(rule: RuleName) -> bool {
    rule != RuleName::MissingSessionKey && rule != RuleName::ForbiddenExec
}

/// The state of a rule over all resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fault,
    NotChecked,
    Pass,
}

fn state(rule: RuleName, judged: &[Judged<'_>]) -> State {
    let has = |is: &dyn Fn(&Judged<'_>) -> bool| judged.iter().any(is);
    if has(&|judged| judged.findings.iter().any(|finding| finding.rule == rule && finding.decided != Decided::Unknown))
    {
        State::Fault
    } else if has(&|judged| judged.not_checked.iter().any(|(other, _)| *other == rule)) {
        State::NotChecked
    } else {
        State::Pass
    }
}

#[test]
fn a_denied_read_never_turns_a_fault_or_an_unchecked_rule_into_a_pass() {
    let pairs: Vec<Vec<&'static str>> = READS
        .iter()
        .flat_map(|one| READS.iter().map(move |other| if one == other { vec![*one] } else { vec![*one, *other] }))
        .collect();
    let mut changed = 0;
    for case in rules().flat_map(|rule| cases(rule).into_values()) {
        let (baseline, now) = (case.baseline(), golden::NOW.parse().unwrap());
        let all = Situation::new(&case.situation, &[]).fleet();
        let before = judge(EXEC, &all, &baseline, now);
        for denied in &pairs {
            let fleet = Situation::new(&case.situation, denied).fleet();
            let after = judge(EXEC, &fleet, &baseline, now);
            for rule in rules() {
                let (before, after) = (state(rule, &before), state(rule, &after));
                changed += usize::from(before != after);
                assert!(
                    before == State::Pass || after != State::Pass,
                    "{rule} passes without {denied:?} in {}, but was {before:?}",
                    case.situation
                );
            }
        }
    }
    assert!(changed > 100, "the denials had an effect {changed} times");
}

#[test]
fn every_rule_about_exec_finds_its_example_before_and_nothing_after() {
    for rule in rules() {
        let section = packs::explanation(rule).unwrap_or_else(|| panic!("docs/rules.md does not explain {rule}"));
        let baseline = format!("version = 1\n{}", blocks(section, "toml").concat());
        let baseline = Baseline::parse(&baseline).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let examples = blocks(section, "json");
        let [before, after] = examples.as_slice() else { panic!("{rule} has {} examples", examples.len()) };
        let found = |block: &str| {
            let shown: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}:\n{block}"));
            found(rule, &shown, &baseline)
        };
        assert!(!found(before).is_empty(), "{rule} does not find its example");
        assert_eq!(found(after), [""; 0], "{rule} finds what it asks for");
        assert_eq!(item(section, "Severity").split(',').next(), Some(rule.severity().name()), "{rule}");
        assert!(item(section, "Fix").starts_with("advice"), "{rule}");
    }
}

#[test]
fn a_rule_that_is_off_reports_no_finding_and_no_unread_fact() {
    use logweir::domain::baseline::RuleChoice;
    let situation = serde_json::json!({
        "executeCommandConfiguration": {"logging": "NONE"}, "taskDefinition": {"containerDefinitions": [{"name": "app"}]},
        "unread": ["iam:SimulatePrincipalPolicy"]
    });
    let fleet = Situation::new(&situation, &[]).fleet();
    let select = vec![RuleName::MissingInitProcess];
    let baseline = Baseline::parse("version = 1").unwrap().choosing(&RuleChoice { select, ignore: Vec::new() });
    for judged in judge(EXEC, &fleet, &baseline, golden::NOW.parse().unwrap()) {
        assert!(
            judged.not_checked.is_empty() && judged.findings.iter().all(|it| it.rule == RuleName::MissingInitProcess)
        );
    }
}

#[test]
fn every_fix_is_advice() {
    for case in rules().flat_map(|rule| cases(rule).into_values()) {
        let fleet = Situation::new(&case.situation, &[]).fleet();
        for judged in judge(EXEC, &fleet, &case.baseline(), golden::NOW.parse().unwrap()) {
            assert!(judged.findings.iter().all(|finding| matches!(finding.fix, Fix::Advice(_))));
        }
    }
}
