//! A KMS key of sessions that does not exist or is not enabled. Sessions in the cluster then fail.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::fleet::facts::SessionKey;
use crate::domain::rule_name::RuleName;
use crate::domain::text::plain::plain;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnusableSessionKey,
    summary: "a cluster whose KMS key for sessions is missing or not enabled",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let Some(name) = case.exec().kms_key else { return Verdict::default() };
    let key = plain(&name, LONGEST);
    Verdict::of(case.fleet.key(&name).map(|found| {
        let problem = match found {
            SessionKey::Missing => "does not exist".to_owned(),
            SessionKey::Exists { state, .. } if state != "Enabled" => format!("has the state `{state}`"),
            SessionKey::Exists { .. } => return None,
        };
        let message = format!("the KMS key `{key}` of cluster `{}` {problem}, so sessions fail", case.name());
        let advice = "enable the key, or set kmsKeyId to another key";
        Some(Fault::new("/configuration/executeCommandConfiguration/kmsKeyId", message, advice))
    }))
}

/// The maximum length of a name in a message, in characters.
const LONGEST: usize = 256;
