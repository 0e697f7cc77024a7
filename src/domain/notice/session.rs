//! The sentences of a notification about a session on a container.

use super::foreign::{Foreign, NAME, TEXT};
use crate::domain::report::SessionReport;

pub(super) fn sentences(session: &SessionReport, foreign: Foreign) -> Vec<String> {
    let SessionReport { person, transcript, .. } = session;
    let name = |text: &Option<String>| text.as_deref().map_or("(not named)".to_owned(), |text| foreign(text, NAME));
    let (how, strength) = (person.how.name(), person.strength.name());
    let mut lines = vec![
        format!("Session: {}", name(&session.session_id)),
        format!("Person: {} ({strength}, by {how})", foreign(&person.name, TEXT)),
        format!(
            "Container: {} of task {} in cluster {}",
            name(&session.container),
            name(&session.task),
            name(&session.cluster)
        ),
    ];
    lines.extend(session.program.as_ref().map(|program| format!("Program: {}", foreign(program, NAME))));
    lines.extend(transcript.as_ref().map(|it| match &it.place {
        Some(place) => format!("Transcript: {}", foreign(place, TEXT)),
        None => format!("Transcript: {}", it.kind),
    }));
    lines.push(format!("Verdict: {}", session.verdict.name()));
    lines.extend(session.why.as_ref().map(|why| format!("Reason: {}", foreign(why, TEXT))));
    lines
}
