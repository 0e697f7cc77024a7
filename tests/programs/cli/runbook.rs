//! `runbook`: the clusters, services, tasks and task definitions of an account.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

const REGION: &str = "arn:aws:ecs:eu-west-1:111122223333";

fn document(family: &str, revision: u32) -> Value {
    json!({
        "taskDefinitionArn": format!("{REGION}:task-definition/{family}:{revision}"), "family": family,
        "revision": revision, "status": "ACTIVE", "taskRoleArn": "arn:aws:iam::111122223333:role/shared",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{
            "name": "app", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", "user": "1000",
            "environment": [{"name": "DB_PASSWORD", "value": "CANARY-ENV"}, {"name": "PORT", "value": "CANARY-PORT"}],
            "dockerLabels": {"a": "CANARY-LABEL"}, "command": ["--token", "CANARY-COMMAND"],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "a": "CANARY-OPTION"}}
        }]
    })
}

fn last(value: &Value) -> String {
    value.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

fn service(arn: &Value) -> Value {
    let old = json!({"taskDefinition": format!("{REGION}:task-definition/web:1"), "status": "ACTIVE"});
    let connect = json!({"enabled": true, "services": [{"portName": "http"}]});
    let new = json!({
        "taskDefinition": format!("{REGION}:task-definition/web:2"), "status": "PRIMARY",
        "serviceConnectConfiguration": connect
    });
    json!({
        "serviceArn": arn, "serviceName": last(arn), "status": "ACTIVE", "launchType": "FARGATE",
        "platformVersion": "1.3.0", "platformFamily": "Linux", "taskDefinition": new["taskDefinition"],
        "deployments": [old, new], "tags": [{"key": "team", "value": "web"}], "propagateTags": "SERVICE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}}
    })
}

/// The account: the cluster `prod` with the service `web` and a standalone task of `jobs`, and the empty cluster `lab`.
/// The families are `jobs`, `unused` and `web`.
fn answer(operation: &str, body: &Value) -> Reply {
    let cluster = last(&body["cluster"]);
    Reply::ok(&match operation {
        "ListClusters" if body.get("nextToken").is_none() => {
            json!({"clusterArns": [format!("{REGION}:cluster/prod")], "nextToken": "2"})
        }
        "ListClusters" => json!({"clusterArns": [format!("{REGION}:cluster/lab")]}),
        "DescribeClusters" => {
            let all = [("prod", "enhanced", json!(["FARGATE", "cp"])), ("lab", "disabled", json!([]))];
            let cluster = |(name, insights, providers): (&str, &str, Value)| {
                json!({
                    "clusterArn": format!("{REGION}:cluster/{name}"), "clusterName": name, "status": "ACTIVE",
                    "settings": [{"name": "containerInsights", "value": insights}], "capacityProviders": providers
                })
            };
            let asked: Vec<String> = body["clusters"].as_array().unwrap().iter().map(last).collect();
            let found = all.into_iter().map(cluster).filter(|one| asked.contains(&last(&one["clusterArn"])));
            json!({"clusters": found.collect::<Vec<_>>(), "failures": []})
        }
        "ListServices" if cluster == "prod" => json!({"serviceArns": [format!("{REGION}:service/prod/web")]}),
        "ListServices" => json!({"serviceArns": []}),
        "DescribeServices" => {
            assert_eq!(body["include"], json!(["TAGS"]));
            let services: Vec<Value> = body["services"].as_array().unwrap().iter().map(service).collect();
            json!({"services": services, "failures": []})
        }
        "ListTasks" if cluster == "prod" => json!({"taskArns": [format!("{REGION}:task/prod/a1")]}),
        "ListTasks" => json!({"taskArns": []}),
        "DescribeTasks" => json!({"tasks": [{
            "taskArn": format!("{REGION}:task/prod/a1"), "group": "family:jobs", "lastStatus": "RUNNING",
            "taskDefinitionArn": format!("{REGION}:task-definition/jobs:1"), "launchType": "EC2"
        }], "failures": []}),
        "DescribeCapacityProviders" if body.get("cluster").is_none() => {
            json!({"capacityProviders": [{"name": "FARGATE", "status": "ACTIVE"}], "failures": []})
        }
        "DescribeCapacityProviders" => json!({"capacityProviders": [{
            "capacityProviderArn": format!("{REGION}:capacity-provider/cp"), "name": "cp", "status": "ACTIVE",
            "autoScalingGroupProvider": {"managedTerminationProtection": "DISABLED"}
        }], "failures": []}),
        // A named task definition is read as `check` reads it, with the facts of the rules about logging.
        "ListAccountSettings" if body["name"] == "defaultLogDriverMode" => json!({"settings": []}),
        "DescribeLogGroups" => json!({"logGroups": []}),
        "ListAccountSettings" => {
            assert_eq!(body, &json!({"name": "containerInsights", "effectiveSettings": true}));
            json!({"settings": [{"name": "containerInsights", "value": "disabled"}]})
        }
        "ListTaskDefinitionFamilies" => json!({"families": ["jobs", "unused", "web"]}),
        "DescribeTaskDefinition" => {
            let name = last(&body["taskDefinition"]);
            let (family, revision) = name.split_once(':').unwrap_or((&name, ""));
            let newest = if family == "web" { 2 } else { 1 };
            json!({"taskDefinition": document(family, revision.parse().unwrap_or(newest)), "tags": []})
        }
        "GetParameter" => return Reply::error("ParameterNotFound", ""),
        other => return Reply::error("UnknownOperationException", other),
    })
}

/// An operator in the account. `answers` replaces some of its answers.
fn operator(answers: impl Fn(&str, &Value) -> Option<Reply> + Send + 'static) -> Operator {
    Operator::at(Loopback::serve(move |operation, body| {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        answers(operation, &body).unwrap_or_else(|| answer(operation, &body))
    }))
}

/// The results of a rule, as `KIND NAME VERDICT`.
fn results(ran: &Ran, rule: &str) -> Vec<String> {
    let json = ran.json();
    let all = json["requirements"].as_array().unwrap().iter().flat_map(|line| line["results"].as_array().unwrap());
    let of_rule = all.filter(|result| result["rule"] == rule);
    let shown = |result: &Value| {
        let [kind, name] = ["kind", "name"].map(|key| result["resource"][key].as_str().unwrap().to_owned());
        format!("{kind} {name} {}", result["verdict"].as_str().unwrap())
    };
    of_rule.map(shown).collect()
}

#[test]
fn without_a_target_the_account_is_judged_and_nothing_is_changed() {
    let operator = operator(|_, _| None);
    let ran = operator.run(&["runbook", "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    for (rule, expected) in [
        ("public-address", vec!["service prod/web fail"]),
        ("old-platform-version", vec!["service prod/web fail", "task prod/a1 not-applicable"]),
        ("instance-placement", vec!["service prod/web pass", "task prod/a1 fail"]),
        ("plaintext-service-connect", vec!["service prod/web fail"]),
        ("missing-container-insights", vec!["cluster lab fail", "cluster prod pass"]),
        ("disabled-default-insights", vec!["account 111122223333/eu-west-1 advice"]),
        ("missing-termination-protection", vec!["capacity-provider cp fail"]),
        ("untagged-service", vec!["service prod/web pass"]),
        ("untagged-cluster", vec!["cluster lab advice", "cluster prod advice"]),
        ("unpropagated-tags", vec!["service prod/web pass"]),
        ("missing-managed-tags", vec!["service prod/web advice"]),
        ("reused-task-role", vec!["role shared advice"]),
    ] {
        assert_eq!(results(&ran, rule), expected, "{rule}");
    }
    let json = ran.json();
    let mut all = json["requirements"].as_array().unwrap().iter().flat_map(|line| line["results"].as_array().unwrap());
    let connect = all.find(|result| result["rule"] == "plaintext-service-connect").unwrap();
    let newest = "/deployments/1/serviceConnectConfiguration/services";
    assert_eq!(connect["evidence"]["member"], newest, "the newest deployment is not the first one");
    let made = operator.writing_calls();
    assert!(made.is_empty(), "{made:?}");
}

#[test]
fn what_runs_and_each_newest_revision_is_in_scope_and_each_result_says_which() {
    let ran = operator(|_, _| None).run(&["runbook", "--format", "json"]);
    let json = ran.json();
    let line = json["requirements"].as_array().unwrap().iter().find(|line| line["id"] == "12").unwrap();
    let scope = |result: &Value| (last(&result["resource"]["arn"]), result["scope"].as_str().unwrap().to_owned());
    let found: Vec<(String, String)> = line["results"].as_array().unwrap().iter().map(scope).collect();
    let expected = [("jobs:1", "in-use"), ("unused:1", "newest"), ("web:1", "in-use"), ("web:2", "in-use")];
    assert_eq!(found, expected.map(|(name, scope)| (name.to_owned(), scope.to_owned())));
    let evidence = &line["results"][0]["evidence"];
    assert_eq!(evidence["source"], "ecs:DescribeTaskDefinition");
    assert!(evidence["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    let coverage = &json["coverage"];
    assert_eq!(coverage["task_definitions"], 4);
    assert_eq!(
        ["clusters", "services", "tasks", "capacity_providers"].map(|key| coverage["account"][key].as_u64().unwrap()),
        [2, 1, 1, 1]
    );
    assert_eq!(coverage["account"]["depth"], "ecs");
    assert_eq!(coverage["calls"]["DescribeTaskDefinition"], 4);
    assert_eq!(coverage["calls"]["ListClusters"], 2);
}

#[test]
fn a_cluster_or_a_service_as_target_narrows_the_run() {
    let operator = operator(|_, _| None);
    let arns = |target: &str| {
        let ran = operator.run(&["runbook", target, "--format", "json"]);
        let json = ran.json();
        let all = json["requirements"].as_array().unwrap().iter().flat_map(|line| line["results"].as_array().unwrap());
        all.map(|result| last(&result["resource"]["arn"])).filter(|name| name.contains(':')).collect::<BTreeSet<_>>()
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let root = "arn:aws:iam::111122223333:root";
    assert_eq!(arns("prod"), names(&[root, "jobs:1", "web:1", "web:2"]));
    assert_eq!(arns("prod/web"), names(&[root, "web:1", "web:2"]));
    assert_eq!(arns(&format!("{REGION}:service/prod/web")), names(&[root, "web:1", "web:2"]));
    assert_eq!(arns("lab"), names(&[root]));
    assert_eq!(arns("ecs:jobs"), names(&["jobs:1"]));
    for (target, why) in [
        ("gone", "there is no cluster `gone`, and no such file"),
        ("prod/gone", "there is no such service"),
        ("arn:aws:ecs:us-east-1:111122223333:cluster/prod", "which this run does not call"),
        ("arn:aws:ecs:eu-west-1:444455556666:cluster/prod", "which this run does not call"),
    ] {
        let ran = operator.run(&["runbook", target]);
        assert!(ran.code == 2 && ran.err.contains(why), "{target}: {ran:?}");
    }
}

#[test]
fn a_missing_right_leaves_its_rules_unchecked_and_is_an_error() {
    for (call, right, rule) in [
        ("ListClusters", "ecs:ListClusters", "missing-container-insights"),
        ("DescribeClusters", "ecs:DescribeClusters", "untagged-cluster"),
        ("ListServices", "ecs:ListServices", "public-address"),
        ("DescribeServices", "ecs:DescribeServices", "untagged-service"),
        ("ListTasks", "ecs:ListTasks", "instance-placement"),
        ("DescribeTasks", "ecs:DescribeTasks", "old-platform-version"),
        ("DescribeCapacityProviders", "ecs:DescribeCapacityProviders", "missing-termination-protection"),
        ("ListAccountSettings", "ecs:ListAccountSettings", "disabled-default-insights"),
        ("ListTaskDefinitionFamilies", "ecs:ListTaskDefinitionFamilies", "root-user"),
        ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition", "root-user"),
    ] {
        let denied = move |operation: &str, _: &Value| {
            (operation == call).then(|| Reply::error("AccessDeniedException", "not for you"))
        };
        let ran = operator(denied).run(&["runbook", "--format", "json"]);
        assert_eq!(ran.code, 2, "{call}: {ran:?}");
        assert!(results(&ran, rule).iter().any(|result| result.ends_with(" not-checked")), "{call}: {rule}");
        let json = ran.json();
        let rights = json["coverage"]["account"]["missing_rights"].as_array().unwrap();
        assert!(rights.iter().any(|missing| missing["right"] == right), "{call}: {rights:?}");
        assert!(json.to_string().contains("for which it needs"), "{call}");
        assert_eq!(json["coverage"]["account"]["failed_reads"], json!([]), "{call}");
        assert!(ran.err.contains(&format!("allow the caller {right}; until then")), "{call}: {}", ran.err);
    }
}

#[test]
fn a_read_that_fails_for_another_reason_is_no_missing_right() {
    let broken = |operation: &str, _: &Value| {
        (operation == "ListServices").then(|| Reply::error("InvalidParameterException", "strange"))
    };
    let operator = operator(broken);
    let ran = operator.run(&["runbook", "--format", "json"]);
    assert!(ran.code == 2 && !ran.err.contains("allow the caller"), "{ran:?}");
    let account = &ran.json()["coverage"]["account"];
    assert_eq!(account["missing_rights"], json!([]));
    assert_eq!(account["failed_reads"][0]["operation"], "ecs:ListServices");
    assert!(ran.json().to_string().contains("because ecs:ListServices failed"));
    for (format, words) in
        [("text", "not read: ecs:ListServices failed: "), ("markdown", "Failed reads"), ("csv", "failed-read")]
    {
        let ran = operator.run(&["runbook", "--format", format]);
        assert!(ran.out.contains(words), "{format}: {ran:?}");
    }
}

#[test]
fn no_value_of_a_task_definition_that_may_be_a_secret_is_in_an_output() {
    let operator = operator(|_, _| None);
    for format in ["text", "json"] {
        let ran = operator.run(&["runbook", "--format", format]);
        assert!(!format!("{ran:?}").contains("CANARY"), "{format}");
    }
}

#[test]
fn the_text_shows_the_scope_the_evidence_the_coverage_and_the_calls() {
    let ran = operator(|_, _| None).run(&["runbook"]);
    for words in [
        "fail[public-address]: the tasks get a public address",
        "--> arn:aws:ecs:eu-west-1:111122223333:service/prod/web (service prod/web)",
        "evidence: ecs:DescribeServices /networkConfiguration/awsvpcConfiguration/assignPublicIp = ENABLED at 20",
        "web:1 (in use), container app",
        "unused:1 (newest revision, not in use), container app",
        "secret-without-rotation: this run does not read the facts; use --depth identity",
        "read in eu-west-1 at depth ecs: 2 clusters, 1 service, 1 running task, 1 capacity provider",
        "calls: DescribeCapacityProviders 2, DescribeClusters 1, DescribeServices 1",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
}

#[test]
fn exemptions_of_the_baseline_decide_the_exit_code() {
    let operator = operator(|_, _| None);
    let terms = "until = 2199-01-31\nowner = \"team-x\"\nreason = \"agreed\"\n";
    let all = |until: &str| {
        let statements = (1..=15).map(|n| n.to_string());
        let ids = statements.chain((1..=4).map(|n| format!("O{n}"))).chain((1..=8).map(|n| format!("X{n}")));
        let ids: Vec<String> = ids.map(|id| format!("\"{id}\"")).collect();
        let text = terms.replace("2199-01-31", until);
        format!(
            "version = 1\n[[runbook.exempt]]\nmatch = {{ resource = \"*\" }}\nrequirements = [{}]\n{text}\
             [[runbook.exempt]]\nmatch = {{ resource = \"gone\" }}\nrules = [\"root-user\"]\n{terms}",
            ids.join(", ")
        )
    };
    let baseline = operator.file("exempt.toml", &all("2199-01-31"));
    let ran = operator.run(&["runbook", "--baseline", &baseline]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("exempt until 2199-01-31 by team-x: agreed"), "{}", ran.out);
    assert!(
        ran.out.contains("the exemption from root-user for resource=gone (team-x, until 2199-01-31) covers no result")
    );
    let ended = operator.file("ended.toml", &all("2020-01-31"));
    let ran = operator.run(&["runbook", "--baseline", &ended]);
    assert!(ran.code == 1 && ran.out.contains("; the exemption of team-x ended on 2020-01-31"), "{ran:?}");
}

#[test]
fn two_hundred_families_and_fifty_services_need_a_bounded_number_of_calls() {
    let many = |operation: &str, body: &Value| {
        Some(Reply::ok(&match operation {
            "ListClusters" => json!({"clusterArns": [format!("{REGION}:cluster/prod")]}),
            "ListServices" => {
                let arns: Vec<String> = (0..50).map(|n| format!("{REGION}:service/prod/web-{n}")).collect();
                json!({"serviceArns": arns})
            }
            "ListTasks" => json!({"taskArns": []}),
            "ListTaskDefinitionFamilies" if body.get("nextToken").is_none() => {
                let names: Vec<String> = (0..100).map(|n| format!("f-{n}")).collect();
                json!({"families": names, "nextToken": "2"})
            }
            "ListTaskDefinitionFamilies" => {
                json!({"families": (100..200).map(|n| format!("f-{n}")).collect::<Vec<_>>()})
            }
            _ => return None,
        }))
    };
    let ran = operator(many).run(&["runbook", "--format", "json"]);
    let json = ran.json();
    let calls = &json["coverage"]["calls"];
    for (operation, most) in
        [("DescribeServices", 5), ("DescribeTaskDefinition", 202), ("ListTaskDefinitionFamilies", 2)]
    {
        assert_eq!(calls[operation].as_u64(), Some(most), "{calls}");
    }
    assert!(calls.as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>() < 220, "{calls}");
}
