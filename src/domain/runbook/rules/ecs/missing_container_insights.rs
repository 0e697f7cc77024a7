//! A cluster without Container Insights.

use super::{Checked, Judged, each_cluster};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-container-insights";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_cluster(account, NAME, |cluster| {
        let setting = cluster.setting("containerInsights");
        let (verdict, message) = match setting {
            Some("enabled") => (
                Verdict::Pass,
                "the cluster has Container Insights; the value `enhanced` also shows each task and container",
            ),
            Some("enhanced") => (Verdict::Pass, "the cluster has Container Insights with enhanced observability"),
            Some("disabled") | None => (
                Verdict::Fail,
                "the cluster has no Container Insights; set containerInsights to enabled or enhanced, which costs money",
            ),
            Some(_) => (Verdict::Undecidable, "this version of Logweir does not know the value of containerInsights"),
        };
        Judged::new(verdict, message, "/settings/containerInsights").with(setting)
    })
}
