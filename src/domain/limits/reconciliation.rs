//! The stored state of the daily reconciliation: the time since which the present mode and baseline apply, and the
//! progress of the reconciliation that runs now.
//!
//! A reconciliation reads the newest revision of every family, because an event about a revision may be lost. The
//! reconciliation reads one page of families for each message in the event queue. The message names only the
//! reconciliation and the number of the page. The families and the position in the list of ECS are in this state, so
//! no message can change them. A worker claims a page by storing the number of the next page. If SQS delivers a message
//! twice, or if a schedule starts a reconciliation twice, only one of the workers can claim the page.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::throttle::{ApiBucket, Rate};
use crate::domain::ecs::family_list::Listing;
use crate::domain::event::Home;
use crate::domain::outcome::Mode;

/// The age at which a faulty revision is overdue. CloudTrail typically delivers an event within minutes.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// The largest number of families in one page. This number is also the largest number of log groups that one call of
/// DescribeLogGroups reads.
pub const PAGE: usize = 50;

/// The part of AWS's bucket for task-definition reads that a reconciliation uses on average.
const RATE: Rate = Rate::Share(0.25);

/// The time after which a page is stalled: its message was lost, or its worker stopped. This time is longer than a
/// worker can run, and shorter than the visibility timeout of the event queue, so that the second delivery of a message
/// continues the reconciliation.
const STALLED: SignedDuration = SignedDuration::from_mins(5);

/// The time after the end of a reconciliation in which Logweir ignores a request to start, because EventBridge may
/// deliver one request of a schedule several times.
const REPEATED: SignedDuration = SignedDuration::from_hours(1);

/// The pause after the first failed page, in seconds. Each further failed page doubles the pause.
const FIRST_PAUSE: u16 = 60;

/// The longest pause between two pages, in seconds. SQS delays a message by at most this time.
const LONGEST_PAUSE: u16 = 900;

/// The number of pages that may fail in succession. Then the reconciliation stops, and the next request to start
/// continues it.
const MOST_FAILURES: u32 = 8;

/// The account and Region of a reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReconciliationName {
    pub account: String,
    pub region: String,
}

impl ReconciliationName {
    pub fn of(home: &Home) -> Self {
        Self { account: home.account.clone(), region: home.region.clone() }
    }
}

impl fmt::Display for ReconciliationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The state that the journal stores for the reconciliations of an account and Region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub schema: u32,
    #[serde(flatten)]
    pub name: ReconciliationName,
    /// The number of times that this state was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    /// The worker that wrote this state. Without this name, two workers that claim the same page at the same moment
    /// would write equal states, and both would take their own write for the stored one.
    pub by: String,
    /// The mode in which Logweir begins new corrections.
    pub mode: Mode,
    /// The digest of the baseline.
    pub baseline: String,
    /// The time since which the mode and the baseline apply: the time at which a worker first had this mode and this
    /// baseline.
    pub since: Timestamp,
    /// The reconciliation that has begun and not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The result of the last reconciliation that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Finished>,
    pub at: Timestamp,
}

/// The progress of one reconciliation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub started: Timestamp,
    /// The number of the next page, from 0.
    pub page: u32,
    /// The listed families that Logweir has not examined yet.
    pub rest: Vec<String>,
    /// The families of `rest` at which a page failed. Logweir reads each of them once more, after all others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub failed: BTreeSet<String>,
    pub listing: Listing,
    /// The time at which the message of the next page is due.
    pub due: Timestamp,
    /// The number of pages that failed in succession.
    pub failures: u32,
    pub counts: Counts,
}

/// The numbers of families that a reconciliation has examined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub pages: u64,
    /// The families whose newest revision was examined.
    pub families: u64,
    /// The families whose newest revision has a fault that the baseline does not exempt.
    pub faulty: u64,
    /// The families whose newest revision was sent to the event queue, because its event is overdue.
    pub overdue: u64,
    /// The families whose faulty newest revision Logweir corrects only if an operator asks for it.
    pub standing: u64,
    /// The families whose newest revision corrects a source revision that was deregistered.
    pub withdrawn: u64,
    /// The families about which Logweir gives no verdict, because a read failed.
    pub unread: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, page: Self) {
        let Self { pages, families, faulty, overdue, standing, withdrawn, unread } = page;
        self.pages += pages;
        self.families += families;
        self.faulty += faulty;
        self.overdue += overdue;
        self.standing += standing;
        self.withdrawn += withdrawn;
        self.unread += unread;
    }
}

/// The result of a reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub at: Timestamp,
    pub counts: Counts,
}

/// A request to the remediator function to start or to continue a reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The daily request of the schedule.
    Start,
    /// The message of one page.
    Page { run: Timestamp, page: u32 },
}

impl Request {
    /// Reads a request from a payload. Returns `None` for any other payload, even if the payload only has further
    /// members.
    pub fn of(payload: &Value) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            logweir: String,
            run: Option<Timestamp>,
            page: Option<u32>,
        }
        let body = Body::deserialize(payload).ok().filter(|body| body.logweir == "reconcile")?;
        match (body.run, body.page) {
            (None, None) => Some(Self::Start),
            (Some(run), Some(page)) => Some(Self::Page { run, page }),
            _ => None,
        }
    }

    /// Returns the body of the message with this request.
    pub fn body(self) -> Value {
        match self {
            Self::Start => json!({"logweir": "reconcile"}),
            Self::Page { run, page } => json!({"logweir": "reconcile", "run": run, "page": page}),
        }
    }
}

/// What a reconciliation does about a faulty revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Logweir only counts the revision. The revision may be older than the present mode and baseline, the mode may be
    /// `observe`, or an earlier correction was refused or failed.
    Standing,
    /// The event about the revision may still arrive.
    Expected,
    /// The event about the revision should have arrived long ago, or Logweir must handle the revision again.
    Overdue,
}

