//! Converts AWS errors and connection errors into [`PortError`]s.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use serde_json::Value;

use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::limits::pages::EndlessList;
use crate::domain::outcome::Reason;
use crate::domain::report::is_shown;
use crate::domain::text::plain::{shortened, without_number};
use crate::ports::{Answer, ErrorKind, PortError};

/// The maximum length of the message of a [`PortError`], in characters. Logweir cuts longer messages. Of the error
/// messages of AWS, only encoded authorization messages are longer.
const LONGEST: usize = 512;

/// The start of the message about a connection that failed.
pub(crate) const UNREACHED: &str = "the connection failed";

/// Error codes that report throttling (source: the SDKs' common list of throttling errors). The list omits
/// LimitExceededException, because ECS and CloudWatch Logs return this code if a quota is exhausted, and waiting does
/// not help.
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

/// Error codes of temporary failures, after which the same call may soon succeed (source: the API references of ECS,
/// CloudWatch Logs and DynamoDB). DynamoDB returns the codes of conflicts while another call writes the same item.
const PASSING: [&str; 11] = [
    "ServerException",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalServerError",
    "OperationAbortedException",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Error codes for a caller that lacks a permission or valid credentials.
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
/// IAM, CloudTrail and S3).
const ABSENT: [&str; 13] = [
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
    "NoSuchBucket",
    "NoSuchKey",
];

pub(super) fn port_error<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    port_error_about(call, error, None)
}

/// Converts an error as [`port_error`] does, and hides the possible secrets of `document` in the error message. An AWS
/// service may quote the document in its error message.
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
        // The response is incomplete, so its HTTP status does not show whether the call succeeded.
        SdkError::ResponseError(error) => {
            PortError { kind: ErrorKind::Retry, ..spoiled(call, error.raw().status().as_u16()) }
        }
        SdkError::TimeoutError(_) => retry(call, "the service did not respond in time"),
        SdkError::DispatchFailure(failure) => dispatch(call, failure),
        other => refused(call, &cause(other)),
    }
}

/// Returns the error to report for a response that Logweir cannot interpret.
pub(super) fn unreadable(call: &'static str, why: &str) -> PortError {
    PortError {
        kind: ErrorKind::Retry,
        call,
        message: shortened(&format!("the response cannot be read: {why}"), LONGEST),
        reason: Some(Reason::Unreadable),
    }
}

/// Returns the error to report for a response that does not come from AWS, such as the error page of a proxy. The error
/// message does not contain the text of the response.
pub(super) fn spoiled(call: &'static str, status: u16) -> PortError {
    let error = unreadable(call, &format!("the HTTP status is {status}"));
    match status {
        429 => PortError { reason: Some(Reason::Throttled), ..error },
        200 | 408 | 500.. => error,
        _ => PortError { kind: ErrorKind::Refused, ..error },
    }
}

/// Returns the [`PortError`] for an error code of an AWS service. For some error codes, such as ClientException of ECS,
/// the kind of the [`PortError`] depends on the error message.
pub(super) fn said(
    call: &'static str,
    status: u16,
    code: &str,
    message: &str,
    document: Option<&TaskDefinition>,
) -> PortError {
    // Logweir cuts the message at the words "The Canonical String", because AWS repeats the request headers after these
    // words, including the session token.
    let message = message.split("The Canonical String").next().unwrap_or_default().trim_end();
    let lower = message.to_ascii_lowercase();
    let is = |codes: &[&str]| codes.contains(&code);
    let (kind, reason) = if is(&THROTTLED) || status == 429 || is_concurrent(&lower) {
        (ErrorKind::Retry, Some(Reason::Throttled))
    } else if is(&PASSING) || status >= 500 {
        (ErrorKind::Retry, None)
    } else if lower.contains("iam:passrole") {
        (ErrorKind::Refused, Some(Reason::PassRoleDenied))
    } else if is(&DENIED) {
        (ErrorKind::Refused, Some(Reason::AccessDenied))
    } else if is(&ABSENT) || is_absence(call, &lower) {
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
    PortError { kind, call, message: shortened(&format!("{code}: {shown}"), LONGEST), reason }
}

/// Returns whether ECS's ClientException says that other registrations in the same family are in progress: "Too many
/// concurrent attempts to create a new revision of the specified family." After some seconds, the same call succeeds
/// (source: hashicorp/terraform-provider-aws#9777).
fn is_concurrent(message: &str) -> bool {
    message.contains("too many concurrent attempts")
}

/// Returns whether the message of ECS's ClientException says that a revision or a family does not exist. Such a message
/// is "Unable to describe task definition." or "The specified task definition does not exist." The message of
/// UpdateService is "TaskDefinition not found.", even for a new revision that UpdateService does not know yet (source:
/// remind101/empire#353).
fn is_absence(call: &str, message: &str) -> bool {
    match call {
        "DescribeTaskDefinition" | "DeregisterTaskDefinition" => {
            message.contains("unable to describe task definition") || message.contains("does not exist")
        }
        "UpdateService" => message.contains("taskdefinition not found"),
        _ => false,
    }
}

fn dispatch(call: &'static str, failure: &DispatchFailure) -> PortError {
    let Some(error) = failure.as_connector_error() else { return refused(call, "the request could not be sent") };
    if failure.is_timeout() || failure.is_io() || failure.as_other().is_some() {
        return unreached(call, error);
    }
    // For every other kind of failure, the SDK has sent no request, because the credentials or the endpoint are
    // missing.
    PortError { reason: Some(Reason::AccessDenied), ..refused(call, &cause(error)) }
}

/// Returns the error to report for a connection that failed.
pub(super) fn unreached(call: &'static str, error: &(dyn Error + 'static)) -> PortError {
    retry(call, &format!("{UNREACHED}: {}", cause(error)))
}

