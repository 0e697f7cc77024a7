//! A cluster without a KMS key for its sessions.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::MissingSessionKey,
    summary: "a cluster without a KMS key for its sessions",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    if case.exec().kms_key.is_some() {
        return Verdict::default();
    }
    let is_required = case.settings().require_session_key;
    let why = if is_required { ", but the baseline requires one" } else { "; sessions are encrypted by TLS alone" };
    let message = format!("cluster `{}` has no KMS key for its sessions{why}", case.name());
    let advice = "set kmsKeyId, and allow kms:Decrypt to the task roles and kms:GenerateDataKey to the callers first";
    let fault = Fault::new("/configuration/executeCommandConfiguration/kmsKeyId", message, advice);
    let least = if is_required { Severity::Warning } else { Severity::Note };
    Verdict::fault(Fault { least, ..fault })
}
