//! `apply --mode rollout`: services follow one after the other, and the report is correct for each.

use serde_json::{Value, json};

use super::apply::blocking;
use crate::loopback::account::WEB_1;
use crate::loopback::operator::{Operator, Ran, undo};

/// A blocking document of this family, with an image that is pinned by its digest.
pub(super) fn pinned(family: &str) -> Value {
    let mut document = blocking(family);
    document["containerDefinitions"][0]["image"] = format!("nginx@sha256:{}", "a".repeat(64)).into();
    document
}

/// An account where these services run web:1.
pub(super) fn running(services: &[&str]) -> Operator {
    let operator = Operator::of(&[pinned("web")]);
    services.iter().for_each(|name| operator.account.creates_service(name, "web", 1));
    operator
}

const ROLLOUT: [&str; 5] = ["apply", "ecs:web:1", "--mode", "rollout", "--yes"];

fn rolls_out(operator: &Operator, more: &[&str]) -> Ran {
    operator.run(&[&ROLLOUT[..], more].concat())
}

/// The bodies of the `UpdateService` calls.
fn updates(operator: &Operator) -> Vec<Value> {
    let calls = operator.aws.calls().into_iter().filter(|(operation, _)| operation == "UpdateService");
    calls.map(|(_, body)| serde_json::from_str(&body).unwrap()).collect()
}

#[test]
fn a_service_is_updated_waited_for_and_rolled_out() {
    let operator = running(&["prod/web"]);
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains(
            "will update service prod/web to the corrected revision, unless a rollout guard prevents the update"
        ),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("web:1: remediated") && ran.out.contains("web:1: rolled-out"), "{}", ran.out);
    assert!(ran.out.contains("service      prod/web rolled-out"), "{}", ran.out);
    assert_eq!(operator.account.runs("prod/web"), ["web:2"]);
}

#[test]
fn only_cluster_service_and_revision_are_sent() {
    let operator = running(&["prod/web"]);
    rolls_out(&operator, &["--wait", "0"]);
    let head = "arn:aws:ecs:eu-west-1:111122223333";
    let sent = json!({
        "cluster": format!("{head}:cluster/prod"), "service": "web", "taskDefinition": format!("{head}:task-definition/web:2")
    });
    assert_eq!(updates(&operator), [sent]);
}

#[test]
fn without_a_terminal_and_without_yes_no_service_is_read() {
    let operator = running(&["prod/web"]);
    let ran = operator.run(&ROLLOUT[..4]);
    assert_eq!((ran.code, operator.aws.calls()), (64, Vec::new()), "{ran:?}");
}

