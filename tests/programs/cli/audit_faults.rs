//! `audit` of an account whose answers are faulty, or change meanwhile: no fault is silent, and no list is endless.

use serde_json::{Value, json};

use super::account_audit::{answer, blocking, compliant, revisions};
use crate::loopback::operator::Operator;
use crate::loopback::{Loopback, Reply};

/// An account whose service runs `web:1`, which blocks. `web:2` is compliant. `other` answers some calls otherwise.
fn operator(mut other: impl FnMut(&str, &Value) -> Option<Reply> + Send + 'static) -> Operator {
    let Operator { account, folder, .. } = Operator::of(&[blocking("web"), compliant("web"), compliant("api")]);
    account.creates_service("prod/web", "web", 1);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, text| {
        let body = serde_json::from_str(text).unwrap_or_default();
        other(operation, &body).or_else(|| answer(operation, text)).unwrap_or_else(|| service(operation, text))
    });
    Operator { folder, account, aws }
}

/// Returns a page of a list whose tokens are `a`, `b`, `a`, `b` and so on.
fn endless(body: &Value, member: &str, item: &str) -> Reply {
    let next = if body["nextToken"] == "a" { "b" } else { "a" };
    Reply::ok(&json!({member: [item], "nextToken": next}))
}

#[test]
fn a_list_whose_tokens_repeat_ends_and_is_named() {
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
    for (list, member, item, what) in [
        ("ListClusters", "clusterArns", cluster, "the clusters"),
        ("ListServices", "serviceArns", "prod/web", "the services of cluster prod"),
        ("ListTaskDefinitionFamilies", "families", "web", "the families"),
    ] {
        let operator = operator(move |call, body| (call == list).then(|| endless(body, member, item)));
        let ran = operator.run(&["audit", "--no-cache"]);
        assert_eq!(ran.code, 2, "{list}: {ran:?}");
        let line = format!("not read: {what}: {list}: the list returned the same token again");
        assert!(ran.out.contains(&line), "{list}: {}", ran.out);
    }
    let operator =
        operator(|call, body| (call == "ListTaskDefinitionFamilies").then(|| endless(body, "families", "web")));
    for arguments in [&["check", "--all"][..], &["apply", "--all", "--dry-run"]] {
        let ran = operator.run(arguments);
        assert!(ran.code == 2 && ran.err.contains("the list returned the same token again"), "{ran:?}");
    }
}

#[test]
fn a_plan_of_an_account_with_an_endless_list_is_an_error() {
    for (list, member) in [("ListClusters", "clusterArns"), ("ListServices", "serviceArns"), ("ListTasks", "taskArns")]
    {
        let operator = operator(move |call, body| {
            (call == list).then(|| endless(body, member, "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"))
        });
        operator.account.registers(&blocking("job"));
        let ran = operator.run(&["apply", "--all", "--mode", "rollout", "--dry-run"]);
        assert!(ran.code == 2 && ran.err.contains("the list returned the same token again"), "{list}: {ran:?}");
    }
}

#[test]
fn a_service_with_a_task_definition_of_another_region_is_named() {
    let foreign = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:2";
    for definition in [foreign, "web:2", "no ARN"] {
        let operator = operator(move |call, _| {
            let deployment = json!({"status": "PRIMARY", "taskDefinition": definition, "runningCount": 1});
            let service = json!({"serviceName": "web", "status": "ACTIVE", "deployments": [deployment]});
            (call == "DescribeServices").then(|| Reply::ok(&json!({"services": [service], "failures": []})))
        });
        let ran = operator.run(&["audit", "--no-cache", "--scope", "running"]);
        assert_eq!(ran.code, 2, "{definition}: {ran:?}");
        let line = "not read: the task definition of the service web of cluster prod: DescribeServices: the response \
                    names no revision of this account and Region";
        assert!(ran.out.contains(line), "{definition}: {}", ran.out);
        assert!(ran.out.starts_with("0 revisions audited"), "{definition}: {}", ran.out);
    }
}

