//! The rules of the runbook beside the controls of AWS Security Hub that judge task definitions. The tests judge each
//! case with the logic that AWS documents for the control, and with Logweir's rule. A verdict may differ only for a
//! reason in `DIFFERENCES`, which `docs/runbook.md` explains.

use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::runbook::{Subject, Verdict, judge};
use serde_json::{Value, json};

/// Whether a control passes. `None` if the control does not apply to the resource.
pub(super) type Passes = Option<bool>;

/// A control with the logic that AWS documents for it, and the rules of Logweir that judge the same fact.
struct Control {
    id: &'static str,
    judge: fn(&Value) -> Passes,
    rules: &'static [&'static str],
}

/// Source: the page *Amazon ECS controls* of the AWS Security Hub CSPM user guide.
const CONTROLS: [Control; 10] = [
    Control { id: "ECS.3", judge: |task| Some(task["pidMode"] != "host"), rules: &["host-pid"] },
    Control { id: "ECS.4", judge: |task| all(task, |one| one["privileged"] != true), rules: &["privileged-container"] },
    Control { id: "ECS.5", judge: read_only_root, rules: &["writable-root"] },
    Control { id: "ECS.8", judge: secret_names, rules: &["literal-secret"] },
    Control { id: "ECS.9", judge: log_configuration, rules: &["missing-log-driver"] },
    Control { id: "ECS.15", judge: |task| Some(has_tags(task)), rules: &["missing-tag"] },
    Control { id: "ECS.17", judge: |task| Some(task["networkMode"] != "host"), rules: &["host-network"] },
    Control { id: "ECS.18", judge: efs_encryption, rules: &["plaintext-efs"] },
    Control { id: "ECS.20", judge: linux_user, rules: &["root-user"] },
    Control { id: "ECS.21", judge: windows_user, rules: &["windows-administrator"] },
];

/// A reason why Logweir's verdict differs from the verdict of a control.
struct Difference {
    control: &'static str,
    /// Whether the reason holds for the task definition.
    holds: fn(&Value) -> bool,
    ours: Verdict,
    /// The reason, as `docs/runbook.md` gives it.
    reason: &'static str,
}

const DIFFERENCES: [Difference; 6] = [
    Difference {
        control: "ECS.20",
        holds: |task| any(task, |one| is_blank(&one["user"])),
        ours: Verdict::Advice,
        reason: "the image decides the user, which no API shows",
    },
    Difference {
        control: "ECS.9",
        holds: |task| any(task, |one| one["logConfiguration"]["logDriver"] == "syslog"),
        ours: Verdict::Fail,
        reason: "the control accepts every log driver, and the runbook demands awslogs or one that the baseline accepts",
    },
    Difference {
        control: "ECS.8",
        holds: |task| any(task, |one| one["environment"][0]["name"] == "DB_PASSWORD"),
        ours: Verdict::Advice,
        reason: "the control knows three names, and Logweir advises about other names and values of secrets",
    },
    Difference {
        control: "ECS.8",
        holds: |task| any(task, |one| one["environment"][0]["name"] == "aws_secret_access_key"),
        ours: Verdict::Fail,
        reason: "the control compares the names exactly, and Windows does not distinguish their case",
    },
    Difference {
        control: "ECS.8",
        holds: has_empty_secret,
        ours: Verdict::Pass,
        reason: "the control looks at the names alone, and an empty value is no secret",
    },
    Difference {
        control: "ECS.15",
        holds: |task| !has_tags(task),
        ours: Verdict::Advice,
        reason: "without `required-tags`, a task definition without tags is advice",
    },
];

