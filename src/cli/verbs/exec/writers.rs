//! Whether the task roles of a cluster may write transcripts to another log group. Sessions that were logged before must
//! still be logged after a correction.

use std::collections::{BTreeMap, BTreeSet};

use super::check::read::with_sessions_to;
use super::check::rights::simulated;
use crate::aws::Aws;
use crate::cli::failure::Failure;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::fleet::facts::{Fleet, Unread};
use crate::domain::fleet::rights::{Answer, Right, task_role};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::text::names;

/// The reasons why sessions would not be logged any more, by the workloads that the reasons are about.
type Obstacles = BTreeMap<String, String>;

/// Returns why Logweir does not send the sessions of the cluster to the log group: a workload with ECS Exec whose task
/// role may not write to it, or a read without an answer. Returns `None` if every task role passes the simulation.
pub(super) async fn obstacle(aws: &Aws, cluster: &ClusterArn, group: &str) -> Result<Option<Conclusion>, Failure> {
    let Some(fleet) = with_sessions_to(aws, cluster, group).await? else { return Ok(None) };
    if let Some(Unread { message, .. }) = fleet.clusters.iter().flat_map(|facts| facts.unread()).next() {
        return Ok(Some(Outcome::Failed.because(Reason::Unreadable).saying(message.clone())));
    }
    let rights: BTreeSet<Right> = needed(&fleet).collect();
    let answers = simulated(aws, rights, &fleet.region).await;
    let obstacles = obstacles(&fleet, |right| match answers.get(right) {
        Some(Ok(Answer::Allowed)) => None,
        Some(Ok(Answer::Denied)) => Some(format!("{} does not allow {}", right.principal, right.action)),
        Some(Ok(Answer::Depends(keys))) => {
            let keys = names(keys.iter().map(String::as_str));
            Some(format!("whether {} allows {} depends on {keys}", right.principal, right.action))
        }
        Some(Err(unread)) => Some(unread.message.clone()),
        None => Some(format!("the simulator gave no answer about {}", right.action)),
    });
    if obstacles.is_empty() {
        return Ok(None);
    }
    let list: Vec<String> = obstacles.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    let why = format!("their sessions would not be logged to {group}: {}", list.join("; "));
    Ok(Some(Outcome::Refused.because(Reason::AccessDenied).saying(why)))
}

/// Returns the rights that the task definitions of all workloads with ECS Exec need.
fn needed(fleet: &Fleet) -> impl Iterator<Item = Right> {
    let readable = fleet.definitions.iter().filter_map(|(arn, definition)| Some((arn, definition.as_ref().ok()?)));
    readable.flat_map(|(arn, definition)| fleet.transcript_rights(definition, &fleet.uses(arn)))
}

fn obstacles(fleet: &Fleet, denied: impl Fn(&Right) -> Option<String>) -> Obstacles {
    let mut found = Obstacles::new();
    for (arn, definition) in &fleet.definitions {
        let why = match definition {
            Err(unread) => Some(unread.message.clone()),
            Ok(definition) if task_role(&definition.definition, fleet.home()).is_none() => {
                Some("its task definition has no task role".to_owned())
            }
            Ok(definition) => fleet.transcript_rights(definition, &fleet.uses(arn)).iter().find_map(&denied),
        };
        if let Some(why) = why {
            found.extend(fleet.uses(arn).iter().map(|one| (one.workload.called(), why.clone())));
        }
    }
    found
}
