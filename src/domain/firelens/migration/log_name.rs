//! The check that CloudWatch Logs accepts the names of log groups and log streams that a migration writes.

use super::draft::Draft;
use crate::domain::baseline::{LONGEST_LOG_NAME, is_group_name};
use crate::domain::text::placeholder::is_marked;

/// A text with the length of a task's ID.
const TASK: &str = "00000000000000000000000000000000";

/// Adds a blocker if CloudWatch Logs refuses the name of the container's log group. A placeholder is not checked.
pub(super) fn check_group(container: &str, group: &str, draft: &mut Draft) {
    if !group.is_empty() && !is_marked(group) && !is_group_name(group) {
        let message = format!(
            "CloudWatch Logs refuses the log group of container `{container}`: a name has up to {LONGEST_LOG_NAME} \
             letters, digits and ._-/#, and does not begin with aws/; correct the name"
        );
        draft.block("refused-name", message);
    }
}

/// Adds a blocker if CloudWatch Logs refuses the names of the container's log streams. `name` returns the name for the
/// ID of a task. A placeholder is not checked.
pub(super) fn check_stream(container: &str, name: impl Fn(&str) -> String, draft: &mut Draft) {
    let name = name(TASK);
    if !is_marked(&name) && (name.chars().count() > LONGEST_LOG_NAME || name.contains([':', '*'])) {
        let message = format!(
            "CloudWatch Logs refuses the log streams of container `{container}`: a name has up to {LONGEST_LOG_NAME} \
             characters with the ID of the task, and no `:` and no `*`; shorten or correct the prefix"
        );
        draft.block("refused-name", message);
    }
}
