//! What `event::read` extracts from events about services and about other consumers of a revision.
//!
//! Each file `tests/core/events/*.json` contains one kind of event, with made-up accounts and names. Their shapes are
//! from:
//! - UpdateService: a published record of 2026
//!   (github.com/iangreen74/iangreen74-nexus-platform, tests/fixtures/echo/cloudtrail_update_service.json).
//!   The responses of CreateService, RunTask and StartTask have the shapes of the ECS API reference, with times in
//!   CloudTrail's form.
//! - omitted bodies, hidden environments: CloudTrail user guide, CloudTrail record contents.
//! - ECS Deployment State Change: ECS developer guide, Amazon ECS service deployment state change events; events
//!   contain `clusterArn` since 2026.
//! - PutTargets: EventBridge API reference, in CloudTrail's spelling, which begins members with a small letter.
//! - managed daemons: ECS API reference, RegisterDaemonTaskDefinition, CreateDaemon, UpdateDaemon.

mod guards;
mod hostile;
mod members;
mod sample;
mod sessions;

use logweir::domain::ecs::service::RolloutState;
use logweir::domain::event::{Cause, ServiceChange, Trigger, Unreadable, read};
use sample::{ARN, answer, changed, home, said, sample};
use serde_json::{Value, json};

// Services.

#[test]
fn a_created_service_runs_the_revision_of_the_response_and_not_the_family_of_the_request() {
    let event = sample("create-service");
    assert_eq!(event["detail"]["requestParameters"]["taskDefinition"], "web");
    assert_eq!(answer(&event), "prod/web runs web:41");
}

#[test]
fn an_update_of_a_service_names_the_revision_and_the_caller() {
    let Trigger::Service { service, change, cause } = read(&sample("update-service"), &home()).unwrap() else {
        panic!("no service")
    };
    assert_eq!(service.to_string(), format!("{ARN}:service/prod/web"));
    assert_eq!(change, ServiceChange::Asked { revision: home().revision("web:41") });
    let expected = Cause {
        event_id: Some("c0ffee00-1d2e-4f3a-8b4c-000000000003".into()),
        time: Some("2026-11-21T12:00:09Z".parse().unwrap()),
        actor: Some("arn:aws:sts::111122223333:assumed-role/Deployer/GitHubActions".into()),
        actor_type: Some("AssumedRole".into()),
        user_agent: cause.user_agent.clone(),
        source_ip: Some("192.0.2.10".into()),
        run: None,
    };
    assert_eq!(cause, expected);
    assert!(cause.user_agent.unwrap().ends_with("ecs-deploy-task-definition-for-github-actions"));
}

#[test]
fn a_service_that_is_only_scaled_is_read_like_any_other() {
    assert_eq!(answer(&sample("update-service-scaled")), "prod/web runs web:41");
}

#[test]
fn without_a_response_only_an_arn_in_the_request_names_the_revision() {
    let asks = |definition: Value| {
        let pointer = "/detail/requestParameters/taskDefinition";
        answer(&changed("update-service-omitted", &[(pointer, definition)]))
    };
    assert_eq!(asks("web".into()), "prod/web runs something");
    assert_eq!(asks("web:41".into()), "prod/web runs something");
    assert_eq!(asks(Value::Null), "prod/web runs something");
    assert_eq!(asks(format!("{ARN}:task-definition/web").into()), "prod/web runs something");
    assert_eq!(asks(format!("{ARN}:task-definition/web:41").into()), "prod/web runs web:41");
}

#[test]
fn without_a_response_the_request_names_the_service_and_the_cluster_by_name_or_arn() {
    let asks = |service: &str, cluster: Value| {
        let pointers = ["/detail/requestParameters/service", "/detail/requestParameters/cluster"];
        answer(&changed("update-service-omitted", &[(pointers[0], service.into()), (pointers[1], cluster)]))
    };
    let cluster = json!(format!("{ARN}:cluster/prod"));
    for (service, cluster, expected) in [
        ("web", json!("prod"), "prod/web"),
        ("web", cluster.clone(), "prod/web"),
        ("web", Value::Null, "default/web"),
        (&format!("{ARN}:service/prod/web"), Value::Null, "prod/web"),
        (&format!("{ARN}:service/web"), cluster, "prod/web"),
        (&format!("{ARN}:service/web"), Value::Null, "default/web"),
    ] {
        assert_eq!(asks(service, cluster), format!("{expected} runs something"));
    }
    let made = json!({"serviceName": "web", "cluster": "prod"});
    let event = changed("update-service-omitted", &[("/detail/requestParameters", made)]);
    assert_eq!(answer(&event), "prod/web runs something");
}

