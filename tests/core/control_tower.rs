//! The rules of the runbook beside the proactive controls of AWS Control Tower that judge task definitions. The tests
//! judge each case with the rule specification that AWS publishes for the control, and with Logweir's rules. A verdict
//! may differ only for a reason in `DIFFERENCES`, which `docs/runbook.md` explains.

use logweir::domain::runbook::{Requirement, Verdict, rule_names};
use serde_json::{Value, json};

use super::security_hub::{self, Passes, all, any, is_blank, is_windows, log_configuration, secret_names, with};

/// A control with its rule specification, and the rules of Logweir that judge the same fact.
struct Control {
    id: &'static str,
    judge: fn(&Value) -> Passes,
    rules: &'static [&'static str],
}

/// Source: the rule specifications on the page *Amazon ECS controls* of the AWS Control Tower control reference. The
/// other three controls, CT.ECS.PR.1, 2 and 9, judge services and clusters (see `security_hub_account`).
const CONTROLS: [Control; 9] = [
    Control { id: "CT.ECS.PR.3", judge: non_root_user, rules: &["root-user", "windows-administrator"] },
    Control { id: "CT.ECS.PR.4", judge: own_network, rules: &["host-network"] },
    Control { id: "CT.ECS.PR.5", judge: log_configuration, rules: &["missing-log-driver"] },
    Control {
        id: "CT.ECS.PR.6",
        judge: |task| all(task, |one| one["readonlyRootFilesystem"] == true),
        rules: &["writable-root"],
    },
    Control {
        id: "CT.ECS.PR.7",
        judge: |task| all(task, |one| one["memory"].as_u64().is_some_and(|memory| memory >= 4)),
        rules: &["missing-memory-limit"],
    },
    Control { id: "CT.ECS.PR.8", judge: chosen_user, rules: &["host-network"] },
    Control { id: "CT.ECS.PR.10", judge: own_processes, rules: &["host-pid"] },
    Control {
        id: "CT.ECS.PR.11",
        judge: |task| all(task, |one| one["privileged"] != true),
        rules: &["privileged-container"],
    },
    Control { id: "CT.ECS.PR.12", judge: secret_names, rules: &["literal-secret"] },
];

/// A reason why Logweir's verdict differs from the verdict of a control.
struct Difference {
    control: &'static str,
    theirs: Passes,
    ours: Verdict,
    /// Whether the reason holds for the task definition.
    holds: fn(&Value) -> bool,
    /// The reason, as `docs/runbook.md` gives it.
    reason: &'static str,
}

const DIFFERENCES: [Difference; 12] = [
    Difference {
        control: "CT.ECS.PR.3",
        theirs: Some(false),
        ours: Verdict::Advice,
        holds: |task| !is_windows(task) && any(task, |one| is_blank(&one["user"])),
        reason: "the image decides the user, which no API shows",
    },
    Difference {
        control: "CT.ECS.PR.3",
        theirs: Some(true),
        ours: Verdict::Fail,
        holds: is_windows,
        reason: "the control knows the administrators of Linux alone, and on Windows ContainerAdministrator is one",
    },
    Difference {
        control: "CT.ECS.PR.3",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: is_windows,
        reason: "on Windows, the user `root` or `0` is no administrator",
    },
    Difference {
        control: "CT.ECS.PR.4",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: |task| task["networkMode"] != "host",
        reason: "the control demands `awsvpc`, and Logweir refuses only the network of the host",
    },
    Difference {
        control: "CT.ECS.PR.4",
        theirs: None,
        ours: Verdict::Fail,
        holds: |task| task["requiresCompatibilities"] == json!(["EXTERNAL"]),
        reason: "the control passes over tasks outside AWS, and Logweir refuses the network of every host",
    },
    Difference {
        control: "CT.ECS.PR.5",
        theirs: Some(true),
        ours: Verdict::Fail,
        holds: |task| any(task, |one| one["logConfiguration"]["logDriver"] == "syslog"),
        reason: "the control accepts every log driver, and the runbook demands awslogs or one that the baseline accepts",
    },
    Difference {
        control: "CT.ECS.PR.6",
        theirs: Some(false),
        ours: Verdict::NotApplicable,
        holds: is_windows,
        reason: "Windows has no read-only root, and AWS calls the control incompatible with Windows",
    },
    Difference {
        control: "CT.ECS.PR.7",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: |task| !task["memory"].is_null() || any(task, |one| !one["memoryReservation"].is_null()),
        reason: "the control demands a limit of each container, and Logweir accepts one of the task, or a reservation",
    },
    Difference {
        control: "CT.ECS.PR.8",
        theirs: Some(true),
        ours: Verdict::Fail,
        holds: |task| task["networkMode"] == "host",
        reason: "the control accepts the network of the host for a chosen user, and Logweir refuses it",
    },
    Difference {
        control: "CT.ECS.PR.12",
        theirs: Some(true),
        ours: Verdict::Advice,
        holds: |task| any(task, |one| one["environment"][0]["name"] == "DB_PASSWORD"),
        reason: "the control knows three names, and Logweir advises about other names and values of secrets",
    },
    Difference {
        control: "CT.ECS.PR.12",
        theirs: Some(true),
        ours: Verdict::Fail,
        holds: |task| any(task, |one| one["environment"][0]["name"] == "aws_secret_access_key"),
        reason: "the control compares the names exactly, and Windows does not distinguish their case",
    },
    Difference {
        control: "CT.ECS.PR.12",
        theirs: Some(false),
        ours: Verdict::Pass,
        holds: security_hub::has_empty_secret,
        reason: "the control looks at the names alone, and an empty value is no secret",
    },
];

