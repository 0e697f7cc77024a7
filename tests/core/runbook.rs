//! The rules of the ECS security runbook: each rule with a task definition for each of its verdicts.

mod cases;

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::runbook::{Requirement, RunbookResult, Subject, Verdict, judge, rule_names};
use logweir::sources::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) use cases::cases;

const BASELINE: &str = r#"
version = 1
[logging]
accept = ["awslogs", "splunk"]
[runbook]
registries = ["ghcr.io", "public.ecr.aws/datadog/*"]
required-tags = ["team"]
"#;

pub(super) fn baseline() -> Baseline {
    Baseline::parse(BASELINE).unwrap()
}

/// Returns a task definition in a file.
fn of_file<'s>(
    definition: &'s TaskDefinition,
    baseline: &'s Baseline,
    tags: Option<&'s [(String, String)]>,
) -> Subject<'s> {
    let source = "web.json";
    Subject { definition, baseline, source, arn: None, tags, scope: None, time: None, is_with_account: false }
}

/// Returns the results about a task definition in a file.
fn results(definition: &Value, tags: Option<&[(String, String)]>) -> Vec<(Requirement, RunbookResult)> {
    let definition = TaskDefinition::parse(definition.to_string()).unwrap();
    let baseline = Baseline::parse(BASELINE).unwrap();
    judge([of_file(&definition, &baseline, tags)])
}

/// Returns the verdict of a rule of the requirement.
fn verdict(id: &str, rule: &str, definition: &Value) -> Verdict {
    let of_rule = |(requirement, result): &(Requirement, RunbookResult)| requirement.id() == id && result.rule == rule;
    let results = results(definition, None);
    results.iter().find(|one| of_rule(one)).unwrap_or_else(|| panic!("{id} {rule}")).1.verdict
}

/// A task definition with one container, whose members are `container`, and with the members `task`.
fn with(container: Value, task: Value) -> Value {
    let mut one = json!({"name": "app"});
    one.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    let mut all = json!({"family": "web", "containerDefinitions": [one]});
    all.as_object_mut().unwrap().extend(task.as_object().unwrap().clone());
    all
}

const WINDOWS: &str = "WINDOWS_SERVER_2022_CORE";
const ECR: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";

fn of_container(key: &str, value: Value) -> Value {
    with(json!({ key: value }), json!({}))
}

fn of_task(key: &str, value: Value) -> Value {
    with(json!({}), json!({ key: value }))
}

fn on_windows(container: Value) -> Value {
    with(container, json!({"runtimePlatform": {"operatingSystemFamily": WINDOWS}}))
}

fn env(name: &str, value: &str) -> Value {
    of_container("environment", json!([{"name": name, "value": value}]))
}

fn secret(from: &str) -> Value {
    of_container("secrets", json!([{"name": "A", "valueFrom": from}]))
}

fn volume(member: &str, value: Value) -> Value {
    of_task("volumes", json!([{"name": "v", member: value}]))
}

#[test]
fn each_rule_gives_each_of_its_verdicts() {
    let cases = cases();
    for (id, rule, expected, definition) in &cases {
        assert_eq!(verdict(id, rule, definition), *expected, "{id} {rule} {definition}");
    }
    let not_checked = results(&with(json!({}), json!({})), None);
    let is_of_account = |rule: &str| {
        let of_it = |(_, result): &&(Requirement, RunbookResult)| result.rule == rule && result.evidence.is_none();
        not_checked.iter().any(|one| of_it(&one) && one.1.verdict == Verdict::NotChecked)
    };
    for (requirement, rule) in rule_names().iter().filter(|(_, rule)| !is_of_account(rule)) {
        let has_case = cases.iter().any(|(id, name, ..)| id == &requirement.id() && name == rule);
        assert!(has_case, "{} {rule} has no case", requirement.id());
    }
}

