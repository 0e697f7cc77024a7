//! The service-linked role with which ECS opens sessions.

use crate::domain::trail::{Identity, Person, Text, person};

/// The name of the role. No customer can create a role with a name that starts with `AWSServiceRoleFor` (source: IAM
/// user guide, Using service-linked roles).
const ROLE: &str = "AWSServiceRoleForECS";

/// Whether an ARN is the service-linked role of ECS, or a session of it.
pub fn is_role_of_ecs(arn: &str) -> bool {
    let is_role = |rest: &str| rest.split('/').any(|part| part == ROLE);
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "sts", _, _, resource] => {
            resource.strip_prefix("assumed-role/").is_some_and(|rest| rest.split('/').next() == Some(ROLE))
        }
        ["arn", _, "iam", _, _, resource] => {
            resource.strip_prefix("role/aws-service-role/ecs.amazonaws.com/").is_some_and(is_role)
        }
        _ => false,
    }
}

/// Whether ECS made a call, or a principal made it through ECS.
pub(super) fn is_by_ecs(identity: &Identity<'_>) -> bool {
    &*identity.invoked_by == "ecs.amazonaws.com"
        || is_role_of_ecs(&identity.arn)
        || is_role_of_ecs(&identity.session.issuer.arn)
}

/// Names the person behind the owner of a session.
pub(super) fn of_owner(arn: &str) -> Person {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let kind = match resource.split('/').next() {
        Some("assumed-role") => "AssumedRole",
        Some("user") => "IAMUser",
        Some("federated-user") => "FederatedUser",
        Some("root") => "Root",
        _ => "",
    };
    let account = arn.split(':').nth(4).unwrap_or_default();
    let text = |text: &'_ str| Text(std::borrow::Cow::Owned(text.to_owned()));
    person(&Identity { kind: text(kind), arn: text(arn), account: text(account), ..Identity::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_service_linked_role_of_ecs_is_ecs() {
        for arn in [
            "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-execute-command",
            "arn:aws-cn:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        ] {
            assert!(is_role_of_ecs(arn), "{arn}");
        }
        for arn in [
            "arn:aws:sts::111122223333:assumed-role/Admin/AWSServiceRoleForECS",
            "arn:aws:iam::111122223333:role/AWSServiceRoleForECS",
            "arn:aws:iam::111122223333:user/AWSServiceRoleForECS",
            "arn:aws:iam::111122223333:role/x:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECSx/a",
            "AWSServiceRoleForECS",
            "",
        ] {
            assert!(!is_role_of_ecs(arn), "{arn}");
        }
    }

    #[test]
    fn the_owner_of_a_direct_session_is_named() {
        assert_eq!(of_owner("arn:aws:iam::111122223333:user/alice").name, "alice");
        assert_eq!(of_owner("arn:aws:sts::111122223333:assumed-role/Admin/bob").name, "Admin/bob");
        assert_eq!(of_owner("arn:aws:iam::111122223333:root").name, "root of 111122223333");
    }
}
