//! Reads members of a JSON response.

use serde_json::Value;

use crate::aws::errors::unreadable;
use crate::aws::signed::Operation;
use crate::ports::{Answer, PortError};

/// Returns the text of a member of the response. Returns an error if the response does not have the member.
pub(super) fn text(operation: &Operation, answer: &Value, member: &str) -> Answer<String> {
    optional(answer, member).ok_or_else(|| lacks(operation, member))
}

pub(super) fn optional(answer: &Value, member: &str) -> Option<String> {
    answer[member].as_str().map(String::from)
}

pub(super) fn flag(operation: &Operation, answer: &Value, member: &str) -> Answer<bool> {
    answer[member].as_bool().ok_or_else(|| lacks(operation, member))
}

pub(super) fn list<'a>(operation: &Operation, answer: &'a Value, member: &str) -> Answer<&'a Vec<Value>> {
    answer[member].as_array().ok_or_else(|| lacks(operation, member))
}

fn lacks(operation: &Operation, member: &str) -> PortError {
    unreadable(operation.name, &format!("{member} is missing"))
}
