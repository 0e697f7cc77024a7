//! Sending a message: the call to SQS without an SDK, and how the answers are read.

use logweir::aws::{Aws, Sqs};
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Message, Queue};
use serde_json::json;

use super::invoke::{TOKEN, at, seen, session};
use super::line::{KEY_ID, SECRET};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/work";
const BODY: &str = "{\"detail\": \"CANARY é\"}";

/// A queue whose service gives this answer to each call.
fn queue(answer: impl Fn() -> Reply + Send + 'static) -> (Aws, Sqs, Loopback) {
    let sqs = Loopback::serve(move |_, _| answer());
    let aws = at(&sqs.url, session());
    let queue = aws.queue(URL);
    (aws, queue, sqs)
}

fn message(delay: u16) -> Message<'static> {
    Message { body: BODY, attributes: Vec::new(), delay }
}

fn sent() -> Reply {
    Reply::ok(&json!({"MessageId": "00000000-0000-0000-0000-000000000001", "MD5OfMessageBody": "0"}))
}

#[tokio::test]
async fn a_message_is_sent_unchanged_with_its_attributes_and_delay() {
    let (aws, queue, sqs) = queue(sent);
    let attributes =
        vec![("logweir-slot", "2026-11-21T12:00:05.123456789Z".to_owned()), ("logweir-failures", "0".to_owned())];
    queue.send(&Message { body: BODY, attributes, delay: 6 }).await.unwrap();
    let request = seen(&sqs);
    let expected = json!({
        "QueueUrl": URL, "MessageBody": BODY, "DelaySeconds": 6, "MessageAttributes": {
            "logweir-slot": {"DataType": "String", "StringValue": "2026-11-21T12:00:05.123456789Z"},
            "logweir-failures": {"DataType": "String", "StringValue": "0"},
        },
    });
    assert_eq!(request.json(), expected);
    assert_eq!((request.method.as_str(), request.uri), ("POST", format!("{}/", sqs.url)));
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.0");
    assert_eq!(request.headers["x-amz-target"], "AmazonSQS.SendMessage");
    assert!(!request.headers.contains_key("x-amzn-trace-id"), "Lambda would count it as a loop");
    assert_eq!((sqs.calls().len(), aws.calls().count()), (1, 1));
}

#[tokio::test]
async fn no_delay_exceeds_the_maximum_of_sqs() {
    let (_, queue, sqs) = queue(sent);
    queue.send(&message(u16::MAX)).await.unwrap();
    assert_eq!(seen(&sqs).json()["DelaySeconds"], 900);
}

#[tokio::test]
async fn the_request_is_signed_for_sqs_over_all_that_is_sent() {
    let (_, queue, sqs) = queue(sent);
    queue.send(&message(1)).await.unwrap();
    let request = seen(&sqs);
    let authorization = &request.headers["authorization"];
    let scope = "/eu-west-1/sqs/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    assert!(authorization.contains(scope), "{authorization}");
    assert_eq!(sent_signature(&request), signature_of(&request));
}

#[tokio::test]
async fn a_failed_send_is_an_error_that_repeats_neither_message_nor_credential() {
    for (code, kind, reason) in [
        ("com.amazonaws.sqs#QueueDoesNotExist", ErrorKind::Missing, None),
        ("AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("RequestThrottled", ErrorKind::Retry, Some(Reason::Throttled)),
    ] {
        let (_, queue, _) = queue(move || Reply::error(code, "said so"));
        let error = queue.send(&message(1)).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
        assert_eq!(error.to_string(), format!("SendMessage: {}: said so", code.rsplit('#').next().unwrap()));
    }
    for (number, answer) in [|| Reply::ok(&json!({})), || Reply::Json(502, format!("{TOKEN} {BODY}")), || Reply::Cut]
        .into_iter()
        .enumerate()
    {
        let (_, queue, _) = queue(answer);
        let error = queue.send(&message(1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Retry, "answer {number}");
        for secret in [TOKEN, SECRET, KEY_ID, "CANARY"] {
            assert!(!format!("{error} {error:?}").contains(secret), "answer {number}: {error:?}");
        }
    }
}
