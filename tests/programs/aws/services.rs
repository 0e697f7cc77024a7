//! The calls to ECS about one service, and how the answers are read.

use logweir::domain::ecs::image::RunningImage;
use logweir::domain::ecs::service::{
    Controller, Deployment, DeploymentProgress, RolloutState, Service, ServiceArn, Stage, Status,
};
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Services};
use serde_json::{Value, json};

use super::line::{Back, aws, replay};
use super::lossless::ARN;

const CORRECTED: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:42";
pub(crate) const DEPLOYMENT: &str =
    "arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod/web/ABCDEFGHIJKLMNOPQRSTU";

pub(crate) fn web() -> ServiceArn {
    "arn:aws:ecs:eu-west-1:111122223333:service/prod/web".parse().unwrap()
}

fn revision_arn(id: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:service-revision/prod/web/{id}")
}

/// A service during the deployment of another revision as ECS describes it, without irrelevant members.
pub(crate) fn described() -> Value {
    json!({
        "serviceArn": web().to_string(), "serviceName": "web", "status": "ACTIVE", "desiredCount": 2,
        "taskDefinition": CORRECTED, "deploymentController": {"type": "ECS"}, "resourceManagementType": "CUSTOMER",
        "deploymentConfiguration": {"strategy": "ROLLING", "deploymentCircuitBreaker": {"enable": true, "rollback": true}},
        "deployments": [
            {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": CORRECTED, "desiredCount": 2, "pendingCount": 1,
             "runningCount": 0, "failedTasks": 3, "createdAt": 1763600000.123, "updatedAt": 1763600060.5, "rolloutState": "IN_PROGRESS",
             "rolloutStateReason": "ECS deployment ecs-svc/2 in progress.",
             "serviceConnectConfiguration": {"enabled": true, "logConfiguration": {"logDriver": "awslogs"}}},
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": ARN, "desiredCount": 2, "pendingCount": 0,
             "runningCount": 2, "createdAt": 1763500000, "rolloutState": "COMPLETED"},
        ],
        "currentServiceDeployment": DEPLOYMENT,
        "currentServiceRevisions": [{"arn": revision_arn("2"), "requestedTaskCount": 2}, {"arn": revision_arn("1")}],
        "tags": [{"key": "logweir", "value": "follow"}, {"key": "empty"}],
    })
}

fn deployment(id: &str, primary: bool, revision: &str, counts: [i32; 3]) -> Deployment {
    let [desired, pending, running] = counts;
    Deployment {
        id: id.into(),
        primary,
        revision: revision.parse().unwrap(),
        created: None,
        updated: None,
        state: None,
        reason: None,
        desired,
        pending,
        running,
    }
}

/// Reads [`described`] with this change.
async fn read(change: impl FnOnce(&mut Value)) -> Service {
    let mut service = described();
    change(&mut service);
    let (aws, _) = replay([Back::ok(json!({"services": [service], "failures": []}))]);
    aws.ecs.service(&web()).await.unwrap()
}

#[tokio::test]
async fn a_service_is_described_with_its_tags_in_one_call() {
    let (aws, line) = replay([Back::ok(json!({"services": [described()], "failures": []}))]);
    let service = aws.ecs.service(&web()).await.unwrap();
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
    assert_eq!(line.seen()[0].json(), json!({"cluster": cluster, "services": ["web"], "include": ["TAGS"]}));
    let newest = Deployment {
        created: Some("2025-11-20T00:53:20.123Z".parse().unwrap()),
        updated: Some("2025-11-20T00:54:20.500Z".parse().unwrap()),
        state: Some(RolloutState::InProgress),
        reason: Some("ECS deployment ecs-svc/2 in progress.".into()),
        ..deployment("ecs-svc/2", true, CORRECTED, [2, 1, 0])
    };
    let before = Deployment {
        created: Some("2025-11-18T21:06:40Z".parse().unwrap()),
        state: Some(RolloutState::Completed),
        ..deployment("ecs-svc/1", false, ARN, [2, 0, 2])
    };
    let expected = Service {
        arn: web(),
        status: Status::Active,
        controller: Controller::Ecs,
        managed: false,
        revision: CORRECTED.parse().unwrap(),
        deployments: vec![newest, before],
        rolls_back: true,
        pauses: false,
        tags: vec![("logweir".into(), "follow".into()), ("empty".into(), String::new())],
        service_deployment: Some(DEPLOYMENT.into()),
        service_revisions: vec![revision_arn("2"), revision_arn("1")],
        service_connect_logs: true,
    };
    assert_eq!(service, expected);
}

