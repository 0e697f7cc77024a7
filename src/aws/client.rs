//! The client of one account and Region.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::SharedCredentialsProvider;

use super::calls::Calls;
use super::https::{LONGEST_CONNECT, https};
use super::read_only::ReadOnly;
use super::sdk::ecs::Ecs;
use super::sdk::journal::DynamoJournal;
use super::sdk::logs::{Logs, RetryConflicts};
use super::sdk::own_log::LogGroupLines;
use super::signed::SignedClient;
use super::signed::notify::Channels;
use super::signed::queue::Sqs;
use crate::ports::{Answer, TaskDefinitions};

/// Nothing says which Region is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no AWS Region: give one with --region, AWS_REGION or the profile")]
pub struct NoRegion;

/// Lambda ends an initialisation that takes ten seconds.
const LONGEST_WARMING: Duration = Duration::from_secs(3);

/// One account and Region of AWS.
#[derive(Clone, Debug)]
pub struct Aws {
    pub ecs: Ecs,
    pub log_groups: Logs,
    logs: aws_sdk_cloudwatchlogs::Client,
    #[cfg(feature = "cli")]
    pub(super) sts: aws_sdk_sts::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    pub(super) signed: SignedClient,
    calls: Calls,
}

impl Aws {
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
        let logs = counted!(aws_sdk_cloudwatchlogs).retry_classifier(RetryConflicts);
        let logs = aws_sdk_cloudwatchlogs::Client::from_conf(logs.build());
        let signed = SignedClient::new(config.clone(), region, calls.clone(), read_only.is_some());
        Ok(Self {
            ecs: Ecs::new(aws_sdk_ecs::Client::from_conf(counted!(aws_sdk_ecs).build()), signed.clone()),
            log_groups: Logs::new(logs.clone()),
            logs,
            #[cfg(feature = "cli")]
            sts: aws_sdk_sts::Client::from_conf(counted!(aws_sdk_sts).build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(counted!(aws_sdk_dynamodb).build()),
            signed,
            calls,
        })
    }

    pub fn region(&self) -> &str {
        self.signed.region()
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb.clone()
    }

    /// The journal in this table. No call is made.
    pub fn journal(&self, table: &str) -> DynamoJournal {
        DynamoJournal::new(self.dynamodb(), table)
    }

    /// The lines that the function wrote to this log group. No call is made.
    pub fn own_log(&self, group: Option<String>) -> LogGroupLines {
        LogGroupLines::new(self.logs.clone(), group)
    }

    /// The queue with this URL. No call is made.
    pub fn queue(&self, url: &str) -> Sqs {
        Sqs::new(self.signed.clone(), url)
    }

    /// Tells nobody where neither is set. No call is made yet.
    pub fn notifier(&self, topic: Option<String>, bus: Option<String>) -> Channels {
        Channels::new(self.signed.clone(), topic, bus)
    }

    /// The value of a parameter, by its name or ARN. Returns `None` if there is none of that name. Tries once.
    pub async fn parameter(&self, name: &str) -> Answer<Option<String>> {
        self.signed.parameter(name).await
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