pub(super) fn containers(task: &Value) -> &[Value] {
    task["containerDefinitions"].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn all(task: &Value, is_fine: impl Fn(&Value) -> bool) -> Passes {
    Some(containers(task).iter().all(is_fine))
}

pub(super) fn any(task: &Value, holds: impl Fn(&Value) -> bool) -> bool {
    containers(task).iter().any(holds)
}

pub(super) fn is_windows(task: &Value) -> bool {
    task["runtimePlatform"]["operatingSystemFamily"].as_str().is_some_and(|family| family.starts_with("WINDOWS"))
}

pub(super) fn is_blank(value: &Value) -> bool {
    value.as_str().unwrap_or_default().is_empty()
}

/// Whether a variable has the name of a secret, and an empty value.
pub(super) fn has_empty_secret(task: &Value) -> bool {
    any(task, |one| one["environment"][0]["name"] == "AWS_ACCESS_KEY_ID" && one["environment"][0]["value"] == "")
}

fn read_only_root(task: &Value) -> Passes {
    if is_windows(task) { None } else { all(task, |one| one["readonlyRootFilesystem"] == true) }
}

pub(super) fn secret_names(task: &Value) -> Passes {
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA"];
    all(task, |one| {
        let variables = one["environment"].as_array().map_or(&[][..], Vec::as_slice);
        variables.iter().all(|variable| names.iter().all(|name| variable["name"] != *name))
    })
}

pub(super) fn log_configuration(task: &Value) -> Passes {
    all(task, |one| !is_blank(&one["logConfiguration"]["logDriver"]))
}

fn has_tags(task: &Value) -> bool {
    let tags = task["tags"].as_array().map_or(&[][..], Vec::as_slice);
    tags.iter().any(|tag| !tag["key"].as_str().unwrap_or_default().starts_with("aws:"))
}

fn efs_encryption(task: &Value) -> Passes {
    let volumes = task["volumes"].as_array().map_or(&[][..], Vec::as_slice);
    let efs: Vec<_> = volumes.iter().filter_map(|volume| volume.get("efsVolumeConfiguration")).collect();
    (!efs.is_empty()).then(|| efs.iter().all(|one| one["transitEncryption"] == "ENABLED"))
}

fn linux_user(task: &Value) -> Passes {
    let is_root = |user: &str| ["", "root", "0"].contains(&user.split(':').next().unwrap_or_default());
    if is_windows(task) { None } else { all(task, |one| !is_root(one["user"].as_str().unwrap_or_default())) }
}

fn windows_user(task: &Value) -> Passes {
    let is_administrator = |user: &str| user.is_empty() || user.eq_ignore_ascii_case("containeradministrator");
    if is_windows(task) { all(task, |one| !is_administrator(one["user"].as_str().unwrap_or_default())) } else { None }
}

/// Returns the worst verdict of the rules about a registered revision, over all its containers.
pub(super) fn verdict(rules: &[&str], task: &Value) -> Verdict {
    let mut document = task.clone();
    let tags = document.as_object_mut().unwrap().remove("tags").unwrap_or_else(|| json!([{"key": "a", "value": ""}]));
    let tags: Vec<(String, String)> =
        tags.as_array().unwrap().iter().map(|tag| (text(&tag["key"]), "".into())).collect();
    let definition = TaskDefinition::parse(document.to_string()).unwrap();
    let baseline = Baseline::parse("version = 1").unwrap();
    let subject = Subject {
        definition: &definition,
        baseline: &baseline,
        source: "DescribeTaskDefinition",
        arn: Some("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1"),
        tags: Some(&tags),
        scope: None,
        time: None,
        is_with_account: false,
    };
    let results = judge([subject]);
    results.iter().filter(|(_, one)| rules.contains(&one.rule)).map(|(_, one)| one.verdict).max().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A task definition with a container for each item of `of_containers`, and with the members `task`.
pub(super) fn with(of_containers: &[Value], task: &Value) -> Value {
    let container = |(index, members): (usize, &Value)| {
        let mut one = json!({"name": format!("c{index}"), "image": "web"});
        one.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        one
    };
    let containers: Vec<Value> = of_containers.iter().enumerate().map(container).collect();
    let mut all = json!({"family": "web", "tags": [{"key": "team"}], "containerDefinitions": containers});
    all.as_object_mut().unwrap().extend(task.as_object().unwrap().clone());
    all
}

pub(super) fn cases() -> Vec<Value> {
    let windows = json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}});
    let env = |name: &str| json!({"environment": [{"name": name, "value": "x"}]});
    let efs = |volumes: &[Value]| {
        let volumes: Vec<Value> =
            volumes.iter().map(|one| json!({"name": "v", "efsVolumeConfiguration": one})).collect();
        json!({ "volumes": volumes })
    };
    let of_task = |task: Value| with(&[json!({})], &task);
    let mut cases: Vec<Value> = [
        json!({}),
        json!({"privileged": true}),
        json!({"privileged": false}),
        json!({"readonlyRootFilesystem": true}),
        json!({"readonlyRootFilesystem": false}),
        json!({"user": "root"}),
        json!({"user": "0"}),
        json!({"user": "0:0"}),
        json!({"user": "root:app"}),
        json!({"user": "1000"}),
        json!({"user": "app:0"}),
        json!({"user": "ContainerAdministrator"}),
        json!({"user": "containeradministrator"}),
        json!({"user": "ContainerUser"}),
        json!({"logConfiguration": {"logDriver": "awslogs"}}),
        json!({"logConfiguration": {"logDriver": "syslog"}}),
        json!({"logConfiguration": {"options": {}}}),
        env("AWS_ACCESS_KEY_ID"),
        env("AWS_SECRET_ACCESS_KEY"),
        env("ECS_ENGINE_AUTH_DATA"),
        json!({"environment": [{"name": "AWS_ACCESS_KEY_ID", "value": ""}]}),
        env("aws_secret_access_key"),
        env("DB_PASSWORD"),
        env("PORT"),
    ]
    .iter()
    .flat_map(|one| {
        let fine =
            json!({"user": "1000", "readonlyRootFilesystem": true, "logConfiguration": {"logDriver": "awslogs"}});
        let alone = [one.clone()];
        [with(&alone, &json!({})), with(&[fine, one.clone()], &json!({})), with(&alone, &windows)]
    })
    .collect();
    cases.extend(["host", "task"].map(|mode| of_task(json!({ "pidMode": mode }))));
    cases.extend(["host", "awsvpc", "bridge", "none"].map(|mode| of_task(json!({ "networkMode": mode }))));
    cases.extend(
        [json!([]), json!([{"key": "team"}]), json!([{"key": "aws:x"}])].map(|tags| of_task(json!({ "tags": tags }))),
    );
    cases.push(of_task(efs(&[json!({})])));
    cases.push(of_task(efs(&[json!({"transitEncryption": "ENABLED"})])));
    cases.push(of_task(efs(&[json!({"transitEncryption": "ENABLED"}), json!({"transitEncryption": "DISABLED"})])));
    cases.push(of_task(json!({"volumes": [{"name": "v", "host": {"sourcePath": "/srv"}}]})));
    cases
}

