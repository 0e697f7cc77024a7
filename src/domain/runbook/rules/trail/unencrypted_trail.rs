//! A trail whose log files no key of the account encrypts.

use super::super::judged::Judged;
use super::Checked;
use super::recording::each_recording;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unencrypted-trail";

const MEMBER: &str = "/trailList/KmsKeyId";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_recording(account, NAME, |trail| match trail.key.as_deref() {
        Some(key) => Judged::new(Verdict::Pass, "a key of AWS KMS encrypts the log files", MEMBER).with(Some(key)),
        None => {
            let message = "Amazon S3 encrypts the log files with a key of its own; Security Hub (CloudTrail.2) \
                demands a key of \
                           AWS KMS";
            Judged::new(Verdict::Advice, message, MEMBER)
        }
    })
}
