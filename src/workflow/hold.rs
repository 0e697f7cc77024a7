//! Puts a family on hold, or ends its hold, because an operator asked for it. Logweir corrects no revision of a family
//! on hold. The next scheduled run after the end of the hold releases the revisions that the hold deferred.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::family_state::{self, LOOKS};
use super::reporting::{failed, timed};
use super::request_text::bounded;
use crate::domain::event::{Cause, Home};
use crate::domain::limits::family::{Family, FamilyName, Hold, Stopped, is_cluster, may_be_held};
use crate::domain::outcome::{Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::report::{Decision, Report};
use crate::domain::text::moment;
use crate::ports::{Clock, CommitError, ErrorKind, Ports, TaskDefinitions};

/// The payload of a request about a hold: `{"logweir": "hold", "family": "web", "until": …}` or `{"logweir": "release",
/// "family": "web"}`. An unknown member is an error, so that a misspelt option is not ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "logweir", rename_all = "kebab-case", deny_unknown_fields)]
pub enum HoldRequest {
    /// Puts the family on hold, in place of any earlier hold.
    Hold {
        family: String,
        /// The end of the hold: a time, or a day in UTC, which includes the day.
        #[serde(deserialize_with = "until")]
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
    /// Ends the hold of the family.
    Release {
        family: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
}

fn until<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    moment::end(&text).ok_or_else(|| serde::de::Error::custom("`until` is neither a time nor a day"))
}

impl HoldRequest {
    /// Whether the value of the payload's member `logweir` makes the payload a request about a hold.
    pub fn is_word(word: &str) -> bool {
        matches!(word, "hold" | "release")
    }

    fn family(&self) -> &str {
        match self {
            Self::Hold { family, .. } | Self::Release { family, .. } => family,
        }
    }

    fn requested_by(&self) -> Option<&String> {
        match self {
            Self::Hold { requested_by, .. } | Self::Release { requested_by, .. } => requested_by.as_ref(),
        }
    }
}

/// Puts the family of the request on hold, or ends its hold. This function returns no error, because the report of the
/// decision contains every error.
pub async fn hold<P: Ports>(ports: &P, home: &Home, request: &HoldRequest) -> Decision {
    let started = ports.clock().now();
    let cause = Cause { actor: bounded(request.requested_by()), ..Cause::default() };
    let mut report = Report::new(home, ReportMode::Hold, TriggerKind::Hold, &cause, started);
    let family = request.family();
    if !may_be_held(family) {
        let why = "`family` is not the name of a task-definition family or of a cluster (cluster/NAME)";
        return timed(ports, report.ends(Outcome::Failed.because(Reason::Unreadable).saying(why)).into(), started);
    }
    report.family = Some(family.to_owned());
    let name = FamilyName { account: home.account.clone(), region: home.region.clone(), family: family.to_owned() };
    let decision = match request {
        HoldRequest::Hold { until, reason, requested_by, .. } => {
            let hold = Hold { until: *until, reason: bounded(reason.as_ref()), by: bounded(requested_by.as_ref()) };
            begin(ports, report.into(), &name, hold).await
        }
        HoldRequest::Release { .. } => release(ports, report.into(), &name).await,
    };
    timed(ports, decision, started)
}

async fn begin<P: Ports>(ports: &P, mut decision: Decision, name: &FamilyName, hold: Hold) -> Decision {
    let (now, until) = (ports.clock().now(), hold.until);
    if until <= now {
        let why = format!(
            "cannot put the family on hold until {until:.0}, because this time has passed; give a time in the future"
        );
        return decision.ends(Outcome::Failed.because(Reason::Unreadable).saying(why));
    }
    let begun = changed(ports, name, |family| {
        let before = family.stopped(now);
        family.hold = Some(hold.clone());
        before
    });
    let notes = &mut match begun.await {
        Ok(before) => {
            let mut notes = vec![format!("{} is on hold until {until:.0}", named(&name.family))];
            if let Some(Stopped::Held(before)) = before {
                notes.push(format!("this hold replaces the hold until {:.0}", before.until));
            }
            notes
        }
        Err(error) => return not_changed(decision, error),
    };
    // An operator may hold a family before its first revision, so a family that ECS does not know is no error.
    if !is_cluster(&name.family)
        && let Err(error) = ports.task_definitions().describe(&name.family).await
        && error.kind == ErrorKind::Missing
    {
        notes.push(format!("ECS has no ACTIVE revision of family {}: check the name", name.family));
    }
    decision.report.notes.append(notes);
    decision.ends(Outcome::Held)
}

/// Returns `family NAME` or `cluster/NAME`.
fn named(name: &str) -> String {
    if is_cluster(name) { name.to_owned() } else { format!("family {name}") }
}

async fn release<P: Ports>(ports: &P, mut decision: Decision, name: &FamilyName) -> Decision {
    let now = ports.clock().now();
    let released = changed(ports, name, |family| {
        let held = match family.stopped(now) {
            Some(Stopped::Held(hold)) => Some(hold),
            _ => None,
        };
        family.hold = None;
        (held, family.fuse.is_some(), family.deferred.newest().map(|deferred| deferred.source.short()))
    });
    let (held, is_fuse_open, newest) = match released.await {
        Ok(released) => released,
        Err(error) => return not_changed(decision, error),
    };
    let notes = &mut decision.report.notes;
    if let Some(newest) = newest {
        notes.push(format!(
            "a scheduled run of the remediator function corrects {newest}, if it is still the newest of its family"
        ));
    }
    if is_fuse_open {
        let again = match name.family.strip_prefix("cluster/") {
            Some(cluster) => format!("logweir exec apply --force {cluster}"),
            None => format!("logweir apply --force ecs:{}", name.family),
        };
        notes.push(format!("the family's fuse is open; to close it, resolve the cause and run `{again}`"));
    }
    match held {
        Some(hold) => {
            notes.insert(0, format!("the hold would have ended at {:.0}", hold.until));
            decision.ends(Outcome::Released)
        }
        None => {
            let why = format!("{} is not on hold", named(&name.family));
            decision.ends(Outcome::Skipped.because(Reason::NotOnHold).saying(why))
        }
    }
}

/// Changes the state of the family. Tries again if another worker changes the state at the same time.
async fn changed<P: Ports, T>(
    ports: &P,
    name: &FamilyName,
    mut act: impl FnMut(&mut Family) -> T,
) -> Result<T, CommitError> {
    for _ in 1..LOOKS {
        match family_state::change_named(ports, name, &mut act).await {
            Err(CommitError::Lost) => {}
            changed => return changed,
        }
    }
    family_state::change_named(ports, name, act).await
}

fn not_changed(decision: Decision, error: CommitError) -> Decision {
    match error {
        CommitError::Lost => {
            let why = "another worker changed the family's state at the same time; try again";
            decision.ends_for_now(Outcome::Skipped.because(Reason::Locked).saying(why))
        }
        CommitError::Port(error) => failed(decision, &error),
    }
}
