//! The command line's connection to AWS.

use aws_config::{BehaviorVersion, Region};

use super::client::{Aws, NoRegion};
use super::https::https;

/// Which account and Region to talk to, where the standard AWS environment and files are to be overruled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Whether no call may change anything.
    pub read_only: bool,
}

impl Aws {
    /// By the standard chain of environment, profile, SSO, process and instance.
    pub async fn connect(place: &ConnectOptions) -> Result<Self, NoRegion> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(https());
        if let Some(region) = &place.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &place.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &place.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        if place.read_only { Self::reading(&config) } else { Self::with(&config) }
    }

    /// Whether anybody's credentials are configured. Those that cannot be had just now count.
    pub async fn has_credentials(&self) -> bool {
        self.signed.has_credentials().await
    }
}
