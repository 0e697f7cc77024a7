//! Describes ECS Managed Daemons and their task definitions, as far as ECS Exec needs them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{is_unknown_operation, items, last, text};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DAEMON: Operation = ECS.read("DescribeDaemon");
const REVISIONS: Operation = ECS.read("DescribeDaemonRevisions");
const DEFINITION: Operation = ECS.read("DescribeDaemonTaskDefinition");

/// The largest number of revisions in one call (source: ECS API reference, DescribeDaemonRevisions).
const MOST: usize = 20;

/// A daemon of a cluster.
#[derive(Clone, Debug)]
pub struct DaemonRow {
    pub name: String,
    pub arn: String,
    pub has_exec: bool,
    /// The ARNs of the daemon task definitions of the daemon's current revisions with ECS Exec.
    pub definitions: Vec<String>,
}

impl Aws {
    /// Describes the daemons of a cluster. Returns no daemon if ECS of this Region does not know daemons.
    pub async fn daemons(&self, cluster: &str) -> Answer<Vec<DaemonRow>> {
        let arns = match self.daemon_arns(cluster).await {
            Err(error) if is_unknown_operation(&error) => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut current: Vec<(String, Vec<String>)> = Vec::new();
        for arn in arns {
            let reply = self.ask(&DAEMON, &json!({"daemonArn": arn})).await?;
            let revisions = items(&DAEMON, &reply["daemon"], "currentRevisions")?;
            let revisions = revisions.iter().filter_map(|revision| text(&revision["arn"])).collect();
            current.push((arn, revisions));
        }
        let all: Vec<String> = current.iter().flat_map(|(_, revisions)| revisions.clone()).collect();
        let described = self.daemon_revisions(&all).await?;
        Ok(current.into_iter().map(|(arn, revisions)| row(arn, &revisions, &described)).collect())
    }

    /// Returns the described revisions by their ARNs.
    async fn daemon_revisions(&self, arns: &[String]) -> Answer<BTreeMap<String, Value>> {
        let mut found = BTreeMap::new();
        for arns in arns.chunks(MOST) {
            let reply = self.ask(&REVISIONS, &json!({"daemonRevisionArns": arns})).await?;
            for revision in items(&REVISIONS, &reply, "daemonRevisions")? {
                found.extend(text(&revision["daemonRevisionArn"]).map(|arn| (arn, revision.clone())));
            }
            if let Some(lost) = arns.iter().find(|arn| !found.contains_key(*arn)) {
                return Err(unreadable(REVISIONS.name, &format!("{} is missing", last(lost))));
            }
        }
        Ok(found)
    }

    /// Returns a daemon task definition, which has the members of a task definition.
    pub async fn daemon_definition(&self, arn: &str) -> Answer<TaskDefinition> {
        let reply = self.ask(&DEFINITION, &json!({"daemonTaskDefinition": arn})).await?;
        let definition = TaskDefinition::parse(reply["daemonTaskDefinition"].to_string());
        definition.map_err(|error| unreadable(DEFINITION.name, &error.to_string()))
    }
}

fn row(arn: String, revisions: &[String], described: &BTreeMap<String, Value>) -> DaemonRow {
    let with_exec = revisions.iter().filter_map(|revision| described.get(revision));
    let with_exec: Vec<&Value> = with_exec.filter(|revision| revision["enableExecuteCommand"] == true).collect();
    DaemonRow {
        name: last(&arn).to_owned(),
        arn,
        has_exec: !with_exec.is_empty(),
        definitions: with_exec.iter().filter_map(|revision| text(&revision["daemonTaskDefinitionArn"])).collect(),
    }
}
