//! From what AWS or the way to it said to what the core can decide upon: one place for every call.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value;

use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::outcome::Reason;
use crate::domain::report::is_shown;
use crate::domain::text::plain::plain;
use crate::ports::{Answer, ErrorKind, PortError};

/// The longest message that is handed on; AWS's own are shorter but for encoded authorization messages.
const LONGEST: usize = 512;

/// Codes with which AWS says "slower" (source: the SDKs' common list of throttling errors, less
/// LimitExceededException, which ECS and CloudWatch Logs use for quotas that waiting does not raise).
const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
];

/// Codes after which the same call may succeed at once or soon.
const PASSING: [&str; 8] = [
    "ServerException",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalServerError",
    "OperationAbortedException",
    "RequestTimeout",
    "RequestTimeoutException",
];

/// Codes that say who asks may not, or is nobody.
const DENIED: [&str; 9] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "ExpiredToken",
    "ExpiredTokenException",
];

/// Error codes for a resource that does not exist (source: the API references of ECS, ECR, CloudWatch Logs, SSM, SQS,
/// IAM and CloudTrail).
const ABSENT: [&str; 11] = [
    "ResourceNotFoundException",
    "ServiceNotFoundException",
    "ClusterNotFoundException",
    "ServiceDeploymentNotFoundException",
    "ImageNotFoundException",
    "RepositoryNotFoundException",
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "QueueDoesNotExist",
    "NoSuchEntity",
    "TrailNotFoundException",
];

pub(super) fn port_error<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    port_error_about(call, error, None)
}

/// As [`port_error`], with nothing in the message that the author of the document may have meant to keep to himself: a
/// service may quote what it complains about.
pub(super) fn port_error_about<E>(
    call: &'static str,
    error: &SdkError<E, HttpResponse>,
    document: Option<&TaskDefinition>,
) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(error) => {
            let (meta, status) = (error.err().meta(), error.raw().status().as_u16());
            match meta.code() {
                Some(code) => said(call, status, code, meta.message().unwrap_or_default(), document),
                None => spoiled(call, status),
            }
        }
        // It broke off: whatever its status, what it was about to say is not known.
        SdkError::ResponseError(error) => {
            PortError { kind: ErrorKind::Retry, ..spoiled(call, error.raw().status().as_u16()) }
        }
        SdkError::TimeoutError(_) => retry(call, "no answer in time"),
        SdkError::DispatchFailure(failure) => dispatch(call, failure),
        other => PortError { kind: ErrorKind::Refused, ..retry(call, &chain(other)) },
    }
}

/// An answer arrived, and nobody can tell what it says.
pub(super) fn unreadable(call: &'static str, why: &str) -> PortError {
    PortError {
        kind: ErrorKind::Retry,
        call,
        message: plain(&format!("the answer cannot be read: {why}"), LONGEST),
        reason: Some(Reason::Unreadable),
    }
}

/// An answer that is none of AWS's: a proxy's page, say. Its text stays where it is.
pub(super) fn spoiled(call: &'static str, status: u16) -> PortError {
    let error = unreadable(call, &format!("it came with HTTP {status}"));
    match status {
        429 => PortError { reason: Some(Reason::Throttled), ..error },
        200 | 408 | 500.. => error,
        _ => PortError { kind: ErrorKind::Refused, ..error },
    }
}

/// What a service said, by its code; the message decides where ECS uses ClientException for everything.
pub(super) fn said(
    call: &'static str,
    status: u16,
    code: &str,
    message: &str,
    document: Option<&TaskDefinition>,
) -> PortError {
    // Behind these words stands the request, headers and all: the session token is one.
    let message = message.split("The Canonical String").next().unwrap_or_default().trim_end();
    let lower = message.to_ascii_lowercase();
    let is = |codes: &[&str]| codes.contains(&code);
    let (kind, reason) = if is(&THROTTLED) || status == 429 {
        (ErrorKind::Retry, Some(Reason::Throttled))
    } else if is(&PASSING) || status >= 500 {
        (ErrorKind::Retry, None)
    } else if lower.contains("iam:passrole") {
        (ErrorKind::Refused, Some(Reason::PassRoleDenied))
    } else if is(&DENIED) {
        (ErrorKind::Refused, Some(Reason::AccessDenied))
    } else if is(&ABSENT) || (is_about_one_revision(call) && is_absence(&lower)) {
        (ErrorKind::Missing, None)
    } else if code == "ServiceNotActiveException" {
        (ErrorKind::Refused, Some(Reason::ServiceInactive))
    } else if code == "UnsupportedFeatureException" {
        (ErrorKind::Refused, Some(Reason::UnsupportedController))
    } else if lower.contains("max allowed length") {
        (ErrorKind::Refused, Some(Reason::TooLarge))
    } else {
        (ErrorKind::Refused, None)
    };
    let shown = document.map_or_else(|| message.to_owned(), |document| scrubbed(message, document));
    PortError { kind, call, message: plain(&format!("{code}: {shown}"), LONGEST), reason }
}

