//! A reference to a secret in a task definition without an execution role, which the ECS agent needs to read the
//! secret.

use super::Checked;
use super::malformed_secret_reference::{Store, references, store_of};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "secret-without-execution-role";

pub(super) fn in_parameter_store(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::ParameterStore)
}

pub(super) fn in_secrets_manager(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::SecretsManager)
}

fn checked(subject: &Subject<'_>, store: Store) -> Checked {
    let about = |verdict, message: &str| vec![subject.about(NAME, "/executionRoleArn", verdict, message)];
    let refers = subject.definition.containers().any(|container| {
        let leads_there = |member: &Member<'_>| match member {
            Member::Known(value) => store_of(value.as_str().unwrap_or_default()) == store,
            Member::Absent | Member::Unknown => false,
        };
        let has_credentials = store == Store::SecretsManager
            && !matches!(Member::of(container.member("repositoryCredentials")), Member::Absent);
        has_credentials || references(container).iter().any(|(_, member)| leads_there(member))
    });
    match subject.member("executionRoleArn") {
        _ if !refers => about(Verdict::NotApplicable, "the task definition refers to no secret of this kind"),
        Member::Absent => about(
            Verdict::Fail,
            "the task definition refers to a secret and has no execution role, so its tasks do not start; add a role that \
             may read the secret",
        ),
        Member::Known(_) | Member::Unknown => about(Verdict::Pass, "the task definition has an execution role"),
    }
}
