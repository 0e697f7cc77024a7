//! CSV (RFC 4180) for spreadsheets: one row for each session.

use crate::domain::exec::Session;
use crate::render::formats::csv::line;
use crate::render::formats::shown::shown;

const HEADER: [&str; 20] = [
    "session_id",
    "start",
    "end",
    "person",
    "how",
    "strength",
    "source_ip",
    "account",
    "region",
    "cluster",
    "service",
    "task",
    "container",
    "program",
    "command",
    "transcript_kind",
    "transcript_place",
    "transcript_bytes",
    "verdict",
    "why",
];

pub(super) fn csv(sessions: &[Session]) -> String {
    let header = line(&HEADER.map(String::from));
    header + &sessions.iter().map(|session| line(&row(session))).collect::<String>()
}

fn row(session: &Session) -> [String; HEADER.len()] {
    let text = |text: &Option<String>| text.as_deref().map(shown).unwrap_or_default();
    [
        text(&session.session_id),
        format!("{:.0}", session.start),
        session.end.map(|end| format!("{end:.0}")).unwrap_or_default(),
        shown(&session.person.name),
        shown(&session.person.how),
        session.person.strength.into(),
        text(&session.source_ip),
        shown(&session.account),
        shown(&session.region),
        text(&session.cluster),
        text(&session.service),
        text(&session.task),
        text(&session.container),
        text(&session.program),
        text(&session.command),
        session.transcript.kind.into(),
        text(&session.transcript.place),
        session.transcript.bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        session.verdict.name().into(),
        text(&session.why),
    ]
}
