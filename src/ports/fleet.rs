//! The reads of an audit. Each method makes exactly one AWS call and never retries it, so that the audit can count each
//! call against AWS's throttle buckets.

use super::error::Answer;
use super::task_definitions::FamilyPage;
use crate::domain::audit::{FleetService, FleetTask};
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::wire::Described;
use crate::domain::rules::facts::LogGroup;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage<T> {
    pub items: Vec<T>,
    /// The token of the next page. `None` if this page is the last page.
    pub next: Option<String>,
}

/// The resources that one call described.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedBatch<T> {
    pub found: Vec<T>,
    /// The reasons that ECS gives for resources that it could not describe. A resource that has disappeared since the
    /// list is no failure.
    pub failed: Vec<String>,
}

/// A revision with its tags, as pairs of a key and a value.
pub type TaggedRevision = (RevisionArn, Vec<(String, String)>);

pub trait FleetReads: Sync {
    /// Returns one page of the families that have an ACTIVE revision. `prefix` is the start of the names
    /// (ListTaskDefinitionFamilies).
    fn families(&self, prefix: Option<&str>, token: Option<&str>) -> impl Future<Output = Answer<FamilyPage>> + Send;

    /// Returns one page of the ACTIVE revisions of exactly this family, or of all families, in descending order of
    /// family and revision number (ListTaskDefinitions).
    fn revisions(
        &self,
        family: Option<&str>,
        token: Option<&str>,
    ) -> impl Future<Output = Answer<ListPage<RevisionArn>>> + Send;

    /// Returns the revision `name` with its tags. `name` is an ARN, `FAMILY:REVISION` or `FAMILY`, which means the
    /// newest ACTIVE revision (DescribeTaskDefinition).
    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send;

    /// Returns the tags of those revisions in `arns` that have tags, at most [`MOST_TAGGED`] at a time (GetResources of
    /// the Resource Groups Tagging API).
    fn tags_of_revisions(&self, arns: &[String]) -> impl Future<Output = Answer<Vec<TaggedRevision>>> + Send;

    /// Returns the value of the account setting `defaultLogDriverMode` in effect for the caller (ListAccountSettings).
    /// Returns `None` if the account has no value.
    fn default_mode(&self) -> impl Future<Output = Answer<Option<Delivery>>> + Send;

    /// Returns one page of the ARNs of the clusters (ListClusters).
    fn clusters(&self, token: Option<&str>) -> impl Future<Output = Answer<ListPage<String>>> + Send;

    /// Returns one page of the ARNs of the services of a cluster (ListServices).
    fn services(&self, cluster: &str, token: Option<&str>) -> impl Future<Output = Answer<ListPage<String>>> + Send;

    /// Describes at most [`MOST_SERVICES`] services of a cluster, with their tags. Leaves out INACTIVE services
    /// (DescribeServices).
    fn describe_services(
        &self,
        cluster: &str,
        services: &[String],
    ) -> impl Future<Output = Answer<DescribedBatch<FleetService>>> + Send;

    /// Returns one page of the ARNs of the tasks of a cluster that run or start (ListTasks).
    fn tasks(&self, cluster: &str, token: Option<&str>) -> impl Future<Output = Answer<ListPage<String>>> + Send;

    /// Describes at most [`MOST_TASKS`] tasks of a cluster. Leaves out STOPPED tasks (DescribeTasks).
    fn describe_tasks(
        &self,
        cluster: &str,
        tasks: &[String],
    ) -> impl Future<Output = Answer<DescribedBatch<FleetTask>>> + Send;

    /// Returns those log groups in `names` that exist, at most [`MOST_GROUPS`] at a time (DescribeLogGroups).
    fn log_groups(
        &self,
        names: &[String],
        token: Option<&str>,
    ) -> impl Future<Output = Answer<ListPage<(String, LogGroup)>>> + Send;
}

/// The largest number of services in one call (source: ECS API reference, DescribeServices).
pub const MOST_SERVICES: usize = 10;

/// The largest number of tasks in one call (source: ECS API reference, DescribeTasks).
pub const MOST_TASKS: usize = 100;

/// The largest number of resources in one call (source: Resource Groups Tagging API reference, GetResources).
pub const MOST_TAGGED: usize = 100;

/// The largest number of log groups in one call (source: CloudWatch Logs API reference, DescribeLogGroups).
pub const MOST_GROUPS: usize = 50;