#[test]
fn a_dry_run_names_the_services_and_writes_nothing() {
    let operator = running(&["prod/api", "prod/web"]);
    let ran = operator.run(&["apply", "ecs:web", "--mode", "rollout", "--dry-run"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for name in ["prod/api", "prod/web"] {
        assert!(
            ran.out.contains(&format!(
                "will update service {name} to the corrected revision, unless a rollout guard prevents the update"
            )),
            "{}",
            ran.out
        );
    }
    assert_eq!((operator.writing_calls(), operator.written()), (Vec::new(), String::new()));
}

#[test]
fn without_mode_rollout_no_service_is_read() {
    let operator = running(&["prod/web"]);
    let ran = operator.run(&["apply", "ecs:web", "--yes"]);
    assert_eq!((ran.code, operator.account.runs("prod/web")), (0, vec!["web:1".to_owned()]));
    let calls = operator.aws.calls();
    assert!(!calls.iter().any(|(operation, _)| operation.contains("Cluster") || operation.contains("Service")));
}

#[test]
fn services_of_a_family_follow_one_after_the_other() {
    let operator = running(&["prod/api", "prod/web", "test/web"]);
    let ran = rolls_out(&operator, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let reports = ran.json()["reports"].clone();
    let told: Vec<(&Value, &Value)> = reports
        .as_array()
        .unwrap()
        .iter()
        .map(|report| (&report["outcome"], &report["services"][0]["service"]))
        .collect();
    let rolled = json!("rolled-out");
    assert_eq!(
        told,
        [
            (&json!("remediated"), &Value::Null),
            (&rolled, &json!("prod/api")),
            (&rolled, &json!("prod/web")),
            (&rolled, &json!("test/web")),
        ]
    );
    for name in ["prod/api", "prod/web", "test/web"] {
        assert_eq!(operator.account.runs(name), ["web:2"], "{name}");
    }
}

#[test]
fn a_service_whose_deployment_has_just_completed_waits_and_the_output_says_until_when() {
    let operator = running(&["prod/web"]);
    let completed = jiff::Timestamp::now().as_second();
    operator.account.services(|services| services.of("prod/web").deployments[0].created = completed as f64);
    let ran = rolls_out(&operator, &[]);
    assert_eq!((ran.code, updates(&operator)), (0, Vec::new()), "{ran:?}");
    let until = jiff::Timestamp::from_second(completed + 15 * 60).unwrap();
    assert!(ran.out.contains("web:1: skipped (settling)"), "{}", ran.out);
    assert!(ran.out.contains(&format!("Logweir updates the service after {until}")), "{}", ran.out);
}

#[test]
fn json_is_one_object_with_a_report_for_each_target_and_each_service() {
    let operator = Operator::of(&[pinned("web"), pinned("api")]);
    operator.account.creates_service("prod/web", "web", 1);
    operator.account.creates_service("prod/api", "api", 1);
    let ran = operator.run(&["apply", "ecs:web", "ecs:api", "--mode", "rollout", "--yes", "--format", "json"]);
    let answer = ran.json();
    assert_eq!((ran.code, &answer["schema"]), (0, &json!("logweir.apply/1")), "{ran:?}");
    let reports = answer["reports"].as_array().unwrap();
    let seen: Vec<_> = reports.iter().map(|one| (one["record"].as_str(), one["outcome"].as_str().unwrap())).collect();
    let record = |name| Some(name);
    assert_eq!(
        seen,
        [
            (record("web:1"), "remediated"),
            (record("web:1"), "rolled-out"),
            (record("api:1"), "remediated"),
            (record("api:1"), "rolled-out"),
        ]
    );
    assert!(reports.iter().all(|one| one["schema"] == "logweir.report/1" && one["mode"] == "rollout"));
}

#[test]
fn a_deployment_that_ecs_rolls_back_fails_with_the_reason_from_ecs() {
    let operator = running(&["prod/web"]);
    operator.account.services(|services| services.of("prod/web").fails = Some("tasks failed to start"));
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("web:1: failed (deployment-failed)"), "{}", ran.out);
    assert!(ran.out.contains("tasks failed to start"), "{}", ran.out);
    assert_eq!(operator.account.runs("prod/web")[0], "web:1");
    assert_eq!(updates(&operator).len(), 1, "ECS rolls back on its own");
}

#[test]
fn a_failed_deployment_that_ecs_does_not_roll_back_is_rolled_back_by_logweir() {
    let operator = running(&["prod/web"]);
    operator.account.services(|services| {
        let service = services.of("prod/web");
        (service.fails, service.rolls_back) = (Some("tasks failed to start"), false);
    });
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("web:1: failed (deployment-failed)"), "{}", ran.out);
    assert_eq!((operator.account.runs("prod/web")[0].as_str(), updates(&operator).len()), ("web:1", 2));
}

#[test]
fn after_a_failure_the_next_services_are_skipped_unless_forced() {
    let operator = running(&["prod/api", "prod/web"]);
    operator.account.services(|services| services.of("prod/api").fails = Some("tasks failed to start"));
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("web:1: refused (fuse-open)"), "{}", ran.out);
    assert!(ran.out.contains("prod/web not-changed (fuse-open"), "{}", ran.out);
    assert_eq!(operator.account.runs("prod/web"), ["web:1"]);
    let again = rolls_out(&operator, &["--force"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(
        (operator.account.runs("prod/web"), operator.account.runs("prod/api")),
        (vec!["web:2".to_owned()], vec!["web:2".to_owned()])
    );
}

#[test]
fn a_failure_of_a_forced_rollout_also_stops_the_next_services() {
    let operator = running(&["prod/api", "prod/web"]);
    operator.account.services(|services| services.of("prod/api").fails = Some("tasks failed to start"));
    let ran = rolls_out(&operator, &["--force"]);
    assert_eq!((ran.code, operator.account.runs("prod/web")), (2, vec!["web:1".to_owned()]), "{ran:?}");
    assert!(ran.out.contains("prod/web not-changed (fuse-open"), "{}", ran.out);
}

#[test]
fn a_service_that_was_rolled_back_follows_again_only_if_forced() {
    let operator = running(&["prod/web"]);
    assert_eq!(rolls_out(&operator, &[]).code, 0);
    operator.account.services(|services| {
        services.deploys("prod/web", WEB_1);
        services.ends("prod/web");
    });
    let left = rolls_out(&operator, &[]);
    assert_eq!((left.code, updates(&operator).len()), (0, 1), "{left:?}");
    assert!(left.out.contains("prod/web not-changed (service-rolled-back"), "{}", left.out);
    let again = rolls_out(&operator, &["--force"]);
    assert_eq!((again.code, updates(&operator).len()), (0, 2), "{again:?}");
    assert_eq!(
        (operator.account.runs("prod/web"), operator.account.active("web")),
        (vec!["web:2".to_owned()], vec![1, 2])
    );
}

#[test]
fn a_forced_rollout_registers_another_correction_if_the_first_is_gone() {
    let operator = running(&["prod/web"]);
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0);
    operator.account.deregisters("web", 2);
    let ran = rolls_out(&operator, &["--force"]);
    assert_eq!((ran.code, operator.account.runs("prod/web")), (0, vec!["web:3".to_owned()]), "{ran:?}");
}

#[test]
fn a_rollout_that_outlasts_the_wait_is_reported_and_the_same_command_waits_on() {
    let operator = running(&["prod/web"]);
    operator.account.services(|services| services.of("prod/web").looks = None);
    let ran = rolls_out(&operator, &["--wait", "0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("prod/web: the deployment is still in progress; repeat the command to keep waiting"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("prod/web updated"), "{}", ran.out);
    let still = rolls_out(&operator, &["--wait", "0"]);
    assert_eq!((still.code, updates(&operator).len()), (1, 1), "{still:?}");
    operator.account.services(|services| services.ends("prod/web"));
    let over = rolls_out(&operator, &["--wait", "0"]);
    assert_eq!((over.code, updates(&operator).len()), (0, 1), "{over:?}");
    assert!(over.out.contains("web:1: rolled-out"), "{}", over.out);
}

#[test]
fn a_deployment_under_way_is_waited_for_before_the_next_service_follows() {
    let operator = running(&["prod/api", "prod/web"]);
    operator.account.services(|services| services.of("prod/api").looks = None);
    let ran = rolls_out(&operator, &["--wait", "0"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("prod/web waits (in-flight"), "{}", ran.out);
    operator.account.services(|services| services.ends("prod/api"));
    let over = rolls_out(&operator, &["--format", "json"]);
    assert_eq!(over.code, 0, "{over:?}");
    let reports = over.json()["reports"].clone();
    let told: Vec<&str> = reports.as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
    assert_eq!(told, ["skipped", "rolled-out", "rolled-out"], "{reports:#}");
    assert_eq!(operator.account.runs("prod/web"), ["web:2"]);
}

#[test]
fn a_skipped_service_is_reported_with_the_reason() {
    let cases: [(&str, Value, &str); 4] = [
        ("external", json!({"deploymentController": {"type": "EXTERNAL"}}), "unsupported-controller"),
        ("code-deploy", json!({"deploymentController": {"type": "CODE_DEPLOY"}}), "unsupported-controller"),
        ("express", json!({"resourceManagementType": "ECS"}), "service-owned"),
        ("going", json!({"status": "DRAINING"}), "service-inactive"),
    ];
    for (name, more, reason) in cases {
        let operator = running(&["prod/web"]);
        operator.account.services(|services| services.of("prod/web").more = more);
        let ran = rolls_out(&operator, &[]);
        assert!(ran.out.contains(&format!("prod/web not-changed ({reason}")), "{name}: {ran:?}");
        assert!(ran.code < 2 && updates(&operator).is_empty(), "{name}: {ran:?}");
    }
}

#[test]
fn a_service_without_its_own_revision_is_skipped_and_no_failure() {
    let operator = running(&["prod/web"]);
    let sets = json!([{"taskDefinition": WEB_1, "status": "PRIMARY"}]);
    let more = json!({"deploymentController": {"type": "CODE_DEPLOY"}, "taskDefinition": null, "taskSets": sets});
    operator.account.services(|services| services.of("prod/web").more = more);
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("prod/web: refused (unsupported-controller)"), "{}", ran.out);
    assert!(ran.out.contains("prod/web not-changed (unsupported-controller"), "{}", ran.out);
}

#[test]
fn a_service_with_a_mutable_image_is_skipped() {
    let operator = Operator::of(&[blocking("web")]);
    operator.account.creates_service("prod/web", "web", 1);
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("prod/web not-changed (image-changed"), "{}", ran.out);
    assert_eq!(operator.account.active("web"), [1, 2], "the revision is corrected nevertheless");
}

#[test]
fn naming_the_correction_rolls_out_the_services_of_its_source() {
    let operator = running(&["prod/web"]);
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0);
    let ran = operator.run(&["apply", "ecs:web", "--mode", "rollout", "--yes"]);
    assert_eq!((ran.code, operator.account.runs("prod/web")), (0, vec!["web:2".to_owned()]), "{ran:?}");
    assert!(ran.out.starts_with("web:1 is already corrected by web:2\nwill update service prod/web"), "{}", ran.out);
    assert!(ran.out.contains("web:1: rolled-out"), "{}", ran.out);
    assert_eq!(operator.account.active("web"), [1, 2], "nothing new is registered");
}

#[test]
fn a_refused_update_of_a_service_is_reported_and_succeeds_when_retried() {
    let operator = running(&["prod/web"]);
    operator.account.services(|services| {
        services.of("prod/web").refuses =
            Some(("AccessDeniedException", "not authorized to perform: ecs:UpdateService"));
    });
    let ran = rolls_out(&operator, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("web:1: failed (access-denied)"), "{}", ran.out);
    let retried = rolls_out(&operator, &[]);
    assert_eq!((retried.code, operator.account.runs("prod/web")), (0, vec!["web:2".to_owned()]), "{retried:?}");
    let listed = operator.run(&["records"]).out;
    assert!(listed.contains("rolled-out") && !listed.contains("failed"), "{listed}");
}

#[test]
fn the_printed_undo_command_backs_out_service_and_revision() {
    let operator = running(&["prod/web"]);
    let ran = rolls_out(&operator, &[]);
    operator.account.services(|services| services.of("prod/web").looks = Some(0));
    let back = operator.types(undo(&ran.out));
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(
        (operator.account.runs("prod/web"), operator.account.active("web")),
        (vec!["web:1".to_owned()], vec![1])
    );
}
