//! Connects the command line to AWS.

use aws_config::{BehaviorVersion, Region};

use super::client::{Aws, NoRegion};
use super::https::https;

/// The options that override the standard environment variables and configuration files of AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Whether the clients refuse every operation that may write.
    pub read_only: bool,
}

impl Aws {
    /// Creates clients with the standard AWS credential chain (environment, profile, SSO, process and instance).
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

    /// Returns whether credentials are configured. Also returns `true` if credentials are configured but cannot be
    /// loaded at present.
    pub async fn has_credentials(&self) -> bool {
        self.signed.has_credentials().await
    }
}