fn is_root(user: &Value) -> bool {
    let user = user.as_str().unwrap_or_default();
    matches!(user, "0" | "root") || user.starts_with("0:") || user.starts_with("root:")
}

fn non_root_user(task: &Value) -> Passes {
    all(task, |one| !one["user"].is_null() && !is_root(&one["user"]))
}

fn own_network(task: &Value) -> Passes {
    let types = task["requiresCompatibilities"].as_array();
    let is_in_aws = types.is_none_or(|types| types.iter().any(|one| one == "EC2" || one == "FARGATE"));
    is_in_aws.then(|| task["networkMode"] == "awsvpc")
}

fn chosen_user(task: &Value) -> Passes {
    let is_chosen = |one: &Value| one["privileged"] == true || (!one["user"].is_null() && !is_root(&one["user"]));
    if task["networkMode"] == "host" { all(task, is_chosen) } else { None }
}

fn own_processes(task: &Value) -> Passes {
    Some(task["pidMode"] != "host")
}

/// The cases of Security Hub, and those that only a control of Control Tower distinguishes.
fn cases() -> Vec<Value> {
    let mut cases = security_hub::cases();
    let of_task = |task: Value| with(&[json!({})], &task);
    let on_host = |container: Value| with(&[container], &json!({"networkMode": "host"}));
    cases.push(of_task(json!({"networkMode": "host", "requiresCompatibilities": ["EXTERNAL"]})));
    cases.push(of_task(json!({"networkMode": "bridge", "requiresCompatibilities": ["EXTERNAL"]})));
    cases.push(of_task(json!({"networkMode": "awsvpc", "requiresCompatibilities": ["EC2", "FARGATE"]})));
    cases.push(on_host(json!({"user": "app"})));
    cases.push(on_host(json!({"user": "root", "privileged": true})));
    cases.push(on_host(json!({"user": "root:app"})));
    cases.push(of_task(json!({"memory": "512"})));
    cases.push(with(&[json!({"memory": 256}), json!({"memory": 512})], &json!({})));
    cases.push(with(&[json!({"memory": 256}), json!({})], &json!({})));
    cases.push(with(&[json!({"memoryReservation": 64})], &json!({})));
    cases
}

#[test]
fn logweir_agrees_with_each_control_of_control_tower_except_for_the_documented_reasons() {
    let mut used = [false; DIFFERENCES.len()];
    for control in CONTROLS {
        let mut judged = [false; 2];
        for task in cases() {
            let theirs = (control.judge)(&task);
            if let Some(passes) = theirs {
                judged[usize::from(passes)] = true;
            }
            let ours = security_hub::verdict(control.rules, &task);
            let agrees = match theirs {
                Some(true) => matches!(ours, Verdict::Pass | Verdict::NotApplicable),
                Some(false) => ours == Verdict::Fail,
                None => matches!(ours, Verdict::Pass | Verdict::NotApplicable),
            };
            if agrees {
                continue;
            }
            let is_it = |one: &Difference| {
                (one.control, one.theirs, one.ours) == (control.id, theirs, ours) && (one.holds)(&task)
            };
            let mut reasons = DIFFERENCES.iter().zip(&mut used);
            let reason = reasons.find(|(one, _)| is_it(one));
            *reason.unwrap_or_else(|| panic!("{} {theirs:?} {ours:?} {task}", control.id)).1 = true;
        }
        assert_eq!(judged, [true; 2], "{} has a case that passes and one that fails", control.id);
    }
    assert_eq!(used, [true; DIFFERENCES.len()], "each difference has a case");
}

#[test]
fn each_control_of_control_tower_belongs_to_the_requirement_of_its_rules() {
    for control in CONTROLS {
        for rule in control.rules {
            let mut of_rule = rule_names().into_iter().filter(|(_, name)| name == rule);
            let is_mapped = |of: Requirement| of.controls().control_tower.contains(&control.id);
            assert!(of_rule.any(|(requirement, _)| is_mapped(requirement)), "{} {rule}", control.id);
        }
    }
    for number in 1..=12 {
        let id = format!("CT.ECS.PR.{number}");
        let mapped = Requirement::ALL.iter().any(|one| one.controls().control_tower.contains(&id.as_str()));
        assert!(mapped, "{id}");
    }
}

#[test]
fn the_page_about_the_runbook_explains_each_difference_from_control_tower() {
    let page = include_str!("../../docs/runbook.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for one in DIFFERENCES {
        assert!(page.contains(&format!("| {} | {} |", one.control, one.reason)), "{} {}", one.control, one.reason);
    }
}