fn is_about_one_revision(call: &str) -> bool {
    matches!(call, "DescribeTaskDefinition" | "DeregisterTaskDefinition")
}

/// ECS's ClientException for a revision or family that is not there: "Unable to describe task definition." and "The
/// specified task definition does not exist."
fn is_absence(message: &str) -> bool {
    message.contains("unable to describe task definition") || message.contains("does not exist")
}

fn dispatch(call: &'static str, failure: &DispatchFailure) -> PortError {
    let message = failure.as_connector_error().map(|error| chain(error)).unwrap_or_default();
    if failure.is_timeout() || failure.is_io() || failure.as_other().is_some() {
        return retry(call, &format!("the connection failed: {message}"));
    }
    // What is left never went out: no credentials, no endpoint.
    PortError { kind: ErrorKind::Refused, reason: Some(Reason::AccessDenied), ..retry(call, &message) }
}

pub(super) fn retry(call: &'static str, message: &str) -> PortError {
    PortError { kind: ErrorKind::Retry, call, message: plain(message, LONGEST), reason: None }
}

/// The error of a request that Logweir did not send.
pub(super) fn refused(call: &'static str, why: &str) -> PortError {
    PortError { kind: ErrorKind::Refused, ..retry(call, why) }
}

/// Returns `None` if the requested resource does not exist.
pub(super) fn unless_missing<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Err(error) if error.kind == ErrorKind::Missing => Ok(None),
        answer => answer.map(Some),
    }
}

/// An error and its causes, outermost first, each once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        if !parts.last().is_some_and(|last| last.contains(&part)) {
            parts.push(part);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// `message` without any text of the document but names and settings.
fn scrubbed(message: &str, document: &TaskDefinition) -> String {
    let mut hidden = Vec::new();
    collect(document.view(), "", &mut hidden);
    hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
    // An error may quote a text as it is, or as JSON writes it.
    let quoted = |text: &str| Value::from(text).to_string().trim_matches('"').to_owned();
    hidden
        .into_iter()
        .fold(message.to_owned(), |message, text| message.replace(text, "(hidden)").replace(&quoted(text), "(hidden)"))
}

/// The members whose texts may be shown: names and settings, which an operator needs to find the fault.
const SHOWN: [&str; 12] = [
    "name",
    "family",
    "executionRoleArn",
    "taskRoleArn",
    "networkMode",
    "pidMode",
    "ipcMode",
    "cpu",
    "memory",
    "requiresCompatibilities",
    "protocol",
    "condition",
];

/// Shorter texts are no secrets, and hiding them would blank out half of every message.
const SHORTEST: usize = 4;