pub(super) fn retry(call: &'static str, message: &str) -> PortError {
    PortError { kind: ErrorKind::Retry, call, message: shortened(message, LONGEST), reason: None }
}

/// Returns the error to report for a request that Logweir does not send.
pub(super) fn refused(call: &'static str, why: &str) -> PortError {
    PortError { kind: ErrorKind::Refused, ..retry(call, why) }
}

/// Returns the error to report for a list that never ends.
pub(super) fn endless(call: &'static str, why: EndlessList) -> PortError {
    PortError { kind: ErrorKind::Refused, ..unreadable(call, &why.to_string()) }
}

/// Converts the error of a resource that does not exist into `None`.
pub(super) fn unless_missing<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Err(error) if error.kind == ErrorKind::Missing => Ok(None),
        answer => answer.map(Some),
    }
}

/// Returns the innermost cause of an error as a text for people. The outer errors only say which layer of the SDK
/// failed. The text of an operating system's error loses its number.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(meta) = error.downcast_ref::<ErrorMetadata>() {
            let said = [meta.code(), meta.message()].into_iter().flatten();
            return said.collect::<Vec<_>>().join(": ");
        }
        let inner = error.to_string();
        if !inner.is_empty() {
            text = inner;
        }
        next = error.source();
    }
    without_number(&text).to_owned()
}

/// Hides each text of `document` that `message` quotes, except names and settings.
fn scrubbed(message: &str, document: &TaskDefinition) -> String {
    let mut hidden = Vec::new();
    collect(document.view(), "", &mut hidden);
    hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
    // The message may quote a text of the document either as the text is, or escaped as JSON.
    let quoted = |text: &str| Value::from(text).to_string().trim_matches('"').to_owned();
    hidden
        .into_iter()
        .fold(message.to_owned(), |message, text| message.replace(text, "(hidden)").replace(&quoted(text), "(hidden)"))
}

/// The members of a task definition whose texts a message may show. An operator needs these names and settings to find
/// the fault.
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

/// The minimum length of a text that Logweir hides in a message, in bytes. Shorter texts are not secrets, and a message
/// without these texts would be unreadable.
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
            ("TransactionInProgressException", "in progress", ErrorKind::Retry, None),
            ("TransactionConflictException", "conflict", ErrorKind::Retry, None),
            ("ReplicatedWriteConflictException", "conflict", ErrorKind::Retry, None),
            (
                "ClientException",
                "Too many concurrent attempts to create a new revision of the specified family.",
                ErrorKind::Retry,
                Some(Reason::Throttled),
            ),
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
        for (call, message, kind) in [
            ("RegisterTaskDefinition", "Role does not exist", ErrorKind::Refused),
            ("UpdateService", "TaskDefinition not found.", ErrorKind::Missing),
            ("UpdateService", "TaskDefinition is inactive", ErrorKind::Refused),
        ] {
            assert_eq!(said(call, 400, "ClientException", message, None).kind, kind, "{call}: {message}");
        }
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
        assert_eq!(error.message.chars().count(), LONGEST);
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
