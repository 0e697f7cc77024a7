//! The AWS clients of one account and Region.

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
use super::session_sources::SessionSources;
use super::signed::SignedClient;
#[cfg(feature = "cli")]
use super::signed::event_history::CloudTrail;
use super::signed::notify::Channels;
use super::signed::queue::Sqs;
use crate::ports::{Answer, TaskDefinitions};

/// The error if no AWS Region is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no AWS Region is configured")]
pub struct NoRegion;

/// The time limit of [`Aws::warm`], which is shorter than the ten seconds that Lambda allows for the initialization of
/// a function.
const LONGEST_WARMING: Duration = Duration::from_secs(3);

/// The AWS clients of one account and Region.
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
    /// Returns the clients of a Lambda function. The clients read their configuration only from environment variables,
    /// so the function's binary contains no other credential provider.
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

    /// Returns clients with the given configuration. Logweir overrides the timeouts and the retries of the
    /// configuration.
    pub fn with(config: &SdkConfig) -> Result<Self, NoRegion> {
        Self::build(config, None)
    }

    /// Returns read-only clients with the given configuration. A read-only client refuses every operation that may
    /// write.
    pub fn reading(config: &SdkConfig) -> Result<Self, NoRegion> {
        Self::build(config, Some(ReadOnly))
    }

    fn build(config: &SdkConfig, read_only: Option<ReadOnly>) -> Result<Self, NoRegion> {
        let region = config.region().ok_or(NoRegion)?.to_string();
        let config = config
            .to_builder()
            .http_client(config.http_client().unwrap_or_else(https))
            .app_name(AppName::new("logweir").expect("the name has only letters"))
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

    /// Returns the journal in this DynamoDB table. Makes no AWS call.
    pub fn journal(&self, table: &str) -> DynamoJournal {
        DynamoJournal::new(self.dynamodb(), table)
    }

    /// Returns CloudTrail's event history. Makes no AWS call.
    #[cfg(feature = "cli")]
    pub fn event_history(&self) -> CloudTrail {
        CloudTrail::new(self.signed.clone())
    }

    /// Returns the sources that describe the sessions of ECS Exec. Makes no AWS call.
    pub fn session_sources(&self) -> SessionSources {
        SessionSources::new(self.signed.clone(), self.ecs.clone())
    }

    /// Returns a reader for the log lines that the Lambda function wrote to this log group. Makes no AWS call.
    pub fn own_log(&self, group: Option<String>) -> LogGroupLines {
        LogGroupLines::new(self.logs.clone(), group)
    }

    /// Returns the SQS queue with this URL. Makes no AWS call.
    pub fn queue(&self, url: &str) -> Sqs {
        Sqs::new(self.signed.clone(), url)
    }

    /// Returns the bucket with this name, or `None` if the text is not the name of a bucket. Makes no AWS call.
    #[cfg(feature = "cli")]
    pub fn bucket(&self, name: &str, is_requester_paying: bool) -> Option<super::S3Bucket> {
        super::S3Bucket::new(self.signed.clone(), name, is_requester_paying)
    }

    /// Returns the queries of this place in Athena. Makes no AWS call.
    #[cfg(feature = "cli")]
    pub fn athena(&self, place: super::AthenaPlace) -> super::Athena {
        super::Athena::new(self.signed.clone(), place)
    }

    /// Returns the notifier for this SNS topic and this EventBridge bus. The notifier sends nothing if the topic and
    /// the bus are `None`. Makes no AWS call.
    pub fn notifier(&self, topic: Option<String>, bus: Option<String>) -> Channels {
        Channels::new(self.signed.clone(), topic, bus)
    }

    /// Reads the value of a Systems Manager parameter by the name or the ARN of the parameter. Returns `None` if the
    /// parameter does not exist. Tries the call only once.
    pub async fn parameter(&self, name: &str) -> Answer<Option<String>> {
        self.signed.parameter(name).await
    }

    /// Opens the connections that the first event needs, and reads the account setting `defaultLogDriverMode`. Ignores
    /// errors, because a refused call also opens its connection. If an error persists, the handling of the first event
    /// reports the error.
    ///
    /// Awaits `beside` at the same time, for at most the time that the connections may take.
    pub async fn warm(&self, beside: impl Future<Output = ()>) {
        let all =
            async { tokio::join!(self.ecs.default_mode(), self.logs.describe_log_groups().limit(1).send(), beside) };
        let _ = tokio::time::timeout(LONGEST_WARMING, all).await;
    }

    pub fn calls(&self) -> &Calls {
        &self.calls
    }
}
