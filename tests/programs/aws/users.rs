//! The users of a revision. If some of them cannot be read, the result is an error, never an empty list.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{Place, User};
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Services};
use serde_json::{Value, json};

use super::line::{Back, Seen, aws, replay};
use super::lossless::ARN;

const CALLS: [&str; 5] = ["ListClusters", "ListServices", "DescribeServices", "ListTasks", "DescribeTasks"];

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:{kind}/{name}")
}

fn other() -> String {
    arn("task-definition", "web:4")
}

/// One cluster with these services and tasks, as they are described.
fn prod(services: &'static [fn() -> Value], tasks: &'static [fn() -> Value]) -> impl FnMut(&Seen) -> Back {
    let list = |kind, of: &[fn() -> Value]| -> Vec<String> {
        (0..of.len()).map(|number| arn(kind, &format!("prod/{number}"))).collect()
    };
    let all = |of: &[fn() -> Value]| of.iter().map(|make| make()).collect::<Vec<Value>>();
    move |seen| {
        Back::ok(match seen.name() {
            "ListClusters" => json!({"clusterArns": [arn("cluster", "prod")]}),
            "ListServices" => json!({"serviceArns": list("service", services)}),
            "DescribeServices" => json!({"services": all(services), "failures": []}),
            "ListTasks" => json!({"taskArns": list("task", tasks)}),
            "DescribeTasks" => json!({"tasks": all(tasks), "failures": []}),
            name => panic!("{name}"),
        })
    }
}

async fn users(answering: impl FnMut(&Seen) -> Back + Send + 'static) -> Vec<String> {
    shown(aws(answering).0.ecs.users(&ARN.parse().unwrap()).await.unwrap())
}

/// Each place, followed by `draining` if all its tasks are draining.
fn shown(users: Vec<User>) -> Vec<String> {
    users.iter().map(|user| format!("{}{}", user.place, if user.draining { " draining" } else { "" })).collect()
}

#[tokio::test]
async fn an_account_without_clusters_costs_one_call() {
    let (aws, line) = replay([Back::ok(json!({"clusterArns": []}))]);
    assert_eq!(aws.ecs.users(&ARN.parse().unwrap()).await, Ok(Vec::new()));
    assert_eq!(line.seen()[0].json(), json!({"maxResults": 100}));
}

#[tokio::test]
async fn a_service_uses_the_revisions_that_it_names_deploys_or_has_in_a_task_set() {
    let found = users(prod(
        &[
            || json!({"serviceName": "named", "status": "ACTIVE", "taskDefinition": ARN}),
            || {
                json!({"serviceName": "deploying", "taskDefinition": other(), "status": "ACTIVE",
                       "deployments": [{"taskDefinition": other()}, {"taskDefinition": ARN, "status": "PRIMARY"}]})
            },
            || json!({"serviceName": "external", "status": "ACTIVE", "taskSets": [{"taskDefinition": ARN}]}),
            || json!({"serviceName": "draining", "status": "DRAINING", "taskDefinition": ARN}),
            || json!({"serviceName": "gone", "status": "INACTIVE", "taskDefinition": ARN}),
            || {
                json!({"serviceName": "other", "status": "ACTIVE", "taskDefinition": other(),
                       "deployments": [{"taskDefinition": other()}], "taskSets": [{"taskDefinition": other()}]})
            },
        ],
        &[],
    ))
    .await;
    let places =
        ["service prod/deploying", "service prod/draining draining", "service prod/external", "service prod/named"];
    assert_eq!(found, places);
}

#[tokio::test]
async fn a_service_updated_to_another_revision_is_draining_while_an_older_deployment_has_the_revision() {
    let found = users(prod(
        &[
            || service("away", &other(), &[("ACTIVE", ARN), ("PRIMARY", &other())]),
            || service("about-to-go", &other(), &[("PRIMARY", ARN)]),
            || service("deploying", ARN, &[("PRIMARY", ARN), ("ACTIVE", &other())]),
            // The service was updated to another revision and back, so it uses the revision.
            || service("returned", ARN, &[("PRIMARY", ARN), ("ACTIVE", &other()), ("ACTIVE", ARN)]),
            || {
                let mut external = service("task-set", &other(), &[]);
                external["taskSets"] = json!([{"taskDefinition": ARN, "status": "DRAINING"}]);
                external
            },
        ],
        &[
            || task("of-away", "RUNNING", ARN, Some("service:away")),
            || task("alone", "RUNNING", ARN, Some("family:web")),
        ],
    ))
    .await;
    let names = ["about-to-go", "away draining", "deploying", "returned", "task-set"];
    let services = names.map(|name| format!("service prod/{name}"));
    assert_eq!(found, services.into_iter().chain(["task prod/alone".into()]).collect::<Vec<_>>());
}

