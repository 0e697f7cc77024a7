//! A Linux container that runs as root.

use serde_json::Value;

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "root-user";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/user", |container| match subject.is_windows() {
        Some(true) => (Verdict::NotApplicable, "the container runs on Windows".to_owned()),
        None => (Verdict::Undecidable, "the operating system is known only after the deployment".to_owned()),
        Some(false) => match Member::of(container.member("user")) {
            Member::Absent => {
                let message = "the image decides the user, which no API shows, and which is root unless the image says \
                               otherwise; set `user` (Security Hub counts an absent user as a failure)";
                (Verdict::Advice, message.to_owned())
            }
            Member::Unknown => (Verdict::Undecidable, "the user is known only after the deployment".to_owned()),
            Member::Known(user) => match text(user) {
                Some(user) if is_root(&user) => {
                    (Verdict::Fail, format!("the container runs as {user}; use a user without administrator rights"))
                }
                Some(user) => (Verdict::Pass, format!("the container runs as {user}")),
                None => (Verdict::Undecidable, "the user is not a text".to_owned()),
            },
        },
    })
}

/// Returns the user as text. A template may have a number, which CloudFormation turns into a text.
fn text(user: &Value) -> Option<String> {
    match user {
        Value::String(user) => Some(user.trim().to_owned()),
        Value::Number(user) => Some(user.to_string()),
        _ => None,
    }
}

/// Whether the user is root, by name or by number, with or without a group (source: ECS API reference,
/// ContainerDefinition). The container runtime reads a number with a sign or with leading zeros too, and takes root for
/// an empty user before a group (source: moby/sys/user, GetExecUser).
pub fn is_root(user: &str) -> bool {
    let user = user.split(':').next().unwrap_or(user).trim();
    user.is_empty() || user == "root" || user.parse::<i64>() == Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_a_name_and_a_number() {
        let roots = ["root", "0", "0:0", "root:wheel", "0:app", "root:0", "00", "+0", "-0", ":1000"];
        assert!(roots.into_iter().all(is_root));
        assert!(!["1000", "app", "1000:0", "app:root", "rooty", "10"].into_iter().any(is_root));
    }
}
