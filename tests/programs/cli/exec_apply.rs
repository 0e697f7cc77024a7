//! `exec apply` and the backout of a cluster, with the real requests.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::loopback::operator::{Operator, undo};
use crate::loopback::{Loopback, Reply, simulator};

const CLUSTER: &str = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";

/// A configuration with spaces, an unknown member and a number whose spelling an SDK would not keep.
const NONE: &str = r#"{ "managedStorageConfiguration": {"kmsKeyId":"disk"}, "executeCommandConfiguration":{"kmsKeyId":"key" ,"logging":"NONE"}, "newer":[1.50,"\u00e4"] }"#;

/// An operator in an account with one cluster, and the configuration of this cluster.
fn operator(configuration: &str, allows: bool) -> (Operator, Arc<Mutex<String>>) {
    let role = "arn:aws:iam::111122223333:role/web";
    let document =
        json!({"family": "web", "taskRoleArn": role, "containerDefinitions": [{"name": "app", "image": "nginx"}]});
    let Operator { account, folder, .. } = Operator::of(&[document]);
    let cluster = Arc::new(Mutex::new(configuration.to_owned()));
    let (mut service, held) = (account.service(), Arc::clone(&cluster));
    let aws = Loopback::serve(move |operation, body| {
        if body.starts_with(simulator::REQUEST) {
            return simulator::simulated(body, |_, action, _| {
                let is_allowed = allows || action != "logs:PutLogEvents";
                (if is_allowed { "allowed" } else { "implicitDeny" }.to_owned(), Vec::new())
            });
        }
        let shown = |text: &str| format!(r#"{{"clusterArn":"{CLUSTER}","status":"ACTIVE","configuration":{text}}}"#);
        let mut held = held.lock().unwrap();
        match operation {
            "DescribeClusters" => Reply::Json(200, format!(r#"{{"clusters":[{}],"failures":[]}}"#, shown(&held))),
            "UpdateCluster" => {
                let start = format!(r#"{{"cluster":"{CLUSTER}","configuration":"#);
                *held = body.strip_prefix(&start).unwrap().strip_suffix('}').unwrap().to_owned();
                Reply::Json(200, format!(r#"{{"cluster":{}}}"#, shown(&held)))
            }
            "ListServices" => {
                Reply::ok(&json!({"serviceArns": ["arn:aws:ecs:eu-west-1:111122223333:service/prod/web"]}))
            }
            "DescribeServices" => Reply::ok(&json!({"services": [{
                "serviceArn": "arn:aws:ecs:eu-west-1:111122223333:service/prod/web", "serviceName": "web",
                "status": "ACTIVE", "enableExecuteCommand": true,
                "taskDefinition": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1"
            }], "failures": []})),
            "ListDaemons" => Reply::ok(&json!({"daemonSummariesList": []})),
            "ListTasks" => Reply::ok(&json!({"taskArns": []})),
            _ => service(operation, body),
        }
    });
    let operator = Operator { folder, account, aws };
    std::fs::create_dir(operator.journal()).unwrap();
    (operator, cluster)
}

fn of(cluster: &Arc<Mutex<String>>) -> String {
    cluster.lock().unwrap().clone()
}

#[test]
fn a_cluster_is_corrected_and_backed_out_and_every_other_byte_of_its_configuration_travels_unchanged() {
    let (operator, cluster) = operator(NONE, true);
    let planned = operator.run(&["exec", "apply", "prod", "--dry-run"]);
    assert!(planned.code == 1 && planned.out.contains("cluster/prod: observed"), "{planned:?}");
    assert!(planned.out.contains("NONE, would become OVERRIDE to log group /ecs/exec/prod"), "{planned:?}");
    assert_eq!((operator.writing_calls(), operator.written()), (Vec::new(), String::new()));
    let applied = operator.run(&["exec", "apply", "prod", "--yes"]);
    assert!(applied.code == 0 && applied.out.starts_with("cluster/prod: remediated\n"), "{applied:?}");
    let after =
        NONE.replace(r#""NONE"}"#, r#""OVERRIDE","logConfiguration":{"cloudWatchLogGroupName":"/ecs/exec/prod"}}"#);
    assert_eq!(of(&cluster), after);
    assert_eq!(operator.writing_calls(), ["CreateLogGroup", "PutRetentionPolicy", "UpdateCluster"]);
    let undone = operator.types(undo(&applied.out));
    assert!(undone.code == 0 && undone.out.starts_with(&format!("{}\n", "cluster/prod: backed-out")), "{undone:?}");
    assert_eq!(of(&cluster), NONE);
    let kept = "/ecs/exec/prod kept, because it may contain log data";
    assert!(undone.out.contains(kept), "{undone:?}");
}

#[test]
fn the_report_is_json_and_the_record_is_in_the_journal() {
    let (operator, _) = operator(NONE, true);
    let applied = operator.run(&["exec", "apply", CLUSTER, "--yes", "--format", "json"]).json();
    let report = &applied["reports"][0];
    assert_eq!((&report["record"], &report["mode"]), (&json!("cluster/prod"), &json!("correct")));
    let change = json!({"action": "configured", "from": "NONE", "to": "OVERRIDE to log group /ecs/exec/prod"});
    assert_eq!(report["cluster"], change);
    let written = operator.written();
    let states: Vec<Value> = written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let last = &states.last().unwrap()["cluster"];
    assert_eq!((&last["cluster"], &last["schema"]), (&json!(CLUSTER), &json!(1)));
    let kinds: Vec<&str> = last["entries"].as_array().unwrap().iter().map(|it| it["entry"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opened", "started", "done", "started", "done", "started", "done", "closed"]);
    let previewed = operator.run(&["backout", "cluster/prod", "--dry-run"]);
    assert!(previewed.code == 0 && previewed.out.contains("would become NONE"), "{previewed:?}");
}

#[test]
fn default_logging_is_corrected_only_if_the_task_roles_may_write_to_the_new_group() {
    let baseline = "version = 1\n[exec]\ncorrect-default = true\n";
    for (allows, code, says) in [
        (true, 0, "unset → OVERRIDE to log group /ecs/exec/prod"),
        (false, 1, "service `web`: arn:aws:iam::111122223333:role/web does not allow logs:PutLogEvents"),
    ] {
        let (operator, cluster) = operator("{}", allows);
        let advised = operator.run(&["exec", "apply", "prod", "--yes"]);
        assert!(advised.code == 1 && advised.out.contains("skipped (advice-only)"), "{advised:?}");
        let file = operator.file("baseline.toml", baseline);
        let ran = operator.run(&["exec", "apply", "prod", "--yes", "--baseline", &file]);
        assert!(ran.code == code && ran.out.contains(says), "{ran:?}");
        assert_eq!(of(&cluster).contains("OVERRIDE"), allows);
        if allows {
            let undone = operator.run(&["backout", "cluster/prod", "--yes"]);
            assert!(undone.out.contains("the cluster now has `logging: DEFAULT`"), "{undone:?}");
            assert_eq!(of(&cluster), r#"{"executeCommandConfiguration":{"logging":"DEFAULT"}}"#);
        }
    }
}

#[test]
fn a_name_that_is_no_cluster_and_a_cluster_of_another_region_are_refused() {
    let (operator, _) = operator(NONE, true);
    for (name, why) in [
        ("pr od", "is not the name of a cluster"),
        ("arn:aws:ecs:eu-west-2:111122223333:cluster/prod", "is in account 111122223333 and Region eu-west-2"),
    ] {
        let ran = operator.run(&["exec", "apply", name, "--yes"]);
        assert!(ran.code == 64 && ran.err.contains(why), "{ran:?}");
    }
    let unnamed = operator.run(&["backout", "cluster/pr od", "--yes"]);
    assert!(unnamed.code == 64 && unnamed.err.contains("is not the name of a record"), "{unnamed:?}");
    assert_eq!(operator.writing_calls(), [""; 0]);
}
