//! `exec check`: the clusters of an account, and the workloads with ECS Exec in them.

use serde_json::{Value, json};

use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply, simulator};

const REGION: &str = "arn:aws:ecs:eu-west-1:111122223333";

/// The task definition `web:1`, with a read-only root file system, or as `tasks` in the cluster `lab`.
fn document() -> Value {
    let log = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}});
    json!({
        "family": "web", "taskRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{
            "name": "app", "image": "nginx", "logConfiguration": log, "readonlyRootFilesystem": true,
            "linuxParameters": {"initProcessEnabled": true}, "environment": [{"name": "TOKEN", "value": "CANARY-ENV"}]
        }]
    })
}

fn cluster(name: &str, exec: &Value) -> Value {
    json!({
        "clusterArn": format!("{REGION}:cluster/{name}"), "clusterName": name, "status": "ACTIVE",
        "configuration": {"executeCommandConfiguration": exec}
    })
}

fn task(cluster: &str, id: &str, group: &str, has_exec: bool) -> Value {
    json!({
        "taskArn": format!("{REGION}:task/{cluster}/{id}"), "group": group, "lastStatus": "RUNNING",
        "taskDefinitionArn": format!("{REGION}:task-definition/web:1"), "enableExecuteCommand": has_exec,
        "containerInstanceArn": format!("{REGION}:container-instance/{cluster}/i-1"),
        "containers": [{"name": "app", "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]}]
    })
}

/// The tasks of a cluster. The service `old` has switched ECS Exec off, but one of its tasks has not ended yet.
fn tasks(cluster: &str) -> Vec<Value> {
    match cluster {
        "prod" => vec![task("prod", "a1", "service:web", true), task("prod", "b2", "service:old", true)],
        _ => vec![task("lab", "c3", "family:web", false)],
    }
}

/// The account: the cluster `prod` with the services `web` and `old` and the daemon `agent`, and the cluster `lab`.
fn ecs(operation: &str, body: &Value) -> Option<Reply> {
    let last = |value: &Value| value.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let name = last(&body["cluster"]);
    let reply = match operation {
        "ListClusters" if body.get("nextToken").is_none() => {
            json!({"clusterArns": [format!("{REGION}:cluster/prod")], "nextToken": "2"})
        }
        "ListClusters" => json!({"clusterArns": [format!("{REGION}:cluster/lab")]}),
        "DescribeClusters" => {
            assert_eq!(body["include"], json!(["CONFIGURATIONS", "SETTINGS", "TAGS"]));
            let log = json!({"cloudWatchLogGroupName": "/ecs/exec/prod", "s3BucketName": "transcripts"});
            let of_prod = json!({"logging": "OVERRIDE", "kmsKeyId": "alias/exec", "logConfiguration": log});
            let all = [cluster("prod", &of_prod), cluster("lab", &json!({"logging": "NONE"}))];
            let asked: Vec<String> = body["clusters"].as_array()?.iter().map(last).collect();
            let found = all.into_iter().filter(|cluster| asked.contains(&last(&cluster["clusterArn"])));
            let found: Vec<Value> = found.collect();
            json!({"clusters": found, "failures": []})
        }
        "ListServices" if name == "prod" => {
            let arns = ["web", "old"].map(|service| format!("{REGION}:service/prod/{service}"));
            json!({"serviceArns": arns})
        }
        "ListServices" => json!({"serviceArns": []}),
        "DescribeServices" => {
            let service = |arn: &Value| {
                json!({
                    "serviceArn": arn, "serviceName": last(arn), "status": "ACTIVE",
                    "enableExecuteCommand": last(arn) == "web", "taskDefinition": format!("{REGION}:task-definition/web:1")
                })
            };
            let services: Vec<Value> = body["services"].as_array()?.iter().map(service).collect();
            json!({"services": services, "failures": []})
        }
        "ListDaemons" if last(&body["clusterArn"]) == "prod" => {
            json!({"daemonSummariesList": [{"daemonArn": format!("{REGION}:daemon/prod/agent")}]})
        }
        "ListDaemons" => json!({"daemonSummariesList": []}),
        "DescribeDaemon" => json!({"daemon": {"currentRevisions": [{"arn": "revision-1"}]}}),
        "DescribeDaemonRevisions" => json!({"daemonRevisions": [{
            "daemonRevisionArn": "revision-1", "enableExecuteCommand": true,
            "daemonTaskDefinitionArn": format!("{REGION}:daemon-task-definition/agent:4")
        }]}),
        "DescribeDaemonTaskDefinition" => {
            json!({"daemonTaskDefinition": {"family": "agent", "containerDefinitions": [{"name": "agent"}]}})
        }
        "ListTasks" => {
            let arns: Vec<Value> = tasks(&name).iter().map(|task| task["taskArn"].clone()).collect();
            json!({"taskArns": arns})
        }
        "DescribeTasks" => json!({"tasks": tasks(&name), "failures": []}),
        "DescribeContainerInstances" => {
            let instance =
                |arn: &Value| json!({"containerInstanceArn": arn, "versionInfo": {"agentVersion": "1.49.0"}});
            let instances: Vec<Value> = body["containerInstances"].as_array()?.iter().map(instance).collect();
            json!({"containerInstances": instances})
        }
        "DescribeLogGroups" => json!({"logGroups": [{"logGroupName": "/ecs/exec/prod", "retentionInDays": 30}]}),
        "DescribeKey" => {
            json!({"KeyMetadata": {"Arn": "arn:aws:kms:eu-west-1:111122223333:key/k", "KeyState": "Enabled"}})
        }
        _ => return None,
    };
    Some(Reply::ok(&reply))
}

/// An operator in the account. `answers` replaces some of its answers.
fn operator(answers: impl Fn(&str, &str) -> Option<Reply> + Send + 'static) -> Operator {
    let Operator { account, folder, .. } = Operator::of(&[document()]);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, body| {
        if let Some(reply) = answers(operation, body) {
            return reply;
        }
        if body.starts_with("Action=GetRole&") {
            let role =
                "<GetRoleResult><Role><Arn>arn:aws:iam::111122223333:role/ops/Operator</Arn></Role></GetRoleResult>";
            let xml = format!("<GetRoleResponse>{role}</GetRoleResponse>");
            return Reply::Http(200, "content-type: text/xml\r\n".into(), xml);
        }
        if operation == "/transcripts?encryption=" {
            let xml = "<Error><Code>NoSuchBucket</Code><Message>The bucket does not exist</Message></Error>";
            return Reply::Http(404, "content-type: application/xml\r\n".into(), xml.into());
        }
        if body.starts_with(simulator::REQUEST) {
            return simulator::simulated(body, |role, action, _| {
                let is_denied = matches!(action, "logs:PutLogEvents" | "kms:Decrypt");
                assert!(action != "ssm:StartSession" || role.contains(":role/ops/"), "the role has its path: {role}");
                (if is_denied { "implicitDeny" } else { "allowed" }.to_owned(), Vec::new())
            });
        }
        let parsed: Value = serde_json::from_str(body).unwrap_or_default();
        ecs(operation, &parsed).unwrap_or_else(|| service(operation, body))
    });
    Operator { folder, account, aws }
}

/// The targets, each with the names of its rules.
fn findings(ran: &Ran) -> Vec<(String, Vec<String>)> {
    let rule = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
    let target = |target: &Value| {
        let rules = target["findings"].as_array().unwrap().iter().map(rule).collect();
        (target["target"].as_str().unwrap().to_owned(), rules)
    };
    ran.json()["targets"].as_array().unwrap().iter().map(target).collect()
}

fn expected(all: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |(target, rules): &(&str, &[&str])| {
        ((*target).to_owned(), rules.iter().map(|rule| (*rule).to_owned()).collect())
    };
    all.iter().map(owned).collect()
}

#[test]
fn each_cluster_workload_and_task_definition_with_exec_is_judged_and_nothing_is_changed() {
    let operator = operator(|_, _| None);
    let ran = operator.run(&["exec", "check", "--format", "json"]);
    let wanted = expected(&[
        ("cluster/lab", &["unlogged-sessions", "missing-session-key"]),
        ("cluster/prod", &["missing-transcript-destination", "unfit-transcript-retention", "allowed-direct-session"]),
        ("service/prod/web", &["outdated-exec-platform"]),
        ("daemon/prod/agent", &[]),
        ("task/prod/b2", &["outdated-exec-platform"]),
        ("daemon-task-definition/agent:4", &["missing-exec-role", "missing-init-process"]),
        ("ecs:web:1", &["insufficient-exec-rights", "insufficient-transcript-rights", "read-only-exec-root"]),
    ]);
    assert_eq!(findings(&ran), wanted, "{}", ran.err);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let coverage = &ran.json()["coverage"];
    assert_eq!(
        ["clusters", "services", "daemons", "tasks", "with_exec"].map(|kind| coverage[kind].as_u64().unwrap()),
        [2, 2, 1, 3, 3]
    );
    assert!(coverage["not_decidable"][0].as_str().unwrap().contains("`script`"));
    let target = &ran.json()["targets"][1];
    assert_eq!(target["resource"]["kind"], "AWS::ECS::Cluster");
    assert_eq!((&target["findings"][2]["decided"], &target["compliant"]), (&json!("likely"), &json!(false)));
    let made = operator.writing_calls();
    assert!(made.iter().all(|call| ["/", "/transcripts?encryption="].contains(&call.as_str())), "{made:?}");
    let simulated = operator.aws.calls().into_iter().filter(|(_, body)| body.starts_with(simulator::REQUEST));
    let context = "ContextKeyName=aws%3ARequestedRegion&ContextEntries.member.1.ContextKeyType=string&\
                   ContextEntries.member.1.ContextKeyValues.member.1=eu-west-1";
    assert!(simulated.map(|(_, body)| body).all(|body| body.contains(context)));
}

#[test]
fn the_text_shows_each_finding_the_coverage_and_what_cannot_be_decided() {
    let ran = operator(|_, _| None).run(&["exec", "check"]);
    for words in [
        "warning[unlogged-sessions]: cluster `lab` has logging `NONE`, so no session of ECS Exec is logged",
        "--> cluster/lab",
        "error[missing-transcript-destination]: cluster `prod` sends transcripts to bucket `transcripts`",
        "likely: IAM's policy simulator evaluates no policies of resources",
        "warning[read-only-exec-root]: container `app` has ECS Exec and a read-only root file system",
        "7 resources checked: 1 compliant, 12 findings",
        "read: 2 clusters, 2 services, 1 daemon, 3 running tasks; 3 with ECS Exec",
        "not decidable from configuration: whether the image contains `script`",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    assert!(!format!("{ran:?}").contains("CANARY"), "no environment value is shown");
}

#[test]
fn a_denied_read_is_named_once_and_leaves_its_rules_unchecked() {
    for (call, permission, rule) in [
        ("ListServices", "ecs:ListServices", "read-only-exec-root"),
        ("DescribeServices", "ecs:DescribeServices", "forbidden-exec"),
        ("ListDaemons", "ecs:ListDaemons", "missing-exec-role"),
        ("DescribeTasks", "ecs:DescribeTasks", "unavailable-exec-agent"),
        ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition", "missing-init-process"),
        ("DescribeContainerInstances", "ecs:DescribeContainerInstances", "outdated-exec-platform"),
        ("DescribeLogGroups", "logs:DescribeLogGroups", "unfit-transcript-retention"),
        ("DescribeKey", "kms:DescribeKey", "unusable-session-key"),
        ("/transcripts?encryption=", "s3:GetEncryptionConfiguration", "missing-transcript-destination"),
        ("SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy", "insufficient-exec-rights"),
        ("GetRole", "iam:GetRole", "allowed-direct-session"),
    ] {
        let ran = operator(move |operation, body| {
            if body.starts_with(&format!("Action={call}&")) {
                return Some(simulator::denied());
            }
            (operation == call).then(|| match call.starts_with('/') {
                true => Reply::Http(
                    403,
                    "content-type: application/xml\r\n".into(),
                    "<Error><Code>AccessDenied</Code><Message>not for you</Message></Error>".into(),
                ),
                false => Reply::error("AccessDeniedException", "not for you"),
            })
        })
        .run(&["exec", "check", "prod", "--format", "json"]);
        assert_eq!(ran.code, 2, "{call}: {ran:?}");
        assert_eq!(ran.err.matches("error: ").count(), 1, "{call}: {}", ran.err);
        assert!(ran.err.contains(&format!("allow the caller {permission}; until then")), "{call}: {}", ran.err);
        let json = ran.json();
        let mut targets = json["targets"].as_array().unwrap().iter();
        let is_named = |target: &Value| target["not_checked"].as_array().unwrap().iter().any(|name| name == rule);
        assert!(targets.any(is_named), "{call}: {rule}\n{json:#}");
    }
}

#[test]
fn without_the_clusters_there_is_no_verdict() {
    for call in ["ListClusters", "DescribeClusters"] {
        let denied = move |operation: &str, _: &str| {
            (operation == call).then(|| Reply::error("AccessDeniedException", "not for you"))
        };
        let ran = operator(denied).run(&["exec", "check"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(&format!("{call}: AccessDeniedException")), "{ran:?}");
    }
}

#[test]
fn targets_and_patterns_select_clusters_and_services() {
    let operator = operator(|_, _| None);
    let names = |arguments: &[&str]| {
        let ran = operator.run(&[&["exec", "check", "--format", "json"], arguments].concat());
        findings(&ran).into_iter().map(|(target, _)| target).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["lab"]), "cluster/lab");
    assert_eq!(names(&["--cluster", "l*"]), "cluster/lab");
    assert_eq!(names(&["prod/web"]), "cluster/prod service/prod/web ecs:web:1");
    assert_eq!(names(&["--cluster", "prod", "--service", "w*"]), "cluster/prod service/prod/web ecs:web:1");
    assert_eq!(names(&[&format!("{REGION}:cluster/lab")]), "cluster/lab");
}

#[test]
fn a_target_that_does_not_exist_is_an_error() {
    let operator = operator(|_, _| None);
    for (target, why) in [
        ("gone", "there is no cluster `gone`"),
        ("prod/gone", "there is no such service"),
        ("arn:aws:ecs:us-east-1:111122223333:cluster/prod", "which this run does not call"),
        ("arn:aws:ecs:eu-west-1:444455556666:cluster/prod", "which this run does not call"),
    ] {
        let ran = operator.run(&["exec", "check", target]);
        assert!(ran.code == 2 && ran.err.contains(why), "{target}: {ran:?}");
    }
    assert_eq!(operator.run(&["exec", "check", "a b"]).code, 64);
    for principal in ["dev", "arn:aws:sts::111122223333:assumed-role/dev/me"] {
        assert_eq!(operator.run(&["exec", "check", "--principal", principal]).code, 64, "{principal}");
    }
}

#[test]
fn rules_and_exemptions_choose_what_counts() {
    let operator = operator(|_, _| None);
    let only = operator.run(&["exec", "check", "--select", "unlogged-sessions", "--format", "json"]);
    let all = expected(&[("cluster/lab", &["unlogged-sessions"])]);
    assert_eq!(findings(&only).into_iter().filter(|(_, rules)| !rules.is_empty()).collect::<Vec<_>>(), all);
    let asked = operator.aws.calls().into_iter().filter(|(_, body)| body.starts_with("Action=Simulate")).count();
    assert_eq!(asked, 0, "the simulator is not asked for rules that are off");
    let exempt = "version = 1\n[[exempt]]\nmatch = { cluster = \"lab\" }\nrules = [\"unlogged-sessions\"]\n\
                  until = 2199-01-31\nowner = \"team-x\"\nreason = \"a laboratory\"\n";
    let baseline = operator.file("exempt.toml", exempt);
    let ran = operator.run(&["exec", "check", "lab", "--baseline", &baseline]);
    assert!(ran.code == 0 && ran.out.contains("exempt until 2199-01-31 by team-x: a laboratory"), "{ran:?}");
    let of_check = operator.run(&["check", "ecs:web", "--select", "unlogged-sessions"]);
    assert!(of_check.code == 64 && of_check.err.contains("use `logweir exec check`"), "{of_check:?}");
    let of_exec = operator.run(&["exec", "check", "--select", "blocking-delivery"]);
    assert!(of_exec.code == 64 && of_exec.err.contains("is no rule of the pack exec"), "{of_exec:?}");
}

#[test]
fn the_formats_of_check_name_the_resources() {
    let operator = operator(|_, _| None);
    let sarif = operator.run(&["exec", "check", "lab", "--format", "sarif"]).json();
    let location = &sarif["runs"][0]["results"][0]["locations"][0];
    assert_eq!(
        location["physicalLocation"]["artifactLocation"]["uri"],
        ".logweir/aws/111122223333/eu-west-1/cluster/lab.json"
    );
    let asff = operator.run(&["exec", "check", "prod", "--format", "asff"]);
    for kind in ["AwsEcsCluster", "AwsEcsService", "AwsEcsTask\"", "AwsEcsTaskDefinition"] {
        assert!(asff.out.contains(kind), "{kind}");
    }
    let report = operator.file("old.json", &operator.run(&["exec", "check", "--format", "json"]).out);
    let known = operator.run(&["exec", "check", "--new-since", &report]);
    assert!(known.code == 0 && known.out.contains("12 known and not shown, 0 new"), "{known:?}");
}

#[test]
fn principals_and_an_empty_account() {
    let named = "arn:aws:iam::111122223333:role/ops/dev";
    let operator = operator(|_, _| None);
    let ran = operator.run(&["exec", "check", "prod", "--principal", named, "--format", "json"]);
    assert!(ran.out.contains("`arn:aws:iam::111122223333:role/ops/dev` may open sessions"), "{ran:?}");
    assert!(!operator.aws.calls().iter().any(|(_, body)| body.starts_with("Action=GetRole")));
    let empty = operator_without_clusters().run(&["exec", "check"]);
    assert!(empty.code == 0 && empty.err.contains("no cluster in eu-west-1 matches"), "{empty:?}");
}

fn operator_without_clusters() -> Operator {
    operator(|operation, _| (operation == "ListClusters").then(|| Reply::ok(&json!({"clusterArns": []}))))
}

#[test]
fn a_throttled_read_is_repeated() {
    let refused = std::sync::atomic::AtomicU32::new(0);
    let operator = operator(move |operation, _| {
        let is_busy = operation == "ListTasks" && refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 1;
        is_busy.then(|| Reply::error("ThrottlingException", "Rate exceeded"))
    });
    let ran = operator.run(&["exec", "check", "--ignore", "allowed-direct-session"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
}
