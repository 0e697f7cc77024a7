//! A cluster that logs no session of ECS Exec.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::ecs::cluster::ExecLogging;
use crate::domain::fleet::facts::Unread;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnloggedSessions,
    summary: "a cluster whose logging of ECS Exec sessions is off",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    match case.exec().logging {
        ExecLogging::None => {}
        ExecLogging::Unset | ExecLogging::Default | ExecLogging::Override => return Verdict::default(),
        ExecLogging::Unknown => {
            let message = format!("the logging of cluster `{}` has a value that Logweir does not know", case.name());
            return Verdict::unread(Unread { action: "ecs:DescribeClusters", message, is_denied: false });
        }
    }
    let message = format!("cluster `{}` has logging `NONE`, so no session of ECS Exec is logged", case.name());
    let advice = format!(
        "set the logging to OVERRIDE with a log group or a bucket; `logweir exec apply {}` does this, and can undo it",
        case.name()
    );
    Verdict::fault(Fault::new("/configuration/executeCommandConfiguration/logging", message, advice))
}
