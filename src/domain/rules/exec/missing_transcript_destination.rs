//! A cluster whose log group or bucket for transcripts does not exist.

use super::case::{Check, ClusterCase, ExecRule, Fault, Verdict};
use crate::domain::fleet::facts::Bucket;
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::MissingTranscriptDestination,
    summary: "a cluster whose log group or bucket for transcripts does not exist",
    check: Check::Cluster(check),
};

fn check(case: &ClusterCase<'_>) -> Verdict {
    let Some(destination) = case.destination() else { return Verdict::default() };
    let name = case.name();
    let (group, bucket) = (destination.log_group, destination.s3_bucket);
    if group.is_none() && bucket.is_none() {
        let message = format!("cluster `{name}` has logging `OVERRIDE`, but names no log group and no bucket");
        let advice = "name a log group or a bucket in logConfiguration";
        return Verdict::fault(Fault::new(LOG, message, advice));
    }
    let of_group = group.map(|group| {
        Verdict::of(case.fleet.group(&group).map(|found| {
            let message = format!("cluster `{name}` sends transcripts to log group `{group}`, which does not exist");
            let fault = || Fault::new(&format!("{LOG}/cloudWatchLogGroupName"), message, "create the log group");
            found.is_none().then(fault)
        }))
    });
    let of_bucket = bucket.map(|bucket| {
        Verdict::of(case.fleet.bucket(&bucket).map(|found| {
            let message = format!("cluster `{name}` sends transcripts to bucket `{bucket}`, which does not exist");
            let fault = || Fault::new(&format!("{LOG}/s3BucketName"), message, "create the bucket, or name another");
            (*found == Bucket::Missing).then(fault)
        }))
    });
    of_group.unwrap_or_default().and(of_bucket.unwrap_or_default())
}

const LOG: &str = "/configuration/executeCommandConfiguration/logConfiguration";
