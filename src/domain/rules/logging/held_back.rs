//! The reasons why Logweir does not change a container that logs through awslogs.
//!
//! If a log stream cannot be created, a container in mode `blocking` does not start, but on EC2 a container in mode
//! `non-blocking` starts and loses every log line (source: moby, daemon/logger/awslogs/cloudwatchlogs.go). A change of
//! the mode would turn a visible failure into a silent loss.

use super::naming::is_group_name;
use super::options::{Given, Unknown};
use crate::domain::rules::case::Subject;

impl Subject<'_, '_> {
    /// Returns what must be resolved before Logweir changes this container. `None` if Logweir may change the container.
    pub fn held_back(&self) -> Option<HeldBack> {
        if let Some(advice) = self.lacks_role_for_awslogs() {
            return Some(HeldBack { advice, is_for_role: true });
        }
        let advice = self.undeliverable().or_else(|| self.unseen_group())?;
        Some(HeldBack { advice, is_for_role: false })
    }

    /// Returns advice if CloudWatch Logs refuses the log group, the log stream or the Region of the container.
    fn undeliverable(&self) -> Option<&'static str> {
        let options = self.awslogs()?;
        if matches!(self.given(options, "awslogs-group"), Given::Text(group) if !is_group_name(group)) {
            return Some("give the log group a valid name; until then, Logweir does not change the container");
        }
        if options.text("awslogs-stream-prefix").is_some_and(|prefix| self.check_stream_prefix(prefix).is_err()) {
            return Some(
                "give the log stream a prefix that CloudWatch Logs accepts; until then, Logweir does not change the \
                 container",
            );
        }
        options.text("awslogs-region").is_some_and(|region| self.names_no_region(region)).then_some(
            "write the name of a Region in awslogs-region; until then, Logweir does not change the container",
        )
    }

    /// Returns advice if this container belongs to a registered revision and Logweir cannot read the log group of the
    /// container. Returns `None` otherwise.
    fn unseen_group(&self) -> Option<&'static str> {
        let options = self.awslogs().filter(|_| self.case.seen.is_live())?;
        match (self.given(options, "awslogs-region"), self.given(options, "awslogs-group")) {
            (Given::Text(region), _) if Some(region) != self.case.seen.region => {
                Some("check the log group yourself; Logweir does not change a container that logs to another Region")
            }
            (Given::Unknown(Unknown::Secret), _) | (_, Given::Unknown(Unknown::Secret)) => Some(
                "check the log group yourself; Logweir does not change a container whose log group or Region is a \
                 secret option",
            ),
            _ => None,
        }
    }
}

/// The reason why Logweir does not change a container.
pub struct HeldBack {
    pub advice: &'static str,
    /// Whether the task lacks an execution role.
    pub is_for_role: bool,
}
