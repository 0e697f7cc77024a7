//! The statements of a policy of IAM, as far as the rules judge them.

use serde_json::Value;
use wildmatch::WildMatch;

use crate::domain::text::names;
use crate::domain::text::plain::plain;

/// A statement of a policy that allows or denies actions.
pub(super) struct Statement<'p> {
    /// The number of the statement in its policy, from 1.
    pub(super) number: usize,
    pub(super) actions: Vec<&'p str>,
    /// Whether the statement is about all actions but these.
    pub(super) is_negated: bool,
    pub(super) resources: Vec<&'p str>,
    /// Whether the statement is about all resources but some.
    pub(super) has_other_resources: bool,
    pub(super) conditions: Option<&'p Value>,
}

/// Returns the statements of a policy that allow actions.
pub(super) fn allowing(document: &Value) -> impl Iterator<Item = Statement<'_>> {
    statements(document, "Allow")
}

/// Returns the statements of a policy that deny actions.
pub(super) fn denying(document: &Value) -> impl Iterator<Item = Statement<'_>> {
    statements(document, "Deny")
}

fn statements<'p>(document: &'p Value, effect: &'static str) -> impl Iterator<Item = Statement<'p>> {
    let all = list(&document["Statement"]).into_iter().enumerate();
    all.filter(move |(_, statement)| statement["Effect"] == effect).map(|(index, statement)| {
        let (actions, is_negated) = match statement.get("NotAction") {
            Some(actions) => (actions, true),
            None => (&statement["Action"], false),
        };
        Statement {
            number: index + 1,
            actions: texts(actions),
            is_negated,
            resources: texts(&statement["Resource"]),
            has_other_resources: statement.get("NotResource").is_some(),
            conditions: statement.get("Condition").filter(|value| value.as_object().is_some_and(|all| !all.is_empty())),
        }
    })
}

impl Statement<'_> {
    /// Returns what the statement allows, if it allows all actions of a service, or all but some, on all resources.
    pub(super) fn breadth(&self) -> Option<String> {
        if !self.has_all_resources() {
            return None;
        }
        if self.is_negated {
            return Some(format!("all actions but {} on all resources", shown(&self.actions)));
        }
        let wide: Vec<&str> = self.actions.iter().copied().filter(|action| is_whole_service(action)).collect();
        match wide.iter().any(|action| is_every_action(action)) {
            true => Some("all actions on all resources".to_owned()),
            false => (!wide.is_empty()).then(|| format!("{} on all resources", shown(&wide))),
        }
    }

    /// Returns the actions that [`Statement::breadth`] names: `*`, or all actions of some services.
    pub(super) fn wide_actions(&self) -> Vec<&str> {
        let wide = || self.actions.iter().copied().filter(|action| is_whole_service(action));
        match self.is_negated || wide().any(is_every_action) {
            true => vec!["*"],
            false => wide().collect(),
        }
    }

    /// Whether the statement allows the principal to pass every role.
    pub(super) fn passes_every_role(&self) -> bool {
        let names = |action: &str| WildMatch::new(&action.to_ascii_lowercase()).matches("iam:passrole");
        let has_action = self.actions.iter().any(|action| names(action)) != self.is_negated;
        has_action && (self.has_all_resources() || self.resources.iter().any(|resource| is_every_role(resource)))
    }

    /// Returns the names of the condition keys.
    pub(super) fn condition_keys(&self) -> Vec<String> {
        let operators = self.conditions.and_then(Value::as_object).into_iter().flatten();
        let keys = operators.filter_map(|(_, keys)| keys.as_object()).flatten();
        keys.map(|(key, _)| plain(key, 100)).collect()
    }

    fn has_all_resources(&self) -> bool {
        self.has_other_resources || self.resources.iter().any(|resource| is_every_resource(resource))
    }
}

/// Whether the text names all resources, or all resources of a service: `*`, or an ARN whose last part is `*`.
pub(super) fn is_every_resource(resource: &str) -> bool {
    is_star(resource)
        || part(resource).is_some_and(is_star)
        || (resource.starts_with("arn:")
            && is_star(resource.rsplit(':').next().unwrap_or_default())
            && resource.matches(':').count() < 5)
}