fn service(name: &str, revision: &str, deployments: &[(&str, &str)]) -> Value {
    let deployments: Vec<Value> =
        deployments.iter().map(|(status, used)| json!({"status": status, "taskDefinition": used})).collect();
    json!({"serviceName": name, "status": "ACTIVE", "taskDefinition": revision, "deployments": deployments})
}

#[tokio::test]
async fn a_user_is_named_by_the_whole_arn_of_the_service() {
    let (aws, _) = aws(prod(&[|| json!({"serviceName": "web", "status": "ACTIVE", "taskDefinition": ARN})], &[]));
    let found = aws.ecs.users(&ARN.parse().unwrap()).await.unwrap();
    let place = Place::Service(arn("service", "prod/web").parse().unwrap());
    assert_eq!(found, [User { place, draining: false }]);
}

#[tokio::test]
async fn a_user_without_a_name_is_an_error() {
    let (aws, _) = aws(prod(&[|| json!({"status": "ACTIVE", "taskDefinition": ARN})], &[]));
    let error = aws.ecs.users(&ARN.parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)), "{error}");
}

#[tokio::test]
async fn a_cluster_that_was_deleted_since_it_was_listed_runs_nothing() {
    for gone in ["ListServices", "DescribeServices", "ListTasks", "DescribeTasks"] {
        let (aws, _) = aws(move |seen| match seen.json()["cluster"].as_str() {
            Some(cluster) if cluster.ends_with("/prod") && seen.name() == gone => {
                Back::error("ClusterNotFoundException", "Cluster not found.")
            }
            _ => large(seen),
        });
        let found = shown(aws.ecs.users(&ARN.parse().unwrap()).await.unwrap());
        assert_eq!(found, ["service test/010", "task test/100"], "{gone}");
    }
}

#[tokio::test]
async fn a_task_is_named_unless_it_has_stopped_or_its_service_is_named() {
    let found = users(prod(
        &[|| json!({"serviceName": "web", "status": "ACTIVE", "taskDefinition": ARN})],
        &[
            || task("of-web", "RUNNING", ARN, Some("service:web")),
            || task("alone", "RUNNING", ARN, Some("family:web")),
            || task("groupless", "PENDING", ARN, None),
            || task("of-another", "DEPROVISIONING", ARN, Some("service:we")),
            || task("stopped", "STOPPED", ARN, Some("family:web")),
            || task("other", "RUNNING", &other(), Some("family:web")),
        ],
    ))
    .await;
    assert_eq!(found, ["service prod/web", "task prod/alone", "task prod/groupless", "task prod/of-another"]);
}

fn task(id: &str, status: &str, revision: &str, group: Option<&str>) -> Value {
    json!({"taskArn": arn("task", &format!("prod/{id}")), "lastStatus": status, "taskDefinitionArn": revision, "group": group})
}

