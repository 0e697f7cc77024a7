//! The only folder that names an AWS SDK. The future of one of its calls takes some 5 KB, and whatever awaits it as much for
//! each that it may await: they are boxed, or the stack of a thread would not do in a debug build.

mod errors;
mod read_only;
mod region;
pub mod sdk;
mod signed;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::ports::{Answer, ErrorKind, PortError, TaskDefinitions};
use read_only::ReadOnly;
use sdk::journal::DynamoJournal;
use signed::Signed;

pub use region::configured_region;
pub use sdk::ecs::Ecs;
pub use sdk::logs::{Logs, MADE_BY};
pub use sdk::own_log::LogGroupLines;
pub use signed::deployment::Received;
pub use signed::invoke::Invoked;
pub use signed::notify::Channels;
pub use signed::queue::Sqs;

/// How many HTTP requests went to AWS, retries included.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<AtomicU64>);

impl Calls {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Which account and Region to talk to, where the standard AWS environment and files are to be overruled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// Whether no call may change anything.
    pub read_only: bool,
}

/// Nothing says which Region is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no AWS Region: give one with --region, AWS_REGION or the profile")]
pub struct NoRegion;

/// A caller of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
}

const LONGEST_CONNECT: Duration = Duration::from_secs(3);

/// Lambda ends an initialisation that takes ten seconds.
const LONGEST_WARMING: Duration = Duration::from_secs(3);

/// One account and Region of AWS.
#[derive(Clone, Debug)]
pub struct Aws {
    pub ecs: Ecs,
    pub log_groups: Logs,
    logs: aws_sdk_cloudwatchlogs::Client,
    sts: aws_sdk_sts::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    signed: Signed,
    region: String,
    calls: Calls,
    reads_only: bool,
}

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(TLS).build_https()
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

    /// By what Lambda puts into the environment, and nothing else: the rest of the chain stays out of that binary.
    pub fn in_lambda() -> Result<Self, NoRegion> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()));
        let config = match set("AWS_ENDPOINT_URL") {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        Self::with(&config.region(set("AWS_REGION").map(Region::new)).build())
    }

    /// By a configuration that somebody else has made; timeouts and retries are ours.
    pub fn with(config: &SdkConfig) -> Result<Self, NoRegion> {
        Self::build(config, None)
    }

    /// As [`Aws::with`], with clients that cannot write.
    pub fn reading(config: &SdkConfig) -> Result<Self, NoRegion> {
        Self::build(config, Some(ReadOnly))
    }

    fn build(config: &SdkConfig, read_only: Option<ReadOnly>) -> Result<Self, NoRegion> {
        let region = config.region().ok_or(NoRegion)?.to_string();
        let config = config
            .to_builder()
            .http_client(config.http_client().unwrap_or_else(https))
            .app_name(AppName::new("logweir").expect("letters alone"))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(LONGEST_CONNECT)
                    .operation_attempt_timeout(Duration::from_secs(10))
                    .operation_timeout(Duration::from_secs(30))
                    .build(),
            )
            .build();
        let calls = Calls::default();
        macro_rules! counted {
            ($sdk:ident) => {{
                let mut builder = $sdk::config::Builder::from(&config).interceptor(calls.clone());
                if let Some(read_only) = read_only {
                    builder = builder.interceptor(read_only);
                }
                builder
            }};
        }
        let logs = counted!(aws_sdk_cloudwatchlogs).retry_classifier(sdk::logs::RetryConflicts);
        let logs = aws_sdk_cloudwatchlogs::Client::from_conf(logs.build());
        let signed = Signed::new(config.clone(), calls.clone(), read_only);
        Ok(Self {
            ecs: Ecs::new(aws_sdk_ecs::Client::from_conf(counted!(aws_sdk_ecs).build()), signed.clone()),
            log_groups: Logs::new(logs.clone()),
            logs,
            sts: aws_sdk_sts::Client::from_conf(counted!(aws_sdk_sts).build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(counted!(aws_sdk_dynamodb).build()),
            signed,
            region,
            calls,
            reads_only: read_only.is_some(),
        })
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether anybody's credentials are configured. Those that cannot be had just now count.
    pub async fn has_credentials(&self) -> bool {
        self.signed.has_credentials().await
    }

    /// Who the credentials belong to.
    pub async fn identity(&self) -> Answer<Identity> {
        const CALL: &str = "GetCallerIdentity";
        let identity = self.sts.get_caller_identity().send().await.map_err(|error| errors::port_error(CALL, &error))?;
        match (identity.account, identity.arn) {
            (Some(account), Some(arn)) => Ok(Identity { account, arn }),
            _ => Err(PortError { kind: ErrorKind::Refused, ..errors::unreadable(CALL, "it names nobody") }),
        }
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
    }

    /// The journal in this table. No call is made.
    pub fn journal(&self, table: &str) -> DynamoJournal {
        DynamoJournal::new(self.dynamodb(), table)
    }

    /// Opens the connections that the first event will need, and reads the account setting on the way. What goes
    /// wrong is left to that event, which can say so; a refusal opens a connection as well.
    pub async fn warm(&self) {
        let both = async { tokio::join!(self.ecs.default_mode(), self.logs.describe_log_groups().limit(1).send()) };
        let _ = tokio::time::timeout(LONGEST_WARMING, both).await;
    }

    pub fn calls(&self) -> &Calls {
        &self.calls
    }
}
