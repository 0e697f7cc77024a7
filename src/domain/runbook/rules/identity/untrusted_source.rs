//! A task role whose trust policy admits more than the tasks of its account.

use serde_json::Value;

use super::super::judged::{Judged, result};
use super::Checked;
use super::policy::{list, texts};
use super::role_policies::{each_role, resource};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::identity::Role;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "untrusted-source";

/// The service that assumes the role of a task.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// The condition keys that name the account or the cluster for which ECS assumes the role (source: ECS developer guide,
/// Amazon ECS task IAM role).
const SOURCES: [&str; 2] = ["aws:sourceaccount", "aws:sourcearn"];

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_role(account, NAME, |role, origin| {
        let (mut verdict, mut message, value) = judged(account, role);
        if verdict > Verdict::Undecidable && role.trust.as_ref().is_some_and(has_denial) {
            verdict = Verdict::Undecidable;
            message +=
                "; another statement denies principals, so a person has to read the trust policy: aws iam get-role";
        }
        let judged = Judged::new(verdict, message, "/Role/AssumeRolePolicyDocument/Statement");
        result(NAME, resource(&role.arn), origin, judged.with(value))
    })
}

fn judged(account: &Account, role: &Role) -> (Verdict, String, Option<String>) {
    let Some(trust) = &role.trust else {
        return (Verdict::Undecidable, "the trust policy is not JSON".to_owned(), None);
    };
    let allowing = || list(&trust["Statement"]).into_iter().filter(|statement| statement["Effect"] == "Allow");
    // The worst statement counts.
    if let Some(stranger) = allowing().filter_map(|statement| stranger(account, statement)).max_by_key(|one| one.0) {
        return stranger;
    }
    let of_tasks: Vec<&Value> =
        allowing().filter(|statement| texts(&statement["Principal"]["Service"]).contains(&TASKS)).collect();
    if of_tasks.is_empty() {
        let message = format!("the trust policy does not admit {TASKS}, so no task with the role starts");
        return (Verdict::Advice, message, None);
    }
    match of_tasks.iter().all(|statement| names_source(&statement["Condition"])) {
        true => {
            let message = "the trust policy admits the tasks of named accounts or clusters only";
            (Verdict::Pass, message.to_owned(), Some(TASKS.to_owned()))
        }
        false => {
            let message = "the trust policy does not say for which account ECS may assume the role; add the condition \
                           aws:SourceAccount or aws:SourceArn";
            (Verdict::Advice, message.to_owned(), Some(format!("{TASKS} without a source")))
        }
    }
}

/// Returns what is wrong with a statement that admits a principal of another account.
fn stranger(account: &Account, statement: &Value) -> Option<(Verdict, String, Option<String>)> {
    let principal = &statement["Principal"];
    let accounts: Vec<&str> = if principal == "*" { vec!["*"] } else { texts(&principal["AWS"]) };
    let is_conditional = statement["Condition"].as_object().is_some_and(|all| !all.is_empty());
    if accounts.contains(&"*") || statement.get("NotPrincipal").is_some() {
        let verdict = if is_conditional { Verdict::Advice } else { Verdict::Fail };
        let message = "the trust policy admits every principal of AWS; name the service of the tasks alone";
        return Some((verdict, message.to_owned(), Some("Principal *".to_owned())));
    }
    let own = |text: &str| text == account.account || text.contains(&format!("::{}:", account.account));
    let other = accounts.iter().find(|text| !own(text))?;
    let message = "the trust policy also admits a principal of another account; use a role of its own for it";
    Some((Verdict::Advice, message.to_owned(), Some(format!("Principal {other}"))))
}

/// Whether a statement denies principals.
fn has_denial(trust: &Value) -> bool {
    list(&trust["Statement"]).into_iter().any(|statement| statement["Effect"] == "Deny")
}

/// Whether a condition names the account or the resource for which the service acts. A negated operator names none, and
/// neither does the operator `Null`, which only asks whether the key is present.
fn names_source(condition: &Value) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    let names_values =
        |operator: &str| !["not", "null"].iter().any(|word| operator.to_ascii_lowercase().contains(word));
    operators.filter(|(operator, _)| names_values(operator)).filter_map(|(_, keys)| keys.as_object()).flatten().any(
        |(key, value)| {
            let sources = texts(value);
            SOURCES.contains(&key.to_ascii_lowercase().as_str())
                && !sources.is_empty()
                && !sources.into_iter().any(is_every_account)
        },
    )
}

/// Whether the text is `*`, or an ARN of resources in every account, such as `arn:aws:ecs:*:*:*`.
fn is_every_account(text: &str) -> bool {
    let is_star = |text: &str| text.bytes().all(|byte| byte == b'*');
    is_star(text) || (text.starts_with("arn:") && text.split(':').nth(4).is_none_or(is_star))
}
