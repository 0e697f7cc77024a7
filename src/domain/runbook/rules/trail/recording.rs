//! Which calls to ECS a trail records, and the results of a rule about each trail that records some.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::runbook::account::trail::Trail;
use crate::domain::runbook::account::{Account, Missing};
use crate::domain::runbook::verdict::{Resource, ResourceKind, Verdict};
use crate::domain::trail::selectors::{ManagementCall, all, records};

/// The calls to ECS that change what runs, and the call that opens a session in a container.
pub(super) const WRITES: [ManagementCall; 12] = [
    ManagementCall::of_ecs("RegisterTaskDefinition", false),
    ManagementCall::of_ecs("DeregisterTaskDefinition", false),
    ManagementCall::of_ecs("RunTask", false),
    ManagementCall::of_ecs("StartTask", false),
    ManagementCall::of_ecs("StopTask", false),
    ManagementCall::of_ecs("CreateService", false),
    ManagementCall::of_ecs("UpdateService", false),
    ManagementCall::of_ecs("DeleteService", false),
    ManagementCall::of_ecs("CreateCluster", false),
    ManagementCall::of_ecs("UpdateCluster", false),
    ManagementCall::of_ecs("DeleteCluster", false),
    ManagementCall::of_ecs("ExecuteCommand", false),
];

/// Calls to ECS that read, also what may be a secret in a task definition.
pub(super) const READS: [ManagementCall; 3] = [
    ManagementCall::of_ecs("DescribeTaskDefinition", true),
    ManagementCall::of_ecs("DescribeTasks", true),
    ManagementCall::of_ecs("ListTasks", true),
];

impl Trail {
    /// Whether the trail is on and records the call. `None` if the caller of the call decides.
    pub(super) fn records(&self, call: ManagementCall) -> Result<Option<bool>, Missing<'_>> {
        let (status, _) = self.status.get()?;
        if !status.is_logging {
            return Ok(Some(false));
        }
        let (selectors, _) = self.selectors.get()?;
        Ok(records(selectors, call))
    }

    /// Whether Logweir knows that the trail records all calls in [`WRITES`].
    fn is_recording(&self) -> bool {
        all(WRITES.iter().map(|call| self.records(*call).ok().flatten())) == Some(true)
    }

    pub(super) fn resource(&self) -> Resource {
        Resource::new(ResourceKind::Trail, &self.name, &self.arn)
    }
}

/// Returns the trails of which Logweir knows that they record all calls in [`WRITES`].
pub(super) fn recording(trails: &[Trail]) -> Vec<&Trail> {
    trails.iter().filter(|trail| trail.is_recording()).collect()
}

/// Returns the result of a rule about each trail that records the calls to ECS. The trails that record none have no
/// result, because `unrecorded-call` judges them. Without any such trail, the rule is not applicable to the account.
pub(super) fn each_recording(account: &Account, rule: &'static str, judge: impl Fn(&Trail) -> Judged) -> Checked {
    match account.trail.trails.get() {
        Err(missing) => vec![not_checked(rule, account.resource(), missing)],
        Ok((trails, origin)) => {
            let of_one = |trail: &Trail| match WRITES.iter().find_map(|call| trail.records(*call).err()) {
                Some(missing) => Some(not_checked(rule, trail.resource(), missing)),
                None if trail.is_recording() => Some(result(rule, trail.resource(), origin, judge(trail))),
                None => None,
            };
            let results: Checked = trails.iter().filter_map(of_one).collect();
            if !results.is_empty() {
                return results;
            }
            let judged = Judged::new(Verdict::NotApplicable, "no trail records all calls to ECS", "/trailList");
            vec![result(rule, account.resource(), origin, judged)]
        }
    }
}
