//! A reference to a secret in a task definition without an execution role, which the ECS agent needs to read the
//! secret.

use super::Checked;
use super::malformed_secret_reference::{Reference, Store, references};
use crate::domain::ecs::task_definition::Container;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "secret-without-execution-role";

pub(super) fn in_parameter_store(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::ParameterStore)
}

pub(super) fn in_secrets_manager(subject: &Subject<'_>) -> Checked {
    checked(subject, Store::SecretsManager)
}

/// Whether the task definition refers to a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refers {
    No,
    /// A whole list of references is known only after the deployment, and may be empty.
    Perhaps,
    Yes,
}

fn checked(subject: &Subject<'_>, store: Store) -> Checked {
    let about = |verdict, message: &str| vec![subject.about(NAME, "/executionRoleArn", verdict, message)];
    let refers = subject.definition.containers().flat_map(|container| refers(container, store)).max();
    match (refers.unwrap_or(Refers::No), subject.member("executionRoleArn")) {
        (Refers::No, _) => about(Verdict::NotApplicable, "the task definition refers to no secret of this kind"),
        (Refers::Yes, Member::Absent) => about(
            Verdict::Fail,
            "the task definition refers to a secret and has no execution role, so its tasks do not start; add a role that \
             may read the secret",
        ),
        (Refers::Perhaps, Member::Absent) => about(
            Verdict::Undecidable,
            "the references to secrets are known only after the deployment, and the task definition has no execution role",
        ),
        (_, Member::Known(_) | Member::Unknown) => about(Verdict::Pass, "the task definition has an execution role"),
    }
}

/// Returns whether each reference of the container leads to the store. A reference whose store only the deployment shows
/// counts for both stores, because it needs an execution role in both.
fn refers(container: Container<'_>, store: Store) -> Vec<Refers> {
    let has_credentials = store == Store::SecretsManager
        && !matches!(
            Member::of(container.member("repositoryCredentials")).member("credentialsParameter"),
            Member::Absent
        );
    let of_one = |reference: Reference<'_>| match reference.store {
        _ if reference.is_list => Refers::Perhaps,
        Some(of) if of != store => Refers::No,
        _ => Refers::Yes,
    };
    let found = references(container).into_iter().map(of_one);
    found.chain(has_credentials.then_some(Refers::Yes)).collect()
}
