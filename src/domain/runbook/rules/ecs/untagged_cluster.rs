//! A cluster without the tags that the baseline requires.

use super::untagged_service::tagged;
use super::{Checked, each_cluster};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;

pub(super) const NAME: &str = "untagged-cluster";

pub(super) fn check(account: &Account, baseline: &Baseline) -> Checked {
    each_cluster(account, NAME, |cluster| tagged("cluster", &cluster.tags, baseline))
}