#[tokio::test]
async fn an_omitted_member_has_its_default() {
    let (aws, _) = replay([Back::ok(json!({"services": [{"status": "ACTIVE", "taskDefinition": ARN}]}))]);
    let service = aws.ecs.service(&web()).await.unwrap();
    assert_eq!((service.controller, service.managed, service.rolls_back), (Controller::Ecs, false, false));
    assert_eq!((service.deployments, service.tags, service.service_revisions), (vec![], vec![], vec![]));
    assert_eq!((service.service_deployment, service.service_connect_logs), (None, false));
}

#[tokio::test]
async fn a_draining_or_deleted_service_is_described_as_such() {
    for (text, status) in [("ACTIVE", Status::Active), ("DRAINING", Status::Draining), ("INACTIVE", Status::Inactive)] {
        assert_eq!(read(|service| service["status"] = text.into()).await.status, status);
    }
}

#[tokio::test]
async fn an_unknown_controller_is_not_that_of_ecs() {
    for (text, controller) in [
        ("ECS", Controller::Ecs),
        ("CODE_DEPLOY", Controller::CodeDeploy),
        ("EXTERNAL", Controller::External),
        ("TOMORROW", Controller::Other),
    ] {
        assert_eq!(read(|service| service["deploymentController"]["type"] = text.into()).await.controller, controller);
    }
}

#[tokio::test]
async fn an_express_service_is_managed() {
    for (text, managed) in [("ECS", true), ("CUSTOMER", false), ("TOMORROW", false)] {
        assert_eq!(read(|service| service["resourceManagementType"] = text.into()).await.managed, managed, "{text}");
    }
}

#[tokio::test]
async fn a_circuit_breaker_counts_only_with_rollback() {
    for (enable, rollback) in [(true, true), (true, false), (false, true), (false, false)] {
        let breaker = json!({"enable": enable, "rollback": rollback});
        let change = |service: &mut Value| service["deploymentConfiguration"]["deploymentCircuitBreaker"] = breaker;
        assert_eq!(read(change).await.rolls_back, enable && rollback);
    }
}

#[tokio::test]
async fn a_deployment_has_the_state_that_ecs_gives_it_or_none() {
    for (state, expected) in [
        (json!("IN_PROGRESS"), Some(RolloutState::InProgress)),
        (json!("COMPLETED"), Some(RolloutState::Completed)),
        (json!("FAILED"), Some(RolloutState::Failed)),
        (json!("TOMORROW"), Some(RolloutState::InProgress)),
        (Value::Null, None),
    ] {
        let service = read(|service| service["deployments"][0]["rolloutState"] = state.clone()).await;
        assert_eq!(service.primary().unwrap().state, expected, "{state}");
    }
}

#[tokio::test]
async fn only_the_service_connect_logs_of_the_newest_deployment_count() {
    let connect = "serviceConnectConfiguration";
    let service = read(|service| {
        service["deployments"][1][connect] = service["deployments"][0][connect].take();
    });
    assert!(!service.await.service_connect_logs, "the logs of the previous deployment");
    let service = read(|service| service["deployments"][0][connect] = json!({"enabled": true}));
    assert!(!service.await.service_connect_logs);
}

#[tokio::test]
async fn a_deployment_without_a_task_definition_has_task_sets_and_is_skipped() {
    let service = read(|service| {
        service["deploymentController"]["type"] = "CODE_DEPLOY".into();
        service["deployments"][1]["taskDefinition"] = Value::Null;
    });
    let ids: Vec<String> = service.await.deployments.into_iter().map(|deployment| deployment.id).collect();
    assert_eq!(ids, ["ecs-svc/2"]);
}

