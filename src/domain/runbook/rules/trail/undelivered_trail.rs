//! A trail whose log files do not arrive in its bucket.

use super::super::judged::Judged;
use super::Checked;
use super::recording::each_recording;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "undelivered-trail";

const MEMBER: &str = "/LatestDeliveryError";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_recording(account, NAME, |trail| match trail.status.get() {
        Err(missing) => Judged::new(Verdict::NotChecked, missing.message(), MEMBER),
        Ok((status, _)) => match status.delivery_error.as_deref() {
            Some(error) => {
                let message = "the last delivery of log files failed; correct the policy of the bucket, or of the key";
                Judged::new(Verdict::Fail, message, MEMBER).with(Some(error))
            }
            None => Judged::new(Verdict::Pass, "the last delivery of log files succeeded", MEMBER),
        },
    })
}
