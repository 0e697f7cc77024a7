//! The session that a report is about: who opened it, on which container, and where its transcript is.

use serde::Serialize;

use crate::domain::event::SessionCall;
use crate::domain::exec::Verdict;
use crate::domain::exec::transcript::TranscriptPlace;
use crate::domain::trail::Person;

/// A session on a container. Every text is bounded and safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionReport {
    pub session_id: Option<String>,
    pub person: Person,
    pub cluster: Option<String>,
    pub task: Option<String>,
    pub container: Option<String>,
    /// The name of the program, without its arguments.
    pub program: Option<String>,
    /// `None` for a session that bypassed ECS Exec, which has no transcript.
    pub transcript: Option<TranscriptReport>,
    pub verdict: Verdict,
    /// Why Logweir gives this verdict, or why there is no known place of the transcript.
    pub why: Option<String>,
}

/// The place where the transcript of a session is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscriptReport {
    /// `cloudwatch`, `s3`, `both`, `none` or `unknown`.
    pub kind: &'static str,
    pub place: Option<String>,
}

impl SessionReport {
    /// Returns the report about a session without a verdict yet.
    pub fn of(call: &SessionCall) -> Self {
        Self {
            session_id: call.id.clone(),
            person: call.person.clone(),
            cluster: call.cluster.clone(),
            task: call.task.clone(),
            container: call.container.clone(),
            program: call.program.clone(),
            transcript: None,
            verdict: if call.is_bypass { Verdict::Bypass } else { Verdict::Pending },
            why: None,
        }
    }

    /// Adds the place where the transcript is expected.
    pub fn expecting(self, place: &TranscriptPlace) -> Self {
        let transcript = TranscriptReport { kind: place.kind(), place: place.place() };
        Self { transcript: Some(transcript), why: place.why().map(String::from), ..self }
    }

    pub fn judged(self, verdict: Verdict, why: String) -> Self {
        Self { verdict, why: Some(why), ..self }
    }
}
