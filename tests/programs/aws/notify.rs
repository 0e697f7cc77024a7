//! Notifying a topic and an event bus: the calls to SNS and EventBridge without an SDK, and how the answers are read.

use aws_config::credential_process::CredentialProcessProvider;
use aws_sdk_ecs::config::SharedCredentialsProvider;
use logweir::aws::Aws;
use logweir::domain::event::{Cause, Home};
use logweir::domain::notice::Notice;
use logweir::domain::outcome::{Mode, Outcome, Reason, TriggerKind};
use logweir::domain::report::Report;
use logweir::ports::{ErrorKind, Notifier, PortError};
use serde_json::{Value, json};

use super::invoke::{TOKEN, at, error, session};
use super::line::{KEY_ID, SECRET, Seen};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

const TOPIC: &str = "arn:aws:sns:us-east-2:111122223333:operators";
const BUS: &str = "arn:aws:events:eu-west-1:111122223333:event-bus/operations";

const PUBLISHED: &str = r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
  <ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
</PublishResponse>"#;

pub(crate) fn notice() -> Notice {
    let home =
        Home { partition: "aws".into(), account: "111122223333".into(), region: "eu-west-1".into(), ..Home::default() };
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    let mut report = Report::new(&home, Mode::Register, TriggerKind::Event, &Cause::default(), at);
    report.about(&home.revision("web:41").unwrap());
    report.notes.push("a&b=c d+e %41 é \"😀\"".into());
    Notice::of(&report.ends(Outcome::Remediated).into()).unwrap()
}

fn xml(status: u16, body: impl Into<String>) -> Reply {
    Reply::Http(status, "content-type: text/xml\r\n".into(), body.into())
}

fn put() -> Reply {
    Reply::ok(&json!({"FailedEntryCount": 0, "Entries": [{"EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860"}]}))
}

/// Serves SNS, whose calls have only a path and are answered in XML, and EventBridge, which answers in JSON.
fn place(sns: impl Fn() -> Reply + Send + 'static, events: impl Fn() -> Reply + Send + 'static) -> (Aws, Loopback) {
    let place = Loopback::serve(move |operation, _| if operation == "PutEvents" { events() } else { sns() });
    (at(&place.url, session()), place)
}

async fn tell(aws: &Aws, topic: Option<&str>, bus: Option<&str>) -> Vec<PortError> {
    aws.notifier(topic.map(String::from), bus.map(String::from)).tell(&notice()).await
}

/// The one request that was sent.
fn seen(place: &Loopback) -> Seen {
    assert_eq!(place.calls().len(), 1, "tried once");
    super::invoke::seen(place)
}

