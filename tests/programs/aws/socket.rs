//! Calls over a real connection, with the SDK's own HTTP client and its own retries.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use logweir::aws::Aws;
use logweir::domain::ecs::tags::Tag;
use logweir::ports::{ErrorKind, LogGroups, Services, TaskDefinitions};
use serde_json::json;

use super::logs::group;
use super::lossless::ARN;
use super::services::web;
use crate::loopback::{Loopback, Reply};

fn at(account: &Loopback) -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .endpoint_url(&account.url);
    Aws::with(&config.build()).unwrap()
}

#[tokio::test]
async fn a_registration_whose_connection_breaks_was_sent_once_and_whole() {
    let mut described = 0;
    let account = Loopback::serve(move |operation, _| {
        described += i32::from(operation == "DescribeTaskDefinition");
        match (operation, described) {
            ("DescribeTaskDefinition", 2..) => Reply::ok(
                &json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"x": 1}], "status": "ACTIVE"}}),
            ),
            _ => Reply::Cut,
        }
    });
    let aws = at(&account);

    // The first answer is lost, and the call is retried. Its second connection is still open when Register is sent.
    let source = aws.ecs.describe("web").await.unwrap();
    let error = aws.ecs.register(&source.definition, &[Tag::new("key", "välue")]).await.unwrap_err();

    assert_eq!(error.kind, ErrorKind::Retry, "{error}");
    let describe = ("DescribeTaskDefinition".to_owned(), r#"{"taskDefinition":"web","include":["TAGS"]}"#.to_owned());
    let body = r#"{"containerDefinitions":[{"x":1}],"tags":[{"key":"key","value":"välue"}]}"#;
    assert_eq!(account.calls(), [describe.clone(), describe, ("RegisterTaskDefinition".to_owned(), body.to_owned())]);
    assert_eq!(aws.calls().count(), 3);
}

#[tokio::test]
async fn an_update_whose_connection_breaks_was_sent_once() {
    let account = Loopback::serve(|_, _| Reply::Cut);
    let aws = at(&account);
    let error = aws.ecs.update(&web(), &ARN.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Retry, "{error}");
    let body = format!(r#"{{"cluster":"{}","service":"web","taskDefinition":"{ARN}"}}"#, web().cluster_arn());
    assert_eq!(account.calls(), [("UpdateService".to_owned(), body)]);
    assert_eq!(aws.calls().count(), 1);
}

/// A refusal counts only once it has arrived completely. Until then, a retry can help.
#[tokio::test]
async fn a_truncated_refusal_is_retryable() {
    let exists = r#"{"__type":"ResourceAlreadyExistsException","message":"The specified log group already exists"}"#;
    let account = Loopback::serve(move |_, _| Reply::Torn(400, exists.to_owned()));
    let error = at(&account).log_groups.create(&group("/ecs/web")).await.unwrap_err();
    assert_eq!((error.kind, account.calls().len()), (ErrorKind::Retry, 3), "{error}");
}
