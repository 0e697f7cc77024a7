//! Invoking a function without an SDK: the call to Lambda, and how the answers are read.

use aws_config::credential_process::CredentialProcessProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use logweir::aws::{Aws, Invoked};
use logweir::domain::outcome::Reason;
use logweir::ports::ErrorKind;
use serde_json::{Value, json};

use super::line::{KEY_ID, SECRET, Seen};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

pub(crate) const TOKEN: &str = "SESSION-TOKEN-EXAMPLE";

pub(crate) fn at(url: &str, credentials: SharedCredentialsProvider) -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials)
        .endpoint_url(url);
    Aws::with(&config.build()).unwrap()
}

pub(crate) fn session() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(KEY_ID, SECRET, Some(TOKEN.into()), None, "test"))
}

/// A function that gives this answer to each call.
fn function(answer: impl Fn(&str) -> Reply + Send + 'static) -> (Aws, Loopback) {
    let lambda = Loopback::serve(move |_, body| answer(body));
    (at(&lambda.url, session()), lambda)
}

fn payload() -> Value {
    json!({"logweir": "backout", "record": "web:41", "reason": "CANARY \"é\""})
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    let headers = format!("x-amzn-errortype: {code}\r\ncontent-type: application/json\r\n");
    Reply::Http(status, headers, json!({"Message": message}).to_string())
}

/// The head of the first request, and its body.
pub(crate) fn seen(lambda: &Loopback) -> Seen {
    let (head, (_, body)) = (&lambda.heads()[0], lambda.calls().remove(0));
    let mut lines = head.lines();
    let line: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.into()));
    Seen { method: line[0].into(), uri: format!("{}{}", lambda.url, line[1]), headers: headers.collect(), body }
}

#[tokio::test]
async fn any_function_name_is_one_segment_of_the_path() {
    for (name, part) in [
        ("logweir-backout_1", "logweir-backout_1"),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:logweir:live",
            "arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Alogweir%3Alive",
        ),
        ("a/../b?c#d é%41$LATEST", "a%2F..%2Fb%3Fc%23d%20%C3%A9%2541%24LATEST"),
    ] {
        let (aws, lambda) = function(|_| Reply::ok(&json!({"outcome": "backed-out"})));
        let answer = aws.invoke(name, &payload()).await;
        assert_eq!(answer, Ok(Invoked::Answer(json!({"outcome": "backed-out"}))));
        let request = seen(&lambda);
        assert_eq!((request.method.as_str(), &request.json()), ("POST", &payload()));
        assert_eq!(request.uri, format!("{}/2015-03-31/functions/{part}/invocations", lambda.url));
        assert_eq!((lambda.calls().len(), aws.calls().count()), (1, 1));
    }
}

#[tokio::test]
async fn the_request_is_signed_for_lambda_over_what_is_sent() {
    let (aws, lambda) = function(|_| Reply::ok(&json!({})));
    aws.invoke("arn:aws:lambda:eu-west-1:111122223333:function:logweir", &payload()).await.unwrap();
    let request = seen(&lambda);
    let authorization = &request.headers["authorization"];
    assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")), "{authorization}");
    assert!(
        authorization.contains("/eu-west-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token")
    );
    assert_eq!(request.headers["x-amz-security-token"], TOKEN);
    assert_eq!(sent_signature(&request), signature_of(&request));
    let forged = Seen { body: "{}".into(), ..request.clone() };
    assert_ne!(sent_signature(&request), signature_of(&forged), "the signature does not cover the body");
}

