//! The facts about an account and Region that the rules judge. Each module has the facts of one service of AWS. A fact
//! that Logweir could not read, or that the depth of the run leaves out, is never a missing resource.

pub mod ecs;
mod fact;

use super::depth::Depth;
use super::verdict::{Resource, ResourceKind};
use crate::domain::fleet::facts::Unread;
use ecs::EcsFacts;
pub use fact::{Fact, Missing, Origin};

/// The facts about one account and Region.
#[derive(Clone, Debug)]
pub struct Account {
    pub partition: String,
    /// The number of the account. Empty if no resource shows it.
    pub account: String,
    pub region: String,
    /// The depth of the run.
    pub depth: Depth,
    pub ecs: EcsFacts,
}

impl Account {
    /// Returns the reads that failed. Each module of facts adds its own.
    pub fn unread(&self) -> Vec<&Unread> {
        self.ecs.unread()
    }

    /// Returns the ARN of a role that a task definition names by its ARN or by its name.
    pub fn role_arn(&self, role: &str) -> String {
        match role.starts_with("arn:") {
            true => role.to_owned(),
            false => format!("arn:{}:iam::{}:role/{role}", self.partition, self.account),
        }
    }

    /// Returns the account and Region as the resource of a result.
    pub fn resource(&self) -> Resource {
        let Self { partition, account, region, .. } = self;
        let name = if account.is_empty() { region.clone() } else { format!("{account}/{region}") };
        Resource {
            kind: ResourceKind::Account,
            name,
            arn: Some(format!("arn:{partition}:iam::{account}:root")),
            container: None,
        }
    }
}
