//! A secret as the value of an environment variable. The rule never reads more of a value than it needs, and no output
//! contains the value or its length.

use serde_json::Value;

use super::Checked;
use crate::domain::ecs::task_definition::Container;
use crate::domain::runbook::secret_shape::{has_password, is_secret};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};
use crate::domain::text::placeholder::is_intrinsic;
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "literal-secret";

/// Names that Security Hub's control ECS.8 looks for, for Parameter Store.
const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The credentials of a private registry for the ECS agent. ECS.8 looks for this name too.
const ENGINE: [&str; 1] = ["ECS_ENGINE_AUTH_DATA"];

/// Parts of names of variables that hold secrets.
const WORDS: [&str; 14] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "ACCESSKEY",
    "PRIVATE_KEY",
    "PRIVATEKEY",
    "CREDENTIAL",
    "AUTH_DATA",
    "CONNECTION_STRING",
];

/// Whole parts of names of variables that hold secrets.
const PARTS: [&str; 2] = ["PASS", "PWD"];

pub(super) fn in_parameter_store(subject: &Subject<'_>) -> Checked {
    checked(subject, &KEYS, true)
}

pub(super) fn in_secrets_manager(subject: &Subject<'_>) -> Checked {
    checked(subject, &ENGINE, false)
}

/// Judges the environment of each container. `with_others` also judges variables whose name or value looks like that of
/// a secret.
fn checked(subject: &Subject<'_>, names: &[&str], with_others: bool) -> Checked {
    let judged = |container| judged(subject, container, names, with_others);
    subject.definition.containers().map(judged).collect()
}

fn judged(subject: &Subject<'_>, container: Container<'_>, names: &[&str], with_others: bool) -> RunbookResult {
    let about =
        |verdict, member: &str, message: &str| subject.about_container(NAME, container, member, verdict, message);
    let Some(variables) = Member::of(container.member("environment")).items() else {
        return about(Verdict::Undecidable, "/environment", "the environment is known only after the deployment");
    };
    let mut worst = about(Verdict::Pass, "/environment", "no environment variable has the name or value of a secret");
    for (index, variable) in variables.iter().enumerate() {
        let Some(name) = variable["name"].as_str() else {
            if is_intrinsic(variable) && worst.verdict < Verdict::Undecidable {
                worst = about(Verdict::Undecidable, "/environment", "a variable is known only after the deployment");
            }
            continue;
        };
        let is_named = names.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        let is_other = KEYS.iter().chain(&ENGINE).any(|secret| name.eq_ignore_ascii_case(secret));
        let member = format!("/environment/{index}");
        let called = plain(name, 100);
        let found = match subject.written(variable.get("value")) {
            Member::Absent => continue,
            Member::Unknown if is_named => (Verdict::Fail, "gets a secret as its value when the template is rendered"),
            Member::Unknown if with_others && !is_other && names_secret(name) => {
                (Verdict::Undecidable, "has the name of a secret, and a value that is known only after the deployment")
            }
            Member::Unknown => continue,
            Member::Known(_) if is_named => (Verdict::Fail, "holds a secret as a literal value"),
            Member::Known(value) if with_others && !is_other && looks_secret(name, value) => {
                (Verdict::Advice, "looks like a secret with a literal value")
            }
            Member::Known(_) => continue,
        };
        if found.0 > worst.verdict {
            let store = if with_others { "Parameter Store or Secrets Manager" } else { "Secrets Manager" };
            let message = format!(
                "the environment variable {called} {}; put the value into {store}, and refer to it under `secrets`",
                found.1
            );
            worst = about(found.0, &member, &message);
        }
    }
    worst
}

/// Whether the name or the value is that of a secret. References to a secret, and addresses without a password, are
/// not.
fn looks_secret(name: &str, value: &Value) -> bool {
    let value = match value {
        Value::String(text) => text.clone(),
        // A template may have a number, which CloudFormation turns into a text.
        Value::Number(number) => number.to_string(),
        _ => return false,
    };
    let is_switch = ["true", "false"].contains(&value.to_ascii_lowercase().as_str());
    let refers = value.starts_with("arn:")
        || value.starts_with('/')
        || is_switch
        || (value.parse::<f64>().is_ok() && !is_password(&upper(name)))
        || (value.contains("://") && !has_password(&value));
    is_secret(&value) || (!refers && names_secret(name))
}

/// Whether the name is that of a variable with a secret, and not of one about a secret, such as its ARN or its age.
fn names_secret(name: &str) -> bool {
    let name = upper(name);
    let is_about = ["_ARN", "_NAME", "_FILE", "_PATH", "_URL", "_URI", "_ENDPOINT", "_TTL", "_HEADER", "_ID"];
    let is_part = name.split('_').any(|part| PARTS.contains(&part));
    !is_about.iter().any(|ending| name.ends_with(ending)) && (is_part || WORDS.iter().any(|word| name.contains(word)))
}

/// Whether the name ends with the word for a password, so that a number is a secret too.
fn is_password(name: &str) -> bool {
    ["PASSWORD", "PASSWD", "PASSPHRASE"].iter().any(|word| name.ends_with(word))
        || name.rsplit('_').next().is_some_and(|part| PARTS.contains(&part))
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_known_by_its_name_or_by_its_value() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("DB_PASSWORD", "123456"),
            ("DB_PASS", "hunter2"),
            ("db.pwd", "hunter2"),
            ("privateKey", "x"),
            ("github-token", "ghp_x"),
            ("DATABASE_URL", "postgres://a:b@db/x"),
            ("KEY", "AKIAIOSFODNN7EXAMPLE"),
            ("PEM", "-----BEGIN RSA PRIVATE KEY-----"),
        ] {
            assert!(looks_secret(name, &json!(value)), "{name}");
        }
        assert!(looks_secret("DB_PASSWORD", &json!(123456)) && !looks_secret("MAX_TOKENS", &json!(4096)));
        for (name, value) in [
            ("DB_PASSWORD_ARN", "x"),
            ("PASSWORD_MIN_LENGTH", "8"),
            ("COMPASS", "north"),
            ("SECRET", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"),
            ("TOKEN_URL", "https://auth.example/token"),
            ("TOKEN_TTL", "3600"),
            ("USE_TOKEN", "true"),
            ("MAX_TOKENS", "4096"),
            ("DATABASE_URL", "postgres://db/x"),
            ("PORT", "80"),
        ] {
            assert!(!looks_secret(name, &json!(value)), "{name}");
        }
    }
}
