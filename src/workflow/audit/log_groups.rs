//! Reads log groups in batches, each group once in an audit.

use std::collections::{BTreeMap, HashMap};

use super::Caller;
use crate::domain::limits::throttle::ApiBucket;
use crate::domain::outcome::Reason;
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, ErrorKind, FleetReads, PortError, Timer};

/// Log groups with the answer about them.
pub(super) type ReadGroups = (Vec<String>, Answer<BTreeMap<String, LogGroup>>);

/// What is known about log groups. A group whose read failed is in `failed`.
#[derive(Debug, Default)]
pub(super) struct KnownGroups {
    found: HashMap<Box<str>, LogGroup>,
    failed: HashMap<Box<str>, PortError>,
}

impl KnownGroups {
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.found.contains_key(name) || self.failed.contains_key(name)
    }

    /// Takes the answer about these groups.
    pub(super) fn take(&mut self, names: &[String], answer: Answer<BTreeMap<String, LogGroup>>) {
        match answer {
            Ok(mut found) => {
                for name in names {
                    let group = found.remove(name).unwrap_or(LogGroup::Missing);
                    self.found.insert(name.as_str().into(), group);
                }
            }
            Err(error) => {
                for name in names {
                    self.failed.insert(name.as_str().into(), error.clone());
                }
            }
        }
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
            facts.insert(name.to_owned(), self.found.get(name).cloned().unwrap_or(LogGroup::Missing));
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
    let mut token = None::<String>;
    loop {
        let call = || caller.fleet.log_groups(names, token.as_deref());
        let page = caller.call(ApiBucket::LogGroupRead, "DescribeLogGroups", call).await?;
        found.extend(page.items);
        token = page.next;
        if token.is_none() || names.iter().all(|name| found.contains_key(name)) {
            return Ok(());
        }
    }
}

/// Whether AWS may have refused the call because of one of the names.
fn is_about_names(error: &PortError) -> bool {
    error.kind != ErrorKind::Retry && error.reason != Some(Reason::AccessDenied)
}
