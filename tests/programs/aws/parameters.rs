//! Reading a parameter: the call to Systems Manager without an SDK, and how the answers are read.

use logweir::aws::Aws;
use logweir::domain::outcome::Reason;
use logweir::ports::ErrorKind;
use serde_json::json;

use super::invoke::{TOKEN, at, seen, session};
use super::line::{KEY_ID, SECRET};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

const NAME: &str = "/logweir/journal";

/// A store that gives this answer to each call.
fn store(answer: impl Fn() -> Reply + Send + 'static) -> (Aws, Loopback) {
    let ssm = Loopback::serve(move |_, _| answer());
    (at(&ssm.url, session()), ssm)
}

fn holds(value: &'static str) -> impl Fn() -> Reply {
    move || Reply::ok(&json!({"Parameter": {"Name": NAME, "Type": "SecureString", "Value": value, "Version": 3}}))
}

#[tokio::test]
async fn a_parameter_is_read_by_its_name_in_the_clear() {
    let (aws, ssm) = store(holds("dynamodb:table\n"));
    assert_eq!(aws.parameter(NAME).await, Ok(Some("dynamodb:table\n".into())));
    let request = seen(&ssm);
    assert_eq!(request.json(), json!({"Name": NAME, "WithDecryption": true}));
    assert_eq!((request.method.as_str(), &request.uri), ("POST", &format!("{}/", ssm.url)));
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(request.headers["x-amz-target"], "AmazonSSM.GetParameter");
    let authorization = &request.headers["authorization"];
    assert!(authorization.contains("/eu-west-1/ssm/aws4_request, "), "{authorization}");
    assert_eq!(sent_signature(&request), signature_of(&request));
    assert_eq!((ssm.calls().len(), aws.calls().count()), (1, 1));
}

#[tokio::test]
async fn only_a_not_found_error_means_that_there_is_no_parameter() {
    for code in ["ParameterNotFound", "com.amazonaws.ssm#ParameterNotFound", "ParameterVersionNotFound"] {
        let (aws, _) = store(move || Reply::error(code, "no such parameter"));
        assert_eq!(aws.parameter(NAME).await, Ok(None), "{code}");
    }
    for (code, kind, reason) in [
        ("AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("InvalidKeyId", ErrorKind::Refused, None),
        ("ThrottlingException", ErrorKind::Retry, Some(Reason::Throttled)),
        ("InternalServerError", ErrorKind::Retry, None),
    ] {
        let (aws, _) = store(move || Reply::error(code, "said so"));
        let error = aws.parameter(NAME).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
        assert_eq!(error.to_string(), format!("GetParameter: {code}: said so"));
    }
}

#[tokio::test]
async fn an_invalid_answer_is_never_accepted_and_no_error_repeats_a_credential() {
    let answers: [fn() -> Reply; 5] = [
        || Reply::ok(&json!({})),
        || Reply::ok(&json!({"Parameter": {"Value": 1}})),
        || Reply::Json(200, "<html>".into()),
        || Reply::Json(502, format!("no JSON: {TOKEN}")),
        || Reply::Cut,
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let (aws, _) = store(answer);
        let error = aws.parameter(NAME).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Retry, "answer {number}");
        for secret in [TOKEN, SECRET, KEY_ID] {
            assert!(!format!("{error} {error:?}").contains(secret), "answer {number}: {error:?}");
        }
    }
}
