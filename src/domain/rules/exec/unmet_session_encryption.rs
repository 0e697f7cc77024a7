//! A cluster that demands an encrypted destination for transcripts, with a destination that is not encrypted. Sessions in
//! the cluster then fail.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::fleet::facts::Bucket;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnmetSessionEncryption,
    summary: "a cluster that demands encrypted transcripts of an unencrypted log group or bucket",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let Some(destination) = case.destination() else { return Verdict::default() };
    let name = case.name();
    let group = destination.log_group.filter(|_| destination.encrypts_log_group).map(|group| {
        Verdict::of(case.fleet.group(&group).map(|found| {
            let message = format!(
                "cluster `{name}` demands an encrypted log group, but `{group}` has no KMS key, so sessions fail"
            );
            let pointer = format!("{LOG}/cloudWatchEncryptionEnabled");
            let fault = || Fault::new(&pointer, message, "associate a KMS key with the log group");
            found.is_some_and(|group| group.kms_key.is_none()).then(fault)
        }))
    });
    let bucket = destination.s3_bucket.filter(|_| destination.encrypts_s3).map(|bucket| {
        Verdict::of(case.fleet.bucket(&bucket).map(|found| {
            let message = format!(
                "cluster `{name}` demands an encrypted bucket, but `{bucket}` has no default encryption, so sessions fail"
            );
            let pointer = format!("{LOG}/s3EncryptionEnabled");
            let fault = || Fault::new(&pointer, message, "set the default encryption of the bucket");
            (*found == Bucket::Exists { encryption: None }).then(fault)
        }))
    });
    group.unwrap_or_default().and(bucket.unwrap_or_default())
}

const LOG: &str = "/configuration/executeCommandConfiguration/logConfiguration";
