//! The rules of the ECS security runbook: each rule with a task definition for each of its verdicts.

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::runbook::{Requirement, RunbookResult, Subject, Verdict, judge, rule_names};
use proptest::prelude::*;
use serde_json::{Value, json};

const BASELINE: &str = r#"
version = 1
[logging]
accept = ["awslogs", "splunk"]
[runbook]
registries = ["ghcr.io", "public.ecr.aws/datadog/*"]
required-tags = ["team"]
"#;

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
    use Verdict::{Advice, Fail, NotApplicable, NotChecked, Pass, Undecidable};
    let placeholder = || json!("${VALUE}");
    let bare = || with(json!({}), json!({}));
    let digest = format!("{ECR}@sha256:{}", "a".repeat(64));
    let capabilities = |key: &str, value: Value| of_container("linuxParameters", json!({"capabilities": {key: value}}));
    let cases: Vec<(&str, &str, Verdict, Value)> = vec![
        ("1", "absent-task-role", Advice, bare()),
        ("1", "absent-task-role", Pass, of_task("taskRoleArn", json!("r"))),
        ("1", "shared-task-role", Fail, with(json!({}), json!({"taskRoleArn": "r", "executionRoleArn": "r"}))),
        ("1", "shared-task-role", Pass, with(json!({}), json!({"taskRoleArn": "r", "executionRoleArn": "e"}))),
        ("1", "shared-task-role", NotApplicable, of_task("taskRoleArn", json!("r"))),
        (
            "1",
            "shared-task-role",
            Fail,
            with(json!({}), json!({"taskRoleArn": {"Ref": "R"}, "executionRoleArn": {"Ref": "R"}})),
        ),
        ("1", "absent-task-role", Advice, of_task("taskRoleArn", json!(""))),
        (
            "1",
            "shared-task-role",
            Undecidable,
            with(json!({}), json!({"taskRoleArn": "<PLACEHOLDER>", "executionRoleArn": "<PLACEHOLDER>"})),
        ),
        (
            "1",
            "shared-task-role",
            Fail,
            with(json!({}), json!({"taskRoleArn": "r", "executionRoleArn": "arn:aws:iam::111122223333:role/x/r"})),
        ),
        (
            "1",
            "shared-task-role",
            Undecidable,
            with(json!({}), json!({"taskRoleArn": {"Ref": "R"}, "executionRoleArn": {"Ref": "E"}})),
        ),
        ("2", "foreign-registry", Pass, of_container("image", json!(ECR))),
        ("2", "foreign-registry", Pass, of_container("image", json!("ghcr.io/a/b:1"))),
        ("2", "foreign-registry", Pass, of_container("image", json!("public.ecr.aws/datadog/agent:7"))),
        ("2", "foreign-registry", Advice, of_container("image", json!("public.ecr.aws/nginx/nginx:1"))),
        ("2", "foreign-registry", Fail, of_container("image", json!("nginx:1"))),
        ("2", "foreign-registry", Fail, of_container("image", json!("quay.io/a/b"))),
        ("2", "foreign-registry", Undecidable, of_container("image", placeholder())),
        ("2", "foreign-registry", Undecidable, of_container("image", json!("IMAGE_NAME"))),
        ("2", "foreign-registry", Fail, of_container("image", json!("111122223333.dkr.ecr.x.s3.amazonaws.com/web"))),
        ("2", "foreign-registry", Fail, of_container("image", json!(""))),
        ("2", "mutable-tag", Pass, of_container("image", json!(digest))),
        ("2", "mutable-tag", Advice, of_container("image", json!(ECR))),
        ("2", "mutable-tag", Advice, of_container("image", json!(format!("{ECR}:1.0")))),
        ("2", "mutable-tag", Undecidable, of_container("image", placeholder())),
        ("4", "literal-secret", Fail, env("AWS_SECRET_ACCESS_KEY", "x")),
        ("4", "literal-secret", Fail, env("aws_access_key_id", "x")),
        ("4", "literal-secret", Advice, env("DB_PASSWORD", "x")),
        ("4", "literal-secret", Pass, env("PORT", "80")),
        ("4", "literal-secret", Pass, env("ECS_ENGINE_AUTH_DATA", "x")),
        ("4", "literal-secret", Undecidable, of_container("environment", json!({"Ref": "E"}))),
        ("4", "literal-secret", Undecidable, of_container("environment", json!([{"Fn::If": ["A", {}, {}]}]))),
        ("4", "literal-secret", Undecidable, env("DB_PASSWORD", "${PASSWORD}")),
        ("4", "literal-secret", Pass, env("DB_PASSWORD", "")),
        ("4", "literal-secret", Pass, env("DB_PASSWORD_ARN", "${ARN}")),
        ("5", "literal-secret", Fail, env("ECS_ENGINE_AUTH_DATA", "x")),
        ("5", "literal-secret", Pass, env("AWS_SECRET_ACCESS_KEY", "x")),
        ("4", "malformed-secret-reference", Pass, secret("/prod/db")),
        ("4", "malformed-secret-reference", Fail, secret("arn:aws:s3:::a/b")),
        ("4", "malformed-secret-reference", NotApplicable, secret(SECRET)),
        ("4", "malformed-secret-reference", Undecidable, secret("${ARN}")),
        ("5", "malformed-secret-reference", Pass, secret(SECRET)),
        ("5", "malformed-secret-reference", Fail, secret(&format!("{SECRET}:a:b"))),
        ("5", "malformed-secret-reference", NotApplicable, bare()),
        ("4", "secret-without-execution-role", Fail, secret("db")),
        ("4", "secret-without-execution-role", NotApplicable, secret(SECRET)),
        ("5", "secret-without-execution-role", Fail, secret(SECRET)),
        (
            "5",
            "secret-without-execution-role",
            Fail,
            of_container("repositoryCredentials", json!({"credentialsParameter": SECRET})),
        ),
        (
            "5",
            "secret-without-execution-role",
            Pass,
            with(
                json!({"secrets": [{"name": "A", "valueFrom": SECRET}]}),
                json!({"executionRoleArn": "arn:aws:iam::111122223333:role/e"}),
            ),
        ),
        ("6", "missing-log-driver", Fail, bare()),
        ("6", "missing-log-driver", Pass, of_container("logConfiguration", json!({"logDriver": "awslogs"}))),
        ("6", "missing-log-driver", Pass, of_container("logConfiguration", json!({"logDriver": "splunk"}))),
        ("6", "missing-log-driver", Fail, of_container("logConfiguration", json!({"logDriver": "syslog"}))),
        ("6", "missing-log-driver", Undecidable, of_container("logConfiguration", json!({"Ref": "L"}))),
        ("10", "kept-capabilities", Advice, bare()),
        ("10", "kept-capabilities", Pass, capabilities("drop", json!(["ALL"]))),
        ("10", "kept-capabilities", Pass, capabilities("drop", json!(["all"]))),
        ("10", "kept-capabilities", Undecidable, capabilities("drop", json!([{"Ref": "C"}]))),
        ("10", "kept-capabilities", NotApplicable, on_windows(json!({}))),
        ("10", "special-permission-file", Undecidable, bare()),
        ("10", "special-permission-file", NotApplicable, on_windows(json!({}))),
        ("11", "root-user", Advice, bare()),
        ("11", "root-user", Advice, of_container("user", json!(""))),
        ("11", "root-user", Fail, of_container("user", json!("root"))),
        ("11", "root-user", Fail, of_container("user", json!("0:0"))),
        ("11", "root-user", Pass, of_container("user", json!("1000:1000"))),
        ("11", "root-user", Fail, of_container("user", json!(0))),
        ("11", "root-user", Fail, of_container("user", json!(":1000"))),
        ("11", "root-user", Pass, of_container("user", json!(1000))),
        ("11", "root-user", Undecidable, of_container("user", placeholder())),
        ("11", "root-user", NotApplicable, on_windows(json!({"user": "root"}))),
        ("11", "windows-administrator", Fail, on_windows(json!({}))),
        ("11", "windows-administrator", Fail, on_windows(json!({"user": "ContainerAdministrator"}))),
        ("11", "windows-administrator", Pass, on_windows(json!({"user": "ContainerUser"}))),
        ("11", "windows-administrator", NotApplicable, bare()),
        ("12", "writable-root", Fail, bare()),
        ("12", "writable-root", Fail, of_container("readonlyRootFilesystem", json!(false))),
        ("12", "writable-root", Pass, of_container("readonlyRootFilesystem", json!(true))),
        ("12", "writable-root", Undecidable, of_container("readonlyRootFilesystem", json!({"Ref": "R"}))),
        ("12", "writable-root", NotApplicable, on_windows(json!({}))),
        ("13", "plaintext-efs", NotApplicable, bare()),
        ("13", "plaintext-efs", Fail, volume("efsVolumeConfiguration", json!({"fileSystemId": "fs-1"}))),
        ("13", "plaintext-efs", Pass, volume("efsVolumeConfiguration", json!({"transitEncryption": "ENABLED"}))),
        ("13", "plaintext-efs", Undecidable, volume("efsVolumeConfiguration", json!({"transitEncryption": "${T}"}))),
        ("15", "instance-launch-type", NotChecked, bare()),
        ("15", "instance-launch-type", Pass, of_task("requiresCompatibilities", json!(["EC2", "FARGATE"]))),
        ("15", "instance-launch-type", Advice, of_task("requiresCompatibilities", json!(["MANAGED_INSTANCES"]))),
        ("15", "instance-launch-type", Fail, of_task("requiresCompatibilities", json!(["EC2"]))),
        ("15", "instance-launch-type", Fail, of_task("requiresCompatibilities", json!(["EXTERNAL"]))),
        ("15", "instance-launch-type", Undecidable, of_task("requiresCompatibilities", json!(["${TYPE}"]))),
        ("O2", "retired-xray-daemon", Advice, of_container("image", json!("amazon/aws-xray-daemon"))),
        ("O2", "retired-xray-daemon", NotApplicable, of_container("image", json!("web"))),
        ("O3", "missing-tag", NotChecked, bare()),
        ("O4", "missing-memory-limit", Fail, bare()),
        ("O4", "missing-memory-limit", Pass, of_task("memory", json!("512"))),
        ("O4", "missing-memory-limit", Pass, of_container("memoryReservation", json!(64))),
        ("O4", "missing-memory-limit", Undecidable, of_task("memory", placeholder())),
        ("O4", "missing-cpu-share", Advice, bare()),
        ("O4", "missing-cpu-share", Pass, of_task("cpu", json!("256"))),
        ("X1", "host-pid", Fail, of_task("pidMode", json!("host"))),
        ("X1", "host-pid", Pass, of_task("pidMode", json!("task"))),
        ("X1", "host-ipc", Fail, of_task("ipcMode", json!("host"))),
        ("X1", "host-ipc", Pass, bare()),
        ("X1", "host-network", Fail, of_task("networkMode", json!("host"))),
        ("X1", "host-network", Pass, of_task("networkMode", json!("awsvpc"))),
        ("X1", "host-network", Undecidable, of_task("networkMode", placeholder())),
        ("X2", "privileged-container", Fail, of_container("privileged", json!(true))),
        ("X2", "privileged-container", Pass, bare()),
        ("X2", "privileged-container", Undecidable, of_container("privileged", json!({"Ref": "P"}))),
        ("X3", "added-capability", Fail, capabilities("add", json!(["SYS_ADMIN"]))),
        ("X3", "added-capability", Fail, capabilities("add", json!(["cap_net_admin"]))),
        ("X3", "added-capability", Pass, capabilities("add", json!(["SYS_PTRACE"]))),
        ("X3", "added-capability", Pass, bare()),
        ("X3", "added-capability", Pass, capabilities("add", json!([""]))),
        ("X3", "added-capability", Undecidable, capabilities("add", json!([{"Ref": "C"}]))),
        ("X3", "added-capability", Undecidable, capabilities("add", json!(["${CAPABILITY}"]))),
        ("X3", "added-capability", Fail, capabilities("add", json!([{"Ref": "C"}, "ALL"]))),
        ("X4", "host-mount", NotApplicable, bare()),
        ("X4", "host-mount", NotApplicable, volume("host", json!({}))),
        ("X4", "host-mount", Fail, volume("host", json!({"sourcePath": "/var/run/docker.sock"}))),
        ("X4", "host-mount", Fail, volume("host", json!({"sourcePath": "/"}))),
        ("X4", "host-mount", Advice, volume("host", json!({"sourcePath": "/srv/data"}))),
        ("X4", "host-mount", NotApplicable, volume("host", json!({"sourcePath": ""}))),
        ("X4", "host-mount", NotApplicable, volume("dockerVolumeConfiguration", json!({"driver": "local"}))),
        (
            "X4",
            "host-mount",
            Fail,
            volume("dockerVolumeConfiguration", json!({"driverOpts": {"type": "none", "o": "bind", "device": "/etc"}})),
        ),
        ("X7", "retired-service", Fail, of_task("proxyConfiguration", json!({"type": "APPMESH"}))),
        ("X7", "retired-service", Fail, of_task("inferenceAccelerators", json!([{"deviceName": "d"}]))),
        ("X7", "retired-service", Pass, bare()),
        ("X8", "disabled-version-consistency", Advice, of_container("versionConsistency", json!("disabled"))),
        ("X8", "disabled-version-consistency", Pass, bare()),
        ("X8", "missing-restart-policy", NotApplicable, bare()),
        ("X8", "missing-restart-policy", Advice, of_container("essential", json!(false))),
        (
            "X8",
            "missing-restart-policy",
            NotApplicable,
            json!({"family": "web", "containerDefinitions": [
                {"name": "app", "essential": false},
                {"name": "web", "dependsOn": [{"containerName": "app", "condition": "SUCCESS"}]}
            ]}),
        ),
        (
            "X8",
            "missing-restart-policy",
            Pass,
            with(json!({"essential": false, "restartPolicy": {"enabled": true}}), json!({})),
        ),
    ];
    for (id, rule, expected, definition) in &cases {
        assert_eq!(verdict(id, rule, definition), *expected, "{id} {rule} {definition}");
    }
    let not_checked = results(&bare(), None);
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
fn what_needs_the_account_is_never_passed_on_a_file() {
    let results = results(&with(json!({}), json!({})), None);
    for id in ["3", "7", "8", "9", "14", "O1", "X5", "X6"] {
        let mut of_it = results.iter().filter(|(requirement, _)| requirement.id() == id);
        assert!(of_it.all(|(_, result)| result.verdict == Verdict::NotChecked), "{id}");
    }
}
