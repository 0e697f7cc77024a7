//! From Describe to Register, no byte of the author's document is lost or respelled.

use logweir::domain::ecs::tags;
use logweir::domain::ecs::tags::Tag;
use logweir::ports::TaskDefinitions;

use super::line::{Back, aws, replay};

pub(crate) const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41";

/// The author's members, in spellings that no serializer would choose: members that no SDK knows at every level, empty
/// lists, nulls, numbers where the SDK has integers, escapes, and a repeated key that no rule reads.
const AUTHORS: &str = concat!(
    r#""family":"web","containerDefinitions":[{"name":"app","image":"a\/b:\u00e9","cpu":1.50,"memory":1E3,"essential":true,"#,
    r#""environment":[{"value":"x","value":"s3cr\u0065t","name":"KEY","unheardOf":[]}],"links":[],"command":null,"#,
    r#""portMappings":[{"containerPort":8.0E1,"new":{"deep":[12345678901234567890,0.1e-7,-0]}}],"#,
    r#""logConfiguration":{"options":{"mode":"non-blocking","x":"\ud83d\ude00"},"logDriver":"awslogs","secretOptions":[]},"#,
    r#""futureMember":{"a":null,"b":{}}}],"volumes":[], "placementConstraints" : [ ] ,"pidMode":null,"#,
    r#""trustedExecutionConfiguration":{"isolationMode":"SHARED"},"ephemeralStorage":{"sizeInGiB":21.0},"cpu":"256""#,
);

const TAGS: &str = concat!(
    r#"[{"key":"aws:cloudformation:stack-name","value":"s"},{"value":"caf\u00e9","key":"team","extra":1.0},"#,
    r#"{"key":"AWS:x","value":"y"},{ "key":"empty","value":"" },{"key":"bare"}]"#,
);

fn reply() -> String {
    format!(
        r#"{{"taskDefinition":{{"taskDefinitionArn":"{ARN}",{AUTHORS},"revision":41,"status":"ACTIVE","requiresAttributes":[{{"name":"x"}}],"compatibilities":["EC2"],"registeredAt":1.763600000123E9,"registeredBy":"arn:aws:iam::111122223333:root"}},"tags":{TAGS}}}"#
    )
}

#[tokio::test]
async fn a_described_document_is_registered_byte_for_byte() {
    let registered =
        format!(r#"{{"taskDefinition":{{"taskDefinitionArn":"{}","cpu":1.5}}}}"#, ARN.replace(":41", ":42"));
    let (aws, line) = replay([Back::Reply(200, reply()), Back::Reply(200, registered)]);

    let source = aws.ecs.describe("web").await.unwrap();
    let tags = tags::carried(&source.tags, &[Tag::new("logweir:source", "41")]);
    let corrected = aws.ecs.register(&source.definition, &tags).await.unwrap();

    assert_eq!(corrected.short(), "web:42");
    let [describe, register] = line.seen().try_into().unwrap();
    assert_eq!(describe.json(), serde_json::json!({"taskDefinition": "web", "include": ["TAGS"]}));
    assert_eq!(
        register.body,
        format!(
            r#"{{{AUTHORS},"tags":[{{"value":"caf\u00e9","key":"team","extra":1.0}},{{ "key":"empty","value":"" }},{{"key":"bare"}},{{"key":"logweir:source","value":"41"}}]}}"#
        )
    );
    assert_eq!(register.headers["content-length"], register.body.len().to_string());
    assert_eq!(register.headers["content-type"], "application/x-amz-json-1.1");
}

#[tokio::test]
async fn computed_members_are_read_and_kept_out_of_the_document() {
    let (aws, _) = replay([Back::Reply(200, reply())]);
    let described = aws.ecs.describe("web:41").await.unwrap();
    assert_eq!(described.definition.text(), format!("{{{AUTHORS}}}"));
    assert_eq!(described.arn.to_string(), ARN);
    assert!(described.is_active());
    assert_eq!(described.registered_by.as_deref(), Some("arn:aws:iam::111122223333:root"));
    assert_eq!(described.registered_at, Some("2025-11-20T00:53:20.123Z".parse().unwrap()));
}

#[tokio::test]
async fn an_answer_that_the_sdks_types_refuse_is_accepted_without_a_second_call() {
    let odd = reply()
        .replace(r#""revision":41"#, r#""revision":"41""#)
        .replace(r#""essential":true"#, r#""essential":"yes""#);
    let (aws, line) = aws(move |_| Back::Reply(200, odd.clone()));
    let described = aws.ecs.describe("web").await.unwrap();
    assert!(described.definition.text().contains(r#""essential":"yes""#));
    aws.ecs.register(&described.definition, &[]).await.unwrap();
    aws.ecs.deregister(&described.arn).await.unwrap();
    assert_eq!(line.names(), ["DescribeTaskDefinition", "RegisterTaskDefinition", "DeregisterTaskDefinition"]);
}
