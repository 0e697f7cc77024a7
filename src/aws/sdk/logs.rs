//! Log groups in Amazon CloudWatch Logs.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{LogGroup as Group, LogGroupClass};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

use crate::aws::errors::{endless, port_error};
use crate::domain::edit::NewLogGroup;
use crate::domain::limits::pages::Pages;
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, ErrorKind, LogGroups};

/// The tag of every log group that Logweir creates. An IAM policy can require this tag with the condition key
/// `aws:RequestTag/managed-by`.
pub const MADE_BY: (&str, &str) = ("managed-by", "logweir");

/// The largest number of names in one DescribeLogGroups request (source: CloudWatch Logs API reference).
const MOST_NAMES: usize = 50;

/// A retry classifier, with which the SDK retries a call if CloudWatch Logs reports a conflict between two requests.
/// Such a conflict ends within moments, but the SDK does not retry the error code OperationAbortedException by default.
#[derive(Debug)]
pub(in crate::aws) struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn name(&self) -> &'static str {
        "OperationAborted"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        const CODE: &[u8] = b"OperationAbortedException";
        match context.response() {
            Some(response) if response.status().as_u16() == 400 => {
                let body = response.body().bytes().unwrap_or_default();
                let is_conflict = body.windows(CODE.len()).any(|window| window == CODE);
                if is_conflict { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
            }
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// The adapter to CloudWatch Logs.
#[derive(Clone, Debug)]
pub struct Logs {
    client: Client,
}

impl Logs {
    pub(in crate::aws) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns the log group with exactly this name. The request asks only for the first log group whose name starts
    /// with `name`. CloudWatch Logs sorts log groups by name (source: CloudWatch Logs API reference,
    /// DescribeLogGroups), so a log group with exactly this name is the first.
    async fn by_prefix(&self, name: &str) -> Answer<Option<LogGroup>> {
        let (mut token, mut pages) = (None, Pages::default());
        loop {
            let call = self.client.describe_log_groups().log_group_name_prefix(name).limit(1).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error("DescribeLogGroups", &error))?;
            token = next(&mut pages, "DescribeLogGroups", page.next_token.as_ref(), page.log_groups().len())?;
            match page.log_groups().first() {
                Some(group) if group.log_group_name() == Some(name) => {
                    return Ok(Some(fact(group)));
                }
                None if token.is_some() => {}
                _ => return Ok(None),
            }
        }
    }

    async fn by_names(&self, names: &[&String]) -> Answer<BTreeMap<String, LogGroup>> {
        let mut found = BTreeMap::new();
        let (mut token, mut pages) = (None, Pages::default());
        loop {
            let identifiers = names.iter().map(|name| (*name).clone()).collect();
            let call =
                self.client.describe_log_groups().set_log_group_identifiers(Some(identifiers)).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error("DescribeLogGroups", &error))?;
            for group in page.log_groups() {
                if let Some(name) = names.iter().find(|name| group.log_group_name() == Some(name)) {
                    found.insert((*name).clone(), fact(group));
                }
            }
            token = next(&mut pages, "DescribeLogGroups", page.next_token.as_ref(), page.log_groups().len())?;
            if token.is_none() || found.len() == names.len() {
                return Ok(found);
            }
        }
    }

    async fn one_by_one(&self, names: &[&String]) -> Answer<BTreeMap<String, LogGroup>> {
        let mut found = BTreeMap::new();
        for name in names {
            if let Some(group) = self.by_prefix(name).await? {
                found.insert((*name).clone(), group);
            }
        }
        Ok(found)
    }
}

/// Returns the token of the next page. CloudWatch Logs may return an empty page with a token.
fn next(pages: &mut Pages, call: &'static str, token: Option<&String>, items: usize) -> Answer<Option<String>> {
    pages.next(token.filter(|token| !token.is_empty()).cloned(), items).map_err(|why| endless(call, why))
}

fn fact(group: &Group) -> LogGroup {
    LogGroup::Exists {
        retention: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
        policy: group.retention_policy_name().map(String::from),
        empty: group.stored_bytes().filter(|bytes| *bytes > 0).map(|_| false),
    }
}

impl LogGroups for Logs {
    /// Makes one call of DescribeLogGroups for up to fifty names. AWS does not document whether this call fails if one
    /// of the log groups does not exist. If the call fails, this method reads the log groups one by one.
    async fn look(&self, names: &[String]) -> Answer<BTreeMap<String, LogGroup>> {
        let names: Vec<&String> = names.iter().collect::<BTreeSet<_>>().into_iter().collect();
        if names.len() <= 1 {
            return self.one_by_one(&names).await;
        }
        let mut found = BTreeMap::new();
        for names in names.chunks(MOST_NAMES) {
            found.extend(match self.by_names(names).await {
                Err(error) if error.reason.is_none() && error.kind != ErrorKind::Retry => {
                    self.one_by_one(names).await?
                }
                answer => answer?,
            });
        }
        Ok(found)
    }

    async fn is_empty(&self, name: &str) -> Answer<bool> {
        let (mut token, mut pages) = (None, Pages::default());
        loop {
            let call = self.client.describe_log_streams().log_group_name(name).limit(1).set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error("DescribeLogStreams", &error))?;
            token = next(&mut pages, "DescribeLogStreams", page.next_token.as_ref(), page.log_streams().len())?;
            if !page.log_streams().is_empty() || token.is_none() {
                return Ok(page.log_streams().is_empty());
            }
        }
    }

    async fn create(&self, group: &NewLogGroup) -> Answer<bool> {
        let call = self
            .client
            .create_log_group()
            .log_group_name(&group.name)
            .log_group_class(LogGroupClass::from(group.class.as_str()))
            .set_kms_key_id(group.kms_key.clone())
            .tags(MADE_BY.0, MADE_BY.1);
        match Box::pin(call.send()).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_resource_already_exists_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(port_error("CreateLogGroup", &error)),
        }
    }

    async fn set_retention(&self, name: &str, days: u32) -> Answer<()> {
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        let call = self.client.put_retention_policy().log_group_name(name).retention_in_days(days);
        Box::pin(call.send()).await.map_err(|error| port_error("PutRetentionPolicy", &error))?;
        Ok(())
    }

    async fn delete_retention(&self, name: &str) -> Answer<()> {
        let call = self.client.delete_retention_policy().log_group_name(name);
        Box::pin(call.send()).await.map_err(|error| port_error("DeleteRetentionPolicy", &error))?;
        Ok(())
    }
}
