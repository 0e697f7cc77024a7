//! Sample events in the format of AWS, with which `doctor` tests the deployed EventBridge rules.

use serde_json::{Value, json};

use super::deployment::StackDeployment;
use crate::domain::event::Home;

/// A sample event. `is_wanted` says whether the EventBridge rules should match the event.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The description of the sample, such as "a registration by another role".
    pub what: &'static str,
    pub is_wanted: bool,
    pub event: Value,
}

/// Returns one sample event of each kind. The EventBridge rules must not match Logweir's own calls, because Logweir
/// would then react to its own changes without end.
pub fn samples(deployment: &StackDeployment, home: &Home) -> Vec<Sample> {
    let role = |arn: &str| {
        let (account, name) = (&home.account, arn.rsplit('/').next().unwrap_or_default());
        json!({
            "type": "AssumedRole", "arn": format!("arn:{}:sts::{account}:assumed-role/{name}/session", home.partition),
            "accountId": account,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn, "accountId": account, "userName": name}}
        })
    };
    let other = role(&format!("arn:{}:iam::{}:role/example", home.partition, home.account));
    let user = json!({
        "type": "IAMUser", "arn": format!("arn:{}:iam::{}:user/example", home.partition, home.account),
        "accountId": home.account, "userName": "example"
    });
    let family = example(&deployment.families);
    let cluster = example(&deployment.clusters);
    let arn = format!("arn:{}:ecs:{}:{}:task-definition/{family}:1", home.partition, home.region, home.account);
    let deregistered = |who: Value| {
        let made = json!({"taskDefinition": {"taskDefinitionArn": arn, "family": family}});
        call(home, "DeregisterTaskDefinition", who, json!({"taskDefinition": arn}), made)
    };
    let registered = |who: Value| {
        let (asked, made) =
            (json!({"family": family}), json!({"taskDefinition": {"taskDefinitionArn": arn, "family": family}}));
        call(home, "RegisterTaskDefinition", who, asked, made)
    };
    let head = format!("arn:{}:ecs:{}:{}", home.partition, home.region, home.account);
    let service = format!("{head}:service/{cluster}/{family}");
    let updated = call(
        home,
        "UpdateService",
        other.clone(),
        json!({"cluster": cluster, "service": family, "taskDefinition": family}),
        json!({"service": {"serviceArn": service, "clusterArn": format!("{head}:cluster/{cluster}")}}),
    );
    let mut deployed = envelope(home, "ECS Deployment State Change");
    deployed["resources"] = json!([service]);
    deployed["detail"] = json!({
        "eventType": "INFO", "eventName": "SERVICE_DEPLOYMENT_COMPLETED", "deploymentId": "ecs-svc/1",
        "clusterArn": format!("{head}:cluster/{cluster}"), "updatedAt": TIME, "reason": "ECS deployment completed."
    });
    let sample = |what, is_wanted, event| Sample { what, is_wanted, event };
    let mut samples = vec![
        sample("a registration by another role", true, registered(other.clone())),
        sample("a registration by a user", true, registered(user)),
        sample("a deregistration by another role", true, deregistered(other.clone())),
        sample("an update of a service", true, updated),
        sample("a completed deployment", true, deployed),
        sample("a registration by the remediator", false, registered(role(&deployment.remediator_role))),
        sample("a registration by the backout function", false, registered(role(&deployment.backout_role))),
        sample("a deregistration by the backout function", false, deregistered(role(&deployment.backout_role))),
    ];
    if deployment.watches_sessions() {
        let asked = json!({"cluster": cluster, "task": "0123456789abcdef0123456789abcdef", "command": "sh"});
        let made = json!({"session": {"sessionId": "ecs-execute-command-0123456789abcdef0"}});
        samples.push(sample("a session of ECS Exec", true, call(home, "ExecuteCommand", other, asked, made)));
    }
    samples
}

const TIME: &str = "2026-11-21T12:00:00Z";

/// Returns an event with the members that TestEventPattern requires (source: EventBridge API reference).
fn envelope(home: &Home, kind: &str) -> Value {
    json!({
        "version": "0", "id": "00000000-0000-0000-0000-000000000001", "detail-type": kind, "source": "aws.ecs",
        "account": home.account, "time": TIME, "region": home.region, "resources": []
    })
}

fn call(home: &Home, name: &str, who: Value, asked: Value, made: Value) -> Value {
    let mut event = envelope(home, "AWS API Call via CloudTrail");
    event["detail"] = json!({
        "eventVersion": "1.11", "userIdentity": who, "eventTime": TIME, "eventSource": "ecs.amazonaws.com",
        "eventName": name, "awsRegion": home.region, "sourceIPAddress": "192.0.2.1", "userAgent": "logweir-doctor",
        "requestParameters": asked, "responseElements": made, "eventID": "00000000-0000-0000-0000-000000000002",
        "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": home.account,
        "eventCategory": "Management"
    });
    event
}

/// Returns an example of a name that matches the first of the patterns.
pub(super) fn example(patterns: &[String]) -> String {
    patterns.first().map_or("*", String::as_str).replace(['*', '?'], "x")
}
