//! Whether the principal of a call is one of Logweir's own roles, or a service-linked role.

/// Whether a principal is one of Logweir's own roles, or a session of such a role. The ARN of a session leaves out the
/// path of the role, but role names are unique in an account regardless of paths.
pub fn is_own(principal: &str, own_roles: &[String]) -> bool {
    let Some(role) = role_of(principal) else {
        return false;
    };
    own_roles.iter().any(|own| role_of(own) == Some(role))
}

/// Returns the account and the name of the role that an ARN names.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", _, service, _, account, resource] = parts.as_slice() else {
        return None;
    };
    let name = match (service, resource.split_once('/')?) {
        ("iam", ("role", path)) => path.rsplit('/').next()?,
        ("sts", ("assumed-role", session)) => session.split('/').next()?,
        _ => return None,
    };
    Some((account, name))
}

/// The path of service-linked roles. Only AWS can create a role with this path.
const SERVICE_LINKED: &str = "role/aws-service-role/";

/// Returns the end of the ARN of a role, from its type on. The path of a role may contain any character, also a part of
/// an ARN.
fn path_of(arn: &str) -> Option<&str> {
    match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        &["arn", _, "iam", _, _, resource] => Some(resource),
        _ => None,
    }
}

/// Whether a principal is the service-linked role of an AWS service.
pub fn is_service_linked(principal: &str) -> bool {
    path_of(principal).is_some_and(|path| path.starts_with(SERVICE_LINKED))
        || role_of(principal).is_some_and(|(_, name)| name.starts_with("AWSServiceRoleFor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_counts_as_its_role_whatever_the_path() {
        let own = ["arn:aws:iam::111122223333:role/ops/logweir/Remediator".to_owned()];
        assert!(is_own("arn:aws:sts::111122223333:assumed-role/Remediator/session", &own));
        assert!(is_own("arn:aws:iam::111122223333:role/ops/logweir/Remediator", &own));
        assert!(!is_own("arn:aws:sts::444455556666:assumed-role/Remediator/session", &own));
        assert!(!is_own("arn:aws:sts::111122223333:assumed-role/Other/Remediator", &own));
        assert!(!is_own("arn:aws:iam::111122223333:user/Remediator", &own));
    }

    #[test]
    fn a_role_of_a_caller_never_passes_for_a_service_linked_role_by_its_path() {
        let linked = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
        assert!(is_service_linked(linked));
        for role in [
            "arn:aws:iam::111122223333:role/x:role/aws-service-role/ecs.amazonaws.com/Evil",
            "arn:aws:iam::111122223333:role/x/role/aws-service-role/ecs.amazonaws.com/Evil",
        ] {
            assert!(!is_service_linked(role), "{role}");
        }
    }
}
