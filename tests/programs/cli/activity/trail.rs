//! Records of CloudTrail for the tests.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A call of an operator with a permission set.
pub(super) fn record(number: u64) -> Value {
    let (event, reads) = [("DescribeTasks", true), ("UpdateService", false), ("ListTasks", true)][number as usize % 3];
    json!({
        "eventVersion": "1.11",
        "userIdentity": session("AWSReservedSSO_Operators_0123456789abcdef", "alice@example.com"),
        "eventTime": format!("2026-11-{:02}T08:{:02}:00Z", 1 + number / 60 % 28, number % 60),
        "eventSource": "ecs.amazonaws.com",
        "eventName": event,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": format!("198.51.100.{}", number % 7),
        "userAgent": "aws-cli/2.31.4 md/command#ecs.describe-tasks",
        "requestParameters": {"cluster": "prod", "service": "web"},
        "responseElements": null,
        "requestID": "r",
        "eventID": format!("0f1e2d3c-4b5a-6978-8796-{number:012x}"),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
    })
}

pub(super) fn records(count: u64) -> Vec<Value> {
    (0..count).map(record).collect()
}

fn session(role: &str, name: &str) -> Value {
    json!({
        "type": "AssumedRole",
        "principalId": format!("AROAEXAMPLE:{name}"),
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}"),
        "accountId": "111122223333",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": role},
            "attributes": {"mfaAuthenticated": "false"},
        },
    })
}

/// Records with something for each panel.
pub(super) fn story() -> Vec<Value> {
    let user = json!({"type": "IAMUser", "userName": "bob", "arn": "arn:aws:iam::111122223333:user/bob", "accountId": "111122223333"});
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"});
    let ci = session("deploy", "release-7");
    let ecs = json!({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"});
    let changes = [
        json!({"eventTime": "2026-11-01T08:30:00Z"}),
        json!({"eventTime": "2026-11-02T09:10:00Z"}),
        json!({"eventTime": "2026-11-02T09:40:00Z", "eventName": "RegisterTaskDefinition", "readOnly": false, "userIdentity": ci,
               "sourceIPAddress": "2001:db8::7", "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.13.3",
               "requestParameters": {"family": "web", "containerDefinitions": [
                   {"name": "app"}, {"name": "proxy", "logConfiguration": {"logDriver": "awslogs"}}]}}),
        json!({"eventTime": "2026-11-02T22:15:00Z", "eventName": "ExecuteCommand", "readOnly": false,
               "requestParameters": {"cluster": "prod", "task": "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123", "container": "app"}}),
        json!({"eventTime": "2026-11-03T01:00:00Z", "eventName": "UpdateService", "readOnly": false, "userIdentity": user,
               "errorCode": "AccessDenied", "sourceIPAddress": "10.0.0.5", "tlsDetails": {"tlsVersion": "TLSv1.1"}}),
        json!({"eventTime": "2026-11-03T02:00:00Z", "eventName": "UpdateCluster", "readOnly": false, "userIdentity": root,
               "sessionCredentialFromConsole": "true", "awsRegion": "us-east-1",
               "requestParameters": {"cluster": "prod", "configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}}),
        json!({"eventTime": "2026-11-04T03:00:00Z", "eventSource": "logs.amazonaws.com", "eventName": "DeleteLogGroup",
               "readOnly": false, "userIdentity": ci, "requestParameters": {"logGroupName": "/ecs/web"}}),
        json!({"eventTime": "2026-11-04T04:00:00Z", "eventSource": "logs.amazonaws.com", "eventName": "PutRetentionPolicy",
               "readOnly": false, "userIdentity": ci, "requestParameters": {"logGroupName": "/ecs/api", "retentionInDays": 1}}),
        json!({"eventTime": "2026-11-04T05:00:00Z", "eventSource": "ssm.amazonaws.com", "eventName": "StartSession",
               "readOnly": false, "requestParameters": {"target": "ecs:prod_0123_runtime"}}),
        json!({"eventTime": "2026-11-05T06:00:00Z", "userIdentity": ecs, "sourceIPAddress": "ecs.amazonaws.com",
               "userAgent": "ecs.amazonaws.com", "recipientAccountId": "444455556666"}),
    ];
    let with = |(number, change): (usize, &Value)| {
        let mut one = record(number as u64 * 3);
        for (name, value) in change.as_object().unwrap() {
            one[name] = value.clone();
        }
        one
    };
    changes.iter().enumerate().map(with).collect()
}

/// Puts a text into every text of a value.
pub(super) fn hostile(value: Value, text: &str) -> Value {
    match value {
        Value::String(_) => text.into(),
        Value::Array(all) => all.into_iter().map(|one| hostile(one, text)).collect(),
        Value::Object(all) => all.into_iter().map(|(name, one)| (name, hostile(one, text))).collect(),
        other => other,
    }
}

pub(super) fn trail_file(records: &[Value]) -> Vec<u8> {
    json!({"Records": records}).to_string().into_bytes()
}

/// The output of `aws cloudtrail lookup-events`.
pub(super) fn looked_up(records: &[Value]) -> Vec<u8> {
    let event = |record: &Value| json!({"EventId": record["eventID"], "CloudTrailEvent": record.to_string()});
    json!({"Events": records.iter().map(event).collect::<Vec<_>>(), "NextToken": "next"}).to_string().into_bytes()
}

/// An event of EventBridge.
pub(super) fn envelope(record: &Value) -> Value {
    json!({"version": "0", "id": "e", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs", "detail": record})
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
