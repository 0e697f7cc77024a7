//! Turns the answers of AWS into facts, and names the right that a failed read needs.

use jiff::Timestamp;

use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::account::Fact;
use crate::ports::{Answer, PortError};

/// The reads of the runbook as IAM actions. The name of the operation follows the colon.
const READS: [&str; 10] = [
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:DescribeCapacityProviders",
    "ecs:ListAccountSettings",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:DescribeTaskDefinition",
];

/// Returns the fact that an answer shows. `source` is the IAM action of the operation that shows the fact.
pub(super) fn fact<T>(answer: Answer<T>, source: &'static str) -> Fact<T> {
    Fact::of(answer.map_err(|error| unread(&error)), source, Timestamp::now())
}

/// Returns the right that a failed read needs, and the message of AWS.
pub(super) fn unread(error: &PortError) -> Unread {
    let is_its = |action: &&str| action.split_once(':').is_some_and(|(_, call)| call == error.call);
    let action = READS.into_iter().find(is_its).unwrap_or(error.call);
    Unread { action, message: error.to_string(), is_denied: error.is_denied() }
}