/// Two clusters on a page each. Each has eleven services and 101 tasks, on two pages, and the last of both is a user.
fn large(seen: &Seen) -> Back {
    let asked = seen.json();
    let cluster = asked["cluster"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned();
    let is_second = asked["nextToken"] == "more";
    let token = if is_second { Value::Null } else { json!("more") };
    let page = |kind: &str, most: usize| -> Vec<String> {
        let numbers = if is_second { most..most + 1 } else { 0..most };
        numbers.map(|number| arn(kind, &format!("{cluster}/{number:03}"))).collect()
    };
    let described = |name: &str, last: &str, make: fn(&str, &str) -> Value| -> Vec<Value> {
        let arns = asked[name].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap());
        arns.map(|arn| make(arn, if arn.ends_with(last) { ARN } else { "another" })).collect()
    };
    Back::ok(match seen.name() {
        "ListClusters" => {
            json!({"clusterArns": [arn("cluster", if is_second { "test" } else { "prod" })], "nextToken": token})
        }
        "ListServices" => json!({"serviceArns": page("service", 10), "nextToken": token}),
        "DescribeServices" => json!({"services": described("services", "/010", |arn, revision| {
            json!({"serviceName": arn.rsplit('/').next(), "status": "ACTIVE", "taskDefinition": revision})
        })}),
        "ListTasks" => json!({"taskArns": page("task", 100), "nextToken": token}),
        _ => json!({"tasks": described("tasks", "/100", |arn, revision| {
            json!({"taskArn": arn, "lastStatus": "RUNNING", "taskDefinitionArn": revision})
        })}),
    })
}

#[tokio::test]
async fn every_page_of_every_cluster_is_read() {
    let (aws, line) = aws(large);
    let found = shown(aws.ecs.users(&ARN.parse().unwrap()).await.unwrap());
    assert_eq!(found, ["service prod/010", "service test/010", "task prod/100", "task test/100"]);
    let count = |name: &str| line.names().iter().filter(|other| *other == name).count();
    assert_eq!(CALLS.map(count), [2, 4, 4, 4, 4]);
    for seen in line.seen() {
        let asked = seen.json();
        let length = |name: &str| asked[name].as_array().unwrap().len();
        match seen.name() {
            "DescribeServices" => assert!(length("services") <= 10),
            "DescribeTasks" => assert!(length("tasks") <= 100),
            "ListTasks" => assert_eq!((&asked["family"], &asked["maxResults"]), (&json!("web"), &json!(100))),
            _ => assert_eq!(asked["maxResults"], 100),
        }
    }
}

#[tokio::test]
async fn one_search_serves_several_revisions_of_a_family() {
    let (aws, line) = aws(large);
    let revision: RevisionArn = ARN.parse().unwrap();
    let unused = RevisionArn { revision: revision.revision + 1000, ..revision.clone() };
    let found = aws.ecs.users_of(&[unused.clone(), revision.clone()]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&revision], "a revision without a user is left out");
    assert_eq!(found[&revision].len(), 4);
    let count = |name: &str| line.names().iter().filter(|other| *other == name).count();
    assert_eq!(CALLS.map(count), [2, 4, 4, 4, 4], "as many calls as for one revision");
}

#[tokio::test]
async fn an_error_of_any_call_is_an_error() {
    let total = aws_calls().await;
    for broken in 0..total {
        let mut number = 0;
        let (aws, line) = aws(move |seen| {
            number += 1;
            if number > broken { Back::error("AccessDeniedException", "not yours") } else { large(seen) }
        });
        let error = aws.ecs.users(&ARN.parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::AccessDenied)), "call {broken}");
        assert_eq!(line.names().last().unwrap(), error.call);
        assert_eq!(line.seen().len(), broken + 1);
    }
}

async fn aws_calls() -> usize {
    let (aws, line) = aws(large);
    aws.ecs.users(&ARN.parse().unwrap()).await.unwrap();
    line.seen().len()
}

#[tokio::test]
async fn a_place_that_was_deleted_is_no_user_and_one_that_cannot_be_described_is_an_error() {
    for broken in ["DescribeServices", "DescribeTasks"] {
        for (reason, fails) in [(json!("MISSING"), false), (json!("ACCESS_DENIED"), true), (Value::Null, true)] {
            let mut prod = prod(&[|| json!({"status": "INACTIVE"})], &[|| task("stopped", "STOPPED", ARN, None)]);
            let (aws, _) = aws(move |seen| match seen.name() == broken {
                true => Back::ok(json!({"failures": [{"arn": arn("service", "prod/0"), "reason": reason}]})),
                false => prod(seen),
            });
            match aws.ecs.users(&ARN.parse().unwrap()).await {
                Ok(found) => assert!(!fails && found.is_empty(), "{broken} {found:?}"),
                Err(error) => {
                    assert!(fails && error.call == broken, "{error}");
                    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)));
                }
            }
        }
    }
}