#[tokio::test]
async fn an_invalid_service_is_refused() {
    let unreadable = Some(Reason::Unreadable);
    type Change = fn(&mut Value);
    let cases: [(Change, Option<Reason>); 5] = [
        (|service| service["status"] = "TOMORROW".into(), unreadable),
        (|service| service["taskDefinition"] = "web".into(), unreadable),
        (|service| service["taskDefinition"] = Value::Null, unreadable),
        (|service| service["deployments"][1]["taskDefinition"] = "web:1".into(), unreadable),
        (
            |service| {
                service["deploymentController"]["type"] = "EXTERNAL".into();
                service["taskDefinition"] = Value::Null;
            },
            Some(Reason::UnsupportedController),
        ),
    ];
    for (number, (change, reason)) in cases.into_iter().enumerate() {
        let mut service = described();
        change(&mut service);
        let (aws, _) = replay([Back::ok(json!({"services": [service]}))]);
        let error = aws.ecs.service(&web()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (ErrorKind::Refused, reason), "case {number}: {error}");
    }
}

#[tokio::test]
async fn a_failure_in_a_successful_answer_is_an_error() {
    let failure = |reason: Value| json!({"failures": [{"arn": web().to_string(), "reason": reason}]});
    let revisions = Service { service_revisions: vec![revision_arn("1")], ..read(|_| {}).await };
    for (reason, kind, why) in [
        (json!("MISSING"), ErrorKind::Missing, None),
        (json!("ACCESS_DENIED"), ErrorKind::Refused, Some(Reason::Unreadable)),
        (Value::Null, ErrorKind::Refused, Some(Reason::Unreadable)),
    ] {
        let answer = failure(reason.clone());
        let (aws, _) = aws(move |_| Back::ok(answer.clone()));
        let service = aws.ecs.service(&web()).await.unwrap_err();
        let progress = aws.ecs.progress(DEPLOYMENT).await.unwrap_err();
        assert_eq!([(service.kind, service.reason), (progress.kind, progress.reason)], [(kind, why); 2], "{reason}");
        match aws.ecs.running_images(&revisions).await {
            Ok(images) => assert!(images.is_empty() && kind == ErrorKind::Missing, "{reason}"),
            Err(error) => assert_eq!((error.kind, error.reason), (kind, why), "{reason}"),
        }
    }
    let (aws, _) = aws(|_| Back::error("ClusterNotFoundException", "Cluster not found."));
    assert_eq!(aws.ecs.service(&web()).await.unwrap_err().kind, ErrorKind::Missing);
}

#[tokio::test]
async fn a_service_is_updated_to_a_revision_and_nothing_else_is_sent() {
    let (aws, line) = replay([Back::ok(json!({"service": described()}))]);
    let service = aws.ecs.update(&web(), &CORRECTED.parse().unwrap()).await.unwrap();
    assert_eq!(service.primary().unwrap().id, "ecs-svc/2");
    assert_eq!(line.names(), ["UpdateService"]);
    let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
    assert_eq!(line.seen()[0].json(), json!({"cluster": cluster, "service": "web", "taskDefinition": CORRECTED}));
}

#[tokio::test(start_paused = true)]
async fn an_update_is_sent_once_whatever_happens() {
    for back in [
        || Back::Cut,
        || Back::Torn,
        || Back::Silence,
        || Back::error("ThrottlingException", "Rate exceeded"),
        || Back::error("ServerException", "Service Unavailable"),
        || Back::Reply(502, "<html>Bad Gateway</html>".into()),
        // The update was carried out, and its result is unknown.
        || Back::ok(json!({})),
        || Back::ok(json!({"service": {"status": "TOMORROW"}})),
        || Back::ok(json!({"service": {"status": "ACTIVE", "deploymentController": {"type": "EXTERNAL"}}})),
        || Back::Reply(200, r#"{"service":{"stat"#.into()),
    ] {
        let (aws, line) = aws(move |_| back());
        let error = aws.ecs.update(&web(), &CORRECTED.parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind, error.call), (ErrorKind::Retry, "UpdateService"), "{error}");
        assert_eq!((line.seen().len(), aws.calls().count()), (1, 1));
    }
}

