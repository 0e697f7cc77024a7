//! A task with the `pidMode` of the host.

use super::{Checked, host_mode};
use crate::domain::runbook::subject::Subject;

pub(super) const NAME: &str = "host-pid";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    host_mode(
        subject,
        NAME,
        "pidMode",
        "the task shares the process namespace of the host: its processes see and signal all processes of the host; remove pidMode, or set it to task",
    )
}