#[test]
fn a_registered_revision_has_no_placeholder_so_a_marked_secret_is_a_literal_one() {
    let definition = TaskDefinition::parse(env("DB_PASSWORD", "p@$sw0rd").to_string()).unwrap();
    let baseline = Baseline::parse(BASELINE).unwrap();
    let of = |arn| {
        let results = judge([Subject { arn, ..of_file(&definition, &baseline, None) }]);
        results.into_iter().find(|(_, result)| result.rule == "literal-secret").unwrap().1.verdict
    };
    let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
    assert_eq!((of(None), of(Some(arn))), (Verdict::Undecidable, Verdict::Advice));
}

#[test]
fn a_registered_revision_has_no_placeholder_so_a_marked_path_is_a_folder_of_the_host() {
    let of_docker = json!({"driverOpts": {"device": "/${x}/../etc"}});
    let host = volume("host", json!({"sourcePath": "/${x}/../var/run/docker.sock"}));
    for volume in [host, volume("dockerVolumeConfiguration", of_docker)] {
        let definition = TaskDefinition::parse(volume.to_string()).unwrap();
        let baseline = Baseline::parse(BASELINE).unwrap();
        for (arn, expected) in [(None, Verdict::Undecidable), (Some("arn:aws:ecs:x:1:y"), Verdict::Fail)] {
            let results = judge([Subject { arn, ..of_file(&definition, &baseline, None) }]);
            let found = results.iter().find(|(_, result)| result.rule == "host-mount").unwrap();
            assert_eq!(found.1.verdict, expected, "{volume}");
        }
    }
}

#[test]
fn with_the_account_the_rules_about_the_account_have_no_result_of_their_own_for_a_task_definition() {
    let definition = TaskDefinition::parse(with(json!({}), json!({})).to_string()).unwrap();
    let baseline = Baseline::parse(BASELINE).unwrap();
    let results = judge([Subject { is_with_account: true, ..of_file(&definition, &baseline, None) }]);
    for id in ["3", "7", "8", "9", "14", "O1", "X5", "X6"] {
        assert!(results.iter().all(|(requirement, _)| requirement.id() != id), "{id}");
    }
    let (_, placed) = results.iter().find(|(_, result)| result.rule == "instance-launch-type").unwrap();
    assert_eq!(placed.verdict, Verdict::NotApplicable, "its services decide");
}

#[test]
fn the_tags_of_a_revision_are_those_that_the_baseline_requires() {
    let of = |tags: &[(&str, &str)]| {
        let tags: Vec<_> = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let results = results(&with(json!({}), json!({})), Some(&tags));
        results.into_iter().find(|(_, result)| result.rule == "missing-tag").unwrap().1.verdict
    };
    assert_eq!(of(&[]), Verdict::Fail);
    assert_eq!(of(&[("stage", "prod")]), Verdict::Fail);
    assert_eq!(of(&[("team", "a"), ("stage", "prod")]), Verdict::Pass);
}

