//! Reads that lag behind writes: answers about a family as ECS would have given them a few writes ago.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The number of reads of its family after a write that may miss the write. It bounds the lag: every later read shows
/// the write.
const LAG: u8 = 4;

/// The registrations and deregistrations of each family so far.
#[derive(Clone, Default)]
pub(super) struct Writes(Arc<Mutex<BTreeMap<String, Vec<Write>>>>);

struct Write {
    revision: String,
    registered: bool,
    /// The number of further reads that may miss the write.
    lag: u8,
}

/// How an answer changes so that it misses the newest writes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// ECS does not know the revision yet.
    Unknown,
    /// ECS does not know yet that the revision was deregistered.
    StillActive,
    /// The list has these revisions instead.
    Listed(Vec<Value>),
}

impl Writes {
    /// Notes the write that the emulator has carried out, if the call is one.
    pub(super) fn note(&self, operation: &str, answer: &Value) {
        let registered = match operation {
            "RegisterTaskDefinition" => true,
            "DeregisterTaskDefinition" => false,
            _ => return,
        };
        let Some(revision) = answer["taskDefinition"]["taskDefinitionArn"].as_str() else { return };
        let write = Write { revision: revision.into(), registered, lag: LAG };
        self.0.lock().unwrap().entry(family(revision).to_owned()).or_default().push(write);
    }

    /// Returns how the answer to a read changes if the read misses the newest `behind` writes of its family. Returns
    /// `None` if nothing changes.
    pub(super) fn change(&self, operation: &str, request: &Value, answer: &Value, behind: usize) -> Option<Change> {
        match operation {
            "DescribeTaskDefinition" => {
                let revision = answer["taskDefinition"]["taskDefinitionArn"].as_str()?;
                let missed = self.missed(family(revision), behind);
                let write = missed.iter().rfind(|(missed, _)| missed == revision)?;
                Some(if write.1 { Change::Unknown } else { Change::StillActive })
            }
            "ListTaskDefinitions" => {
                let missed = self.missed(request["familyPrefix"].as_str()?, behind);
                let mut listed = answer["taskDefinitionArns"].as_array()?.clone();
                let before = listed.clone();
                for (revision, registered) in missed {
                    listed.retain(|other| *other != json!(revision));
                    if !registered {
                        listed.push(json!(revision));
                    }
                }
                listed.sort_by_key(|revision| std::cmp::Reverse(number(revision.as_str().unwrap_or_default())));
                (listed != before).then_some(Change::Listed(listed))
            }
            _ => None,
        }
    }

    /// Returns the newest `behind` writes that a read may still miss, newest first: each with its revision and whether
    /// it was a registration.
    fn missed(&self, family: &str, behind: usize) -> Vec<(String, bool)> {
        let mut writes = self.0.lock().unwrap();
        let Some(writes) = writes.get_mut(family) else { return Vec::new() };
        let newest = writes.iter().rev().take(behind).take_while(|write| write.lag > 0);
        let missed = newest.map(|write| (write.revision.clone(), write.registered)).collect();
        writes.iter_mut().for_each(|write| write.lag = write.lag.saturating_sub(1));
        missed
    }
}

/// The family of a revision's ARN.
fn family(revision: &str) -> &str {
    let name = revision.rsplit_once('/').map_or(revision, |(_, name)| name);
    name.rsplit_once(':').map_or(name, |(family, _)| family)
}

fn number(revision: &str) -> Option<u32> {
    revision.rsplit_once(':').and_then(|(_, number)| number.parse().ok())
}