#[test]
fn an_event_that_names_no_service_is_unreadable() {
    let omitted = json!({"reason": "requestParameters too large", "omitted": true});
    let event = changed("update-service-omitted", &[("/detail/requestParameters", omitted)]);
    assert_eq!(read(&event, &home()), Err(Unreadable::NoService));
    let event = changed("deployment-completed", &[("/resources", json!([]))]);
    assert_eq!(read(&event, &home()), Err(Unreadable::NoService));
}

/// Accounts that have not opted in to long ARNs (source: ECS developer guide, Amazon Resource Names and IDs).
#[test]
fn an_arn_of_the_old_form_is_completed_with_the_cluster_of_the_event() {
    let old = json!(format!("{ARN}:service/web"));
    let event = changed("update-service", &[("/detail/responseElements/service/serviceArn", old.clone())]);
    assert_eq!(answer(&event), "prod/web runs web:41");
    let event = changed("deployment-failed", &[("/resources/0", old)]);
    assert_eq!(answer(&event), answer(&sample("deployment-failed")));
}

#[test]
fn a_service_of_an_external_controller_has_no_revision() {
    let external = "/detail/responseElements/service/taskDefinition";
    let event = changed(
        "update-service",
        &[(external, Value::Null), ("/detail/requestParameters/taskDefinition", Value::Null)],
    );
    assert_eq!(answer(&event), "prod/web runs something");
}

#[test]
fn a_call_through_an_aws_deployment_tool_counts_as_the_callers() {
    for tool in ["cloudformation", "codedeploy", "codepipeline", "signin"] {
        let tool = json!(format!("{tool}.amazonaws.com"));
        let event = changed("update-service", &[("/detail/userIdentity/invokedBy", tool.clone())]);
        assert_eq!(answer(&event), "prod/web runs web:41");
        let alone = json!({"type": "AWSService", "invokedBy": tool});
        let event = changed("update-service", &[("/detail/userIdentity", alone)]);
        assert_eq!(answer(&event), "prod/web runs web:41");
    }
}

// Deployments.

#[test]
fn a_deployment_event_gives_the_id_the_state_and_the_reason() {
    let cases = [
        ("in-progress", RolloutState::InProgress, "2", "ECS deployment ecs-svc/8262522039826280002 in progress."),
        ("completed", RolloutState::Completed, "2", "ECS deployment ecs-svc/8262522039826280002 completed."),
        ("failed", RolloutState::Failed, "2", "ECS deployment circuit breaker: task failed to start."),
        (
            "rolling-back",
            RolloutState::InProgress,
            "1",
            "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/8262522039826280001.",
        ),
    ];
    for (name, state, last, reason) in cases {
        let Trigger::Service { service, change, .. } = read(&sample(&format!("deployment-{name}")), &home()).unwrap()
        else {
            panic!("no service")
        };
        let id = format!("ecs-svc/826252203982628000{last}");
        assert_eq!(service.short(), "prod/web");
        assert_eq!(change, ServiceChange::Deployment { id, state, reason: Some(reason.into()) });
    }
}

#[test]
fn the_event_says_whether_a_cluster_was_created_or_changed() {
    assert_eq!(answer(&sample("create-cluster")), "created: cluster/prod");
    assert_eq!(answer(&sample("update-cluster")), "changed: cluster/prod");
    let unnamed = [("/detail/responseElements", Value::Null), ("/detail/requestParameters", json!({}))];
    assert_eq!(answer(&changed("create-cluster", &unnamed)), "created: cluster/default");
    assert_eq!(answer(&changed("update-cluster", &unnamed)), "unreadable: NoCluster");
}

#[test]
fn a_deployment_event_gives_its_id_and_time_and_no_actor() {
    let cause = |event: &Value| match read(event, &home()).unwrap() {
        Trigger::Service { cause, .. } | Trigger::Ignore { cause, .. } => cause,
        other => panic!("{other:?}"),
    };
    let of = |time: &str| Cause {
        event_id: Some("ddca6449-b258-46c0-8653-000000000007".into()),
        time: Some(time.parse().unwrap()),
        ..Cause::default()
    };
    assert_eq!(cause(&sample("deployment-completed")), of("2026-11-21T12:03:42.417Z"));
    for none in [Value::Null, json!(7), json!("today")] {
        let event = changed("deployment-completed", &[("/detail/updatedAt", none)]);
        assert_eq!(cause(&event), of("2026-11-21T12:03:42Z"));
    }
    let event = changed("deployment-completed", &[("/detail/eventName", json!("SERVICE_DEPLOYMENT_PAUSED"))]);
    assert_eq!((answer(&event), cause(&event)), ("ignored: OtherEvent".into(), of("2026-11-21T12:03:42.417Z")));
}

