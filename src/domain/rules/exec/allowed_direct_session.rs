//! A principal that may open a session without ECS. ECS logs no such session, and CloudTrail has no ExecuteCommand event of
//! it.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use super::simulated::depends;
use crate::domain::fleet::rights::Answer;
use crate::domain::rule_name::RuleName;
use crate::domain::text::plain::plain;
use crate::domain::verdict::Decided;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::AllowedDirectSession,
    summary: "a principal that may open unlogged sessions directly with ssm:StartSession",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let unread: Vec<_> = case.cluster.unread().cloned().collect();
    let rights = match case.fleet.direct_rights(case.cluster) {
        // The workloads that could not be read may have ECS Exec.
        Ok(rights) if rights.is_empty() => return Verdict { unread, ..Verdict::default() },
        Ok(rights) => rights,
        Err(why) => return Verdict::unread(why),
    };
    let mut verdict = Verdict::default();
    for right in rights {
        match case.fleet.answer(&right) {
            Ok(Answer::Denied) => {}
            Ok(Answer::Allowed) => verdict.faults.push(direct(&right.principal, case.name())),
            Ok(Answer::Depends(keys)) => verdict.unread.push(depends(&right, keys)),
            Err(why) => verdict.unread.push(why),
        }
    }
    verdict
}

fn direct(principal: &str, cluster: &str) -> Fault {
    let message = format!(
        "`{}` may open sessions in tasks of cluster `{cluster}` directly with ssm:StartSession, which no transcript records",
        plain(principal, LONGEST)
    );
    let advice = format!("deny ssm:StartSession on the tasks (`arn:aws:ecs:*:*:task/{cluster}/*`) to this principal");
    Fault::new("", message, advice).decided(Decided::Likely)
}

/// The maximum length of a name in a message, in characters.
const LONGEST: usize = 256;
