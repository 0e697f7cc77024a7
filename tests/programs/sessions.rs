//! Sessions of ECS Exec: the calls to Systems Manager, ECS and CloudWatch Logs, and the real function that watches one.

use jiff::Timestamp;
use logweir::domain::exec::watch::ListedSession;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, WatchedSessions};
use serde_json::{Value, json};

use crate::aws::invoke::{at, seen, session};
use crate::loopback::account::Account;
use crate::loopback::function::invoke_with;
use crate::loopback::{Loopback, Reply};

const SESSION: &str = "ecs-execute-command-s9y89par6quf78pcbnoko32g28";

/// A session in the response of DescribeSessions.
fn listed(status: &str, end: Option<f64>) -> Value {
    let target = "ecs:prod_4b2c_4b2c-0123456789";
    json!({"SessionId": SESSION, "Target": target, "Status": status, "StartDate": 1.6e9, "EndDate": end})
}

#[tokio::test]
async fn a_session_is_open_ended_failed_or_not_listed() {
    let end = Timestamp::from_second(1_700_000_000).unwrap();
    for (active, history, expected, calls) in [
        (vec![listed("Connected", None)], vec![], Some(ListedSession::Open), 1),
        (vec![], vec![listed("Terminated", Some(1.7e9))], Some(ListedSession::Ended(Some(end))), 2),
        (vec![], vec![listed("Failed", Some(1.7e9))], Some(ListedSession::Failed), 2),
        (vec![], vec![], None, 2),
    ] {
        let ssm = Loopback::serve(move |_, body| {
            let asked: Value = serde_json::from_str(body).unwrap();
            assert_eq!(asked["Filters"], json!([{"key": "SessionId", "value": SESSION}]));
            Reply::ok(&json!({"Sessions": if asked["State"] == "Active" { &active } else { &history }}))
        });
        assert_eq!(at(&ssm.url, session()).ecs.session(SESSION).await, Ok(expected));
        assert_eq!(ssm.calls().len(), calls);
        assert_eq!(seen(&ssm).headers["x-amz-target"], "AmazonSSM.DescribeSessions");
    }
}

#[tokio::test]
async fn a_transcript_is_a_log_stream_with_an_event_and_with_the_name_of_the_session() {
    let stream = |name: &str, last: Option<i64>| json!({"logStreamName": name, "lastEventTimestamp": last});
    for (found, expected) in [
        (vec![stream(SESSION, Some(1))], true),
        (vec![stream(SESSION, None)], false),
        (vec![stream(&format!("{SESSION}0"), Some(1))], false),
        (vec![], false),
    ] {
        let logs = Loopback::serve(move |_, _| Reply::ok(&json!({"logStreams": found})));
        assert_eq!(at(&logs.url, session()).ecs.has_transcript("/ecs/exec", SESSION).await, Ok(expected));
    }
    let missing = Loopback::serve(|_, _| Reply::error("ResourceNotFoundException", "no group"));
    assert_eq!(at(&missing.url, session()).ecs.has_transcript("/ecs/exec", SESSION).await, Ok(false));
    let denied = Loopback::serve(|_, _| Reply::error("AccessDeniedException", "no"));
    let error = at(&denied.url, session()).ecs.has_transcript("/ecs/exec", SESSION).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::AccessDenied)));
}

/// The event of a session in a message of the queue.
fn message() -> Value {
    let event: Value = serde_json::from_str(include_str!("../core/events/execute-command.json")).unwrap();
    json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": event.to_string()}]})
}

const WATCHING: [(&str, &str); 3] = [
    ("LOGWEIR_EXEC_SESSIONS", "true"),
    ("LOGWEIR_QUEUE", "https://sqs.eu-west-1.amazonaws.com/111122223333/logweir-work"),
    ("LOGWEIR_TOPIC", "arn:aws:sns:eu-west-1:111122223333:operators"),
];