#[test]
fn a_deployment_event_without_an_id_makes_logweir_read_the_service() {
    for none in [Value::Null, json!(""), json!(7)] {
        assert_eq!(answer(&changed("deployment-failed", &[("/detail/deploymentId", none)])), "look at prod/web");
    }
}

#[test]
fn additional_members_of_an_ecs_event_are_ignored() {
    let mut event = sample("deployment-completed");
    event["resources"] = json!([format!("{ARN}:service-deployment/prod/web/x"), format!("{ARN}:service/prod/web")]);
    event["detail"]["lifecycleStage"] = json!({"name": "BAKE_TIME"});
    assert_eq!(answer(&event), answer(&sample("deployment-completed")));
}

// Other consumers.

#[test]
fn a_task_started_by_revision_is_reported_with_its_caller() {
    let role = "arn:aws:sts::111122223333:assumed-role";
    assert_eq!(answer(&sample("run-task")), format!("used: RunTask by {role}/ecsEventsRole/0a1b2c3d4e5f: web:41"));
    assert_eq!(answer(&sample("start-task")), format!("used: StartTask by {role}/Operator/jo@example.com: web:41"));
    assert_eq!(answer(&changed("run-task", &[("/detail/userIdentity", Value::Null)])), "used: RunTask: web:41");
}

#[test]
fn a_task_started_by_family_is_ignored() {
    for family in [json!("web"), json!(format!("{ARN}:task-definition/web")), Value::Null, json!(["web:41"])] {
        let event = changed("run-task", &[("/detail/requestParameters/taskDefinition", family)]);
        assert_eq!(answer(&event), "ignored: OtherEvent");
    }
}

#[test]
fn a_task_without_a_started_revision_in_the_response_is_read_from_the_request() {
    let omitted = json!({"reason": "responseElements too large", "omitted": "true"});
    for response in [json!({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}), omitted, Value::Null] {
        let event = changed("start-task", &[("/detail/responseElements", response)]);
        assert!(answer(&event).ends_with(": web:41"), "{}", answer(&event));
    }
}

#[test]
fn every_target_of_a_rule_that_names_a_revision_is_reported() {
    let report = "EventBridge rule nightly-report, target report: web:41";
    let cleanup = "EventBridge rule nightly-report, target cleanup: shop-cleanup:7";
    assert_eq!(answer(&sample("put-targets")), format!("used: {report}; {cleanup}"));

    let failed = json!({"failedEntryCount": 1, "failedEntries": [{"targetId": "report", "errorCode": "X"}]});
    let event = changed("put-targets", &[("/detail/responseElements", failed)]);
    assert_eq!(answer(&event), format!("used: {cleanup}"), "one was refused");

    let short = |n: usize| json!({"id": n.to_string(), "ecsParameters": {"taskDefinitionArn": format!("web:{n}")}});
    let many: Vec<Value> = (1..=9).map(short).collect();
    let event = changed("put-targets", &[("/detail/requestParameters/targets", many.into())]);
    assert!(answer(&event).ends_with("target 5: web:5"), "a rule has no more than five: {}", answer(&event));
}

#[test]
fn a_rule_whose_targets_name_no_revision_is_ignored() {
    let family = json!([{"id": "a", "ecsParameters": {"taskDefinitionArn": format!("{ARN}:task-definition/web")}}]);
    let queue = json!([{"id": "a", "arn": "arn:aws:sqs:eu-west-1:111122223333:queue"}]);
    let set = |targets| answer(&changed("put-targets", &[("/detail/requestParameters/targets", targets)]));
    for targets in [family, queue] {
        assert_eq!(
            set(targets),
            "EventBridge rule nightly-report: sets a",
            "a target may have pinned a revision before"
        );
    }
    for targets in [json!([]), json!("HIDDEN_DUE_TO_SECURITY_REASONS"), json!([1, null])] {
        assert_eq!(set(targets), "ignored: OtherEvent");
    }
}

