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
    /// The resources that the statement leaves out, if it is about all others.
    pub(super) other_than: Option<Vec<&'p str>>,
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
            other_than: statement.get("NotResource").map(texts),
            conditions: statement.get("Condition").filter(|value| value.as_object().is_some_and(|all| !all.is_empty())),
        }
    })
}

impl Statement<'_> {
    /// Returns what the statement allows, if it allows all actions of a service, or all but some, on all resources.
    pub(super) fn breadth(&self) -> Option<String> {
        if self.is_negated {
            let is_broad = !self.actions.iter().any(|action| is_every_action(action)) && self.is_about_all("*");
            return is_broad.then(|| format!("all actions but {} on all resources", shown(&self.actions)));
        }
        let wide = self.whole_services();
        match wide.iter().any(|action| is_every_action(action)) {
            true => Some("all actions on all resources".to_owned()),
            false => (!wide.is_empty()).then(|| format!("{} on all resources", shown(&wide))),
        }
    }

    /// Returns the actions that [`Statement::breadth`] names: `*`, or all actions of some services.
    pub(super) fn wide_actions(&self) -> Vec<&str> {
        let wide = self.whole_services();
        match self.is_negated || wide.iter().any(|action| is_every_action(action)) {
            true => vec!["*"],
            false => wide,
        }
    }

    /// Returns the actions that are all actions of a service, and that the statement allows on all resources.
    fn whole_services(&self) -> Vec<&str> {
        let is_wide = |action: &&str| is_whole_service(action) && self.is_about_all(action);
        self.actions.iter().copied().filter(is_wide).collect()
    }

    /// Whether the statement allows the principal to pass every role, or every one but some.
    pub(super) fn passes_every_role(&self) -> bool {
        let names = |action: &str| WildMatch::new(&action.to_ascii_lowercase()).matches("iam:passrole");
        let has_action = self.actions.iter().any(|action| names(action)) != self.is_negated;
        has_action
            && match &self.other_than {
                Some(_) => self.is_about_all("iam:PassRole"),
                None => self.resources.iter().any(|resource| is_nearly_every_role(resource)),
            }
    }

    /// Whether the statement is about all resources of a service, or about all but some. The action is one action, all
    /// actions of a service, or `*`. A statement that leaves out all resources of the service is about none.
    pub(super) fn is_about_all(&self, action: &str) -> bool {
        let leaves_out = |resource: &&str| is_every_resource_of(resource, action);
        match &self.other_than {
            Some(others) => !others.iter().any(leaves_out),
            None => self.resources.iter().any(|resource| is_every_resource(resource)),
        }
    }

    /// Returns the names of the condition keys.
    pub(super) fn condition_keys(&self) -> Vec<String> {
        let operators = self.conditions.and_then(Value::as_object).into_iter().flatten();
        let keys = operators.filter_map(|(_, keys)| keys.as_object()).flatten();
        keys.map(|(key, _)| plain(key, 100)).collect()
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

/// Whether the text names all resources that the action may be about.
fn is_every_resource_of(resource: &str, action: &str) -> bool {
    let of = |text: &str, index| text.split(':').nth(index).unwrap_or("*").to_ascii_lowercase();
    let is_of_service = is_star(resource) || WildMatch::new(&of(resource, 2)).matches(&of(action, 0));
    (is_every_resource(resource) && is_of_service) || (is_pass_role(action) && is_every_role(resource))
}

/// Whether the text is `*`, or several of them.
pub(super) fn is_star(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// The shortest and the longest names of roles (source: IAM API reference, CreateRole). No pattern that a person writes
/// names one of these and not the others.
const SHORTEST: [&str; 2] = ["+", "0"];
const LONGEST: [&str; 2] = [
    "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

/// Whether the text names all roles of its account, such as an ARN with `role/*`, `role*` or `role/?*`.
pub(super) fn is_every_role(resource: &str) -> bool {
    SHORTEST.iter().chain(&LONGEST).all(|name| names_role(resource, name))
}

/// Whether the text names all roles of its account, or all whose names are not short, such as an ARN with `role/???*`.
pub(super) fn is_nearly_every_role(resource: &str) -> bool {
    LONGEST.iter().all(|name| names_role(resource, name))
}

/// Whether the text names the role with this name, in the partition and the account of the text.
fn names_role(resource: &str, name: &str) -> bool {
    let own = |index| resource.split(':').nth(index).unwrap_or_default().replace('*', "").replace('?', "0");
    WildMatch::new(resource).matches(&format!("arn:{}:iam::{}:role/{name}", own(1), own(4)))
}

pub(super) fn is_pass_role(action: &str) -> bool {
    action.eq_ignore_ascii_case("iam:PassRole")
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
        for (name, statement) in [
            ("NotResource", json!({"Action": "s3:*", "NotResource": "*"})),
            ("NotResource", json!({"Action": "*", "NotResource": ["arn:aws:s3:::a", "arn:aws:*"]})),
            ("NotResource", json!({"Action": "s3:*", "NotResource": "arn:aws:s3:::*"})),
            ("NotAction", json!({"NotAction": "*", "Resource": "*"})),
            ("NotAction", json!({"NotAction": ["s3:GetObject", "*:*"], "NotResource": "arn:aws:s3:::a"})),
        ] {
            let mut document = json!({"Statement": statement});
            document["Statement"]["Effect"] = "Allow".into();
            let found = allowing(&document).find_map(|statement| statement.breadth());
            assert_eq!(found, None, "{name} leaves nothing: {document}");
        }
        let of_others = json!({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}});
        assert!(allowing(&of_others).any(|statement| statement.breadth().is_some()));
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
        for resource in ["role/*", "role/**", "role*", "r*", "*", "role/?*", "role/*?", "role/??*", "????/*", "?*"] {
            assert!(passes("iam:PassRole", &format!("arn:aws:iam::111122223333:{resource}")), "{resource}");
        }
        for arn in ["arn:aws:iam::*:role/*", "arn:*:iam:*:????????????:role/?*", "arn:aws:iam::*", "arn:aws:*", "arn:*"]
        {
            assert!(passes("iam:PassRole", arn), "{arn}");
        }
        for resource in ["role/path/*", "role/", "role/web-*", "role/????", "role/*-web", "user/*"] {
            assert!(!passes("iam:PassRole", &format!("arn:aws:iam::111122223333:{resource}")), "{resource}");
        }
        assert!(!passes("*", "arn:aws:s3:::*"));
        assert!(!passes("iam:GetRole", "*"));
        let negated = |action: &str| {
            let document = json!({"Statement": [{"Effect": "Allow", "NotAction": action, "Resource": "*"}]});
            allowing(&document).any(|statement| statement.passes_every_role())
        };
        assert!(negated("s3:*") && !negated("iam:*") && !negated("*"));
        let other_than = |resource: &str| {
            let document = json!({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": resource}});
            allowing(&document).any(|statement| statement.passes_every_role())
        };
        assert!(other_than("arn:aws:iam::111122223333:role/admin") && other_than("arn:aws:s3:::*"));
        for all in ["*", "arn:aws:iam::*", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/?*"] {
            assert!(!other_than(all), "{all}");
        }
    }
}
