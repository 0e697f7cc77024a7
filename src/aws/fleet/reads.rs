//! The reads of an audit. Each read is one signed request without a retry.

use serde_json::{Value, json};

use super::{PAGE, items, reads_services, text};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service, SignedClient};
use crate::domain::audit::{FleetService, FleetTask};
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::ecs::wire::{self, NotAReply};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{
    Answer, Described, DescribedBatch, ErrorKind, FamilyPage, FleetReads, ListPage, PortError, TaggedRevision,
};

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const FAMILIES: Operation = ECS.read("ListTaskDefinitionFamilies");
const REVISIONS: Operation = ECS.read("ListTaskDefinitions");
const DESCRIBE: Operation = ECS.read("DescribeTaskDefinition");
const SETTINGS: Operation = ECS.read("ListAccountSettings");
const CLUSTERS: Operation = ECS.read("ListClusters");
const SERVICES: Operation = ECS.read("ListServices");
const TASKS: Operation = ECS.read("ListTasks");

const LOGS: Service = Service::json("logs", JSON_1_1, "Logs_20140328");
const GROUPS: Operation = LOGS.read("DescribeLogGroups");

const TAGGING: Service = Service::json("resourcegroupstaggingapi", JSON_1_1, "ResourceGroupsTaggingAPI_20170126")
    .signed_as("tagging")
    .at_host("tagging");
const TAGGED: Operation = TAGGING.read("GetResources");

/// The account setting that decides about containers without a `mode`.
const DEFAULT_MODE: &str = "defaultLogDriverMode";

/// The reads of an audit in one account and Region.
#[derive(Clone, Debug)]
pub struct AwsFleet {
    pub(super) signed: SignedClient,
}

impl Aws {
    /// Returns the reads of an audit. Makes no AWS call.
    pub fn fleet(&self) -> AwsFleet {
        AwsFleet { signed: self.signed.clone() }
    }
}

impl AwsFleet {
    /// Returns one page of a list of texts.
    async fn texts(
        &self,
        operation: &'static Operation,
        body: Value,
        token: Option<&str>,
        member: &str,
    ) -> Answer<ListPage<String>> {
        self.page(operation, body, token, member, |item| item).await
    }

    /// Returns one page of a list, with the text that `of` finds in each item.
    pub(super) async fn page(
        &self,
        operation: &'static Operation,
        body: Value,
        token: Option<&str>,
        member: &str,
        of: fn(&Value) -> &Value,
    ) -> Answer<ListPage<String>> {
        let reply = self.signed.ask(operation, &paged(body, "nextToken", token)).await?;
        let texts = |list: &Vec<Value>| list.iter().map(|item| text(of(item))).collect::<Option<Vec<String>>>();
        let items = reply[member].as_array().and_then(texts);
        let items = items.ok_or_else(|| refused(operation, &format!("{member} is not a list of texts")))?;
        Ok(ListPage { items, next: next(&reply["nextToken"]) })
    }
}

fn paged(mut body: Value, member: &str, token: Option<&str>) -> Value {
    if let Some(token) = token {
        body[member] = token.into();
    }
    body
}

/// Returns the token of the next page.
fn next(token: &Value) -> Option<String> {
    token.as_str().filter(|token| !token.is_empty()).map(String::from)
}

fn refused(operation: &Operation, why: &str) -> PortError {
    PortError { kind: ErrorKind::Refused, ..unreadable(operation.name, why) }
}

impl FleetReads for AwsFleet {
    async fn families(&self, prefix: Option<&str>, token: Option<&str>) -> Answer<FamilyPage> {
        let mut body = json!({"status": "ACTIVE", "maxResults": PAGE});
        if let Some(prefix) = prefix {
            body["familyPrefix"] = prefix.into();
        }
        let page = self.texts(&FAMILIES, body, token, "families").await?;
        if !page.items.iter().all(|family| is_family(family)) {
            return Err(refused(&FAMILIES, "a listed family has an invalid name"));
        }
        Ok(FamilyPage { families: page.items, next: page.next })
    }

    async fn revisions(&self, family: Option<&str>, token: Option<&str>) -> Answer<ListPage<RevisionArn>> {
        let mut body = json!({"status": "ACTIVE", "sort": "DESC", "maxResults": PAGE});
        if let Some(family) = family {
            body["familyPrefix"] = family.into();
        }
        let page = self.texts(&REVISIONS, body, token, "taskDefinitionArns").await?;
        let arns: Result<Vec<RevisionArn>, _> = page.items.iter().map(|arn| arn.parse()).collect();
        let items = arns.map_err(|_| refused(&REVISIONS, "a listed ARN is not the ARN of a revision"))?;
        Ok(ListPage { items, next: page.next })
    }