/// The fields of a form, unescaped.
fn form(body: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            assert!(byte.is_ascii_graphic() && byte != b'+', "{text}");
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    body.split('&')
        .map(|field| field.split_once('=').unwrap())
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

#[tokio::test]
async fn a_topic_gets_one_message_with_a_form_for_each_kind_of_subscriber() {
    let (aws, sns) = place(|| xml(200, PUBLISHED), || Reply::Cut);
    assert_eq!(tell(&aws, Some(TOPIC), None).await, []);
    let request = seen(&sns);
    assert_eq!((request.method.as_str(), request.uri.as_str()), ("POST", format!("{}/", sns.url).as_str()));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    let fields = form(&request.body);
    let notice = notice();
    let expected = [
        ("Action", "Publish".to_owned()),
        ("Version", "2010-03-31".into()),
        ("TopicArn", TOPIC.into()),
        ("Subject", notice.subject.clone()),
        ("MessageStructure", "json".into()),
        ("Message", notice.message()),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
    let message: Value = serde_json::from_str(&fields[5].1).unwrap();
    assert_eq!(message["email"], notice.text);
    assert_eq!(serde_json::from_str::<Value>(message["default"].as_str().unwrap()).unwrap(), notice.chat);
}

#[tokio::test]
async fn a_bus_gets_one_event() {
    let (aws, events) = place(|| Reply::Cut, put);
    assert_eq!(tell(&aws, None, Some(BUS)).await, []);
    let request = seen(&events);
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(request.headers["x-amz-target"], "AWSEvents.PutEvents");
    let entry = &request.json()["Entries"][0];
    let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41";
    assert_eq!(
        *entry,
        json!({
            "Time": 1_795_262_400, "Source": "logweir", "DetailType": "Remediation Completed", "EventBusName": BUS,
            "Detail": notice().detail.to_string(), "Resources": [arn],
        })
    );
}

#[tokio::test]
async fn each_request_is_signed_for_its_service_and_region_over_all_that_is_sent() {
    for (topic, bus, scope) in [
        (
            Some(TOPIC),
            None,
            "/us-east-2/sns/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,",
        ),
        (
            None,
            Some(BUS),
            "/eu-west-1/events/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
        ),
    ] {
        let (aws, place) = place(|| xml(200, PUBLISHED), put);
        tell(&aws, topic, bus).await;
        let request = seen(&place);
        let authorization = &request.headers["authorization"];
        assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")), "{authorization}");
        assert!(authorization.contains(scope), "{authorization}");
        assert_eq!(
            (&*request.headers["x-amz-security-token"], sent_signature(&request)),
            (TOKEN, signature_of(&request))
        );
        let forged = Seen { body: String::new(), ..request.clone() };
        assert_ne!(sent_signature(&request), signature_of(&forged), "the signature does not cover the body");
    }
}

#[tokio::test]
async fn without_a_topic_and_a_bus_nothing_is_sent() {
    let (aws, place) = place(|| Reply::Cut, || Reply::Cut);
    assert_eq!(tell(&aws, None, None).await, []);
    assert!(place.calls().is_empty() && aws.calls().count() == 0);
}

#[tokio::test]
async fn one_channel_is_notified_although_the_other_fails() {
    let (aws, events) = place(|| Reply::Cut, put);
    let errors = tell(&aws, Some(TOPIC), Some(BUS)).await;
    assert_eq!(
        errors.iter().map(|error| (error.call, error.kind)).collect::<Vec<_>>(),
        [("Publish", ErrorKind::Retry)]
    );
    assert_eq!((events.calls().len(), aws.calls().count()), (2, 2));
}

#[tokio::test]
async fn a_refusal_of_the_topic_is_reported() {
    for (status, code, kind, reason) in [
        (403, "AuthorizationError", ErrorKind::Refused, None),
        (403, "InvalidClientTokenId", ErrorKind::Refused, Some(Reason::AccessDenied)),
        (404, "NotFound", ErrorKind::Refused, None),
        (400, "InvalidParameter", ErrorKind::Refused, None),
        (429, "Throttled", ErrorKind::Retry, Some(Reason::Throttled)),
        (500, "InternalError", ErrorKind::Retry, None),
    ] {
        let body = format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>said &lt;so&gt;\n</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        );
        let (aws, _) = place(move || xml(status, body.clone()), || Reply::Cut);
        let errors = tell(&aws, Some(TOPIC), None).await;
        let [error] = errors.as_slice() else { panic!("{code}: {errors:?}") };
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
        assert_eq!(error.to_string(), format!("Publish: {code}: said <so>"));
    }
}

#[tokio::test]
async fn an_invalid_answer_of_the_topic_is_never_accepted() {
    for (status, body) in [
        (200, ""),
        (200, "<html>"),
        (200, "<PublishResponse/>"),
        (200, "<PublishResponse><PublishResult><MessageId/></PublishResult></PublishResponse>"),
        (200, "<PublishResponse><PublishResult><MessageId>1"),
        (200, "{\"MessageId\": \"1\"}"),
        (502, "<html>Bad Gateway</html>"),
        (403, "<html>Forbidden</html>"),
    ] {
        let (aws, _) = place(move || xml(status, body), || Reply::Cut);
        let errors = tell(&aws, Some(TOPIC), None).await;
        assert_eq!(errors.len(), 1, "{status} {body}");
        assert_eq!(errors[0].reason, Some(Reason::Unreadable), "{status} {body}");
    }
}

#[tokio::test]
async fn a_bus_that_answers_without_putting_the_event_has_refused_it() {
    for (code, kind) in [
        ("ThrottlingException", ErrorKind::Retry),
        ("InternalFailure", ErrorKind::Retry),
        ("NotAuthorizedForSourceException", ErrorKind::Refused),
        ("MalformedDetail", ErrorKind::Refused),
    ] {
        let failed = json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "said\nso"}]});
        let (aws, _) = place(|| Reply::Cut, move || Reply::ok(&failed));
        let errors = tell(&aws, None, Some(BUS)).await;
        assert_eq!((errors.len(), errors[0].kind), (1, kind), "{code}");
        assert_eq!(errors[0].to_string(), format!("PutEvents: {code}: saidso"));
    }
    let (aws, _) = place(|| Reply::Cut, || Reply::ok(&json!({})));
    assert_eq!(tell(&aws, None, Some(BUS)).await[0].reason, Some(Reason::Unreadable));
}

#[tokio::test]
async fn a_refusal_of_the_bus_is_reported() {
    let (aws, _) = place(|| Reply::Cut, || error(400, "AccessDeniedException", "said so"));
    let errors = tell(&aws, None, Some(BUS)).await;
    assert_eq!((errors[0].kind, errors[0].reason), (ErrorKind::Refused, Some(Reason::AccessDenied)));
    assert_eq!(errors[0].to_string(), "PutEvents: AccessDeniedException: said so");
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let place = Loopback::serve(|_, _| Reply::Cut);
    let aws = at(&place.url, SharedCredentialsProvider::new(CredentialProcessProvider::new("false".into())));
    let errors = tell(&aws, Some(TOPIC), Some(BUS)).await;
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|error| error.kind == ErrorKind::Refused) && place.calls().is_empty());
}

#[tokio::test]
async fn no_error_repeats_a_credential() {
    let canonical = format!("The Canonical String for this request should have been 'x-amz-security-token:{TOKEN}'");
    let body = format!(
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>no. {canonical}</Message></Error></ErrorResponse>"
    );
    let (aws, _) = place(move || xml(403, body.clone()), || Reply::Json(500, format!("no JSON: {TOKEN}")));
    let errors = tell(&aws, Some(TOPIC), Some(BUS)).await;
    assert_eq!(errors.len(), 2);
    for secret in [TOKEN, SECRET, KEY_ID] {
        assert!(!format!("{errors:?}").contains(secret), "{errors:?}");
    }
}