fn collect<'d>(value: &'d Value, member: &str, hidden: &mut Vec<&'d str>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST && !SHOWN.contains(&member) && !is_shown(member) => {
            hidden.push(text)
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, member, hidden)),
        Value::Object(members) => members.iter().for_each(|(key, value)| collect(value, key, hidden)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_whether_another_try_can_help() {
        for (code, message, kind, reason) in [
            ("ThrottlingException", "Rate exceeded", ErrorKind::Retry, Some(Reason::Throttled)),
            ("OperationAbortedException", "conflict", ErrorKind::Retry, None),
            (
                "AccessDeniedException",
                "may not: ecs:RegisterTaskDefinition",
                ErrorKind::Refused,
                Some(Reason::AccessDenied),
            ),
            ("AccessDeniedException", "may not: iam:PassRole on x", ErrorKind::Refused, Some(Reason::PassRoleDenied)),
            ("ClientException", "may not: iam:PassRole on x", ErrorKind::Refused, Some(Reason::PassRoleDenied)),
            ("ClientException", "Unable to describe task definition.", ErrorKind::Missing, None),
            ("ResourceNotFoundException", "The specified log group does not exist.", ErrorKind::Missing, None),
            ("ClientException", "Max allowed length is '65536' bytes.", ErrorKind::Refused, Some(Reason::TooLarge)),
            ("ClusterNotFoundException", "Cluster not found.", ErrorKind::Missing, None),
            ("ServiceNotFoundException", "Service not found.", ErrorKind::Missing, None),
            ("ServiceDeploymentNotFoundException", "Not found.", ErrorKind::Missing, None),
            ("ServiceNotActiveException", "Service was not ACTIVE.", ErrorKind::Refused, Some(Reason::ServiceInactive)),
            ("UnsupportedFeatureException", "no", ErrorKind::Refused, Some(Reason::UnsupportedController)),
            ("ConflictException", "It is being stopped already.", ErrorKind::Refused, None),
            ("LimitExceededException", "Resource limit exceeded.", ErrorKind::Refused, None),
            ("ClientException", "Log driver awslogs requires options: awslogs-group", ErrorKind::Refused, None),
        ] {
            let error = said("DescribeTaskDefinition", 400, code, message, None);
            assert_eq!((error.kind, error.reason), (kind, reason), "{code}: {message}");
        }
        let error = said("RegisterTaskDefinition", 400, "ClientException", "Role does not exist", None);
        assert_eq!(error.kind, ErrorKind::Refused);
    }

    #[test]
    fn a_signature_that_does_not_match_repeats_nothing_of_the_request() {
        let message = "The request signature we calculated does not match the signature you provided.\n\nThe Canonical \
                       String for this request should have been\n'POST\n/\n\nx-amz-security-token:CANARY\n'";
        let error = said("X", 403, "InvalidSignatureException", message, None);
        let kept = "The request signature we calculated does not match the signature you provided.";
        assert_eq!(error.message, format!("InvalidSignatureException: {kept}"));
        assert_eq!(error.reason, Some(Reason::AccessDenied));
    }

    #[test]
    fn a_message_is_fit_for_a_log_line() {
        let error = said("X", 400, "ClientException", &format!("a\nb\u{1b}[31m{}", "x".repeat(1000)), None);
        assert!(error.message.starts_with("ClientException: ab[31mx"), "{}", error.message);
        assert_eq!(error.message.len(), LONGEST);
    }

    #[test]
    fn nothing_of_the_document_but_names_and_settings_stands_in_a_message() {
        let document = TaskDefinition::parse(
            r#"{"family":"web-app","executionRoleArn":"arn:aws:iam::1:role/exec","containerDefinitions":[{
                "name":"main-container","command":["--token=CANARY-1"],
                "environment":[{"name":"KEY","value":"CANARY\n-2"}],"secrets":[{"name":"S","valueFrom":"CANARY-3"}],
                "logConfiguration":{"logDriver":"splunk","secretOptions":[{"name":"x","valueFrom":"CANARY-5"}],
                    "options":{"splunk-token":"CANARY-4","awslogs-group":"/ecs/web"}}}]}"#,
        )
        .unwrap();
        let kept = "web-app main-container arn:aws:iam::1:role/exec /ecs/web KEY";
        let message = format!("{kept} --token=CANARY-1 CANARY\n-2 CANARY-3 CANARY-4 CANARY-5");
        let error = said("RegisterTaskDefinition", 400, "ClientException", &message, Some(&document));
        assert_eq!(error.message, format!("ClientException: {kept} (hidden) (hidden) (hidden) (hidden) (hidden)"));
    }

    #[test]
    fn a_secret_that_the_cut_would_halve_is_hidden_before() {
        let secret = "CANARY".repeat(100);
        let document =
            TaskDefinition::parse(format!(r#"{{"containerDefinitions":[{{"image":"{secret}"}}]}}"#)).unwrap();
        let error = said("RegisterTaskDefinition", 400, "ClientException", &secret, Some(&document));
        assert_eq!(error.message, "ClientException: (hidden)");
    }
}
