//! A trail without digest files, so that no one can prove that its log files are unchanged.

use super::super::judged::Judged;
use super::Checked;
use super::recording::each_recording;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unvalidated-trail";

const MEMBER: &str = "/trailList/LogFileValidationEnabled";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_recording(account, NAME, |trail| match trail.validates_files {
        true => {
            let message = "CloudTrail writes digest files, which show every change of a log file";
            Judged::new(Verdict::Pass, message, MEMBER).with(Some("true"))
        }
        false => {
            let message = "CloudTrail writes no digest files, so a change of a log file leaves no trace; turn log file \
                           validation on";
            Judged::new(Verdict::Fail, message, MEMBER).with(Some("false"))
        }
    })
}