#[tokio::test]
async fn a_function_that_ended_in_an_error_has_failed() {
    for (body, why) in [
        (json!({"errorMessage": "throttled\u{1b}[31m\nagain", "errorType": "Error"}), "throttled[31magain"),
        (json!({"errorMessage": payload().to_string()}), "(hidden)"),
        (json!(null), ""),
    ] {
        let body = body.to_string();
        let (aws, _) = function(move |_| Reply::Http(200, "X-Amz-Function-Error: Unhandled\r\n".into(), body.clone()));
        assert_eq!(aws.invoke("f", &payload()).await, Ok(Invoked::Failed(why.into())));
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_is_not_repeated() {
    for (status, code, kind, reason) in [
        (403, "AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        (403, "ExpiredTokenException:http://internal.amazon.com/", ErrorKind::Refused, Some(Reason::AccessDenied)),
        (404, "ResourceNotFoundException", ErrorKind::Missing, None),
        (400, "InvalidRequestContentException", ErrorKind::Refused, None),
        (413, "RequestTooLargeException", ErrorKind::Refused, None),
        (429, "TooManyRequestsException", ErrorKind::Retry, Some(Reason::Throttled)),
        (500, "ServiceException", ErrorKind::Retry, None),
        (502, "EC2UnexpectedException", ErrorKind::Retry, None),
    ] {
        let (aws, lambda) = function(move |_| error(status, code, "said so"));
        let error = aws.invoke("f", &payload()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
        assert_eq!(error.to_string(), format!("Invoke: {}: said so", code.split(':').next().unwrap()));
        assert_eq!(lambda.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_invalid_answer_is_never_accepted() {
    let html = "<html>Bad Gateway</html>";
    for (status, body, kind) in [
        (200, html, ErrorKind::Retry),
        (200, "", ErrorKind::Retry),
        (200, "{\"outcome\":", ErrorKind::Retry),
        (502, html, ErrorKind::Retry),
        (429, html, ErrorKind::Retry),
        (403, html, ErrorKind::Refused),
        (403, "{\"message\":\"Forbidden\"}", ErrorKind::Refused),
        (302, "{}", ErrorKind::Refused),
    ] {
        let (aws, _) = function(move |_| Reply::Http(status, String::new(), body.into()));
        let error = aws.invoke("f", &payload()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        assert_eq!(error.message, format!("the response cannot be read: the HTTP status is {status}"));
    }
}

#[tokio::test]
async fn a_broken_connection_is_retryable() {
    let (aws, lambda) = function(|_| Reply::Cut);
    let error = aws.invoke("f", &payload()).await.unwrap_err();
    assert_eq!((error.kind, lambda.calls().len()), (ErrorKind::Retry, 1), "{error}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = at(&format!("http://{closed}"), session()).invoke("f", &payload()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Retry);
    assert!(error.message.starts_with("the connection failed: "), "{error}");
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let lambda = Loopback::serve(|_, _| Reply::Cut);
    let no_credentials = SharedCredentialsProvider::new(CredentialProcessProvider::new("false".into()));
    let aws = at(&lambda.url, no_credentials);
    assert_eq!(aws.invoke("f", &payload()).await.unwrap_err().kind, ErrorKind::Refused);
    assert!(lambda.calls().is_empty() && aws.calls().count() == 0);
}

#[tokio::test]
async fn no_error_repeats_a_credential_or_the_payload() {
    let canonical = format!("The Canonical String for this request should have been 'x-amz-security-token:{TOKEN}'");
    type Answer = Box<dyn Fn(&str) -> Reply + Send>;
    let answers: [Answer; 5] = [
        Box::new(move |_| error(403, "InvalidSignatureException", &format!("It does not match.\n\n{canonical}"))),
        Box::new(|body| error(400, "InvalidRequestContentException", &format!("Could not parse {body}"))),
        Box::new(|body| Reply::Http(200, "x-amz-function-error: Unhandled\r\n".into(), body.into())),
        Box::new(|body| Reply::Json(500, format!("no JSON: {body}"))),
        Box::new(|_| Reply::Cut),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let (aws, _) = function(answer);
        let shown = match aws.invoke("f", &payload()).await {
            Err(error) => format!("{error} {error:?}"),
            Ok(answer) => format!("{answer:?}"),
        };
        for secret in ["CANARY", TOKEN, SECRET, KEY_ID] {
            assert!(!shown.contains(secret), "answer {number}: {shown}");
        }
    }
}
