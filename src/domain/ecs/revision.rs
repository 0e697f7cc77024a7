//! The ARN of a revision, which is one immutable version of a task definition.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A parsed ARN, `arn:PARTITION:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionArn {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub family: String,
    pub revision: u32,
}

/// The error for a text that is not the ARN of a revision. The message does not repeat the text, which is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a task-definition revision (arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION)")]
pub struct NotARevisionArn;

/// Whether the text is a valid name of a family: 1 to 255 letters, digits, hyphens and underscores (source: ECS API
/// reference, RegisterTaskDefinition).
pub fn is_family(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl RevisionArn {
    /// Returns `FAMILY:REVISION`, the name that people use within one account and Region.
    pub fn short(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    /// Returns whether both revisions belong to the same family of the same account and Region.
    pub fn is_sibling(&self, other: &Self) -> bool {
        let Self { partition, region, account, family, revision: _ } = self;
        (partition, region, account, family) == (&other.partition, &other.region, &other.account, &other.family)
    }
}

impl FromStr for RevisionArn {
    type Err = NotARevisionArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, "ecs", region, account, resource] = parts.as_slice() else {
            return Err(NotARevisionArn);
        };
        let (family, revision) =
            resource.strip_prefix("task-definition/").and_then(|r| r.rsplit_once(':')).ok_or(NotARevisionArn)?;
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !plain(partition)
            || !plain(region)
            || account.len() != 12
            || !digits(account)
            || !is_family(family)
            || !digits(revision)
        {
            return Err(NotARevisionArn);
        }
        Ok(Self {
            partition: partition.into(),
            region: region.into(),
            account: account.into(),
            family: family.into(),
            revision: revision.parse().map_err(|_| NotARevisionArn)?,
        })
    }
}

impl fmt::Display for RevisionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, family, revision } = self;
        write!(f, "arn:{partition}:ecs:{region}:{account}:task-definition/{family}:{revision}")
    }
}

impl TryFrom<String> for RevisionArn {
    type Error = NotARevisionArn;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RevisionArn> for String {
    fn from(arn: RevisionArn) -> Self {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_and_written_back_in_every_partition() {
        for arn in [
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41",
            "arn:aws-cn:ecs:cn-north-1:111122223333:task-definition/a_b-C:1",
            "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task-definition/x:1000000",
        ] {
            assert_eq!(arn.parse::<RevisionArn>().unwrap().to_string(), arn);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "web:41",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:x",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/we b:1",
            "arn:aws:ecs:eu-west-1:11112222333:task-definition/web:1",
            "arn:aws:ecs:eu-west-1:111122223333:daemon-task-definition/web:1",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1\n",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:99999999999",
        ] {
            assert_eq!(text.parse::<RevisionArn>(), Err(NotARevisionArn), "{text}");
        }
    }
}
