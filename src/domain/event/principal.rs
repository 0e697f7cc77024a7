//! Who calls: a role of Logweir's own, or one that an AWS service keeps for itself.

/// Whether a principal is one of the roles, be it named as the role or as a session of it. A session's ARN leaves out
/// the role's path; names of roles are unique in an account whatever their paths.
pub fn is_own(principal: &str, own_roles: &[String]) -> bool {
    let Some(role) = role_of(principal) else {
        return false;
    };
    own_roles.iter().any(|own| role_of(own) == Some(role))
}

/// Account and name of the role that an ARN names.
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

/// Whether a principal is a role that an AWS service keeps for itself.
pub fn is_service_linked(principal: &str) -> bool {
    principal.contains(":role/aws-service-role/")
        || role_of(principal).is_some_and(|(_, name)| name.starts_with("AWSServiceRoleFor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_told_to_be_its_role_whatever_the_path() {
        let own = ["arn:aws:iam::111122223333:role/ops/logweir/Remediator".to_owned()];
        assert!(is_own("arn:aws:sts::111122223333:assumed-role/Remediator/session", &own));
        assert!(is_own("arn:aws:iam::111122223333:role/ops/logweir/Remediator", &own));
        assert!(!is_own("arn:aws:sts::444455556666:assumed-role/Remediator/session", &own));
        assert!(!is_own("arn:aws:sts::111122223333:assumed-role/Other/Remediator", &own));
        assert!(!is_own("arn:aws:iam::111122223333:user/Remediator", &own));
    }
}