/// An account with one cluster. Its session has ended, and it has this log stream.
fn account(stream: Option<&'static str>) -> Loopback {
    let mut inner = Account::default().service();
    Loopback::serve(move |operation, body| match operation {
        "DescribeClusters" => {
            let log = json!({"cloudWatchLogGroupName": "/ecs/exec"});
            let exec = json!({"logging": "OVERRIDE", "logConfiguration": log});
            let arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
            let cluster =
                json!({"clusterArn": arn, "status": "ACTIVE", "configuration": {"executeCommandConfiguration": exec}});
            Reply::ok(&json!({"clusters": [cluster], "failures": []}))
        }
        "DescribeSessions" if body.contains("Active") => Reply::ok(&json!({"Sessions": []})),
        "DescribeSessions" => Reply::ok(&json!({"Sessions": [listed("Terminated", Some(1.7e9))]})),
        "DescribeLogStreams" => {
            let streams: Vec<Value> =
                stream.iter().map(|name| json!({"logStreamName": name, "lastEventTimestamp": 1})).collect();
            Reply::ok(&json!({"logStreams": streams}))
        }
        "SendMessage" => Reply::ok(&json!({"MessageId": "00000000-0000-0000-0000-000000000001"})),
        _ if body.starts_with("Action=Publish&") => {
            let xml = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
            Reply::Http(200, "content-type: text/xml\r\n".into(), xml.into())
        }
        _ => inner(operation, body),
    })
}

#[test]
fn the_function_names_a_session_and_looks_for_its_transcript_when_the_message_comes_back() {
    for (stream, verdict, notified) in [(Some(SESSION), "logged", 1), (None, "unlogged", 2)] {
        let aws = account(stream);
        let function = invoke_with(&aws, "observe", &WATCHING, vec![message(), message(), message()]);
        let calls = aws.calls();
        let watch: Vec<&str> = calls
            .iter()
            .filter(|(_, body)| !body.contains("BASELINE#"))
            .map(|(operation, body)| if body.starts_with("Action=Publish&") { "Publish" } else { operation.as_str() })
            .filter(|name| !["ListAccountSettings", "DescribeLogGroups"].contains(name))
            .collect();
        let opened = ["GetItem", "DescribeClusters", "PutItem", "SendMessage", "Publish"];
        let looked = ["GetItem", "DescribeSessions", "DescribeSessions", "DescribeLogStreams", "PutItem", "Publish"];
        let again = ["GetItem"];
        let looked = &looked[..if notified == 2 { 6 } else { 5 }];
        assert_eq!(watch, [&opened[..], looked, &again].concat(), "{verdict}");
        let everything = format!("{calls:?}{}{}", function.stdout, function.stderr);
        let sent = calls.iter().filter(|(operation, _)| operation != "SendMessage").map(|(_, body)| body.as_str());
        assert!(!sent.collect::<String>().contains("CANARY") && !function.stdout.contains("CANARY"), "{everything}");
        let lines = function.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let decided: Vec<Value> = lines.filter(|line| line["event"] == "remediation.summary").collect();
        assert_eq!(decided[0]["session"]["person"]["name"], "ana@example.org");
        assert_eq!((&decided[1]["session"]["verdict"], &decided[2]["reason"]), (&json!(verdict), &json!("duplicate")));
        let aws_calls: Vec<u64> = decided.iter().map(|line| line["aws_calls"].as_u64().unwrap()).collect();
        assert_eq!(aws_calls, [4, 5, 1], "the numbers in docs/performance.md");
        let put = calls.iter().rfind(|(operation, body)| operation == "PutItem" && body.contains("SESSION#"));
        let item = serde_json::from_str::<Value>(&put.unwrap().1).unwrap()["Item"].clone();
        let expires: i64 = item["expires"]["N"].as_str().unwrap().parse().unwrap();
        let days = (expires - Timestamp::now().as_second()) / (24 * 3600);
        assert!((30..=31).contains(&days), "DynamoDB deletes the watch after a month: {item}");
    }
}

#[test]
fn a_stack_without_the_parameter_makes_no_call_about_a_session() {
    let aws = account(None);
    let function = invoke_with(&aws, "observe", &WATCHING[1..], vec![message()]);
    assert_eq!(function.invocations[0].answer, json!({"batchItemFailures": []}));
    assert!(
        aws.calls().iter().all(|(operation, _)| operation != "DescribeClusters" && operation != "DescribeSessions")
    );
}
