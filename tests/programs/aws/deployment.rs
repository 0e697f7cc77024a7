//! The calls of `logweir doctor` without an SDK: their protocols, their signatures, and how the answers are read.

use logweir::aws::Aws;
use logweir::domain::doctor::role::Need;
use logweir::domain::doctor::trail::TrailName;
use logweir::domain::outcome::Reason;
use logweir::ports::ErrorKind;
use serde_json::{Value, json};

use super::invoke::{at, error, seen, session};
use super::line::KEY_ID;
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/work";

fn answering(answer: Value) -> (Aws, Loopback) {
    let loopback = Loopback::serve(move |_, _| Reply::ok(&answer));
    (at(&loopback.url, session()), loopback)
}

fn trail() -> TrailName {
    TrailName { name: "main".into(), arn: "arn:trail".into(), is_organizations: false }
}

/// Asserts that the request is signed for the service and Region, over everything that was sent.
fn is_signed(loopback: &Loopback, scope: &str) {
    let request = seen(loopback);
    let authorization = &request.headers["authorization"];
    assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")), "{authorization}");
    assert!(authorization.contains(&format!("/{scope}/aws4_request")), "{authorization}");
    assert_eq!(sent_signature(&request), signature_of(&request));
}

#[tokio::test]
async fn each_call_uses_the_protocol_of_its_service() {
    for (service, version, target) in [
        ("cloudtrail", "1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails"),
        ("events", "1.1", "AWSEvents.TestEventPattern"),
        ("sqs", "1.0", "AmazonSQS.ReceiveMessage"),
        ("logs", "1.1", "Logs_20140328.FilterLogEvents"),
    ] {
        let (aws, loopback) = answering(json!({}));
        match service {
            "cloudtrail" => drop(aws.trails().await),
            "events" => drop(aws.matches("{}", &json!({})).await),
            "sqs" => drop(aws.peek(QUEUE).await),
            _ => drop(aws.last_report("g", "e", jiff::Timestamp::UNIX_EPOCH).await),
        }
        let request = seen(&loopback);
        assert_eq!(request.method, "POST");
        assert_eq!(request.headers["x-amz-target"], target);
        assert_eq!(request.headers["content-type"], format!("application/x-amz-json-{version}"));
        is_signed(&loopback, &format!("eu-west-1/{service}"));
        assert_eq!(aws.calls().count(), 1);
    }
}

#[tokio::test]
async fn a_function_is_read_by_get_and_its_name_is_one_segment_of_the_path() {
    let (aws, loopback) = answering(json!({"Role": "arn:role"}));
    assert_eq!(aws.function("a/b").await.unwrap().role, "arn:role");
    let request = seen(&loopback);
    assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
    assert!(request.uri.ends_with("/2015-03-31/functions/a%2Fb/configuration"), "{}", request.uri);
    is_signed(&loopback, "eu-west-1/lambda");
}

#[tokio::test]
async fn iam_is_called_as_a_global_service() {
    let loopback = Loopback::serve(|_, _| {
        let xml = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no role</Message></Error></ErrorResponse>";
        Reply::Http(404, "content-type: text/xml\r\n".into(), xml.into())
    });
    let aws = at(&loopback.url, session());
    let need = Need { actions: vec!["ecs:ListClusters".into()], resource: "*".into(), context: Vec::new() };
    let error = aws.simulate("arn:aws:iam::111122223333:role/x", &need).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Missing, "NoSuchEntity: no role"));
    is_signed(&loopback, "us-east-1/iam");
}

#[tokio::test]
async fn missing_and_denied_are_distinguished() {
    for (code, kind, reason) in [
        ("com.amazonaws.sqs#QueueDoesNotExist", ErrorKind::Missing, None),
        ("TrailNotFoundException", ErrorKind::Missing, None),
        ("AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("ThrottlingException", ErrorKind::Retry, Some(Reason::Throttled)),
    ] {
        let loopback = Loopback::serve(move |_, _| error(400, code, "no"));
        let error = at(&loopback.url, session()).event_rule("/x").await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
    }
}

#[tokio::test]
async fn an_answer_without_the_requested_member_is_unreadable() {
    let (aws, _loopback) = answering(json!({}));
    let calls = [
        aws.trails().await.err(),
        aws.is_logging(&trail()).await.err(),
        aws.event_rule("r").await.err(),
        aws.rule_targets("r").await.err(),
        aws.matches("{}", &json!({})).await.err(),
        aws.queue_attributes(QUEUE).await.err(),
        aws.event_source_mapping("m").await.err(),
        aws.function("f").await.err(),
        aws.last_report("g", "e", jiff::Timestamp::UNIX_EPOCH).await.err(),
    ];
    for error in calls {
        assert_eq!(error.unwrap().reason, Some(Reason::Unreadable));
    }
}

#[tokio::test]
async fn the_last_page_of_a_log_counts_as_well() {
    let mut page = 0;
    let loopback = Loopback::serve(move |_, _| {
        page += 1;
        let report = |event_id: &str, outcome: String| {
            json!({"schema": "logweir.report/1", "cloudtrail_event_id": event_id, "outcome": outcome}).to_string()
        };
        let line = json!({"timestamp": page, "message": report("e-1", format!("page {page}"))});
        let another = json!({"timestamp": 9, "message": report("e-2", "about another event".into())});
        let other = json!({"timestamp": 9, "message": "no JSON"});
        Reply::ok(&match page {
            1 => json!({"events": [line, other, another], "nextToken": "t"}),
            2 => json!({"events": [], "nextToken": "t"}),
            _ => json!({"events": [line]}),
        })
    });
    let aws = at(&loopback.url, session());
    let report = aws.last_report("g", "e-1", jiff::Timestamp::UNIX_EPOCH).await.unwrap().unwrap();
    assert_eq!(report["outcome"], "page 3");
    let asked: Value = serde_json::from_str(&loopback.calls()[0].1).unwrap();
    assert_eq!(asked["filterPattern"], "{ $.cloudtrail_event_id = \"e-1\" }");
}