/// Whether the text is `*`, or several of them.
pub(super) fn is_star(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// Whether the ARN names all roles, such as `role/*` or `role*`.
pub(super) fn is_every_role(resource: &str) -> bool {
    let prefix = part(resource).and_then(|part| part.strip_suffix('*'));
    prefix.is_some_and(|prefix| "role/".starts_with(prefix.trim_end_matches('*')))
}

/// Returns the part of an ARN that names the resource.
fn part(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)
}

pub(super) fn is_every_action(action: &str) -> bool {
    !action.is_empty() && action.bytes().all(|byte| matches!(byte, b'*' | b':'))
}

/// Whether the action names all actions of a service, such as `s3:*` or `s3:?*`.
pub(super) fn is_whole_service(action: &str) -> bool {
    let is_all = |name: &str| name.contains('*') && name.bytes().all(|byte| matches!(byte, b'*' | b'?'));
    is_every_action(action) || action.split_once(':').is_some_and(|(_, name)| is_all(name))
}

fn shown(actions: &[&str]) -> String {
    names(actions.iter().copied())
}

/// Returns the items of a member that is one item or a list of items.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Returns the texts of a member that is one text or a list of texts.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn breadth(action: Value, resource: Value) -> Option<String> {
        let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource}});
        allowing(&document).find_map(|statement| statement.breadth())
    }

    #[test]
    fn only_whole_services_on_all_resources_are_broad() {
        for (action, resource, expected) in [
            (json!("*"), json!("*"), Some("all actions on all resources")),
            (json!("*:*"), json!(["*"]), Some("all actions on all resources")),
            (json!(["s3:*", "logs:PutLogEvents"]), json!("*"), Some("s3:* on all resources")),
            (json!("s3:?*"), json!("*"), Some("s3:?* on all resources")),
            (json!("s*:*"), json!("*"), Some("s*:* on all resources")),
            (json!("s3:?"), json!("*"), None),
            (json!("s3:*"), json!("arn:aws:s3:::*"), Some("s3:* on all resources")),
            (json!("dynamodb:*"), json!("arn:aws:dynamodb:*:*:*"), Some("dynamodb:* on all resources")),
            (json!("s3:*"), json!("arn:aws:*"), Some("s3:* on all resources")),
            (json!("s3:*"), json!("arn:aws:s3:::bucket/*"), None),
            (json!("dynamodb:*"), json!("arn:aws:dynamodb:*:*:table/*"), None),
            (json!("s3:Get*"), json!("*"), None),
            (json!("*"), json!("arn:aws:s3:::bucket"), None),
            (json!([]), json!([]), None),
            (json!({"a": 1}), json!(7), None),
        ] {
            assert_eq!(breadth(action.clone(), resource.clone()).as_deref(), expected, "{action} {resource}");
        }
        let negated = json!({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]});
        let found = allowing(&negated).find_map(|statement| statement.breadth());
        assert_eq!(found.as_deref(), Some("all actions but iam:* on all resources"));
        let other = json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::x"}]});
        assert!(allowing(&other).any(|statement| statement.breadth().is_some()));
        let denied = json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
        assert_eq!(allowing(&denied).count(), 0);
    }

    #[test]
    fn a_statement_passes_every_role_by_any_spelling_of_the_action() {
        let passes = |action: &str, resource: &str| {
            let document = json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]});
            allowing(&document).any(|statement| statement.passes_every_role())
        };
        for action in ["iam:PassRole", "iam:passrole", "iam:Pass*", "iam:*", "*", "iam:?assRole"] {
            assert!(passes(action, "*"), "{action}");
        }
        for resource in ["role/*", "role/**", "role*", "r*", "*"] {
            assert!(passes("iam:PassRole", &format!("arn:aws:iam::111122223333:{resource}")), "{resource}");
        }
        assert!(!passes("iam:PassRole", "arn:aws:iam::111122223333:role/path/*"));
        assert!(!passes("iam:PassRole", "arn:aws:iam::111122223333:role/"));
        assert!(!passes("iam:PassRole", "arn:aws:iam::111122223333:role/web-*"));
        assert!(!passes("iam:GetRole", "*"));
        let negated = |action: &str| {
            let document = json!({"Statement": [{"Effect": "Allow", "NotAction": action, "Resource": "*"}]});
            allowing(&document).any(|statement| statement.passes_every_role())
        };
        assert!(negated("s3:*") && !negated("iam:*"));
    }
}
