//! The statements of a role's policies that deny actions, and what they leave of the actions that another statement
//! allows.

use wildmatch::WildMatch;

use super::policy::{
    Statement, is_every_action, is_every_role, is_nearly_every_role, is_pass_role, is_star, is_whole_service,
};

/// What the denials leave of an allowed action. Each variant leaves less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// All, or all but a few actions or resources.
    All,
    /// A denial has a condition.
    Conditional,
    /// A denial has exceptions, which may leave much or little.
    Unknown,
    Nothing,
}

/// Returns what the denials leave of the actions on all resources. An action is one action, all actions of a service,
/// such as `s3:*`, or `*`. The action of which the most is left decides.
pub(super) fn left(denials: &[Statement<'_>], actions: &[&str]) -> Left {
    let of_action = |action: &&str| denials.iter().map(|denial| after(denial, action)).max().unwrap_or(Left::All);
    actions.iter().map(of_action).min().unwrap_or(Left::All)
}

fn after(denial: &Statement<'_>, action: &str) -> Left {
    let (is_denied, has_exceptions) = match denial.is_negated {
        false => (denial.actions.iter().any(|own| covers(own, action)), false),
        // The statement denies all actions but these.
        true => {
            let is_excepted = denial.actions.iter().any(|own| covers(own, action));
            (!is_excepted, denial.actions.iter().any(|own| overlaps(own, action)))
        }
    };
    let is_all = |resource: &&str| is_star(resource) || (is_pass_role(action) && is_every_role(resource));
    let names_all = denial.resources.iter().any(is_all);
    let is_nearly_all = |resource: &&str| is_pass_role(action) && is_nearly_every_role(resource);
    let is_open = denial.is_about_all(action) || denial.resources.iter().any(is_nearly_all);
    match (is_denied, denial.conditions) {
        (false, _) => Left::All,
        (true, _) if !names_all && !is_open => Left::All,
        (true, Some(_)) => Left::Conditional,
        (true, None) if names_all && !has_exceptions => Left::Nothing,
        (true, None) => Left::Unknown,
    }
}

/// Whether a pattern of a statement names the action, or all actions of the service.
fn covers(pattern: &str, action: &str) -> bool {
    let is_wide = !is_whole_service(action) || is_whole_service(pattern);
    is_every_action(pattern) || (is_wide && is_match(pattern, action))
}

/// Whether a pattern names some action of the service.
fn overlaps(pattern: &str, action: &str) -> bool {
    let service = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    let (own, other) = (service(pattern), service(action));
    if !is_whole_service(action) {
        return covers(pattern, action);
    }
    is_every_action(action) || is_match(&own, &other) || is_match(&other, &own)
}

fn is_match(pattern: &str, text: &str) -> bool {
    WildMatch::new(&pattern.to_ascii_lowercase()).matches(&text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::policy::denying;
    use super::*;

    fn after(statement: Value, action: &str) -> Left {
        let mut document = json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
        for (name, value) in statement.as_object().unwrap() {
            document["Statement"][0][name] = value.clone();
        }
        if statement.get("NotAction").is_some() {
            document["Statement"][0].as_object_mut().unwrap().remove("Action");
        }
        if statement.get("NotResource").is_some() {
            document["Statement"][0].as_object_mut().unwrap().remove("Resource");
        }
        left(&denying(&document).collect::<Vec<_>>(), &[action])
    }

    #[test]
    fn only_a_denial_of_everything_that_is_allowed_leaves_nothing() {
        for (statement, action, expected) in [
            (json!({}), "*", Left::Nothing),
            (json!({"Action": "s3:*"}), "s3:*", Left::Nothing),
            (json!({"Action": ["S3:*", "ec2:*"]}), "s3:*", Left::Nothing),
            (json!({"Action": "s*:*"}), "s3:*", Left::Nothing),
            (json!({"Action": "s3:*"}), "*", Left::All),
            (json!({"Action": "s3:Get*"}), "s3:*", Left::All),
            (json!({"Action": "s3:?"}), "s3:*", Left::All),
            (json!({"Action": "ec2:*"}), "s3:*", Left::All),
            (json!({"Resource": "arn:aws:s3:::logs/*"}), "s3:*", Left::All),
            (json!({"NotResource": "arn:aws:s3:::logs/*"}), "s3:*", Left::Unknown),
            (json!({"NotResource": "*"}), "s3:*", Left::All),
            (json!({"NotResource": "arn:aws:s3:::*"}), "s3:*", Left::All),
            (json!({"NotResource": "*", "Condition": {"Bool": {"a": "true"}}}), "s3:*", Left::All),
            (json!({"NotAction": "*"}), "s3:*", Left::All),
            (json!({"Resource": "arn:aws:s3:::*"}), "s3:*", Left::Unknown),
            (json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}), "s3:*", Left::Conditional),
            (json!({"NotAction": "s3:GetObject"}), "s3:*", Left::Unknown),
            (json!({"NotAction": "s3:GetObject"}), "ec2:*", Left::Nothing),
            (json!({"NotAction": "s3:*"}), "s3:*", Left::All),
            (json!({"NotAction": "s3:*"}), "*", Left::Unknown),
            (json!({"Action": "iam:PassRole"}), "iam:PassRole", Left::Nothing),
            (json!({"Action": "iam:*", "Resource": "arn:aws:iam::1:role/*"}), "iam:PassRole", Left::Nothing),
            (json!({"Action": "iam:*", "Resource": "arn:aws:iam::1:role/a"}), "iam:PassRole", Left::All),
            (json!({"Action": "iam:*", "NotResource": "arn:aws:iam::1:role/a"}), "iam:PassRole", Left::Unknown),
            (json!({"Action": "iam:*", "NotResource": "arn:aws:iam::1:role/?*"}), "iam:PassRole", Left::All),
            (json!({"Action": "iam:*", "Resource": "arn:aws:iam::1:role/?*"}), "iam:PassRole", Left::Nothing),
            (json!({"Action": "iam:*", "Resource": "arn:aws:iam::1:role/???????*"}), "iam:PassRole", Left::Unknown),
            (json!({"NotAction": "iam:PassRole"}), "iam:PassRole", Left::All),
            (json!({"NotAction": "s3:*"}), "iam:PassRole", Left::Nothing),
        ] {
            assert_eq!(after(statement.clone(), action), expected, "{statement} {action}");
        }
    }

    #[test]
    fn the_action_of_which_the_most_is_left_decides() {
        let document = json!({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]});
        let denials: Vec<_> = denying(&document).collect();
        assert_eq!(left(&denials, &["s3:*", "ec2:*"]), Left::All);
        assert_eq!(left(&[], &["s3:*"]), Left::All);
    }
}
