//! The settings and tags of clusters and services. Logweir signs these requests itself, and sends only the setting
//! `containerInsights`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ecs::Ecs;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::resource::{CONTAINER_INSIGHTS, ResourceArn, ResourceState};
use crate::ports::{Answer, Clusters, Resources};

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE_SERVICES: Operation = ECS.read("DescribeServices");
const UPDATE_SETTINGS: Operation = ECS.write("UpdateClusterSettings");
const TAG: Operation = ECS.write("TagResource");
const UNTAG: Operation = ECS.write("UntagResource");
const ACCOUNT_SETTINGS: Operation = ECS.read("ListAccountSettings");

impl Resources for Ecs {
    async fn resource(&self, arn: &ResourceArn) -> Answer<Option<ResourceState>> {
        match arn {
            ResourceArn::Cluster(cluster) => {
                let found = self.clusters(&[cluster.to_string()]).await?;
                let found = found.into_iter().find(|found| found.arn == *cluster && found.status != "INACTIVE");
                Ok(found.map(|found| {
                    let insights = found.settings.into_iter().find(|(name, _)| name == CONTAINER_INSIGHTS);
                    let tags = found.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
                    ResourceState { insights: insights.map(|(_, value)| value).filter(|value| is_word(value)), tags }
                }))
            }
            ResourceArn::Service(service) => {
                let body = json!({
                    "cluster": service.cluster_arn(), "services": [service.name], "include": ["TAGS"]
                });
                let reply = self.signed.ask(&DESCRIBE_SERVICES, &body).await?;
                let failures = reply["failures"].as_array().into_iter().flatten();
                if failures.into_iter().any(|failure| failure["reason"] != "MISSING") {
                    return Err(unreadable(DESCRIBE_SERVICES.name, "ECS could not describe the service"));
                }
                let services = reply["services"].as_array().into_iter().flatten();
                let mut active = services.filter(|found| found["status"] != "INACTIVE");
                active.next().map(|found| Ok(ResourceState { insights: None, tags: tags(&found["tags"])? })).transpose()
            }
        }
    }

    async fn set_insights(&self, cluster: &ClusterArn, value: &str) -> Answer<()> {
        let settings = json!([{"name": CONTAINER_INSIGHTS, "value": value}]);
        let body = json!({"cluster": cluster, "settings": settings});
        self.signed.ask(&UPDATE_SETTINGS, &body).await.map(drop)
    }

    async fn tag(&self, arn: &ResourceArn, tags: &BTreeMap<String, String>) -> Answer<()> {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        self.signed.ask(&TAG, &json!({"resourceArn": arn, "tags": tags})).await.map(drop)
    }

    async fn untag(&self, arn: &ResourceArn, keys: &[String]) -> Answer<()> {
        self.signed.ask(&UNTAG, &json!({"resourceArn": arn, "tagKeys": keys})).await.map(drop)
    }

    async fn account_insights(&self) -> Answer<Option<String>> {
        let body = json!({"name": CONTAINER_INSIGHTS, "effectiveSettings": true});
        let reply = self.signed.ask(&ACCOUNT_SETTINGS, &body).await?;
        let mut settings = reply["settings"].as_array().into_iter().flatten();
        let setting = settings.find(|setting| setting["name"] == CONTAINER_INSIGHTS);
        let value = setting.and_then(|setting| setting["value"].as_str()).filter(|value| is_word(value));
        Ok(value.map(String::from))
    }
}

/// Whether the text may be a value of a setting, so that the journal stores no other text.
fn is_word(value: &str) -> bool {
    (1..=32).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn tags(list: &Value) -> Answer<BTreeMap<String, String>> {
    let tag = |tag: &Value| {
        let key = tag["key"].as_str().ok_or_else(|| unreadable(DESCRIBE_SERVICES.name, "a tag has no key"))?;
        Ok((key.to_owned(), tag["value"].as_str().unwrap_or_default().to_owned()))
    };
    list.as_array().into_iter().flatten().map(tag).collect()
}
