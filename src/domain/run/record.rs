//! The journal's record of a run. Logweir writes the record before the first change.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::RunId;
use super::item::RunItem;
use super::plan::{PlanHead, RunPlan};

/// The maximum size of the items on one page, in bytes of JSON. A DynamoDB item holds 400 KB.
const LARGEST_PAGE: usize = 200 * 1024;

/// The name of a run in the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunName {
    pub account: String,
    pub region: String,
    pub id: RunId,
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.id)
    }
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// A worker applies the plan, or stopped without a further entry.
    Running,
    /// The caller interrupted the run, or a call failed. Some items are left.
    Interrupted,
    /// The rollout to a canary service did not complete, so Logweir left the other items alone.
    CanaryFailed,
    /// Logweir has handled every item.
    Ended,
    /// An operator backs out the run. No worker applies another item of the run from now on.
    BackingOut,
    /// Logweir has backed out every correction of the run.
    BackedOut,
}

impl RunState {
    /// Whether an operator backs out, or has backed out, the run.
    pub fn is_backout(self) -> bool {
        matches!(self, Self::BackingOut | Self::BackedOut)
    }

    /// Whether a worker may store the state `next`. After a backout has begun, only a backout changes the state. So a
    /// worker that still applies the run cannot hide the backout.
    pub fn may_become(self, next: Self) -> bool {
        !self.is_backout() || next.is_backout()
    }

    /// Returns why a worker applies no more items of the run. Returns `None` if the worker may continue.
    pub fn refusal(self, id: &RunId) -> Option<String> {
        match self {
            Self::BackingOut => {
                Some(format!("an operator backs out the run; `logweir backout --run {id}` completes the backout"))
            }
            Self::BackedOut => Some("the run was backed out; make a new plan".into()),
            Self::Running | Self::Interrupted | Self::CanaryFailed | Self::Ended => None,
        }
    }
}

/// The journal's record of a run, without the items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub schema: u32,
    #[serde(flatten)]
    pub name: RunName,
    pub version: u32,
    /// The worker that wrote this version.
    pub by: String,
    pub at: Timestamp,
    pub begun: Timestamp,
    /// The principal that began the run.
    pub actor: String,
    pub plan: PlanHead,
    pub plan_digest: String,
    /// The number of pages with items.
    pub pages: u32,
    pub state: RunState,
}

/// The name of a page of a run in the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunPageName {
    #[serde(flatten)]
    pub run: RunName,
    /// The number of the page, from 0.
    pub page: u32,
}

impl fmt::Display for RunPageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.run, self.page)
    }
}

/// Some of the items of a run. A page never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPage {
    pub schema: u32,
    #[serde(flatten)]
    pub name: RunPageName,
    pub version: u32,
    pub at: Timestamp,
    pub items: Vec<RunItem>,
}

impl RunPage {
    pub const SCHEMA: u32 = 1;
}

impl Run {
    pub const SCHEMA: u32 = 1;

    /// Returns the record of a run that is about to begin, and its pages.
    pub fn begin(plan: &RunPlan, by: &str, actor: &str, now: Timestamp) -> (Self, Vec<RunPage>) {
        let PlanHead { account, region, .. } = plan.head.clone();
        let name = RunName { account, region, id: plan.id() };
        let page = |(page, items): (usize, Vec<RunItem>)| RunPage {
            schema: RunPage::SCHEMA,
            name: RunPageName { run: name.clone(), page: u32::try_from(page).unwrap_or(u32::MAX) },
            version: 1,
            at: plan.head.made,
            items,
        };
        let pages: Vec<RunPage> = split(&plan.items).into_iter().enumerate().map(page).collect();
        let run = Self {
            schema: Self::SCHEMA,
            version: 1,
            by: by.to_owned(),
            at: now,
            begun: now,
            actor: actor.to_owned(),
            plan: plan.head.clone(),
            plan_digest: plan.digest(),
            pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
            state: RunState::Running,
            name,
        };
        (run, pages)
    }

    /// Returns the next version of the record.
    pub fn next(&self, state: RunState, by: &str, now: Timestamp) -> Self {
        Self { version: self.version + 1, state, by: by.to_owned(), at: now, ..self.clone() }
    }

    /// Returns the plan of the run. Returns `None` if the items are not those that the run began with.
    pub fn plan_of(&self, items: Vec<RunItem>) -> Option<RunPlan> {
        let lists = (Vec::new(), Vec::new(), Vec::new());
        let plan =
            RunPlan { head: self.plan.clone(), items, left: lists.0, older: lists.1, unread: lists.2, families: 0 };
        (plan.digest() == self.plan_digest).then_some(plan)
    }
}

/// Splits the items into pages.
fn split(items: &[RunItem]) -> Vec<Vec<RunItem>> {
    let (mut pages, mut size): (Vec<Vec<RunItem>>, usize) = (Vec::new(), LARGEST_PAGE);
    for item in items {
        let length = serde_json::to_vec(item).map_or(LARGEST_PAGE, |text| text.len());
        if size + length > LARGEST_PAGE {
            (pages, size) = (with_page(pages), 0);
        }
        size += length;
        if let Some(page) = pages.last_mut() {
            page.push(item.clone());
        }
    }
    pages
}

fn with_page(mut pages: Vec<Vec<RunItem>>) -> Vec<Vec<RunItem>> {
    pages.push(Vec::new());
    pages
}
