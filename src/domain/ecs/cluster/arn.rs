//! The ARN of a cluster.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ecs::arn::{is_account, is_partition_or_region};

/// A parsed ARN, `arn:PARTITION:ecs:REGION:ACCOUNT:cluster/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterArn {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub name: String,
}

/// The error for a text that is not the ARN of a cluster. The message does not repeat the text, which is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a cluster (arn:aws:ecs:REGION:ACCOUNT:cluster/NAME)")]
pub struct NotAClusterArn;

/// Whether the text is a valid name of a cluster: 1 to 255 letters, digits, hyphens and underscores (source: ECS API
/// reference, CreateCluster).
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl ClusterArn {
    /// Returns `cluster/NAME`, by which people name the cluster and its record within one account and Region.
    pub fn short(&self) -> String {
        format!("cluster/{}", self.name)
    }
}

impl FromStr for ClusterArn {
    type Err = NotAClusterArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, "ecs", region, account, resource] = parts.as_slice() else {
            return Err(NotAClusterArn);
        };
        let name = resource.strip_prefix("cluster/").ok_or(NotAClusterArn)?;
        let is_prefix = is_partition_or_region(partition) && is_partition_or_region(region) && is_account(account);
        if !is_prefix || !is_name(name) {
            return Err(NotAClusterArn);
        }
        let [partition, region, account, name] = [partition, region, account, name].map(String::from);
        Ok(Self { partition, region, account, name })
    }
}

impl fmt::Display for ClusterArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(f, "arn:{partition}:ecs:{region}:{account}:cluster/{name}")
    }
}

impl TryFrom<String> for ClusterArn {
    type Error = NotAClusterArn;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClusterArn> for String {
    fn from(arn: ClusterArn) -> Self {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_and_written_back_in_every_partition_and_nothing_else_is_read() {
        for arn in
            ["arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/a_b-C"]
        {
            assert_eq!(arn.parse::<ClusterArn>().unwrap().to_string(), arn);
        }
        for text in [
            "prod",
            "arn:aws:ecs:eu-west-1:111122223333:cluster/",
            "arn:aws:ecs:eu-west-1:111122223333:cluster/a/b",
            "arn:aws:ecs:eu-west-1:111122223333:service/prod/web",
            "arn:aws:ecs:eu-west-1:1111:cluster/prod",
            "arn:aws:ecs:eu-west-1:111122223333:cluster/prod\n",
        ] {
            assert_eq!(text.parse::<ClusterArn>(), Err(NotAClusterArn), "{text}");
        }
    }
}
