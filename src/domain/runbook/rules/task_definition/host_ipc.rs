//! A task with the `ipcMode` of the host.

use super::{Checked, host_mode};
use crate::domain::runbook::subject::Subject;

pub(super) const NAME: &str = "host-ipc";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    host_mode(
        subject,
        NAME,
        "ipcMode",
        "the task shares the inter-process communication of the host; remove ipcMode, or set it to task or none",
    )
}
