//! The clients of other accounts, with the credentials of a role that Logweir assumes. The credentials stay in memory.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::client::{Aws, NoRegion};
use super::credentials::Remembered;
use super::errors::{port_error, unreadable};
use super::https::https;
use crate::domain::accounts::AuditRole;
use crate::ports::{Answer, PortError};

/// The name of the session, which CloudTrail records in the other account.
const SESSION: &str = "logweir";

const CALL: &str = "AssumeRole";

/// The clients of one account, in any Region. Every client only reads.
#[derive(Clone, Debug)]
pub struct AccountClients {
    config: SdkConfig,
}

impl AccountClients {
    pub(super) fn new(config: SdkConfig) -> Self {
        Self { config }
    }

    /// Assumes the role in the account, and returns the clients that have its credentials. The clients assume the role
    /// again before the credentials expire.
    pub async fn assume(&self, role: &AuditRole, partition: &str, account: &str) -> Answer<Self> {
        let provider = AssumedRole::new(&self.config, role, role.arn(partition, account));
        let first = provider.assume().await?;
        let provider = Remembered::after(SharedCredentialsProvider::new(provider), first);
        let provider = SharedCredentialsProvider::new(provider);
        Ok(Self { config: self.config.to_builder().credentials_provider(provider).build() })
    }

    /// Returns the read-only clients of a Region.
    pub fn in_region(&self, region: &str) -> Result<Aws, NoRegion> {
        let region = Region::new(region.to_owned());
        Aws::reading(&self.config.to_builder().region(region).http_client(https()).build())
    }
}

/// The credentials of a role in another account.
#[derive(Debug)]
struct AssumedRole {
    sts: aws_sdk_sts::Client,
    arn: String,
    external_id: Option<String>,
}

impl AssumedRole {
    fn new(config: &SdkConfig, role: &AuditRole, arn: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(30))
            .build();
        let config = config
            .to_builder()
            .http_client(https())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts)
            .build();
        Self { sts: aws_sdk_sts::Client::new(&config), arn, external_id: role.external_id.clone() }
    }

    async fn assume(&self) -> Result<Credentials, PortError> {
        let call = self.sts.assume_role().role_arn(&self.arn).role_session_name(SESSION);
        let call = call.set_external_id(self.external_id.clone()).send();
        let answer = Box::pin(call).await.map_err(|error| port_error(CALL, &error))?;
        let given = answer.credentials.ok_or_else(|| unreadable(CALL, "the response contains no credentials"))?;
        let expiry = (*given.expiration()).try_into().ok();
        let (key, secret, token) = (given.access_key_id, given.secret_access_key, given.session_token);
        Ok(Credentials::new(key, secret, Some(token), expiry, "AssumeRole"))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.assume().await.map_err(CredentialsError::provider_error) })
    }
}

impl Aws {
    /// Returns the ACTIVE accounts of the caller's organization.
    pub async fn accounts_of_organization(&self) -> Answer<Vec<String>> {
        self.signed.accounts_of_organization().await
    }

    /// Returns all Regions of the partition, and whether the account has enabled them.
    pub async fn regions(&self) -> Answer<Vec<super::AccountRegion>> {
        self.signed.regions().await
    }
}
