//! The sources of the sessions of ECS Exec: the calls without an SDK, and how the answers are read.

use jiff::Timestamp;
use logweir::aws::{Aws, SessionSources};
use logweir::domain::exec::Place;
use logweir::domain::outcome::Reason;
use logweir::ports::{ExecSessions, Stored};
use serde_json::{Value, json};

use super::invoke::{at, seen, session};
use super::signature::{sent_signature, signature_for_s3, signature_of};
use crate::loopback::{Loopback, Reply};

fn sources(answer: impl FnMut(&str, &str) -> Reply + Send + 'static) -> (SessionSources, Loopback) {
    let aws = Loopback::serve(answer);
    let account: Aws = at(&aws.url, session());
    (account.session_sources(), aws)
}

fn xml(status: u16, body: &'static str) -> Reply {
    Reply::Http(status, "content-type: application/xml\r\n".into(), body.into())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_sessions_of_both_states_are_read_page_by_page_without_those_outside_of_ecs() {
    let target = |index: usize| match index % 2 {
        0 => json!("i-0123456789abcdef0"),
        _ => json!(format!("ecs:prod_{}_{}-0123456789", "4b2c".repeat(8), "4b2c".repeat(8))),
    };
    let (sources, aws) = sources(move |_, body| {
        let body: Value = serde_json::from_str(body).unwrap();
        let first = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let count = if body["State"] == "Active" { 1 } else { 450 };
        let sessions = (first..(first + 200).min(count)).map(|index| {
            let mut session = json!({
                "SessionId": format!("{}-{index}", body["State"].as_str().unwrap()), "Target": target(index + 1),
                "Status": if index == 2 { "Failed" } else { "Terminated" }, "StartDate": 1_796_025_600.25,
                "Owner": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/x"
            });
            if count > 1 {
                session["EndDate"] = json!(1_796_025_700.0);
            }
            session
        });
        let mut answer = json!({"Sessions": sessions.collect::<Vec<_>>()});
        if first + 200 < count {
            answer["NextToken"] = (first + 200).to_string().into();
        }
        Reply::ok(&answer)
    });
    let found = sources.sessions(time("2026-11-30T08:00:00Z")).await.unwrap();
    assert_eq!((found.len(), aws.calls().len()), (1 + 225, 4));
    assert!(found[0].is_active && found[0].end.is_none() && !found[1].is_active && found[2].has_failed, "{found:?}");
    assert_eq!(found[1].start, time("2026-11-30T08:00:00.25Z"));
    assert_eq!(found[1].is_of_ecs(), Some(true));
    let bodies: Vec<Value> = aws.calls().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(bodies[0], json!({"State": "Active", "MaxResults": 200}));
    assert_eq!(bodies[1]["Filters"], json!([{"key": "InvokedAfter", "value": "2026-11-30T07:55:00Z"}]));
    assert_eq!((&bodies[2]["NextToken"], &bodies[2]["Filters"]), (&"200".into(), &bodies[1]["Filters"]));
    let request = seen(&aws);
    assert_eq!(request.headers["x-amz-target"], "AmazonSSM.DescribeSessions");
    assert_eq!(sent_signature(&request), signature_of(&request));
}

#[tokio::test]
async fn a_log_stream_is_found_by_its_whole_name_and_an_empty_stream_counts_as_empty() {
    let stream = |stream: Value| {
        let (sources, aws) = sources(move |_, _| Reply::ok(&json!({"logStreams": [stream]})));
        async move { (sources.stream("/ecs/exec", "s-1").await, aws) }
    };
    let (found, aws) = stream(json!({"logStreamName": "s-1", "firstEventTimestamp": 1000, "storedBytes": 0})).await;
    let expected = Stored { first: Some(time("1970-01-01T00:00:01Z")), ..Stored::default() };
    assert_eq!(found, Ok(Some(expected)));
    let body =
        json!({"logGroupName": "/ecs/exec", "logStreamNamePrefix": "s-1", "orderBy": "LogStreamName", "limit": 1});
    assert_eq!(seen(&aws).json(), body);
    let (found, _) = stream(json!({"logStreamName": "s-1"})).await;
    assert!(found.unwrap().unwrap().is_empty);
    let (found, _) = stream(json!({"logStreamName": "s-10", "firstEventTimestamp": 1})).await;
    assert_eq!(found, Ok(None));
    let (sources, _) = sources(|_, _| Reply::error("ResourceNotFoundException", "no group"));
    assert_eq!(sources.stream("/ecs/exec", "s-1").await, Ok(None));
}

#[tokio::test]
async fn an_object_is_listed_with_a_signature_for_s3_and_its_errors_are_read() {
    const FOUND: &str =
        "<ListBucketResult><Contents><Key>exec/a b+ä.log</Key><Size>42</Size></Contents></ListBucketResult>";
    let (sources, aws) = self::sources(|_, _| xml(200, FOUND));
    let found = sources.object("logs-1", "exec/a b+ä.log").await.unwrap().unwrap();
    assert_eq!((found.bytes, found.is_empty), (Some(42), false));
    let request = seen(&aws);
    let query = "list-type=2&max-keys=1&prefix=exec%2Fa%20b%2B%C3%A4.log";
    assert_eq!((request.method.as_str(), &request.uri), ("GET", &format!("{}/logs-1/?{query}", aws.url)));
    assert!(request.headers["authorization"].contains("/eu-west-1/s3/aws4_request, "));
    assert_eq!(sent_signature(&request), signature_for_s3(&request));
    const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let (sources, _) = self::sources(|_, _| xml(403, DENIED));
    let denied = sources.object("logs-1", "a.log").await.unwrap_err();
    assert_eq!((denied.reason, denied.message.as_str()), (Some(Reason::AccessDenied), "AccessDenied: Access Denied"));
    const MISSING: &str = "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>";
    let (sources, _) = self::sources(|_, _| xml(404, MISSING));
    assert_eq!(sources.object("logs-1", "a.log").await, Ok(None));
    let (sources, _) = self::sources(|_, _| xml(200, "<ListBucketResult><Contents>"));
    assert!(sources.object("logs-1", "a.log").await.is_err(), "an incomplete answer is no absence");
    let (sources, aws) = self::sources(|_, _| panic!("no request"));
    assert!(sources.object("evil.example.org/", "a.log").await.is_err());
    assert!(aws.calls().is_empty());
}

#[tokio::test]
async fn only_the_first_bytes_of_an_object_are_read() {
    const FOUND: &str =
        "<ListBucketResult><Contents><Key>exec/a b.log</Key><Size>42</Size></Contents></ListBucketResult>";
    let (sources, aws) = self::sources(|path, _| match path.contains("list-type") {
        true => xml(200, FOUND),
        false => Reply::Http(206, String::new(), "Script".into()),
    });
    let place = Place::Object { bucket: "logs".into(), keys: vec!["exec/a b.log".into()] };
    let text = sources.transcript(&place, 6).await.unwrap().unwrap();
    assert_eq!((text.bytes.as_slice(), text.size, text.is_whole), (&b"Script"[..], Some(42), false));
    assert_eq!(aws.calls()[1].0, "/logs/exec/a%20b.log");
    assert!(aws.heads()[1].contains("range: bytes=0-5\r\n"), "{}", aws.heads()[1]);
}
