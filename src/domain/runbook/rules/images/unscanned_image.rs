//! An image of a task definition that has no finished scan.

use super::super::judged::Judged;
use super::Checked;
use super::repositories::each_scan;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unscanned-image";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_scan(account, NAME, |scan| {
        let (verdict, message) = match scan.status.as_deref() {
            // Enhanced scans stay ACTIVE (source: Amazon ECR API reference, ImageScanStatus).
            Some("COMPLETE" | "ACTIVE") => (Verdict::Pass, "Amazon ECR has scanned the image".to_owned()),
            Some("IN_PROGRESS" | "PENDING") => (Verdict::Undecidable, "the scan of the image has not ended".to_owned()),
            None => (Verdict::Fail, "the image has no scan; scan it, or push it again with a scanning rule".to_owned()),
            Some(status) => {
                let message = format!(
                    "the last scan of the image shows no findings ({status}); use an image that can be scanned"
                );
                (Verdict::Fail, message)
            }
        };
        Judged::new(verdict, message, "/imageScanStatus/status").with(scan.status.as_deref())
    })
}