impl Reconciliation {
    pub const SCHEMA: u32 = 1;

    /// Returns the stored state `standing` with this mode and this baseline. If the mode or the baseline has changed,
    /// they apply from now on.
    pub fn under(
        standing: Option<Self>,
        name: &ReconciliationName,
        mode: Mode,
        baseline: &str,
        now: Timestamp,
    ) -> Self {
        match standing {
            Some(standing) if standing.mode == mode && standing.baseline == baseline => standing,
            Some(standing) => Self { mode, baseline: baseline.to_owned(), since: now, ..standing },
            None => Self {
                schema: Self::SCHEMA,
                name: name.clone(),
                version: 0,
                by: String::new(),
                mode,
                baseline: baseline.to_owned(),
                since: now,
                run: None,
                last: None,
                at: now,
            },
        }
    }

    /// Claims the page that a message asks for, and starts a reconciliation if necessary. Returns the reconciliation,
    /// or `None` if there is nothing to do: another worker has claimed the page, or the reconciliation has ended.
    pub fn claim(&mut self, request: Request, now: Timestamp) -> Option<Run> {
        let has_just_ended = self.last.is_some_and(|last| now.duration_since(last.at) < REPEATED);
        let run = match (&mut self.run, request) {
            (none @ None, Request::Start) if !has_just_ended => none.insert(Run::starting(now)),
            (Some(run), Request::Start) if run.is_stalled(now) => {
                run.failures = 0;
                run
            }
            (Some(run), Request::Page { run: started, page })
                if run.started == started && (run.page == page || run.is_stalled(now)) =>
            {
                run
            }
            _ => return None,
        };
        run.page = run.page.saturating_add(1);
        run.due = now;
        Some(run.clone())
    }

    /// Stores the progress of a claimed page. Returns `false` if another worker has claimed a later page since.
    pub fn proceed(&mut self, after: &Run, now: Timestamp) -> bool {
        let is_claimed = self.run.as_ref().is_some_and(|run| (run.started, run.page) == (after.started, after.page));
        if is_claimed {
            self.run = Some(after.clone()).filter(|run| !run.has_ended());
            if self.run.is_none() {
                self.last = Some(Finished { at: now, counts: after.counts });
            }
        }
        is_claimed
    }

    /// Returns what a reconciliation does about a faulty revision that no correction has handled. `registered` is the
    /// time at which the revision was registered.
    pub fn due(mode: Mode, since: Timestamp, registered: Option<Timestamp>, now: Timestamp) -> Due {
        match registered {
            Some(registered) if mode > Mode::Observe && registered > since => {
                if now.duration_since(registered) > OVERDUE { Due::Overdue } else { Due::Expected }
            }
            _ => Due::Standing,
        }
    }
}

impl Run {
    fn starting(now: Timestamp) -> Self {
        Self {
            started: now,
            page: 0,
            rest: Vec::new(),
            failed: BTreeSet::new(),
            listing: Listing::First,
            due: now,
            failures: 0,
            counts: Counts::default(),
        }
    }

    fn is_stalled(&self, now: Timestamp) -> bool {
        now.duration_since(self.due) > STALLED
    }

    /// Whether Logweir has examined all families.
    pub fn has_ended(&self) -> bool {
        self.rest.is_empty() && self.listing == Listing::End
    }

    /// Removes the examined families from the rest. The families at which a page failed become the last of the rest.
    pub fn examined(&mut self, examined: &BTreeSet<String>, failed: &BTreeSet<String>) {
        self.rest.retain(|family| !examined.contains(family));
        self.rest.sort_by_key(|family| failed.contains(family));
        self.failed = failed.difference(examined).cloned().collect();
    }

    /// Forgets all results, because the list of families begins again.
    pub fn begins_again(&mut self) {
        (self.listing, self.rest, self.counts) = (Listing::First, Vec::new(), Counts::default());
        self.failed.clear();
    }

    /// Ends a page for which Logweir read this number of task definitions and lists. The next page is due when the
    /// average of the reads is back at the rate of the reconciliation.
    pub fn page_ends(&mut self, reads: u32, now: Timestamp) {
        self.failures = 0;
        self.counts.pages += 1;
        let pause = RATE.time_for(ApiBucket::TaskDefinitionRead, reads).as_secs_f64().ceil() as u16;
        self.due_in(pause.max(1), now);
    }

    /// Ends a page at which a read failed. Returns `false` if the reconciliation stops, because too many pages failed
    /// in succession or because another try cannot help (`may_pass` is `false`).
    pub fn page_fails(&mut self, may_pass: bool, now: Timestamp) -> bool {
        self.failures = if may_pass { self.failures.saturating_add(1) } else { MOST_FAILURES };
        let doubled = FIRST_PAUSE.checked_shl(self.failures.saturating_sub(1).min(4));
        self.due_in(doubled.unwrap_or(LONGEST_PAUSE), now);
        self.failures < MOST_FAILURES
    }

    fn due_in(&mut self, seconds: u16, now: Timestamp) {
        let pause = SignedDuration::from_secs(seconds.min(LONGEST_PAUSE).into());
        self.due = now.checked_add(pause).unwrap_or(now);
    }

    /// Returns the request for the next page, and the number of seconds until the page is due.
    pub fn next(&self, now: Timestamp) -> (Request, u16) {
        let seconds = u16::try_from(self.due.duration_since(now).as_secs().max(0)).unwrap_or(LONGEST_PAUSE);
        (Request::Page { run: self.started, page: self.page }, seconds.min(LONGEST_PAUSE))
    }
}
