//! Reads recorded calls of CreateCluster and UpdateCluster.

use super::call::RecordedCall;
use super::{Nothing, Trigger, Unreadable};
use crate::domain::ecs::cluster::ClusterArn;

/// Reads a call that creates or updates a cluster. Logweir uses only the name of the cluster, and reads its configuration
/// from ECS. CreateCluster without a name creates the cluster `default` (source: ECS API reference, CreateCluster).
pub(super) fn configured(call: &RecordedCall, is_new: bool) -> Result<Trigger, Nothing> {
    let answered = call.text("/responseElements/cluster/clusterArn");
    let asked = call.text(if is_new { "/requestParameters/clusterName" } else { "/requestParameters/cluster" });
    let asked = asked.or(is_new.then_some("default"));
    call.guard([answered, asked].into_iter().flatten())?;
    let answered = answered.and_then(|arn| arn.parse::<ClusterArn>().ok());
    let cluster = answered.or_else(|| call.home.cluster(asked?)).ok_or(Unreadable::NoCluster)?;
    Ok(Trigger::Cluster { cluster, is_new, cause: call.cause.clone() })
}