#[tokio::test]
async fn a_refused_update_says_why() {
    for (code, message, kind, reason) in [
        ("ServiceNotFoundException", "Service not found.", ErrorKind::Missing, None),
        ("ClusterNotFoundException", "Cluster not found.", ErrorKind::Missing, None),
        ("ServiceNotActiveException", "Service was not ACTIVE.", ErrorKind::Refused, Some(Reason::ServiceInactive)),
        ("UnsupportedFeatureException", "Not here.", ErrorKind::Refused, Some(Reason::UnsupportedController)),
        ("ClientException", "TaskDefinition is inactive", ErrorKind::Refused, None),
        ("ClientException", "TaskDefinition not found.", ErrorKind::Missing, None),
        (
            "InvalidParameterException",
            "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
            ErrorKind::Refused,
            None,
        ),
        (
            "AccessDeniedException",
            "not authorized to perform: ecs:UpdateService",
            ErrorKind::Refused,
            Some(Reason::AccessDenied),
        ),
    ] {
        let (aws, line) = aws(move |_| Back::error(code, message));
        let error = aws.ecs.update(&web(), &CORRECTED.parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}: {message}");
        assert_eq!(error.to_string(), format!("UpdateService: {code}: {message}"));
        assert_eq!(line.seen().len(), 1);
    }
}

#[tokio::test]
async fn the_status_of_a_service_deployment_gives_its_stage() {
    for (status, stage) in [
        ("PENDING", Stage::UnderWay),
        ("IN_PROGRESS", Stage::UnderWay),
        ("TOMORROW", Stage::UnderWay),
        ("STOP_REQUESTED", Stage::RollingBack),
        ("ROLLBACK_REQUESTED", Stage::RollingBack),
        ("ROLLBACK_IN_PROGRESS", Stage::RollingBack),
        ("SUCCESSFUL", Stage::Succeeded),
        ("STOPPED", Stage::Stopped),
        ("ROLLBACK_SUCCESSFUL", Stage::Over),
        ("ROLLBACK_FAILED", Stage::Over),
    ] {
        let found = json!({"serviceDeploymentArn": DEPLOYMENT, "status": status, "statusReason": "because",
            "finishedAt": 1763600000});
        let (aws, line) = replay([Back::ok(json!({"serviceDeployments": [found], "failures": []}))]);
        let progress = aws.ecs.progress(DEPLOYMENT).await;
        assert_eq!(
            progress,
            Ok(DeploymentProgress {
                stage,
                paused: false,
                finished: Some("2025-11-20T00:53:20Z".parse().unwrap()),
                reason: Some("because".into())
            }),
            "{status}"
        );
        assert_eq!(line.seen()[0].json(), json!({"serviceDeploymentArns": [DEPLOYMENT]}));
    }
}

#[tokio::test]
async fn a_service_deployment_is_paused_while_a_hook_awaits_an_action() {
    for (statuses, paused) in [
        (json!([{"status": "SUCCEEDED"}, {"status": "AWAITING_ACTION", "targetType": "PAUSE"}]), true),
        (json!([{"status": "IN_PROGRESS"}, {"status": "TIMED_OUT"}, {}]), false),
        (json!([]), false),
        (Value::Null, false),
    ] {
        let found = json!({"status": "IN_PROGRESS", "lifecycleHookDetails": statuses});
        let (aws, _) = replay([Back::ok(json!({"serviceDeployments": [found]}))]);
        let progress = aws.ecs.progress(DEPLOYMENT).await;
        let expected = DeploymentProgress { stage: Stage::UnderWay, paused, finished: None, reason: None };
        assert_eq!(progress, Ok(expected), "{statuses}");
    }
}

