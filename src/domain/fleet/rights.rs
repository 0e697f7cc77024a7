//! The rights that a session of ECS Exec and its transcript need. The answers of IAM's policy simulator are hints: the
//! simulator evaluates no resource policies and not every policy of an organisation.

use crate::domain::ecs::task_definition::{Log, TaskDefinition};

/// An action of a principal on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The ARN of the role or the user.
    pub principal: String,
    pub action: String,
    pub resource: String,
}

/// The answer of the policy simulator about one right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Denied,
    /// The answer depends on these condition keys, which the simulation does not know.
    Depends(Vec<String>),
}

/// The account and the Region of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Home<'h> {
    pub partition: &'h str,
    pub account: &'h str,
    pub region: &'h str,
}

/// The actions that the agent of ECS Exec needs to open a session (source: ECS developer guide, ecs-exec.md).
const CHANNELS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// The actions that the agent of ECS Exec needs to write a transcript to a log group (source: ECS developer guide,
/// ecs-exec.md).
const STREAMS: [&str; 3] = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];

/// Returns the ARN of the task role of a task definition. Returns `None` if the task definition names no role. A task
/// definition may name a role by its ARN or by its name (source: ECS API reference, RegisterTaskDefinition).
pub fn task_role(definition: &TaskDefinition, home: Home<'_>) -> Option<String> {
    let role = definition.view()["taskRoleArn"].as_str().map(str::trim).filter(|role| !role.is_empty())?;
    match role.starts_with("arn:") {
        true => Some(role.to_owned()),
        false => Some(format!("arn:{}:iam::{}:role/{role}", home.partition, home.account)),
    }
}

/// Returns the rights that the task role needs, so that a session starts.
pub fn of_session(role: &str) -> impl Iterator<Item = Right> {
    CHANNELS.iter().map(|action| right(role, action, "*"))
}

/// Returns the right that the task role needs in a cluster with this key. `key` is the ARN of the key.
pub fn of_key(role: &str, key: &str) -> Right {
    right(role, "kms:Decrypt", key)
}

/// Returns the rights that the task role needs to write transcripts to this log group.
pub fn of_group(role: &str, group: &str, region: Option<&str>, home: Home<'_>) -> Vec<Right> {
    let region = region.unwrap_or(home.region);
    let arn = format!("arn:{}:logs:{region}:{}:log-group:{group}:*", home.partition, home.account);
    let describe = right(role, "logs:DescribeLogGroups", "*");
    [describe].into_iter().chain(STREAMS.iter().map(|action| right(role, action, &arn))).collect()
}

/// Returns the rights that the task role needs to write transcripts to this bucket.
pub fn of_bucket(role: &str, bucket: &str, encrypts: bool, home: Home<'_>) -> Vec<Right> {
    let arn = format!("arn:{}:s3:::{bucket}", home.partition);
    let mut rights = vec![right(role, "s3:GetBucketLocation", &arn), right(role, "s3:PutObject", &format!("{arn}/*"))];
    if encrypts {
        rights.push(right(role, "s3:GetEncryptionConfiguration", &arn));
    }
    rights
}

/// Returns the right to open a session in tasks of the cluster without ECS.
pub fn direct_session(principal: &str, cluster: &str, home: Home<'_>) -> Right {
    let Home { partition, account, region } = home;
    right(principal, "ssm:StartSession", &format!("arn:{partition}:ecs:{region}:{account}:task/{cluster}/*"))
}

/// Returns the log groups and their Regions to which the containers log with awslogs.
pub fn awslogs_groups(definition: &TaskDefinition) -> Vec<(String, Option<String>)> {
    let group = |log: Log<'_>| match log {
        Log::Configured { driver: "awslogs", options } => {
            Some((options.text("awslogs-group")?.to_owned(), options.text("awslogs-region").map(String::from)))
        }
        _ => None,
    };
    let mut groups: Vec<_> = definition.containers().filter_map(|container| group(container.log())).collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Returns the ARN of a key that a cluster names by its ARN or its id. Returns `None` for an alias, because the policies
/// of roles name keys, and not aliases.
pub fn key_arn(key: &str, home: Home<'_>) -> Option<String> {
    let Home { partition, account, region } = home;
    match key {
        alias if alias.starts_with("alias/") || alias.contains(":alias/") => None,
        arn if arn.starts_with("arn:") => Some(arn.to_owned()),
        id => Some(format!("arn:{partition}:kms:{region}:{account}:key/{id}")),
    }
}

fn right(principal: &str, action: &str, resource: &str) -> Right {
    Right { principal: principal.into(), action: action.into(), resource: resource.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Home<'_> = Home { partition: "aws-cn", account: "111122223333", region: "cn-north-1" };

    fn names(rights: &[Right]) -> Vec<String> {
        rights.iter().map(|right| format!("{} {}", right.action, right.resource)).collect()
    }

    #[test]
    fn a_key_is_named_by_its_id_or_its_arn_and_an_alias_names_no_key() {
        for (key, arn) in [
            ("abc", Some("arn:aws-cn:kms:cn-north-1:111122223333:key/abc")),
            ("arn:aws-cn:kms:cn-north-1:1:key/x", Some("arn:aws-cn:kms:cn-north-1:1:key/x")),
            ("alias/exec", None),
            ("arn:aws-cn:kms:cn-north-1:1:alias/exec", None),
        ] {
            assert_eq!(key_arn(key, HOME).as_deref(), arn, "{key}");
        }
        assert_eq!(of_session("r").count(), 4);
    }

    #[test]
    fn a_transcript_needs_rights_on_its_destination_in_the_partition() {
        let group = names(&of_group("r", "/ecs/exec", Some("cn-northwest-1"), HOME));
        assert_eq!(group[0], "logs:DescribeLogGroups *");
        assert_eq!(group[3], "logs:PutLogEvents arn:aws-cn:logs:cn-northwest-1:111122223333:log-group:/ecs/exec:*");
        assert_eq!(
            names(&of_bucket("r", "b", true, HOME)),
            [
                "s3:GetBucketLocation arn:aws-cn:s3:::b",
                "s3:PutObject arn:aws-cn:s3:::b/*",
                "s3:GetEncryptionConfiguration arn:aws-cn:s3:::b"
            ]
        );
        assert_eq!(of_bucket("r", "b", false, HOME).len(), 2);
    }

    #[test]
    fn a_task_role_is_named_by_its_arn_or_by_its_name() {
        let of = |role: &str| {
            let text = format!(r#"{{"taskRoleArn":"{role}","containerDefinitions":[{{}}]}}"#);
            task_role(&TaskDefinition::parse(text).unwrap(), HOME)
        };
        assert_eq!(of("web"), Some("arn:aws-cn:iam::111122223333:role/web".into()));
        assert_eq!(of("arn:aws:iam::1:role/a/b"), Some("arn:aws:iam::1:role/a/b".into()));
        assert_eq!(of(" "), None);
    }
}
