//! A reference to a secret in a form that ECS does not resolve.

use serde_json::Value;

use super::Checked;
use crate::domain::ecs::task_definition::Container;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};
use crate::domain::text::placeholder::is_placeholder;

pub(super) const NAME: &str = "malformed-secret-reference";

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    ParameterStore,
    SecretsManager,
}

pub(super) fn in_parameter_store(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::ParameterStore)
}

pub(super) fn in_secrets_manager(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::SecretsManager)
}

fn checked(subject: &Subject<'_>, store: Store) -> Checked {
    subject.definition.containers().map(|container| judged(subject, container, store)).collect()
}

fn judged(subject: &Subject<'_>, container: Container<'_>, store: Store) -> RunbookResult {
    let about =
        |verdict, member: &str, message: &str| subject.about_container(NAME, container, member, verdict, message);
    let mut seen = about(Verdict::NotApplicable, "/secrets", "the container refers to no secret of this kind");
    for Reference { member, value: reference, store: of, .. } in references(container) {
        let Member::Known(value) = reference else {
            if seen.verdict < Verdict::Undecidable && of.is_none_or(|of| of == store) {
                seen = about(Verdict::Undecidable, &member, "a reference is known only after the deployment");
            }
            continue;
        };
        let text = value.as_str().unwrap_or_default();
        if store_of(text) != store {
            continue;
        }
        match fault(text) {
            Some(why) => return about(Verdict::Fail, &member, why),
            None if seen.verdict < Verdict::Pass => {
                seen = about(Verdict::Pass, &member, "each reference has a form that ECS resolves");
            }
            None => {}
        }
    }
    seen
}

/// A reference of a container to a secret.
pub(super) struct Reference<'a> {
    /// The JSON pointer in the container.
    pub(super) member: String,
    /// The reference. The whole list is unknown if the pointer is that of a list.
    pub(super) value: Member<'a>,
    /// `None` if only the deployment shows the store.
    pub(super) store: Option<Store>,
    /// Whether the list itself is unknown, so that it may have no reference.
    pub(super) is_list: bool,
}

/// Returns the references of a container to secrets.
pub(super) fn references(container: Container<'_>) -> Vec<Reference<'_>> {
    let log = Member::of(container.member("logConfiguration"));
    let lists = [
        ("/secrets", Member::of(container.member("secrets"))),
        ("/logConfiguration/secretOptions", log.member("secretOptions")),
    ];
    let mut all = Vec::new();
    for (place, list) in lists {
        match list.items() {
            None => {
                let member = place.to_owned();
                all.push(Reference { member, value: Member::Unknown, store: None, is_list: true });
            }
            Some(items) => all.extend(items.iter().enumerate().map(|(index, item)| {
                let value = match Member::of(Some(item)).member("valueFrom") {
                    Member::Absent => Member::Known(&Value::Null),
                    Member::Known(Value::String(text)) if text.contains("${") || is_placeholder(text) => {
                        Member::Unknown
                    }
                    value => value,
                };
                let store = match value {
                    Member::Known(value) => Some(store_of(value.as_str().unwrap_or_default())),
                    Member::Absent | Member::Unknown => store_in(&item["valueFrom"]),
                };
                Reference { member: format!("{place}/{index}/valueFrom"), value, store, is_list: false }
            })),
        }
    }
    all
}

/// Returns the store that a reference with variables leads to, if its text or its function names the service. Most
/// templates have variables in the place of the partition, the Region and the account only.
fn store_in(reference: &Value) -> Option<Store> {
    match reference {
        Value::String(text) if text.contains(":secretsmanager:") => Some(Store::SecretsManager),
        Value::String(text) if text.contains(":ssm:") => Some(Store::ParameterStore),
        Value::Array(items) => items.iter().find_map(store_in),
        Value::Object(members) => members.values().find_map(store_in),
        _ => None,
    }
}

/// Returns the store that a reference leads to. A name that is no ARN is the name of a parameter.
pub(super) fn store_of(reference: &str) -> Store {
    match reference.split(':').nth(2) {
        Some("secretsmanager") => Store::SecretsManager,
        _ => Store::ParameterStore,
    }
}

/// Returns why ECS does not resolve the reference. An ARN of Secrets Manager may continue with a JSON key, a version
/// stage and a version identifier, of which all three are there or none is (source: ECS developer guide, Pass Secrets
/// Manager secrets through environment variables).
fn fault(reference: &str) -> Option<&'static str> {
    let fields: Vec<&str> = reference.split(':').collect();
    match fields.as_slice() {
        [""] => Some("the reference is empty"),
        ["arn", _, "secretsmanager", _, _, "secret", name, rest @ ..] if matches!(rest.len(), 0 | 3) => {
            name.is_empty().then_some("the ARN of Secrets Manager has no name")
        }
        ["arn", _, "secretsmanager", ..] => Some(
            "the ARN of Secrets Manager has a wrong number of fields; after the name of the secret, write nothing, or \
             JSON-KEY:VERSION-STAGE:VERSION-ID with empty fields for what is not needed",
        ),
        ["arn", _, "ssm", _, _, parameter, ..] if parameter.starts_with("parameter/") => None,
        ["arn", ..] => Some("the ARN is neither one of a parameter nor one of a secret"),
        [name] if name.chars().any(char::is_whitespace) => Some("the name of a parameter contains a space"),
        [_] | [_, _] => None,
        _ => Some("the reference is neither the name of a parameter nor an ARN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_name_or_the_arn_of_a_parameter_or_of_a_secret() {
        let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";
        let fine = [
            "db-password",
            "/prod/db/password",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/db",
            secret,
            &format!("{secret}:password::"),
            &format!("{secret}:password:AWSCURRENT:"),
        ];
        for reference in fine {
            assert_eq!(fault(reference), None, "{reference}");
        }
        let wrong = [
            "",
            "a b",
            "arn:aws:s3:::bucket/file",
            "arn:aws:ssm:eu-west-1:111122223333:db",
            "arn:aws:secretsmanager:eu-west-1:111122223333:db",
            &format!("{secret}:password"),
            &format!("{secret}:a:b"),
            &format!("{secret}:a:b:c:d"),
        ];
        for reference in wrong {
            assert!(fault(reference).is_some(), "{reference}");
        }
    }
}