#[tokio::test]
async fn a_service_deployment_that_is_not_described_is_missing() {
    let (aws, _) = replay([
        Back::ok(json!({"serviceDeployments": []})),
        Back::error("ServiceDeploymentNotFoundException", "Service deployment not found."),
    ]);
    assert_eq!(aws.ecs.progress(DEPLOYMENT).await.unwrap_err().kind, ErrorKind::Missing);
    assert_eq!(aws.ecs.stop(DEPLOYMENT).await.unwrap_err().kind, ErrorKind::Missing);
}

#[tokio::test(start_paused = true)]
async fn a_service_deployment_is_stopped_with_a_rollback_and_a_lost_call_is_retried() {
    let (aws, line) = replay([Back::Cut, Back::ok(json!({"serviceDeploymentArn": DEPLOYMENT}))]);
    aws.ecs.stop(DEPLOYMENT).await.unwrap();
    assert_eq!(line.names(), ["StopServiceDeployment"; 2]);
    assert_eq!(line.seen()[1].json(), json!({"serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK"}));
    let (aws, _) = replay([Back::error("ConflictException", "It is being stopped already.")]);
    assert_eq!(aws.ecs.stop(DEPLOYMENT).await.unwrap_err().kind, ErrorKind::Refused);
}

#[tokio::test]
async fn the_running_images_are_those_of_the_newest_service_revision_in_any_order() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let revision = |id: &str, at: u32, images: Value| json!({"serviceRevisionArn": revision_arn(id), "createdAt": at, "containerImages": images});
    let newest = json!([
        {"containerName": "app", "image": "nginx:1", "imageDigest": digest},
        {"containerName": "sidecar", "image": "busybox"},
    ]);
    let old = json!([{"containerName": "app", "image": "nginx:0", "imageDigest": digest}]);
    let (one, two) = (revision("1", 1_763_500_000, old), revision("2", 1_763_600_000, newest));
    let image = |container: &str, image: &str, digest: Option<&String>| RunningImage {
        container: container.into(),
        image: image.into(),
        digest: digest.cloned(),
    };
    let service = read(|_| {}).await;
    for answer in [[&one, &two], [&two, &one]] {
        let (aws, line) = replay([Back::ok(json!({"serviceRevisions": answer, "failures": []}))]);
        let images = aws.ecs.running_images(&service).await;
        assert_eq!(images, Ok(vec![image("app", "nginx:1", Some(&digest)), image("sidecar", "busybox", None)]));
        assert_eq!(line.seen()[0].json(), json!({"serviceRevisionArns": [revision_arn("2"), revision_arn("1")]}));
    }
}

#[tokio::test]
async fn without_a_service_revision_no_image_is_known_and_no_call_is_made() {
    let (aws, line) = replay([]);
    let service = Service { service_revisions: Vec::new(), ..read(|_| {}).await };
    assert_eq!(aws.ecs.running_images(&service).await, Ok(Vec::new()));
    assert!(line.seen().is_empty());
}

#[tokio::test]
async fn service_deployments_list_even_briefly_deployed_revisions() {
    let made = |id: &str| json!({"targetServiceRevisionArn": revision_arn(id), "status": "STOPPED"});
    let revision = |arn: &str| json!({"taskDefinition": arn});
    let (aws, line) = replay([
        Back::ok(json!({"serviceDeployments": [made("2"), made("1")]})),
        Back::ok(json!({"serviceRevisions": [revision(CORRECTED), revision(ARN), {}], "failures": []})),
    ]);
    let since = "2026-11-21T08:00:00Z".parse().unwrap();
    let deployed = aws.ecs.deployed_since(&web(), since).await.unwrap();
    assert_eq!(deployed, [CORRECTED.parse().unwrap(), ARN.parse().unwrap()]);
    let asked = line.seen()[0].json();
    assert_eq!(
        asked,
        json!({"service": "web", "cluster": web().cluster_arn(), "createdAt": {"after": 1_795_248_000}, "maxResults": 20})
    );
    let (aws, _) = replay([Back::ok(json!({"serviceDeployments": []}))]);
    assert_eq!(aws.ecs.deployed_since(&web(), since).await, Ok(Vec::new()));
}