#[test]
fn logweir_agrees_with_each_control_of_security_hub_except_for_the_documented_reasons() {
    let mut used = [false; DIFFERENCES.len()];
    for control in CONTROLS {
        let mut judged = [false; 3];
        for task in cases() {
            let theirs = (control.judge)(&task);
            judged[theirs.map_or(2, usize::from)] = true;
            let ours = verdict(control.rules, &task);
            let agrees = match theirs {
                Some(true) => matches!(ours, Verdict::Pass | Verdict::NotApplicable),
                Some(false) => ours == Verdict::Fail,
                None => ours == Verdict::NotApplicable,
            };
            if agrees {
                continue;
            }
            let reasons = DIFFERENCES.iter().zip(&mut used);
            let mut reasons =
                reasons.filter(|(one, _)| one.control == control.id && one.ours == ours && (one.holds)(&task));
            let (_, used) = reasons.next().unwrap_or_else(|| panic!("{} {theirs:?} {ours:?} {task}", control.id));
            *used = true;
        }
        assert!(judged[0] && judged[1], "{} has a case that passes and one that fails", control.id);
    }
    assert_eq!(used, [true; DIFFERENCES.len()], "each difference has a case");
}

#[test]
fn the_page_about_the_runbook_explains_each_difference_from_security_hub() {
    let page = include_str!("../../docs/runbook.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for one in DIFFERENCES {
        assert!(page.contains(&format!("| {} | {} |", one.control, one.reason)), "{} {}", one.control, one.reason);
    }
}
