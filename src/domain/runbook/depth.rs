//! How much of an account a run reads.

use serde::Serialize;

/// The part of an account that a run of the runbook reads. Each depth also reads what the smaller depths read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// The clusters, services, tasks, capacity providers and task definitions of Amazon ECS.
    #[default]
    Ecs,
    /// Also the subnets, endpoints, flow logs and load balancers of the tasks.
    Network,
    /// Also the roles of the tasks, and the parameters and secrets to which their task definitions refer.
    Identity,
    /// Also the repositories and scans of Amazon ECR.
    Images,
    /// Also the trails of CloudTrail and the rules of EventBridge.
    Trail,
}

impl Depth {
    pub const ALL: [Self; 5] = [Self::Ecs, Self::Network, Self::Identity, Self::Images, Self::Trail];

    /// Returns the word of the option `--depth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Network => "network",
            Self::Identity => "identity",
            Self::Images => "images",
            Self::Trail => "trail",
        }
    }

    /// Returns the depth with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|depth| depth.name() == word)
    }

    /// Whether a run of this depth reads what `other` reads.
    pub fn reads(self, other: Self) -> bool {
        self >= other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_reads_what_the_smaller_depths_read() {
        for (index, depth) in Depth::ALL.into_iter().enumerate() {
            assert_eq!(Depth::parse(depth.name()), Some(depth));
            assert!(Depth::ALL[..=index].iter().all(|smaller| depth.reads(*smaller)));
            assert!(Depth::ALL[index + 1..].iter().all(|larger| !depth.reads(*larger)));
        }
    }
}