#[test]
fn a_rule_may_lose_targets_or_be_deleted() {
    assert_eq!(answer(&sample("remove-targets")), "EventBridge rule nightly-report: removes report, cleanup");
    let refused = json!({"failedEntryCount": 1, "failedEntries": [{"targetId": "report", "errorCode": "X"}]});
    let event = changed("remove-targets", &[("/detail/responseElements", refused)]);
    assert_eq!(answer(&event), "EventBridge rule nightly-report: removes cleanup");
    assert_eq!(answer(&sample("delete-rule")), "EventBridge rule nightly-report: deleted");
    let bus = json!("arn:aws:events:eu-west-1:111122223333:event-bus/orders");
    for bus in [bus, json!("orders")] {
        let event = changed("delete-rule", &[("/detail/requestParameters/eventBusName", bus)]);
        assert_eq!(answer(&event), "EventBridge rule nightly-report on bus orders: deleted");
    }
}

#[test]
fn a_schedule_that_names_a_revision_is_reported() {
    let used = "used: EventBridge Scheduler schedule reports/nightly: web:41";
    assert_eq!(answer(&sample("create-schedule")), used);
    let name = |name: &str| ("/detail/eventName", json!(name));
    assert_eq!(answer(&changed("create-schedule", &[name("UpdateSchedule")])), used);
    let family = json!({"taskDefinitionArn": format!("{ARN}:task-definition/web")});
    let event = changed("create-schedule", &[("/detail/requestParameters/target/ecsParameters", family)]);
    assert_eq!(answer(&event), "EventBridge Scheduler schedule reports/nightly: sets target");
    let capital = json!({
        "Name": "nightly", "GroupName": "reports",
        "Target": {"Arn": "x", "EcsParameters": {"TaskDefinitionArn": format!("{ARN}:task-definition/web:41")}}
    });
    assert_eq!(answer(&changed("create-schedule", &[("/detail/requestParameters", capital)])), used);
    assert_eq!(answer(&sample("delete-schedule")), "EventBridge Scheduler schedule reports/nightly: deleted");
}

#[test]
fn a_task_set_uses_the_revision_of_the_response() {
    assert_eq!(answer(&sample("create-task-set")), "used: task set of service web: web:41");
}

#[test]
fn a_withdrawal_names_each_revision_once() {
    assert_eq!(answer(&sample("deregister-task-definition")), "deregistered: web:41");
    assert_eq!(answer(&sample("delete-task-definitions")), "deleted: web:41, web:40");
    let many: Vec<Value> = (1..=30).map(|number| json!(format!("web:{number}"))).collect();
    let event = changed("delete-task-definitions", &[("/detail/requestParameters/taskDefinitions", many.into())]);
    assert_eq!(answer(&event).matches("web:").count(), 10, "ECS deletes at most ten in one call");
}

#[test]
fn a_managed_daemon_is_reported_without_a_revision() {
    for (name, expected) in [
        ("register-daemon-task-definition", "managed daemon definition monitoring:2"),
        ("create-daemon", "managed daemon prod/monitoring"),
        ("update-daemon", "managed daemon prod/monitoring"),
    ] {
        assert_eq!(answer(&sample(name)), format!("used: {expected}: none"));
    }
    let left_out = |name| answer(&changed(name, &[("/detail/responseElements", Value::Null)]));
    assert_eq!(left_out("register-daemon-task-definition"), "used: managed daemon definition monitoring: none");
    assert_eq!(left_out("create-daemon"), "used: managed daemon monitoring: none");
    assert_eq!(left_out("update-daemon"), "used: managed daemon prod/monitoring: none");
}

// All.

#[test]
fn a_record_is_read_without_its_envelope_too() {
    for (name, event) in sample::all() {
        let record = event["detail"].clone();
        match name.starts_with("deployment") {
            // An event of ECS itself is unreadable without its envelope.
            true => assert_eq!(read(&record, &home()), Err(Unreadable::NotAnEvent("source")), "{name}"),
            false => assert_eq!(said(&read(&record, &home())), answer(&event), "{name}"),
        }
    }
}

#[test]
fn an_envelope_of_another_source_is_ignored() {
    for (name, event) in sample::all() {
        for source in ["aws.ecs", "aws.events", "aws.scheduler", "someone"] {
            let changed = sample::with(&event, "/source", source.into());
            let expected = if event["source"] == source { answer(&event) } else { "ignored: OtherEvent".into() };
            assert_eq!(answer(&changed), expected, "{name} from {source}");
        }
    }
}
