//! The exemptions of the runbook: what they cover, when they end, and which ones a run needs.

use jiff::Timestamp;
use logweir::domain::baseline::{Baseline, ExemptionState};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::runbook::{Results, RunbookExemptions, RunbookResult, Subject, Verdict, judge, worst_reading};
use serde_json::json;

fn baseline(runbook: &str) -> Baseline {
    Baseline::parse(&format!("version = 1\n[runbook]\n{runbook}")).unwrap()
}

/// Returns an exemption with this match, this list and this last day.
fn exemption(matches: &str, of: &str, until: &str) -> String {
    let text = "owner = \"team-web\"\nreason = \"the vendor corrects it\"";
    format!("[[runbook.exempt]]\nmatch = {{ {matches} }}\n{of}\nuntil = {until}\n{text}\n")
}

fn now() -> Timestamp {
    "2026-12-01T08:00:00Z".parse().unwrap()
}

/// Returns the results about the family `web` with the containers `app` and `router`, after the exemptions.
fn results(baseline: &Baseline) -> (Results, Vec<ExemptionState>) {
    let definition = TaskDefinition::parse(
        json!({"family": "web", "containerDefinitions": [
            {"name": "app", "image": "nginx"},
            {"name": "router", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable", "user": "0"},
            {"name": "agent", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror/datadog/agent@sha256:a"},
            {"name": "evil", "image": "evildatadog/agent-x"}
        ]})
        .to_string(),
    )
    .unwrap();
    let mut results = judge([subject(&definition, baseline)]);
    let mut exemptions = RunbookExemptions::new(baseline, now());
    exemptions.apply(&mut results, Some(("111122223333", "eu-west-1")));
    let states = exemptions.remarks(true).into_iter().map(|remark| remark.state).collect();
    (results, states)
}

fn subject<'s>(definition: &'s TaskDefinition, baseline: &'s Baseline) -> Subject<'s> {
    Subject {
        definition,
        baseline,
        source: "web.json",
        arn: None,
        tags: None,
        scope: None,
        time: None,
        is_with_account: false,
    }
}

fn of<'r>(results: &'r Results, rule: &str, container: &str) -> &'r RunbookResult {
    let is_it = |result: &&RunbookResult| {
        result.rule == rule && result.resource.container.as_deref().is_none_or(|name| name == container)
    };
    results.iter().map(|(_, result)| result).find(is_it).unwrap()
}

#[test]
fn an_exemption_covers_by_requirement_rule_resource_container_image_account_and_region() {
    for (matches, of_them, covers_app, covers_router) in [
        ("resource = \"web\"", "rules = [\"writable-root\"]", true, true),
        ("resource = \"w*\"", "requirements = [\"12\"]", true, true),
        ("resource = \"api\"", "requirements = [\"12\"]", false, false),
        ("container = \"router\"", "requirements = [\"12\"]", false, true),
        ("image = \"*fluent-bit*\"", "requirements = [\"12\"]", false, true),
        ("image = \"nginx\"", "rules = [\"writable-root\"]", true, false),
        ("account = \"111122223333\", region = \"eu-*\"", "requirements = [\"12\"]", true, true),
        ("account = \"444455556666\"", "requirements = [\"12\"]", false, false),
        ("resource = \"*\"", "requirements = [\"11\"]", false, false),
        ("resource = \"*\"", "requirements = [\"12\"]\nrules = [\"root-user\"]", false, false),
    ] {
        let baseline = baseline(&exemption(matches, of_them, "2027-06-30"));
        let (results, _) = results(&baseline);
        for (container, covers) in [("app", covers_app), ("router", covers_router)] {
            let result = of(&results, "writable-root", container);
            assert_eq!(result.exempt.is_some(), covers, "{matches} {of_them} {container}");
            assert_eq!((result.verdict, result.fails()), (Verdict::Fail, !covers), "the verdict stays visible");
        }
    }
}

