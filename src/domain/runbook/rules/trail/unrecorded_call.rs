//! A call to ECS that no trail of CloudTrail records.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use super::recording::{READS, WRITES};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::trail::Trail;
use crate::domain::runbook::account::{Account, Missing};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;
use crate::domain::trail::selectors::ManagementCall;

pub(super) const NAME: &str = "unrecorded-call";

const MEMBER: &str = "/EventSelectors";

/// Whether some trail records a call.
enum Recorded<'a> {
    Yes,
    No,
    /// The selectors of a trail test the caller.
    Depends,
    Unread(Missing<'a>),
}

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (trails, origin) = match account.trail.trails.get() {
        Ok(found) => found,
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
    };
    let shown = Some(names(trails.iter().map(|trail| trail.name.as_str()))).filter(|names| !names.is_empty());
    let judged = match judged(trails) {
        Ok(judged) => judged,
        Err(missing) => return vec![not_checked(NAME, account.resource(), missing)],
    };
    vec![result(NAME, account.resource(), origin, judged.with(shown))]
}

fn judged(trails: &[Trail]) -> Result<Judged, Missing<'_>> {
    if trails.is_empty() {
        let message =
            "no trail records the calls of this Region; create a trail for all Regions with management events";
        return Ok(Judged::new(Verdict::Fail, message, "/trailList"));
    }
    let (mut unrecorded, mut open) = (Vec::new(), Vec::new());
    for call in WRITES {
        match recorded(trails, call) {
            Recorded::Yes => {}
            Recorded::No => unrecorded.push(call.name),
            Recorded::Depends => open.push(call.name),
            Recorded::Unread(missing) => return Err(missing),
        }
    }
    if !unrecorded.is_empty() {
        let message = format!(
            "no trail that is on records {}; turn a trail on, and let it record management events of the type All",
            names(unrecorded)
        );
        return Ok(Judged::new(Verdict::Fail, message, MEMBER));
    }
    if !open.is_empty() {
        let message =
            format!("whether a trail records {} depends on the caller; see the selectors of the trails", names(open));
        return Ok(Judged::new(Verdict::Undecidable, message, MEMBER));
    }
    let missing: Vec<&str> = READS
        .into_iter()
        .filter(|call| !matches!(recorded(trails, *call), Recorded::Yes))
        .map(|call| call.name)
        .collect();
    Ok(match missing.is_empty() {
        true => Judged::new(Verdict::Pass, "a trail records the calls to ECS, also those that read", MEMBER),
        false => {
            let message = format!(
                "a trail records the calls that change ECS, and no trail certainly records {}; Security Hub \
                 (CloudTrail.1) \
                 demands both",
                names(missing)
            );
            Judged::new(Verdict::Advice, message, MEMBER)
        }
    })
}

/// Returns whether one of the trails records the call. A trail that Logweir could not read counts only if no other
/// trail records the call.
fn recorded(trails: &[Trail], call: ManagementCall) -> Recorded<'_> {
    let mut found = Recorded::No;
    for trail in trails {
        match (trail.records(call), &found) {
            (Ok(Some(true)), _) => return Recorded::Yes,
            (Err(missing), _) => found = Recorded::Unread(missing),
            (Ok(None), Recorded::No) => found = Recorded::Depends,
            (Ok(_), _) => {}
        }
    }
    found
}
