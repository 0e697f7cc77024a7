//! An image whose scan found a critical or high vulnerability.

use super::super::judged::Judged;
use super::Checked;
use super::repositories::each_scan;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "vulnerable-image";

const MEMBER: &str = "/imageScanFindings/findingSeverityCounts";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_scan(account, NAME, |scan| {
        if !matches!(scan.status.as_deref(), Some("COMPLETE" | "ACTIVE")) {
            return Judged::new(Verdict::NotApplicable, "the image has no finished scan", MEMBER);
        }
        let count = |severity: &str| scan.findings.get(severity).copied().unwrap_or_default();
        let value = format!("{} critical, {} high", count("CRITICAL"), count("HIGH"));
        let judged = match count("CRITICAL") + count("HIGH") {
            0 => Judged::new(Verdict::Pass, "the scan found no critical and no high vulnerability", MEMBER),
            _ => {
                let message =
                    format!("the scan found vulnerabilities ({value}); build the image again with newer packages");
                Judged::new(Verdict::Advice, message, MEMBER)
            }
        };
        judged.with(Some(value))
    })
}
