//! Judges a session: compares where its transcript goes with what was found there.

use jiff::{SignedDuration, Timestamp};

use super::destination::Destination;
use super::evidence::{Look, Seen};
use super::execute::Outcome;
use super::join::{Case, Origin};
use super::setting::Basis;
use super::ssm::{SsmSessions, is_listed};
use super::verdict::{Judged, Verdict};

/// Whether a session is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    Open,
    /// The session has ended. The time is `None` if Systems Manager no longer lists the session.
    Ended(Option<Timestamp>),
    /// The session was never open.
    Failed,
    /// Systems Manager lists no session with this ID, so the session is not open. It is not known when it ended.
    Unlisted,
    /// Logweir does not know whether the session is open, for this reason.
    Unknown(String),
}

/// Returns whether the session of a case is open. `ssm` lists the sessions in the account and Region of the case, or
/// says why they are not known.
pub fn life(case: &Case, ssm: &SsmSessions, now: Timestamp) -> Life {
    match (&case.ssm, ssm) {
        (Some(session), _) if session.has_failed => Life::Failed,
        (Some(session), _) if session.is_active && session.end.is_none() => Life::Open,
        (Some(session), _) => Life::Ended(session.end),
        (None, SsmSessions::Unread(why)) => {
            Life::Unknown(format!("it is not known whether the session has ended: {why}"))
        }
        // Systems Manager lists every open session, however old it is.
        (None, SsmSessions::Read(_)) if !is_listed(case.start(), now) => Life::Ended(None),
        (None, SsmSessions::Read(_)) => Life::Unlisted,
    }
}

/// What a verdict depends on.
pub struct Facts<'f> {
    pub case: &'f Case,
    pub life: &'f Life,
    pub destination: &'f Destination,
    /// What was found at the places of the destination.
    pub looks: &'f [Look],
    pub now: Timestamp,
    /// The time after the end of a session in which its transcript may still be missing.
    pub grace: SignedDuration,
}

/// Judges a session. The verdict is `logged` only if a transcript was found.
pub fn judge(facts: &Facts<'_>) -> Judged {
    let case = facts.case;
    match case.outcome() {
        Outcome::DryRun => Judged::new(Verdict::DryRun, "the caller only checked a permission"),
        Outcome::Denied(code) => Judged::new(Verdict::Denied, format!("AWS denied the call: {code}")),
        Outcome::Failed(code) => Judged::new(Verdict::Failed, format!("the call failed: {code}")),
        Outcome::Succeeded if *facts.life == Life::Failed => Judged::new(
            Verdict::Failed,
            "Systems Manager lists the session as failed; a frequent cause is a task role without kms:Decrypt",
        ),
        Outcome::Succeeded if case.is_direct() => Judged::new(Verdict::Bypass, bypass(case)),
        Outcome::Succeeded => opened(facts),
    }
}

fn bypass(case: &Case) -> String {
    let document = match &case.origin {
        Origin::Direct(call) => call.document.as_deref(),
        _ => None,
    };
    let document = document.map(|document| format!(" with the document {document}")).unwrap_or_default();
    format!("a principal opened the session directly with ssm:StartSession{document}, which no cluster setting logs")
}

const UNLISTED: &str = "it is not known when the session ended: Systems Manager lists no session with this ID";

/// Judges a session that ECS opened.
fn opened(Facts { case, life, destination, looks, now, grace }: &Facts<'_>) -> Judged {
    let ended = match life {
        Life::Ended(Some(end)) => *end,
        _ => case.start(),
    };
    if **life == Life::Open {
        return Judged::new(Verdict::Pending, "the session is open; the agent uploads the transcript after its end");
    }
    if now.duration_since(ended) < *grace {
        let minutes = grace.as_mins();
        return Judged::new(Verdict::Pending, format!("a transcript may arrive until {minutes} minutes after the end"));
    }
    if let Some(found) = found(looks) {
        return found;
    }
    if let Life::Unknown(why) = life {
        return Judged::new(Verdict::Unknown, why);
    }
    let (places, basis) = match destination {
        Destination::Unknown(why) => return Judged::new(Verdict::Unknown, why),
        Destination::Nowhere(why, basis) => return Judged::new(Verdict::Unlogged, by(why, *basis)),
        Destination::Places(..) if **life == Life::Unlisted => return Judged::new(Verdict::Unknown, UNLISTED),
        Destination::Places(places, basis) => (places, *basis),
    };
    let unread = looks.iter().find_map(|look| match &look.seen {
        Seen::Unread(why) => Some(why.as_str()),
        _ => None,
    });
    let is_looked_at = places.iter().all(|place| looks.iter().any(|look| look.place == *place));
    if let Some(why) = unread.or((!is_looked_at).then_some("no place of a transcript was read")) {
        return Judged::new(Verdict::Unknown, why);
    }
    absent(looks, now.duration_since(ended), basis)
}

/// Returns the verdict if a transcript was found. A place without a transcript is named.
fn found(looks: &[Look]) -> Option<Judged> {
    looks.iter().find(|look| look.is_found())?;
    let missing = looks.iter().filter(|look| !look.is_found()).map(|look| match &look.seen {
        Seen::Absent { what, .. } => what.clone(),
        Seen::Unread(why) => why.clone(),
        Seen::Found { .. } => String::new(),
    });
    let missing: Vec<String> = missing.collect();
    let why =
        (!missing.is_empty()).then(|| format!("only one of the places has the transcript: {}", missing.join("; ")));
    Some(Judged { verdict: Verdict::Logged, why })
}

/// Judges a session that ended `age` ago and of which no place has a transcript.
fn absent(looks: &[Look], age: SignedDuration, basis: Basis) -> Judged {
    let expired = looks.iter().find_map(|look| match look.seen {
        Seen::Absent { retention_days: Some(days), .. } if age > SignedDuration::from_hours(24 * i64::from(days)) => {
            Some((&look.place, days))
        }
        _ => None,
    });
    if let Some((place, days)) = expired {
        let unit = if days == 1 { "day" } else { "days" };
        let why = format!("the retention of {days} {unit} is shorter than the age of the session: {place}");
        return Judged::new(Verdict::Expired, by(&why, basis));
    }
    let what: Vec<&str> = looks
        .iter()
        .filter_map(|look| match &look.seen {
            Seen::Absent { what, .. } => Some(what.as_str()),
            _ => None,
        })
        .collect();
    Judged::new(Verdict::Unlogged, by(&what.join("; "), basis))
}

fn by(why: &str, basis: Basis) -> String {
    match basis {
        Basis::Event => why.to_owned(),
        Basis::Today => format!("{why} (judged with today's setting)"),
    }
}