#[test]
fn a_resource_that_ecs_leaves_out_is_not_silent() {
    let operator = operator(|call, _| match call {
        "ListTasks" => Some(Reply::ok(&json!({"taskArns": ["a", "b"]}))),
        "DescribeTasks" => Some(Reply::ok(&json!({"tasks": [], "failures": [{"arn": "a", "reason": "MISSING"}]}))),
        "DescribeServices" => Some(Reply::ok(&json!({"services": [], "failures": []}))),
        _ => None,
    });
    let ran = operator.run(&["audit", "--no-cache", "--scope", "running"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    for line in [
        "the services of cluster prod: DescribeServices: 1 of 1 services: the response leaves them out",
        "the tasks of cluster prod: DescribeTasks: 1 of 2 tasks: the response leaves them out",
    ] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
}

#[test]
fn a_list_that_is_absent_or_has_an_item_without_a_text_is_not_silent() {
    for reply in [json!({}), json!({"serviceArns": null}), json!({"serviceArns": [{"arn": "prod/web"}]})] {
        let answer = reply.clone();
        let operator = operator(move |call, _| (call == "ListServices").then(|| Reply::ok(&answer)));
        let ran = operator.run(&["audit", "--no-cache", "--scope", "running"]);
        assert_eq!(ran.code, 2, "{reply}: {ran:?}");
        let says = "ListServices: the response cannot be read: serviceArns is not a list of texts";
        assert!(ran.out.contains(says), "{reply}: {}", ran.out);
    }
}

#[test]
fn the_next_revision_is_active_though_the_newest_one_is_deregistered_during_the_audit() {
    for status in ["INACTIVE", "deleted"] {
        let operator = operator(|_, _| None);
        let account = operator.account.clone();
        let mut service = account.service();
        let aws = Loopback::serve(move |call, text| {
            let newest = call == "DescribeTaskDefinition" && text.contains("web:2");
            match call {
                "ListTaskDefinitions" => {
                    let arns = ["web:2", "api:1"]
                        .map(|name| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}"));
                    Reply::ok(&json!({"taskDefinitionArns": arns}))
                }
                _ if newest && status == "deleted" => {
                    account.deregisters("web", 2);
                    Reply::error("ClientException", "Unable to describe task definition.")
                }
                _ => {
                    if newest {
                        account.deregisters("web", 2);
                    }
                    answer(call, text).unwrap_or_else(|| service(call, text))
                }
            }
        });
        let operator = Operator { aws, ..operator };
        let ran = operator.run(&["audit", "--no-cache", "--scope", "next", "--format", "json"]);
        let expected = [("api:1", true), ("web:1", false)];
        let expected = expected.map(|(name, verdict)| (name.to_owned(), json!(verdict)));
        let found: Vec<(String, Value)> =
            revisions(&ran).into_iter().map(|(name, _, verdict)| (name, verdict)).collect();
        assert_eq!(found, expected, "{status}");
        assert_eq!(ran.code, 1, "{status}: {ran:?}");
    }
}

#[test]
fn a_target_of_another_account_or_region_is_an_error() {
    let operator = operator(|_, _| None);
    for arn in
        ["arn:aws:ecs:us-east-1:111122223333:service/prod/web", "arn:aws:ecs:eu-west-1:999999999999:cluster/prod"]
    {
        let ran = operator.run(&["audit", "--no-cache", arn]);
        assert_eq!(ran.code, 2, "{arn}: {ran:?}");
        assert!(ran.err.contains("which this run audits"), "{arn}: {}", ran.err);
    }
    let several = operator.run(&["audit", "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "--regions", "all"]);
    assert_eq!(several.code, 64, "{several:?}");
    let lists = operator.aws.calls().into_iter().filter(|(call, _)| call.starts_with("List")).count();
    assert_eq!(lists, 0, "nothing is read");
}

#[test]
fn each_name_that_does_not_exist_is_an_error_though_others_exist() {
    let operator = operator(|_, _| None);
    for (arguments, says) in [
        (&["prod", "prodd"][..], "cluster prodd does not exist"),
        (&["--cluster", "prod", "--cluster", "test"], "cluster test does not exist"),
        (&["ecs:web", "ecs:webb"], "family webb has no ACTIVE revision"),
        (&["--family", "api", "--family", "job"], "family job has no ACTIVE revision"),
        (&["--service", "webb"], "service webb does not exist"),
        (&["--service", "prod/web", "--service", "test/web"], "service test/web does not exist"),
        (&["arn:aws:ecs:eu-west-1:111122223333:service/prod/api"], "service prod/api does not exist"),
        (&["prod", "--family", "api"], "family api does not run in the selected clusters and services"),
        (&["ecs:web", "--family", "api"], "no family matches both the targets and the filters"),
        (&["prod", "--cluster", "p*", "--cluster", "!prod"], "no cluster matches both the targets and the filters"),
        (&["prodd", "ecs:webb"], "cluster prodd does not exist; family webb has no ACTIVE revision"),
    ] {
        let ran = operator.run(&[&["audit", "--no-cache", "--exit-zero"][..], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(&format!("error: {says}")), "{arguments:?}: {}", ran.err);
    }
    for arguments in [&["prod", "ecs:api"][..], &["--service", "w*"], &["ecs:web", "--tag", "nobody"]] {
        let ran = operator.run(&[&["audit", "--no-cache", "--exit-zero"][..], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_response_without_end_is_refused() {
    let operator = operator(|call, _| {
        (call == "ListClusters").then(|| Reply::ok(&json!({"clusterArns": [], "padding": "x".repeat(33 << 20)})))
    });
    let ran = operator.run(&["audit", "--no-cache", "--scope", "running"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("not read: the clusters: ListClusters: the response is too large"), "{}", ran.out);
}

#[test]
fn a_revision_that_another_cluster_runs_is_not_stale() {
    let operator = operator(|call, _| {
        (call == "ListTaskDefinitions").then(|| {
            let arns = ["web:3", "web:2", "web:1"]
                .map(|name| format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}"));
            Reply::ok(&json!({"taskDefinitionArns": arns}))
        })
    });
    operator.account.registers(&compliant("web"));
    operator.account.creates_service("test/web", "web", 2);
    for arguments in [&["prod"][..], &["--service", "prod/web"], &["ecs:web"]] {
        let ran =
            operator.run(&[&["audit", "--no-cache", "--scope", "stale", "--format", "json"][..], arguments].concat());
        assert_eq!((ran.code, revisions(&ran).len()), (0, 0), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_cluster_with_a_family_filter_also_has_the_newest_revision_of_the_family() {
    let ran = operator(|_, _| None).run(&["audit", "prod", "--family", "web", "--no-cache", "--format", "json"]);
    let names: Vec<String> = revisions(&ran).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["web:1", "web:2"], "{ran:?}");
}

#[test]
fn a_throttled_read_of_the_stack_s_parameter_is_repeated() {
    let mut tries = 0;
    let operator = operator(move |call, _| {
        tries += u32::from(call == "GetParameter");
        (call == "GetParameter" && tries == 1).then(|| Reply::error("ThrottlingException", "Rate exceeded"))
    });
    let ran = operator.run(&["audit", "--no-cache"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}