    async fn describe(&self, name: &str) -> Answer<Described> {
        let body = json!({"taskDefinition": name, "include": ["TAGS"]});
        let reply = self.signed.call(&DESCRIBE, Request::json(&body)).await?;
        wire::described(reply.text()?).map_err(|error| match error {
            // A response that is not JSON was cut off or corrupted in transit, so another try may help.
            NotAReply::NotJson => unreadable(DESCRIBE.name, &error.to_string()),
            _ => refused(&DESCRIBE, &error.to_string()),
        })
    }

    async fn tags_of_revisions(&self, arns: &[String]) -> Answer<Vec<TaggedRevision>> {
        let reply = self.signed.ask(&TAGGED, &json!({"ResourceARNList": arns})).await?;
        let found = items(&TAGGED, &reply, "ResourceTagMappingList")?;
        let tagged = found.iter().filter_map(|found| Some((found["ResourceARN"].as_str()?.parse().ok()?, tags(found))));
        Ok(tagged.collect())
    }

    async fn default_mode(&self) -> Answer<Option<Delivery>> {
        let reply = self.signed.ask(&SETTINGS, &json!({"name": DEFAULT_MODE, "effectiveSettings": true})).await?;
        let settings = items(&SETTINGS, &reply, "settings")?;
        let setting = settings.iter().find(|setting| setting["name"] == DEFAULT_MODE);
        match setting.and_then(|setting| setting["value"].as_str()) {
            None => Ok(None),
            Some("non-blocking") => Ok(Some(Delivery::NonBlocking)),
            Some("blocking") => Ok(Some(Delivery::Blocking)),
            Some(_) => Err(refused(&SETTINGS, "defaultLogDriverMode is neither blocking nor non-blocking")),
        }
    }

    async fn clusters(&self, token: Option<&str>) -> Answer<ListPage<String>> {
        self.texts(&CLUSTERS, json!({"maxResults": PAGE}), token, "clusterArns").await
    }

    async fn services(&self, cluster: &str, token: Option<&str>) -> Answer<ListPage<String>> {
        let body = json!({"cluster": cluster, "maxResults": PAGE});
        self.texts(&SERVICES, body, token, "serviceArns").await
    }

    async fn describe_services(&self, cluster: &str, services: &[String]) -> Answer<DescribedBatch<FleetService>> {
        self.services_as(cluster, services, |service| reads_services::service(cluster, service)).await
    }

    async fn tasks(&self, cluster: &str, token: Option<&str>) -> Answer<ListPage<String>> {
        let body = json!({"cluster": cluster, "desiredStatus": "RUNNING", "maxResults": PAGE});
        self.texts(&TASKS, body, token, "taskArns").await
    }

    async fn describe_tasks(&self, cluster: &str, tasks: &[String]) -> Answer<DescribedBatch<FleetTask>> {
        self.tasks_as(cluster, tasks, reads_services::task).await
    }

    async fn log_groups(&self, names: &[String], token: Option<&str>) -> Answer<ListPage<(String, LogGroup)>> {
        let body = paged(json!({"logGroupIdentifiers": names}), "nextToken", token);
        let reply = self.signed.ask(&GROUPS, &body).await?;
        let found = reply["logGroups"].as_array().ok_or_else(|| refused(&GROUPS, "logGroups is not a list"))?.iter();
        let found = found.filter_map(|group| Some((group["logGroupName"].as_str()?.to_owned(), fact(group))));
        let items = found.filter(|(name, _)| names.contains(name)).collect();
        Ok(ListPage { items, next: next(&reply["nextToken"]) })
    }
}

fn fact(group: &Value) -> LogGroup {
    LogGroup::Exists {
        retention: group["retentionInDays"].as_u64().and_then(|days| days.try_into().ok()),
        policy: text(&group["retentionPolicyName"]),
        // An audit does not read whether a group is empty, and no rule uses that a group is not.
        empty: None,
    }
}

fn tags(resource: &Value) -> Vec<(String, String)> {
    let tags = resource["Tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tag =
        |tag: &Value| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str().unwrap_or_default().to_owned()));
    tags.iter().filter_map(tag).collect()
}