/// A template may choose the image of a container by a condition.
#[test]
fn an_exempt_image_of_one_branch_hides_no_equal_failure_of_another_branch() {
    let baseline = baseline(&exemption("image = \"*fluent-bit*\"", "rules = [\"writable-root\"]", "2027-06-30"));
    let image = |name: &str| {
        let text = json!({"family": "web", "containerDefinitions": [{"name": "app", "image": name}]}).to_string();
        TaskDefinition::parse(text).unwrap()
    };
    let (exempt, other) = (image("fluent/fluent-bit"), image("nginx"));
    for branches in [[&exempt, &other], [&other, &exempt]] {
        let mut exemptions = RunbookExemptions::new(&baseline, now());
        let readings = branches.map(|definition| {
            let mut results = judge([subject(definition, &baseline)]);
            exemptions.apply(&mut results, None);
            results
        });
        let results = worst_reading(readings);
        assert!(of(&results, "writable-root", "app").fails(), "the branch without the exempt image fails");
    }
    let mut readings = judge([subject(&exempt, &baseline)]);
    RunbookExemptions::new(&baseline, now()).apply(&mut readings, None);
    let results = worst_reading([readings.clone(), readings]);
    assert!(of(&results, "writable-root", "app").exempt.is_some(), "each branch has the exempt image");
}

#[test]
fn an_exemption_covers_neither_a_pass_nor_what_was_not_checked() {
    let all = format!("requirements = [{}]", (1..=15).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", "));
    let baseline = baseline(&exemption("resource = \"*\"", &all, "2027-06-30"));
    for (_, result) in results(&baseline).0 {
        if matches!(result.verdict, Verdict::Pass | Verdict::NotChecked | Verdict::NotApplicable) {
            assert!(result.exempt.is_none(), "{}", result.rule);
        }
    }
}

#[test]
fn an_ended_exemption_covers_nothing_and_the_result_says_so() {
    let baseline = baseline(&exemption("resource = \"web\"", "requirements = [\"12\"]", "2026-11-30"));
    let (results, states) = results(&baseline);
    let result = of(&results, "writable-root", "app");
    assert!(result.fails() && result.message.ends_with("; the exemption of team-web ended on 2026-11-30"));
    assert_eq!(states, [ExemptionState::Expired]);
}

#[test]
fn an_exemption_that_no_result_needs_and_one_that_ends_soon_are_reported() {
    let unused = exemption("resource = \"gone\"", "requirements = [\"12\"]", "2027-06-30");
    let soon = exemption("resource = \"web\"", "requirements = [\"12\"]", "2026-12-15");
    let used = exemption("resource = \"web\"", "requirements = [\"11\"]", "2027-06-30");
    let (_, states) = results(&baseline(&format!("{unused}{soon}{used}")));
    assert_eq!(states, [ExemptionState::Unused, ExemptionState::EndsSoon]);
}

#[test]
fn known_agents_are_exempt_only_on_request_and_only_from_what_they_cannot_do() {
    let (without, _) = results(&baseline(""));
    assert!(without.iter().all(|(_, result)| result.exempt.is_none()));
    let (with, _) = results(&baseline("exempt-known-agents = true"));
    for (rule, container, is_exempt) in [
        ("writable-root", "router", true),
        ("root-user", "router", true),
        ("writable-root", "agent", true),
        ("writable-root", "app", false),
        ("writable-root", "evil", false),
        ("foreign-registry", "router", false),
        ("missing-log-driver", "router", false),
    ] {
        let result = of(&with, rule, container);
        assert_eq!(result.exempt.is_some(), is_exempt, "{rule} {container}");
        if let Some(exempt) = &result.exempt {
            assert!(exempt.reason.contains("source") && exempt.until.is_none());
        }
    }
}

#[test]
fn an_exemption_without_a_match_a_rule_an_end_an_owner_or_a_reason_is_an_error() {
    let text = |matches: &str, rest: &str| format!("version = 1\n[[runbook.exempt]]\nmatch = {matches}\n{rest}");
    let terms = "until = 2027-06-30\nowner = \"o\"\nreason = \"r\"";
    for (matches, rest, message) in [
        ("{}", format!("rules = [\"root-user\"]\n{terms}"), "match must not be empty"),
        ("{ resource = \"*\" }", terms.to_owned(), "must name the requirements or the rules"),
        ("{ resource = \"*\" }", "rules = [\"a\"]\nowner = \"o\"\nreason = \"r\"".to_owned(), "missing field `until`"),
        (
            "{ resource = \"*\" }",
            "rules = [\"a\"]\nuntil = 2027-06-30\nowner = \" \"\nreason = \"r\"".to_owned(),
            "an owner and a reason",
        ),
        ("{ family = \"*\" }", format!("rules = [\"a\"]\n{terms}"), "unknown field `family`"),
    ] {
        let error = Baseline::parse(&text(matches, &rest)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}
