//! What an audit read, and what it could not read.

use std::collections::BTreeMap;

use serde::Serialize;

/// The number of failed reads that an audit keeps with their messages. It only counts further ones.
const MOST_UNREAD: usize = 1_000;

/// What an audit read, and what it could not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    pub clusters: u64,
    pub services: u64,
    /// The running tasks.
    pub tasks: u64,
    /// The families that the audit examined. 0 if only running revisions were asked for.
    pub families: u64,
    /// The revisions that the audit judged.
    pub revisions: u64,
    /// The judged revisions whose findings came from the cache.
    pub from_cache: u64,
    pub log_groups: u64,
    /// The managed daemons that run. An audit does not judge their task definitions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub daemons: Vec<UnjudgedDaemon>,
    /// The calls of each AWS operation.
    pub calls: BTreeMap<&'static str, CallCount>,
    /// The parts that could not be read.
    pub unread: Vec<UnreadPart>,
    /// The failed reads that `unread` does not contain, because it is full.
    pub more_unread: u64,
    /// Whether the caller interrupted the audit, so that it is incomplete.
    pub is_interrupted: bool,
    /// The families that the audit knew and did not examine before the interruption.
    pub not_examined: u64,
}

/// A daemon task definition that runs in a cluster, and that the audit does not judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnjudgedDaemon {
    /// The name of the cluster.
    pub cluster: String,
    /// The daemon task definition, such as `agent:3`.
    pub definition: String,
    /// The running tasks.
    pub tasks: u64,
}

/// The calls of one AWS operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// All requests, those that AWS denied or throttled included.
    pub made: u64,
    pub denied: u64,
    pub throttled: u64,
}

/// A part of the account that an audit could not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadPart {
    /// The part, such as `the services of cluster web`.
    pub what: String,
    /// The AWS operation that failed.
    pub call: &'static str,
    pub message: String,
    /// Whether AWS denied the call.
    pub is_denied: bool,
    /// The number of failed reads with the same message.
    pub count: u64,
}

impl Coverage {
    /// Whether the audit read everything that it was asked for.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.more_unread == 0 && !self.is_interrupted
    }

    /// Says what an interrupted audit did not examine. An audit that had not listed everything does not know how much
    /// is left.
    pub fn interruption(&self) -> String {
        match self.not_examined {
            0 => "the audit had not listed all services and families yet".to_owned(),
            left => format!("{left} of the known families and revisions are not examined"),
        }
    }

    pub fn add_unread(&mut self, part: UnreadPart) {
        let is_same = |other: &&mut UnreadPart| {
            (&other.what, other.call, &other.message) == (&part.what, part.call, &part.message)
        };
        if let Some(same) = self.unread.iter_mut().rev().take(8).find(is_same) {
            same.count += part.count;
        } else if self.unread.len() < MOST_UNREAD {
            self.unread.push(part);
        } else {
            self.more_unread += 1;
        }
    }

    /// Returns the number of calls of all operations.
    pub fn calls_made(&self) -> u64 {
        self.calls.values().map(|count| count.made).sum()
    }

    pub fn calls_denied(&self) -> u64 {
        self.calls.values().map(|count| count.denied).sum()
    }

    pub fn calls_throttled(&self) -> u64 {
        self.calls.values().map(|count| count.throttled).sum()
    }
}
