//! One HTML page of the sessions, without a script.

use std::fmt::Write as _;

use super::{Coverage, SessionsOutput};
use crate::domain::exec::{Session, Verdict};
use crate::render::formats::shown::shown;
use crate::render::html::{Frame, code, escaped};

pub(super) fn page(output: &SessionsOutput) -> String {
    let frame = Frame { title: "Logweir exec sessions", style: "", script: "", skip: ("sessions", "the sessions") };
    let mut out = banner(output);
    out += "<main id=\"main\">\n";
    out += &totals(output);
    out += &table(&output.sessions);
    out += &unread(&output.coverage);
    out += "</main>\n";
    out += &footer(&output.coverage);
    frame.around(&out)
}

fn banner(output: &SessionsOutput) -> String {
    let is = |verdict| output.sessions.iter().any(|session| session.verdict == verdict);
    let (class, mark, sentence) = match output.has_findings() {
        true => ("error", "✖", "Some sessions have no transcript"),
        false if output.is_partial() => ("unknown", "?", "Logweir could not read some sources"),
        false if is(Verdict::Unknown) => {
            ("unknown", "?", "Logweir cannot tell whether some sessions have a transcript")
        }
        false => ("fine", "✔", "No session lacks a transcript that it should have"),
    };
    format!(
        "<header>\n<p class=\"name\">Logweir</p>\n<h1>Sessions of Amazon ECS Exec</h1>\n\
         <p class=\"verdict {class}\"><span aria-hidden=\"true\">{mark}</span> {sentence}.</p>\n</header>\n"
    )
}

/// Returns the class of a verdict in the style of the page.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Logged => "fine",
        Verdict::Unlogged | Verdict::Bypass => "error",
        Verdict::Pending | Verdict::Expired => "warning",
        Verdict::Unknown => "unknown",
        Verdict::Denied | Verdict::Failed | Verdict::DryRun => "note",
    }
}

fn totals(output: &SessionsOutput) -> String {
    let counts = output.counts();
    let card = |verdict: &Verdict| {
        let count = counts.get(verdict).copied().unwrap_or_default();
        let class = if count == 0 { "" } else { class(*verdict) };
        format!("<div class=\"card {class}\"><dt>{}</dt><dd>{count}</dd></div>\n", verdict.name())
    };
    let cards: String = Verdict::ALL.iter().map(card).collect();
    format!(
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\" class=\"unseen\">Totals</h2>\n\
         <dl class=\"cards\">\n{cards}</dl>\n</section>\n"
    )
}

fn table(sessions: &[Session]) -> String {
    if sessions.is_empty() {
        return "<section id=\"sessions\">\n<h2>Sessions</h2>\n<p>There are no sessions.</p>\n</section>\n".to_owned();
    }
    let rows: String = sessions.iter().map(row).collect();
    format!(
        "<section id=\"sessions\">\n<h2>Sessions</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Table of sessions\">\n<table>\n<caption class=\"unseen\">Sessions and attempts, the earliest \
         first</caption>\n<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Start and end</th>\
         <th scope=\"col\">Person</th><th scope=\"col\">Container</th><th scope=\"col\">Program</th>\
         <th scope=\"col\">Transcript</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n"
    )
}

fn row(session: &Session) -> String {
    let verdict = session.verdict;
    let why = session.why.as_deref().map(of).unwrap_or_default();
    let end = session.end.map_or_else(|| "–".to_owned(), |end| format!("{end:.0}"));
    let person = &session.person;
    let from = session.source_ip.as_deref().map(|ip| of(&format!("from {ip}"))).unwrap_or_default();
    let path = [&session.cluster, &session.service, &session.task, &session.container];
    let path: Vec<&str> = path.into_iter().map(|part| part.as_deref().unwrap_or("-")).collect();
    let program = session.command.as_deref().or(session.program.as_deref());
    let transcript = session.transcript.place.as_deref().map_or_else(|| "–".to_owned(), code);
    let bytes = session.transcript.bytes.map(|bytes| of(&format!("{bytes} bytes"))).unwrap_or_default();
    let id = session.session_id.as_deref().map(of).unwrap_or_default();
    let account = of(&format!("{}, {}", session.account, session.region));
    format!(
        "<tr><td><span class=\"badge {}\">{}</span>{why}</td><td>{:.0}<br>{end}{id}</td>\
         <td>{}{}{from}</td><td>{}{account}</td><td>{}</td><td>{transcript}{bytes}</td></tr>\n",
        class(verdict),
        verdict.name(),
        session.start,
        escaped(&shown(&person.name)),
        of(&format!("{} ({})", person.how, person.strength)),
        code(&path.join("/")),
        program.map_or_else(|| "–".to_owned(), code),
    )
}

/// Returns a text below another one in the same cell.
fn of(text: &str) -> String {
    format!("<br><span class=\"of\">{}</span>", escaped(&shown(text)))
}

fn unread(coverage: &Coverage) -> String {
    if coverage.unread.is_empty() {
        return String::new();
    }
    let items: String = coverage.unread.iter().map(|why| format!("<li>{}</li>\n", escaped(&shown(why)))).collect();
    format!("<section>\n<h2>Sources that could not be read</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

fn footer(coverage: &Coverage) -> String {
    let Coverage { account, region, since, until, now, events, .. } = coverage;
    let mut out = format!(
        "<footer>\n<p>Account {}, {}, sessions that started from <time>{since:.0}</time> until <time>{until:.0}</time>; \
         {} events from {}",
        escaped(&shown(account)),
        escaped(&shown(region)),
        events.read,
        if events.source == "trail" { "the files of a trail" } else { "CloudTrail's event history" },
    );
    let _ = write!(out, ".</p>\n<p>Logweir {}, <time>{now:.0}</time></p>\n</footer>\n", env!("CARGO_PKG_VERSION"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::exec::{NamedPerson, Transcript};
    use crate::render::exec_sessions::EventCoverage;

    #[test]
    fn a_hostile_text_stays_text_in_every_format() {
        const EVIL: &str = "=<script>alert(1)</script>\"'\u{202e}\u{1b}[31m";
        let text = || Some(EVIL.to_owned());
        let now = "2026-12-01T10:00:00Z".parse().unwrap();
        let session = Session {
            session_id: text(),
            start: now,
            end: Some(now),
            person: NamedPerson { name: EVIL.into(), how: EVIL.into(), strength: "claimed" },
            source_ip: text(),
            account: EVIL.into(),
            region: EVIL.into(),
            cluster: text(),
            service: text(),
            task: text(),
            container: text(),
            program: text(),
            command: text(),
            transcript: Transcript { kind: "s3", place: text(), bytes: Some(1) },
            verdict: Verdict::Unlogged,
            why: text(),
            event_id: text(),
        };
        let events = EventCoverage { source: "trail", read: 1, duplicates: 0, unreadable: 0, unreadable_files: 0 };
        let coverage = Coverage {
            account: EVIL.into(),
            region: EVIL.into(),
            since: now,
            until: now,
            now,
            events,
            sessions_listed: None,
            grace_minutes: 15,
            unread: vec![EVIL.into()],
        };
        let output = SessionsOutput { sessions: vec![session], coverage };
        let page = output.html();
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert"), "{page}");
        assert!(page.matches("&quot;&#39;").count() > 10 && page.contains("default-src 'none'"));
        for text in [page, output.csv(), output.text()] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        }
        assert!(output.csv().contains(",\"'=<script>") && !output.csv().contains(",\"=<"), "{}", output.csv());
    }
}
