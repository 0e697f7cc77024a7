//! A capability that a container adds, and that gives it power over the host or over its neighbours.

use serde_json::Value;

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;
use crate::domain::text::placeholder::is_marked;

pub(super) const NAME: &str = "added-capability";

/// The capabilities with which a container has no power over the host.
const HARMLESS: [&str; 7] = ["SYS_PTRACE", "NET_BIND_SERVICE", "AUDIT_WRITE", "CHOWN", "KILL", "SETUID", "SETGID"];

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/linuxParameters/capabilities/add", |container| {
        if subject.is_windows() == Some(true) {
            return (Verdict::NotApplicable, "Windows has no Linux capabilities".to_owned());
        }
        let added = Member::of(container.member("linuxParameters")).member("capabilities").member("add");
        let Some(added) = added.items() else {
            return (Verdict::Undecidable, "the added capabilities are known only after the deployment".to_owned());
        };
        // A skeleton of the AWS CLI has an empty text in each list.
        let is_blank = |one: &&Value| one.as_str().is_some_and(|text| text.trim().is_empty());
        let names_of: Vec<Option<String>> = added.iter().filter(|one| !is_blank(one)).map(capability).collect();
        let known = names_of.iter().flatten().map(String::as_str);
        let dangerous: Vec<&str> = known.filter(|name| !HARMLESS.contains(name)).collect();
        if !dangerous.is_empty() {
            let message = format!("the container adds {}; remove what the process does not need", names(dangerous));
            return (Verdict::Fail, message);
        }
        match names_of.iter().all(Option::is_some) {
            true => (Verdict::Pass, "the container adds no dangerous capability".to_owned()),
            false => (Verdict::Undecidable, "an added capability is known only after the deployment".to_owned()),
        }
    })
}

/// Returns the name of a capability as the kernel writes it, without `CAP_`. Returns `None` for a placeholder. The name
/// of a capability is written like some placeholders, so only the marks of a placeholder count.
pub(super) fn capability(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !is_marked(text))?;
    let name = text.trim().to_ascii_uppercase();
    Some(name.strip_prefix("CAP_").unwrap_or(&name).to_owned())
}
