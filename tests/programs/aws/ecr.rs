//! Resolving an image's tag: the call to ECR without an SDK, and how the answers are read.

use aws_config::credential_process::CredentialProcessProvider;
use aws_sdk_ecs::config::SharedCredentialsProvider;
use logweir::aws::Aws;
use logweir::domain::ecs::image::EcrImage;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, Services};
use serde_json::json;

use super::invoke::{TOKEN, at, error, seen, session};
use super::line::{KEY_ID, SECRET, Seen};
use super::signature::{sent_signature, signature_of};
use crate::loopback::{Loopback, Reply};

fn image() -> EcrImage {
    EcrImage::parse("444455556666.dkr.ecr.us-east-2.amazonaws.com/team/web:1.2").unwrap()
}

fn digest() -> String {
    format!("sha256:{}", "0123456789abcdef".repeat(4))
}

/// A registry that gives this answer to each call.
fn registry(answer: impl Fn(&str) -> Reply + Send + 'static) -> (Aws, Loopback) {
    let ecr = Loopback::serve(move |_, body| answer(body));
    (at(&ecr.url, session()), ecr)
}

#[tokio::test]
async fn a_tag_resolves_to_its_digest_in_the_registry() {
    let (aws, ecr) = registry(|_| {
        Reply::ok(&json!({"imageDetails": [{"imageDigest": digest(), "imageTags": ["1.2"], "imagePushedAt": 1.7e9}]}))
    });
    assert_eq!(aws.ecs.digest(&image()).await, Ok(Some(digest())));
    let request = seen(&ecr);
    assert_eq!((request.method.as_str(), request.uri.as_str()), ("POST", format!("{}/", ecr.url).as_str()));
    let asked = json!({"registryId": "444455556666", "repositoryName": "team/web", "imageIds": [{"imageTag": "1.2"}]});
    assert_eq!(request.json(), asked);
    assert_eq!(request.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(request.headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.DescribeImages");
    assert_eq!((ecr.calls().len(), aws.calls().count()), (1, 1));
}

#[tokio::test]
async fn the_request_is_signed_for_ecr_in_the_images_region_over_all_that_is_sent() {
    let (aws, ecr) = registry(|_| Reply::ok(&json!({"imageDetails": []})));
    aws.ecs.digest(&image()).await.unwrap();
    let request = seen(&ecr);
    let authorization = &request.headers["authorization"];
    assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")), "{authorization}");
    let scope = "/us-east-2/ecr/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    assert!(authorization.contains(scope), "{authorization}");
    assert_eq!(request.headers["x-amz-security-token"], TOKEN);
    assert_eq!(sent_signature(&request), signature_of(&request));
    let forged = Seen { body: "{}".into(), ..request.clone() };
    assert_ne!(sent_signature(&request), signature_of(&forged), "the signature does not cover the body");
}

#[tokio::test]
async fn an_image_that_the_registry_does_not_have_has_no_digest() {
    let named = |code: &'static str| move |_: &str| Reply::error(code, "no such thing in the registry");
    type Answer = Box<dyn Fn(&str) -> Reply + Send>;
    let answers: [Answer; 6] = [
        Box::new(named("ImageNotFoundException")),
        Box::new(named("RepositoryNotFoundException")),
        Box::new(named("com.amazonaws.ecr#ImageNotFoundException")),
        Box::new(|_| error(400, "RepositoryNotFoundException:http://internal.amazon.com/", "no such thing")),
        Box::new(|_| Reply::ok(&json!({"imageDetails": []}))),
        Box::new(|_| Reply::ok(&json!({"imageDetails": [{"imageTags": ["1.2"]}]}))),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let (aws, ecr) = registry(answer);
        assert_eq!((aws.ecs.digest(&image()).await, ecr.calls().len()), (Ok(None), 1), "answer {number}");
    }
}

#[tokio::test]
async fn a_registry_that_may_not_be_read_is_an_error() {
    for (code, kind, reason) in [
        ("AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("com.amazonaws.ecr#AccessDeniedException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("UnrecognizedClientException", ErrorKind::Refused, Some(Reason::AccessDenied)),
        ("InvalidParameterException", ErrorKind::Refused, None),
        ("ThrottlingException", ErrorKind::Retry, Some(Reason::Throttled)),
        ("ServerException", ErrorKind::Retry, None),
    ] {
        let (aws, ecr) = registry(move |_| Reply::error(code, "said so"));
        let error = aws.ecs.digest(&image()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}");
        assert_eq!(error.to_string(), format!("DescribeImages: {}: said so", code.rsplit('#').next().unwrap()));
        assert_eq!(ecr.calls().len(), 1, "tried once");
    }
}

#[tokio::test]
async fn an_invalid_answer_is_never_accepted() {
    for (status, body, kind) in [
        (200, "{}", ErrorKind::Retry),
        (200, "<html>", ErrorKind::Retry),
        (200, r#"{"imageDetails":"#, ErrorKind::Retry),
        (502, "<html>Bad Gateway</html>", ErrorKind::Retry),
        (403, r#"{"message":"Forbidden"}"#, ErrorKind::Refused),
    ] {
        let (aws, _) = registry(move |_| Reply::Http(status, String::new(), body.into()));
        let error = aws.ecs.digest(&image()).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, Some(Reason::Unreadable)), "{status} {body}");
    }
    let (aws, _) = registry(|_| Reply::Cut);
    assert_eq!(aws.ecs.digest(&image()).await.unwrap_err().kind, ErrorKind::Retry);
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let ecr = Loopback::serve(|_, _| Reply::Cut);
    let aws = at(&ecr.url, SharedCredentialsProvider::new(CredentialProcessProvider::new("false".into())));
    let error = aws.ecs.digest(&image()).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::AccessDenied)), "{error}");
    assert!(ecr.calls().is_empty() && aws.calls().count() == 0);
}

#[tokio::test]
async fn no_error_repeats_a_credential() {
    let canonical = format!("The Canonical String for this request should have been 'x-amz-security-token:{TOKEN}'");
    type Answer = Box<dyn Fn(&str) -> Reply + Send>;
    let answers: [Answer; 3] = [
        Box::new(move |_| Reply::error("InvalidSignatureException", &format!("It does not match.\n\n{canonical}"))),
        Box::new(|_| Reply::Json(500, format!("no JSON: {TOKEN}"))),
        Box::new(|_| Reply::Cut),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let (aws, _) = registry(answer);
        let error = aws.ecs.digest(&image()).await.unwrap_err();
        for secret in [TOKEN, SECRET, KEY_ID] {
            assert!(!format!("{error} {error:?}").contains(secret), "answer {number}: {error:?}");
        }
    }
}
