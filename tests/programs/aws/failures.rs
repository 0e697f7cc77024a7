//! Failures: which calls are retried and how often, and the errors that the core gets. Time is paused, so waiting costs
//! nothing.

use aws_config::credential_process::CredentialProcessProvider;
use aws_sdk_ecs::config::SharedCredentialsProvider;
use logweir::aws::Aws;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, LogGroups, PortError, TaskDefinitions};
use serde_json::json;

use super::line::{Back, SECRET, Seen, aws, config, replay};
use super::logs::group;
use super::lossless::ARN;

fn described() -> Back {
    Back::ok(
        json!({"taskDefinition": {"taskDefinitionArn": ARN, "containerDefinitions": [{"name": "app"}], "status": "ACTIVE"}}),
    )
}

fn definition() -> TaskDefinition {
    TaskDefinition::parse(r#"{"family":"web","containerDefinitions":[{"name":"app"}]}"#).unwrap()
}

fn verdict<T: std::fmt::Debug>(answer: Result<T, PortError>) -> (ErrorKind, Option<Reason>) {
    let error = answer.unwrap_err();
    (error.kind, error.reason)
}

#[tokio::test(start_paused = true)]
async fn temporary_throttling_is_no_error() {
    let slow = || Back::error("ThrottlingException", "Rate exceeded");
    let (aws, line) = replay([slow(), slow(), described()]);
    aws.ecs.describe("web").await.unwrap();
    assert_eq!((line.seen().len(), aws.calls().count()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn permanent_throttling_is_an_error_after_three_attempts() {
    let (aws, line) = aws(|_| Back::error("ThrottlingException", "Rate exceeded"));
    let error = aws.ecs.newest("web", 1).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Retry, Some(Reason::Throttled)));
    assert_eq!(error.to_string(), "ListTaskDefinitions: ThrottlingException: Rate exceeded");
    assert_eq!((line.seen().len(), aws.calls().count()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_retried() {
    let (aws, line) = replay([Back::Cut, described()]);
    aws.ecs.describe("web").await.unwrap();
    assert_eq!(line.seen().len(), 2);

    for (back, cause) in
        [(|| Back::Cut) as fn() -> Back, || Back::Torn].into_iter().zip(["reset by peer", "incomplete"])
    {
        let (aws, line) = super::line::aws(move |_| back());
        let error = aws.ecs.describe("web").await.unwrap_err();
        assert_eq!((error.kind, line.seen().len()), (ErrorKind::Retry, 3));
        assert!(error.message.contains(cause), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_tried_once_whatever_happens() {
    let html = || Back::Reply(502, "<html>Bad Gateway</html>".into());
    for back in [
        || Back::Cut,
        || Back::Silence,
        || Back::error("ThrottlingException", "Rate exceeded"),
        || Back::error("ServerException", "Service Unavailable"),
        || Back::Reply(200, r#"{"taskDefinition":{"taskDefin"#.into()),
        html,
    ] {
        let mut registered = Vec::new();
        let (aws, line) = aws(move |seen| {
            registered.push(seen.body.clone());
            assert_eq!(registered.len(), 1, "an account would have two revisions now");
            back()
        });
        assert_eq!(aws.ecs.register(&definition(), &[]).await.unwrap_err().kind, ErrorKind::Retry);
        assert_eq!((line.seen().len(), aws.calls().count()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_after_half_a_minute() {
    let (aws, line) = aws(|_| Back::Silence);
    let before = tokio::time::Instant::now();
    let error = aws.ecs.describe("web").await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Retry, "the service did not respond in time"));
    assert!(before.elapsed().as_millis() <= 30_010, "{:?}", before.elapsed());
    assert!(line.seen().len() <= 3);
}

#[tokio::test(start_paused = true)]
async fn an_html_page_is_classified_by_its_status() {
    let (aws, line) = aws(|_| Back::Reply(500, "<html><h1>CANARY</h1></html>".into()));
    let error = aws.ecs.describe("web").await.unwrap_err();
    assert_eq!((error.kind, line.seen().len()), (ErrorKind::Retry, 3));
    assert_eq!(error.message, "the response cannot be read: the HTTP status is 500");
    let (aws, _) = super::line::aws(|_| Back::Reply(429, "<html>CANARY</html>".into()));
    assert_eq!(verdict(aws.ecs.describe("web").await), (ErrorKind::Retry, Some(Reason::Throttled)));
    let (aws, _) = super::line::aws(|_| Back::Reply(403, "<html>CANARY</html>".into()));
    let error = aws.log_groups.look(&["/ecs/web".into()]).await.unwrap_err();
    assert_eq!((error.kind, error.reason), (ErrorKind::Refused, Some(Reason::Unreadable)), "{error}");
    assert!(!error.message.contains("CANARY"));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_between_two_requests_is_retried() {
    let conflict = || Back::error("OperationAbortedException", "Multiple concurrent requests");
    let (aws, line) = replay([conflict(), Back::ok(json!({})), conflict(), Back::ok(json!({}))]);
    assert!(aws.log_groups.create(&group("/ecs/web")).await.unwrap());
    aws.log_groups.set_retention("/ecs/web", 30).await.unwrap();
    assert_eq!(line.seen().len(), 4);
    let (aws, _) = super::line::aws(move |_| conflict());
    assert_eq!(verdict(aws.log_groups.create(&group("/ecs/web")).await), (ErrorKind::Retry, None));
}

#[tokio::test]
async fn a_refusal_says_why_and_is_not_repeated() {
    let passrole = "User: arn:aws:sts::111122223333:assumed-role/R/s is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/exec";
    for (code, message, kind, reason) in [
        ("AccessDeniedException", passrole, ErrorKind::Refused, Some(Reason::PassRoleDenied)),
        ("AccessDeniedException", "not authorized to perform: ecs:X", ErrorKind::Refused, Some(Reason::AccessDenied)),
        (
            "UnrecognizedClientException",
            "The security token is invalid.",
            ErrorKind::Refused,
            Some(Reason::AccessDenied),
        ),
        ("ExpiredTokenException", "The security token has expired.", ErrorKind::Refused, Some(Reason::AccessDenied)),
        (
            "ClientException",
            "Actual length: '66420'. Max allowed length is '65536' bytes.",
            ErrorKind::Refused,
            Some(Reason::TooLarge),
        ),
        ("ClientException", "Container list cannot be empty.", ErrorKind::Refused, None),
        ("InvalidParameterException", "Invalid.", ErrorKind::Refused, None),
    ] {
        let (aws, line) = aws(move |_| Back::error(code, message));
        let error = aws.ecs.register(&definition(), &[]).await.unwrap_err();
        assert_eq!((error.kind, error.reason), (kind, reason), "{code}: {message}");
        assert_eq!(error.to_string(), format!("RegisterTaskDefinition: {code}: {message}"));
        assert_eq!(line.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_resource_that_does_not_exist_is_missing() {
    let (aws, _) = aws(|seen: &Seen| match seen.name() {
        "DescribeTaskDefinition" => Back::error("ClientException", "Unable to describe task definition."),
        "DeregisterTaskDefinition" => Back::error("ClientException", "The specified task definition does not exist."),
        _ => Back::error("ResourceNotFoundException", "The specified log group does not exist."),
    });
    assert_eq!(verdict(aws.ecs.describe("web").await), (ErrorKind::Missing, None));
    assert_eq!(verdict(aws.ecs.deregister(&ARN.parse().unwrap()).await), (ErrorKind::Missing, None));
    assert_eq!(verdict(aws.log_groups.set_retention("/ecs/web", 30).await), (ErrorKind::Missing, None));
    assert_eq!(verdict(aws.log_groups.is_empty("/ecs/web").await), (ErrorKind::Missing, None));
}

#[tokio::test]
async fn a_definition_beyond_the_limit_is_not_sent() {
    let (aws, line) = aws(|_| Back::Cut);
    let large = format!(r#"{{"family":"web","containerDefinitions":[{{"image":"{}"}}]}}"#, "x".repeat(65_536));
    let answer = aws.ecs.register(&TaskDefinition::parse(large).unwrap(), &[]).await;
    assert_eq!(verdict(answer), (ErrorKind::Refused, Some(Reason::TooLarge)));
    assert!(line.seen().is_empty());
}

#[tokio::test]
async fn without_credentials_nothing_is_sent_and_the_error_is_not_retryable() {
    let (_, line) = replay([]);
    let no_credentials = CredentialProcessProvider::new("false".into());
    let aws = Aws::with(&config(&line, SharedCredentialsProvider::new(no_credentials))).unwrap();
    assert_eq!(verdict(aws.ecs.describe("web").await), (ErrorKind::Refused, Some(Reason::AccessDenied)));
    assert_eq!(aws.calls().count(), 0);
}

#[tokio::test]
async fn no_debug_and_no_error_shows_a_secret() {
    let secrets = TaskDefinition::parse(
        r#"{"family":"web","containerDefinitions":[{"environment":[{"name":"A","value":"CANARY-1"}],
            "logConfiguration":{"logDriver":"splunk","options":{"splunk-token":"CANARY-2"}}}]}"#,
    )
    .unwrap();
    let (aws, _) = aws(|seen| Back::error("ClientException", &format!("I do not like {}", seen.body)));
    let error = aws.ecs.register(&secrets, &[]).await.unwrap_err();
    for shown in [format!("{error:?} {error}"), format!("{aws:?}")] {
        assert!(!shown.contains("CANARY") && !shown.contains(SECRET), "{shown}");
    }
}
