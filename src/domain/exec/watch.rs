//! The watch over one session, from its event until its transcript has had the time to arrive. The journal stores the
//! watch, so that duplicate events, several workers and a worker that stops lead to at most one notification about the
//! opening of a session and one about its end.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::transcript::TranscriptPlace;
use super::{GRACE, Verdict};

/// The longest time for which Logweir waits for the end of a session, counted from its first event. A queued event
/// returns every 15 minutes, so Logweir asks about a session at most 96 times.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// The time after its last change after which the journal deletes a watch. Systems Manager lists a session for 30 days.
const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The session of a watch, with its account and Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionName {
    pub account: String,
    pub region: String,
    /// The ID of the session, or `event ID` with the ID of the event if the event names no session.
    pub session: String,
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.session)
    }
}

/// The state that the journal stores for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionWatch {
    pub schema: u32,
    #[serde(flatten)]
    pub name: SessionName,
    /// The number of times that this state was written.
    pub version: u32,
    /// The time at which Logweir handled the first event of the session.
    pub since: Timestamp,
    pub place: TranscriptPlace,
    pub verdict: Verdict,
    /// The worker that wrote this state. Two workers at the same moment would otherwise write the same state, and a
    /// journal accepts a state that it already contains.
    pub worker: String,
    pub at: Timestamp,
}

/// A session, as Systems Manager lists it (source: Systems Manager API reference, Session).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedSession {
    Open,
    /// The session did not start.
    Failed,
    /// The session has ended at this time. `None` if Systems Manager does not say when.
    Ended(Option<Timestamp>),
}

/// The next step of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextLook {
    /// The session is open, or its transcript still has time to arrive.
    Wait,
    /// The log group decides whether the session has a transcript.
    Group(String),
    /// The watch ends with this verdict, for this reason.
    End(Verdict, String),
}

impl SessionWatch {
    pub const SCHEMA: u32 = 1;

    /// Returns the watch over a session whose first event Logweir handles now.
    pub fn new(name: SessionName, place: TranscriptPlace, verdict: Verdict, worker: &str, now: Timestamp) -> Self {
        let worker = worker.to_owned();
        Self { schema: Self::SCHEMA, name, version: 1, since: now, place, verdict, worker, at: now }
    }

    /// Returns the watch with its final verdict.
    pub fn ended(self, verdict: Verdict, worker: &str, now: Timestamp) -> Self {
        Self { version: self.version + 1, verdict, worker: worker.to_owned(), at: now, ..self }
    }

    /// Returns the time after which the journal may delete the watch.
    pub fn expires(&self) -> Timestamp {
        self.at.saturating_add(KEPT).unwrap_or(self.at)
    }

    /// Decides what the listed session means. `None` if Systems Manager lists no such session.
    pub fn next(&self, listed: Option<&ListedSession>, now: Timestamp) -> NextLook {
        let is_late = now.duration_since(self.since) >= LONGEST;
        match listed {
            Some(ListedSession::Failed) => NextLook::End(Verdict::Failed, "the session did not start".into()),
            // An end in the far future is no reason to wait for longer than for an open session.
            Some(ListedSession::Ended(Some(end))) if now.duration_since(*end) < GRACE && !is_late => NextLook::Wait,
            Some(ListedSession::Ended(_)) => self.transcript(),
            Some(ListedSession::Open) if is_late => {
                let why = "the session is still open after a day, and it has no transcript before its end";
                NextLook::End(Verdict::Unlogged, why.into())
            }
            None if is_late => NextLook::End(Verdict::Unknown, "Systems Manager does not list the session".into()),
            Some(ListedSession::Open) | None => NextLook::Wait,
        }
    }

    fn transcript(&self) -> NextLook {
        match &self.place {
            TranscriptPlace::Group(group) | TranscriptPlace::Both { group, .. } => NextLook::Group(group.clone()),
            TranscriptPlace::Nowhere(why) => NextLook::End(Verdict::Unlogged, why.clone()),
            TranscriptPlace::Unknown(why) => NextLook::End(Verdict::Unknown, why.clone()),
            TranscriptPlace::Object(_) => NextLook::End(Verdict::Unknown, UNREAD_BUCKET.into()),
        }
    }

    /// Returns the verdict on an ended session, after a read of its log group. If the transcript may also be in a
    /// bucket, a missing log stream proves nothing.
    pub fn judged(&self, is_found: bool) -> (Verdict, &'static str) {
        match (is_found, &self.place) {
            (true, _) => (Verdict::Logged, "the log group has a log stream of the session"),
            (false, TranscriptPlace::Both { .. }) => (Verdict::Unknown, UNREAD_BUCKET),
            (false, _) => (Verdict::Unlogged, "the log group has no log stream of the session"),
        }
    }
}

const UNREAD_BUCKET: &str =
    "the function cannot read the bucket of the transcripts: run logweir exec sessions to check it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_waits_for_the_end_of_a_session_and_never_longer_than_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let name = SessionName { account: "1".into(), region: "r".into(), session: "s".into() };
        let watch = SessionWatch::new(name, TranscriptPlace::Group("g".into()), Verdict::Pending, "w", now);
        let end = |minutes| ListedSession::Ended(Some(now + SignedDuration::from_mins(minutes)));
        for near in [-14, 0, 14, 100_000] {
            assert_eq!(watch.next(Some(&end(near)), now), NextLook::Wait, "{near}");
            assert_eq!(watch.next(Some(&end(near)), now + LONGEST), NextLook::Group("g".into()), "{near}");
        }
        assert_eq!(watch.next(Some(&end(-15)), now), NextLook::Group("g".into()));
    }
}
