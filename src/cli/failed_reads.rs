//! Turns failed reads into the facts that are missing.

use crate::domain::fleet::facts::{Seen, Unread};
use crate::ports::{Answer, PortError};

/// The IAM action of each read whose name is not its permission.
const PERMISSIONS: [(&str, &str); 2] =
    [("GetBucketEncryption", "s3:GetEncryptionConfiguration"), ("GetCallerIdentity", "sts:GetCallerIdentity")];

/// The other reads, with the IAM action of each. The name of the operation follows the colon.
const READS: [&str; 19] = [
    "ecs:ListClusters",
    "ecs:DescribeClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListDaemons",
    "ecs:DescribeDaemon",
    "ecs:DescribeDaemonRevisions",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:DescribeContainerInstances",
    "ecs:DescribeCapacityProviders",
    "ecs:ListAccountSettings",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:DescribeTaskDefinition",
    "logs:DescribeLogGroups",
    "kms:DescribeKey",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
];

/// Returns the fact, or the reason why it is missing.
pub(super) fn seen<T>(answer: Answer<T>) -> Seen<T> {
    answer.map_err(|error| unread(&error))
}

/// Returns the IAM action that a failed read needs, and the message of AWS.
pub(super) fn unread(error: &PortError) -> Unread {
    let named = PERMISSIONS.iter().find(|(call, _)| *call == error.call).map(|(_, action)| *action);
    let action = named.or_else(|| READS.into_iter().find(|action| action.ends_with(&format!(":{}", error.call))));
    Unread { action: action.unwrap_or(error.call), message: error.to_string(), is_denied: error.is_denied() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ErrorKind;

    #[test]
    fn a_failed_read_names_the_permission_that_it_needs() {
        let action = |call| {
            unread(&PortError { kind: ErrorKind::Refused, call, message: "AccessDenied".into(), reason: None }).action
        };
        assert_eq!(action("GetBucketEncryption"), "s3:GetEncryptionConfiguration");
        assert_eq!(action("DescribeDaemon"), "ecs:DescribeDaemon");
        assert_eq!(action("DescribeTasks"), "ecs:DescribeTasks");
    }

    #[test]
    fn the_cause_of_a_failed_read_does_not_repeat_the_operation() {
        let cause = |call| {
            let message = "AccessDenied: no".to_owned();
            let error = PortError { kind: ErrorKind::Refused, call, message, reason: None };
            unread(&error).cause().to_owned()
        };
        assert_eq!(cause("DescribeTasks"), "AccessDenied: no");
        assert_eq!(cause("GetBucketEncryption"), "GetBucketEncryption: AccessDenied: no");
    }
}
