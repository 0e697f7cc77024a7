//! The facts about an account and Region that the rules judge. Each module has the facts of one service of AWS. A fact
//! that Logweir could not read, or that the depth of the run leaves out, is never a missing resource.

pub mod ecs;
pub mod event_pattern;
mod fact;
pub mod identity;
pub mod images;
pub mod network;
mod references;
pub mod trail;

use super::depth::Depth;
use super::verdict::{Resource, ResourceKind};
use crate::domain::fleet::facts::Unread;
use ecs::EcsFacts;
pub use fact::{Fact, Missing, Origin};
use identity::IdentityFacts;
use images::ImageFacts;
use network::NetworkFacts;
pub use references::{Reference, Store};
use trail::TrailFacts;

/// The facts about one account and Region.
#[derive(Clone, Debug)]
pub struct Account {
    pub partition: String,
    /// The number of the account. Empty if no resource shows it.
    pub account: String,
    pub region: String,
    /// The depth of the run.
    pub depth: Depth,
    /// Whether the run reads the whole account. Otherwise, it reads only the clusters and services that the caller named.
    pub is_whole: bool,
    pub ecs: EcsFacts,
    pub network: NetworkFacts,
    pub identity: IdentityFacts,
    pub images: ImageFacts,
    pub trail: TrailFacts,
}

impl Account {
    /// Returns the whole account with the facts of Amazon ECS, and without those of the other depths.
    pub fn of_ecs(partition: String, account: String, region: String, depth: Depth, ecs: EcsFacts) -> Self {
        let (network, trail) = (NetworkFacts::not_asked(), TrailFacts::not_asked());
        let (identity, images) = (IdentityFacts::default(), ImageFacts::default());
        Self { partition, account, region, depth, is_whole: true, ecs, network, identity, images, trail }
    }

    /// Returns the reads that failed. Each module of facts adds its own.
    pub fn unread(&self) -> Vec<&Unread> {
        let Self { ecs, network, identity, images, trail, .. } = self;
        [ecs.unread(), network.unread(), identity.unread(), images.unread(), trail.unread()].concat()
    }

    /// Returns why the facts about the rest of the account are missing, if the run does not read the whole account.
    pub fn unselected(&self) -> Option<Missing<'_>> {
        (!self.is_whole).then_some(Missing::NotSelected)
    }

    /// Returns the message of a result that another cluster could change. The message names the scope of the run, if the
    /// run does not read the whole account.
    pub(super) fn scoped(&self, message: &str) -> String {
        match self.is_whole {
            true => message.to_owned(),
            false => format!("{message}; the run reads only the clusters and services that the caller named"),
        }
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
