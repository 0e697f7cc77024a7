//! The parts of the text output that the records of clusters, resources and account settings share.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::domain::record::WholeRecord;
use crate::domain::text::plain::{plain, shortened};

/// The maximum length, in characters, of a text in the output that another principal may have written.
const LONGEST: usize = 512;

/// Returns the text about one record: its title, its cause, the command that undoes it, and what `said` says about each
/// entry.
pub(super) fn text<'r, R: WholeRecord>(
    title: &str,
    record: &'r R,
    backout: Option<&String>,
    mut said: impl FnMut(&'r R::Kind) -> String,
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{title}  {}", state(record));
    if let Some(actor) = actor(record) {
        let _ = writeln!(out, "caused by  {actor}");
    }
    if let Some(backout) = backout {
        let _ = writeln!(out, "undo       {backout}");
    }
    for (number, entry) in record.entries().iter().enumerate() {
        let said = shortened(&said(&entry.what), LONGEST);
        let _ = writeln!(out, "{number:>4}  {:.3}  {said}", entry.at);
    }
    out
}

/// Returns one row of the list of records: name, outcome, corrected revision, time, account, Region and cause.
pub(super) fn row(name: String, at: Timestamp, account: &str, region: &str, record: &impl WholeRecord) -> [String; 7] {
    let actor = actor(record).unwrap_or_else(|| "-".into());
    let actor = actor.rsplit_once(':').map_or(actor.as_str(), |(_, name)| name).to_owned();
    [name, state(record), "-".into(), format!("{at:.0}"), account.to_owned(), region.to_owned(), actor]
}

/// Returns the text about the request for a backout.
pub(super) fn requested(reason: Option<&str>, requested_by: Option<&str>) -> String {
    let who = requested_by.map(|who| format!(" by {who}")).unwrap_or_default();
    let why = reason.map(|why| format!(": {why}")).unwrap_or_default();
    format!("backout requested{who}{why}")
}

fn actor(record: &impl WholeRecord) -> Option<String> {
    Some(plain(record.progress()?.actor?, LONGEST))
}

fn state(record: &impl WholeRecord) -> String {
    match record.progress().and_then(|progress| progress.closing) {
        Some(closing) => match closing.reason {
            Some(reason) => format!("{} ({})", closing.outcome.name(), reason.name()),
            None => closing.outcome.name().into(),
        },
        None if record.is_suppressed() => "backing out".into(),
        None => "open".into(),
    }
}
