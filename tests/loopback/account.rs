//! A small account behind the loopback: enough of ECS, CloudWatch Logs and DynamoDB for one revision's story.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Reply;

pub const WEB_1: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
pub const WEB_2: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2";

/// The event of registering a revision of `web`.
pub fn event(arn: &str) -> Value {
    json!({
        "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs",
        "account": "111122223333", "time": "2026-11-21T00:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition", "awsRegion": "eu-west-1",
            "eventTime": "2026-11-21T00:00:00Z", "eventID": "e-1", "recipientAccountId": "111122223333",
            "sourceIPAddress": "192.0.2.1", "userAgent": "aws-cli/2",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dev"},
            "requestParameters": {
                "family": "web",
                "containerDefinitions": [{"environment": "HIDDEN_DUE_TO_SECURITY_REASONS"}]
            },
            "responseElements": {"taskDefinition": {"taskDefinitionArn": arn}}
        }
    })
}

/// Answers as AWS would about `definition`, which is `web:1`, and about what is made of it.
pub fn account(definition: Value) -> impl FnMut(&str, &str) -> Reply + Send + 'static {
    let registered: Arc<Mutex<Option<(Value, Value)>>> = Arc::default();
    let group: Arc<Mutex<Option<Value>>> = Arc::default();
    move |operation, body| {
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let mut registered = registered.lock().unwrap();
        let mut group = group.lock().unwrap();
        match operation {
            "ListAccountSettings" => Reply::ok(&json!({"settings": []})),
            "DescribeTaskDefinition" => match (&*registered, body["taskDefinition"].as_str()) {
                (Some((document, tags)), Some(WEB_2)) => Reply::ok(&described(document, 2, tags)),
                _ => Reply::ok(&described(&definition, 1, &json!([{"key": "team", "value": "web"}]))),
            },
            "ListTaskDefinitions" => {
                let arns: Vec<&str> = if registered.is_some() { vec![WEB_2, WEB_1] } else { vec![WEB_1] };
                Reply::ok(&json!({"taskDefinitionArns": arns}))
            }
            "RegisterTaskDefinition" => {
                let mut document = body.clone();
                let tags = document.as_object_mut().unwrap().shift_remove("tags").unwrap_or(json!([]));
                let answer = described(&document, 2, &tags);
                *registered = Some((document, tags));
                Reply::ok(&answer)
            }
            "DescribeLogGroups" => Reply::ok(&json!({"logGroups": group.iter().collect::<Vec<_>>()})),
            "DescribeLogStreams" => Reply::ok(&json!({"logStreams": []})),
            "CreateLogGroup" => {
                *group = Some(json!({"logGroupName": body["logGroupName"], "storedBytes": 0}));
                Reply::ok(&json!({}))
            }
            "PutRetentionPolicy" => {
                if let Some(group) = &mut *group {
                    group["retentionInDays"] = body["retentionInDays"].clone();
                }
                Reply::ok(&json!({}))
            }
            "Query" => Reply::ok(&json!({"Items": [], "Count": 0, "ScannedCount": 0})),
            "GetItem" | "TransactWriteItems" | "PutItem" => Reply::ok(&json!({})),
            other => Reply::error("UnknownOperationException", other),
        }
    }
}

fn described(document: &Value, revision: u32, tags: &Value) -> Value {
    let mut document = document.clone();
    let arn = if revision == 1 { WEB_1 } else { WEB_2 };
    document["taskDefinitionArn"] = arn.into();
    document["revision"] = revision.into();
    document["status"] = "ACTIVE".into();
    json!({"taskDefinition": document, "tags": tags})
}
