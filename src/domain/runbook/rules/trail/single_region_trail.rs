//! An account whose calls to ECS only a trail of one Region records, so that a new Region has no records.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use super::recording::{WRITES, recording};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::trail::Trail;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "single-region-trail";

const MEMBER: &str = "/trailList/IsMultiRegionTrail";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (trails, origin) = match account.trail.trails.get() {
        Ok(found) => found,
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
    };
    let recording = recording(trails);
    let wide: Vec<&str> =
        recording.iter().filter(|trail| trail.is_multi_region).map(|trail| trail.name.as_str()).collect();
    // A trail for all Regions that Logweir could not read may record the calls too.
    let unread = trails.iter().filter(|one| one.is_multi_region).find_map(|one| one.records(WRITES[0]).err());
    let judged = match (recording.is_empty(), wide.is_empty(), unread) {
        (true, ..) => unknown(trails),
        (_, true, Some(missing)) => Judged::new(Verdict::NotChecked, missing.message(), MEMBER),
        (_, false, _) => {
            let message = "a trail for all Regions records the calls to ECS";
            Judged::new(Verdict::Pass, message, MEMBER).with(Some(names(wide)))
        }
        (_, true, None) => {
            let message =
                "the trails that record the calls to ECS are for this Region alone; create a trail for all Regions";
            let names = names(recording.iter().map(|trail| trail.name.as_str()));
            Judged::new(Verdict::Fail, message, MEMBER).with(Some(names))
        }
    };
    vec![result(NAME, account.resource(), origin, judged)]
}

/// Returns the decision without a trail that certainly records the calls.
fn unknown(trails: &[Trail]) -> Judged {
    let missing = trails.iter().find_map(|trail| trail.status.get().err().or(trail.selectors.get().err()));
    match missing {
        Some(missing) => Judged::new(Verdict::NotChecked, missing.message(), MEMBER),
        None => Judged::new(Verdict::NotApplicable, "no trail records all calls to ECS", MEMBER),
    }
}