#[test]
fn no_result_contains_the_value_of_an_environment_variable() {
    let names = ["AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA", "DB_PASSWORD", "DATABASE_URL", "PORT"];
    for name in names {
        for value in ["CANARY-7f3a", "postgres://u:CANARY-7f3a@db/x"] {
            let text = serde_json::to_string(
                &results(&env(name, value), None).into_iter().map(|(_, result)| result).collect::<Vec<_>>(),
            );
            assert!(!text.unwrap().contains("CANARY"), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn no_environment_value_is_in_a_result(name in "[A-Za-z_.]{1,20}", before in ".{0,12}", after in ".{0,12}") {
        let definition = env(&name, &format!("{before}CANARY-7f3a{after}"));
        let results: Vec<RunbookResult> = results(&definition, None).into_iter().map(|(_, result)| result).collect();
        prop_assert!(!serde_json::to_string(&results).unwrap().contains("CANARY-7f3a"));
    }
}

#[test]
fn the_evidence_of_a_short_list_has_its_items_unless_one_may_be_a_secret() {
    let capabilities = |list: Value| of_container("linuxParameters", json!({"capabilities": {"add": list}}));
    let many = vec!["SYS_PTRACE"; 21];
    let cases = [
        (of_task("requiresCompatibilities", json!(["EC2", "EXTERNAL"])), "instance-launch-type", Some("EC2, EXTERNAL")),
        (capabilities(json!(["SYS_PTRACE", "\u{1b}[31m"])), "added-capability", Some("SYS_PTRACE, [31m")),
        (capabilities(json!(many)), "added-capability", Some("a list with 21 items")),
        (capabilities(json!(["postgres://u:CANARY-7f3a@db/x"])), "added-capability", None),
    ];
    for (definition, rule, expected) in cases {
        let results = results(&definition, None);
        let (_, result) = results.into_iter().find(|(_, result)| result.rule == rule).unwrap();
        assert_eq!(result.evidence.unwrap().value.as_deref(), expected, "{definition}");
    }
}

#[test]
fn no_result_contains_a_literal_with_the_form_of_a_secret() {
    let cases = [
        of_container("image", json!("me:CANARY-7f3a@registry.example/web")),
        of_container("image", json!("https://me:CANARY-7f3a@registry.example/web")),
        secret("CANARY-7f3a"),
        secret("a b CANARY-7f3a"),
        of_container("command", json!(["--token", "CANARY-7f3a"])),
        of_container("logConfiguration", json!({"logDriver": "splunk", "options": {"splunk-token": "CANARY-7f3a"}})),
        of_container("dockerLabels", json!({"token": "CANARY-7f3a"})),
        of_task("tags", json!([{"key": "token", "value": "CANARY-7f3a"}])),
    ];
    for (index, definition) in cases.iter().enumerate() {
        let results: Vec<RunbookResult> = results(definition, None).into_iter().map(|(_, result)| result).collect();
        assert!(!serde_json::to_string(&results).unwrap().contains("CANARY"), "{index}: {results:#?}");
    }
}

#[test]
fn the_result_over_several_readings_is_the_worst_one() {
    let [one, other] = [json!(false), json!(true)]
        .map(|value| TaskDefinition::parse(of_container("privileged", value).to_string()).unwrap());
    let baseline = Baseline::parse(BASELINE).unwrap();
    let verdict = |readings: [&TaskDefinition; 2]| {
        let results = judge(readings.map(|definition| of_file(definition, &baseline, None)));
        results.into_iter().find(|(_, result)| result.rule == "privileged-container").unwrap().1.verdict
    };
    assert_eq!([verdict([&one, &other]), verdict([&other, &one])], [Verdict::Fail; 2]);
    assert_eq!(verdict([&one, &one]), Verdict::Pass);
}

#[test]
fn a_template_is_judged_in_each_branch_of_every_condition() {
    let template = |value: &str| {
        format!(
            "Parameters: {{Stage: {{Type: String}}}}\nConditions: {{IsProd: !Equals [!Ref Stage, prod]}}\nResources:\n  \
             Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        \
             - Name: app\n          {value}\n"
        )
    };
    let baseline = Baseline::parse(BASELINE).unwrap();
    let verdict = |value: &str, rule: &str| {
        let documents = Document::parse_all("web.yaml", &template(value), None).unwrap();
        let forms = documents[0].readings.iter().flat_map(|reading| reading.forms());
        let results = judge(forms.map(|definition| of_file(definition, &baseline, None)));
        results.into_iter().find(|(_, result)| result.rule == rule).unwrap().1.verdict
    };
    assert_eq!(verdict("User: !If [IsProd, !Ref AWS::NoValue, '0']", "root-user"), Verdict::Fail);
    assert_eq!(verdict("User: !If [IsProd, app, '1000']", "root-user"), Verdict::Pass);
    assert_eq!(verdict("User: !If [IsProd, app, !Ref Stage]", "root-user"), Verdict::Undecidable);
    let capabilities = "LinuxParameters: !If [IsProd, {Capabilities: {Add: [SYS_ADMIN]}}, !Ref AWS::NoValue]";
    assert_eq!(verdict(capabilities, "added-capability"), Verdict::Fail);
}

#[test]
fn what_needs_the_account_is_never_passed_on_a_file() {
    let results = results(&with(json!({}), json!({})), None);
    for id in ["3", "7", "8", "9", "14", "O1", "X5", "X6"] {
        let mut of_it = results.iter().filter(|(requirement, _)| requirement.id() == id);
        assert!(of_it.all(|(_, result)| result.verdict == Verdict::NotChecked), "{id}");
    }
}
