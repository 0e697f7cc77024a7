//! A destination of transcripts without a KMS key, although the baseline requires encryption.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::fleet::facts::Bucket;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::UnencryptedTranscripts,
    summary: "a log group or bucket with transcripts that has no KMS key",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let Some(destination) = case.destination().filter(|_| case.settings().require_encryption) else {
        return Verdict::default();
    };
    let name = case.name();
    let group = destination.log_group.map(|group| {
        Verdict::of(case.fleet.group(&group).map(|found| {
            let message = format!(
                "cluster `{name}` sends transcripts to log group `{group}` without a KMS key, but the baseline requires \
                 encryption"
            );
            let pointer = format!("{LOG}/cloudWatchLogGroupName");
            let fault = || Fault::new(&pointer, message, "associate a KMS key with the log group");
            found.is_some_and(|group| group.kms_key.is_none()).then(fault)
        }))
    });
    let bucket = destination.s3_bucket.map(|bucket| {
        Verdict::of(case.fleet.bucket(&bucket).map(|found| {
            let message = format!(
                "cluster `{name}` sends transcripts to bucket `{bucket}` without a KMS key, but the baseline requires \
                 encryption"
            );
            let pointer = format!("{LOG}/s3BucketName");
            let fault = || Fault::new(&pointer, message, "set the default encryption of the bucket to aws:kms");
            let has_key = |algorithm: &Option<String>| algorithm.as_ref().is_some_and(|it| it.starts_with("aws:kms"));
            matches!(found, Bucket::Exists { encryption } if !has_key(encryption)).then(fault)
        }))
    });
    group.unwrap_or_default().and(bucket.unwrap_or_default())
}

const LOG: &str = "/configuration/executeCommandConfiguration/logConfiguration";
