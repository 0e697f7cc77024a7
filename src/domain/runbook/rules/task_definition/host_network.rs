//! A task with the `networkMode` of the host.

use super::{Checked, host_mode};
use crate::domain::runbook::subject::Subject;

pub(super) const NAME: &str = "host-network";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    host_mode(
        subject,
        NAME,
        "networkMode",
        "the task shares the network of the host: it reaches every port of the host, and the metadata of the instance; set networkMode to awsvpc",
    )
}
