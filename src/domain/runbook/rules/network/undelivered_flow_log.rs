//! A flow log whose records do not arrive.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::network::FlowLog;
use crate::domain::runbook::verdict::{Resource, ResourceKind, Verdict};

pub(super) const NAME: &str = "undelivered-flow-log";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (logs, origin) = match account.network.flow_logs.get() {
        Ok(found) => found,
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
    };
    let judged = |log: &FlowLog| {
        let value = log.delivery.as_deref();
        let judged = match value {
            Some("FAILED") => {
                let why = log.error.as_deref().unwrap_or("AWS shows no reason");
                let message = format!("the records of the flow log do not arrive: {why}");
                Judged::new(Verdict::Fail, message, "/FlowLogs/DeliverLogsStatus")
            }
            Some("SUCCESS") => Judged::new(Verdict::Pass, "the records arrive", "/FlowLogs/DeliverLogsStatus"),
            // AWS shows no status before the first delivery.
            _ => Judged::new(Verdict::Undecidable, "AWS shows no delivery yet", "/FlowLogs/DeliverLogsStatus"),
        };
        result(NAME, resource(account, log), origin, judged.with(value))
    };
    let results: Checked = logs.iter().filter(|log| log.is_active).map(judged).collect();
    if !results.is_empty() {
        return results;
    }
    let none = Judged::new(Verdict::NotApplicable, "the networks of the tasks have no active flow log", "/FlowLogs");
    vec![result(NAME, account.resource(), origin, none)]
}

fn resource(account: &Account, log: &FlowLog) -> Resource {
    let Account { partition, region, account: owner, .. } = account;
    let arn = format!("arn:{partition}:ec2:{region}:{owner}:vpc-flow-log/{}", log.id);
    Resource::new(ResourceKind::FlowLog, &log.id, arn)
}
