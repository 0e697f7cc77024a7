//! A capability that a container adds, and that gives it power over the host or over its neighbours.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

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
        let name = |text: &str| text.trim().to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
        let added: Vec<String> = added.iter().filter_map(|one| one.as_str()).map(name).collect();
        let dangerous: Vec<&str> = added.iter().map(String::as_str).filter(|name| !HARMLESS.contains(name)).collect();
        if dangerous.is_empty() {
            return (Verdict::Pass, "the container adds no dangerous capability".to_owned());
        }
        let message = format!("the container adds {}; remove what the process does not need", names(dangerous));
        (Verdict::Fail, message)
    })
}
