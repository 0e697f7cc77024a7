//! Reads log groups in batches, each group once in an audit.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Caller;
use crate::domain::audit::Text;
use crate::domain::limits::pages::Pages;
use crate::domain::limits::throttle::ApiBucket;
use crate::domain::outcome::Reason;
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, ErrorKind, FleetReads, MOST_GROUPS, PortError, Timer};
use crate::workflow::family_walk::endless;

/// The number of facts among which equal ones are looked for. CloudWatch Logs has two dozen retention periods.
const MOST_SHARED: usize = 64;

/// The number of facts that the audit foresees of a log group.
const MOST_USUAL: usize = 8;

/// Log groups with the answer about them.
pub(super) type ReadGroups = (Vec<String>, Answer<BTreeMap<String, LogGroup>>);

/// What is known about log groups. A group whose read failed is in `failed`.
#[derive(Debug, Default)]
pub(super) struct KnownGroups {
    /// The place of each group's facts in `facts`.
    found: HashMap<Box<str>, usize>,
    /// Many groups have the same facts.
    facts: Vec<LogGroup>,
    failed: HashMap<Box<str>, PortError>,
    /// The groups that were asked for and are not known yet.
    asked: HashSet<Text>,
    /// Those of `asked` that no call reads yet.
    queued: Vec<Text>,
}

impl KnownGroups {
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether all of these groups are known.
    pub(super) fn has_all(&self, names: &[Text]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        self.found.contains_key(name) || self.failed.contains_key(name)
    }

    /// Returns the facts about each of these groups. `None` for a group that is not known.
    pub(super) fn states<'n>(&self, names: impl Iterator<Item = &'n String>) -> BTreeMap<String, Option<LogGroup>> {
        let state = |name: &String| self.facts.get(*self.found.get(name.as_str())?).cloned();
        names.map(|name| (name.clone(), state(name))).collect()
    }

    /// Returns facts that groups of the account have.
    pub(super) fn usual(&self) -> &[LogGroup] {
        &self.facts[..self.facts.len().min(MOST_USUAL)]
    }

    /// Asks for groups. A group that is known or asked for already needs no further call.
    pub(super) fn ask(&mut self, names: &[Text]) {
        for name in names {
            if !self.has(name) && self.asked.insert(name.clone()) {
                self.queued.push(name.clone());
            }
        }
    }

    /// Returns the groups of the next call. A call that is not full is returned only if `takes_rest`.
    pub(super) fn next_call(&mut self, takes_rest: bool) -> Option<Vec<String>> {
        if self.queued.is_empty() || (self.queued.len() < MOST_GROUPS && !takes_rest) {
            return None;
        }
        let most = self.queued.len().min(MOST_GROUPS);
        Some(self.queued.drain(..most).map(|name| name.to_string()).collect())
    }

    /// Takes the answer about these groups.
    pub(super) fn take(&mut self, names: &[String], answer: Answer<BTreeMap<String, LogGroup>>) {
        names.iter().for_each(|name| {
            self.asked.remove(name.as_str());
        });
        match answer {
            Ok(mut found) => {
                for name in names {
                    let group = found.remove(name).unwrap_or(LogGroup::Missing);
                    let place = self.place(group);
                    self.found.insert(name.as_str().into(), place);
                }
            }
            Err(error) => {
                for name in names {
                    self.failed.insert(name.as_str().into(), error.clone());
                }
            }
        }
    }

    /// Returns the place of the facts.
    fn place(&mut self, group: LogGroup) -> usize {
        let known = self.facts.iter().take(MOST_SHARED).position(|known| *known == group);
        known.unwrap_or_else(|| {
            self.facts.push(group);
            self.facts.len() - 1
        })
    }

    /// Returns the facts about these groups, or the error of a failed read.
    pub(super) fn facts<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<BTreeMap<String, LogGroup>, &PortError> {
        let mut facts = BTreeMap::new();
        for name in names {
            if let Some(error) = self.failed.get(name) {
                return Err(error);
            }
            let found = self.found.get(name).and_then(|place| self.facts.get(*place));
            facts.insert(name.to_owned(), found.cloned().unwrap_or(LogGroup::Missing));
        }
        Ok(facts)
    }
}

/// Reads at most fifty log groups. AWS does not document whether the call fails if one of the groups does not exist. If
/// AWS refuses the call, this function reads each half of the groups with a call of its own.
pub(super) async fn read<F: FleetReads, T: Timer>(caller: &Caller<'_, F, T>, names: Vec<String>) -> ReadGroups {
    let mut found = BTreeMap::new();
    let mut parts = vec![names.as_slice()];
    while let Some(part) = parts.pop() {
        match one(caller, part, &mut found).await {
            Ok(()) => {}
            Err(error) if error.kind == ErrorKind::Missing && part.len() == 1 => {}
            Err(error) if is_about_names(&error) && part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Err(error) => return (names, Err(error)),
        }
    }
    (names, Ok(found))
}

async fn one<F: FleetReads, T: Timer>(
    caller: &Caller<'_, F, T>,
    names: &[String],
    found: &mut BTreeMap<String, LogGroup>,
) -> Answer<()> {
    let (mut token, mut pages) = (None::<String>, Pages::default());
    loop {
        let call = || caller.fleet.log_groups(names, token.as_deref());
        let page = caller.call(ApiBucket::LogGroupRead, "DescribeLogGroups", call).await?;
        token = pages.next(page.next, page.items.len()).map_err(|why| endless("DescribeLogGroups", why))?;
        found.extend(page.items);
        if token.is_none() || names.iter().all(|name| found.contains_key(name)) {
            return Ok(());
        }
    }
}

/// Whether AWS may have refused the call because of one of the names.
fn is_about_names(error: &PortError) -> bool {
    error.kind != ErrorKind::Retry && error.reason != Some(Reason::AccessDenied)
}
