//! The same over a real connection, with the SDK's own HTTP client and what that tries again by itself.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use logweir::aws::Aws;
use logweir::domain::tags::Tag;
use logweir::ports::{Kind, TaskDefinitions};
use serde_json::json;

use super::lossless::ARN;
use crate::loopback::{Loopback, Reply};

#[tokio::test]
async fn a_registration_whose_connection_breaks_was_sent_once_and_whole() {
    let mut described = 0;
    let account = Loopback::serve(move |operation, _| {
        described += i32::from(operation == "DescribeTaskDefinition");
        match (operation, described) {
            ("DescribeTaskDefinition", 2..) => {
                Reply::ok(&json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"x": 1}]}}))
            }
            _ => Reply::Cut,
        }
    });
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .endpoint_url(&account.url);
    let aws = Aws::with(&config.build()).unwrap();

    // The first answer is lost and asked for again; the connection of the second is open still when Register goes out.
    let source = aws.task_definitions.describe("web").await.unwrap();
    let error = aws.task_definitions.register(&source.definition, &[Tag::new("key", "välue")]).await.unwrap_err();

    assert_eq!(error.kind, Kind::Retry, "{error}");
    let describe = ("DescribeTaskDefinition".to_owned(), r#"{"taskDefinition":"web","include":["TAGS"]}"#.to_owned());
    let body = r#"{"containerDefinitions":[{"x":1}],"tags":[{"key":"key","value":"välue"}]}"#;
    assert_eq!(account.calls(), [describe.clone(), describe, ("RegisterTaskDefinition".to_owned(), body.to_owned())]);
    assert_eq!(aws.calls().count(), 3);
}
