//! Resolves the argument RECORD, which is `FAMILY:REVISION` or an ARN. RECORD names a source revision, or a revision
//! that Logweir registered.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::failure::Failure;
use crate::domain::doctor::records::UNREADABLE;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::record::{Head, RecordKind};
use crate::domain::run::RunId;
use crate::domain::text::names;
use crate::ports::{Filter, Journal, Listed};
use crate::workflow::record_named;

/// The parsed argument RECORD, before the lookup in the journal.
pub(super) enum RecordName {
    Arn(RevisionArn),
    Short { family: String, revision: u32 },
}

pub(super) fn parse(name: &str) -> Result<RecordName, Failure> {
    if name.starts_with("arn:") {
        return name.parse().map(RecordName::Arn).map_err(|error| {
            Failure::usage(format!("{name}: {error}"))
                .help("add the revision; `logweir records --family FAMILY` lists the records of a family")
        });
    }
    let short = name.rsplit_once(':').filter(|(family, _)| is_family(family));
    let short = short.and_then(|(family, revision)| Some((family.to_owned(), revision.parse().ok()?)));
    let (family, revision) = short.ok_or_else(|| {
        Failure::usage(format!("`{name}` is not the name of a record")).help(if name.parse::<RunId>().is_ok() {
            format!("undo the corrections of the run with `logweir backout --run {name}`; `logweir records` lists them")
        } else if is_family(name) {
            format!("add the revision; `logweir records --family {name}` lists the records of the family")
        } else {
            "use FAMILY:REVISION or an ARN".to_owned()
        })
    })?;
    Ok(RecordName::Short { family, revision })
}

/// Returns the revision that names the record with this name: its source revision or, for a migration, the migrated
/// revision if `name` is the migrated revision. If a short name matches records of several accounts or Regions, returns an
/// error that lists the ARNs of these records.
pub(super) async fn revision(journal: &impl Journal, name: &str) -> Result<RevisionArn, Failure> {
    let (family, revision) = match parse(name)? {
        RecordName::Short { family, revision } => (family, revision),
        RecordName::Arn(arn) => {
            return match record_named(journal, &arn).await? {
                Some(record) => Ok(naming(&record.head, arn)),
                None => Err(none(name)),
            };
        }
    };
    let filter = Filter { family: Some(family), ..Filter::all(Timestamp::now()) };
    let Listed { readable: heads, unreadable } = journal.list(&filter, usize::MAX).await?;
    // A record that this version of Logweir cannot read may be the record with this name. The caller then gets the error
    // of the read.
    let named = unreadable.iter().filter_map(|name| name.parse::<RevisionArn>().ok());
    let sources = heads.iter().map(|head| head.source.clone()).chain(named);
    let mut meant: BTreeSet<RevisionArn> = sources.filter(|source| source.revision == revision).collect();
    if meant.is_empty() {
        // The argument may name a revision that Logweir registered. For such a revision, the journal returns the source
        // revision.
        let beside = |head: &Head| RevisionArn { revision, ..head.source.clone() };
        for corrected in heads.iter().map(beside).collect::<BTreeSet<_>>() {
            let key = journal.record_of(&corrected).await?;
            meant.extend(key.map(|key| match key.kind {
                RecordKind::Correction => key.source,
                RecordKind::Migration => corrected,
            }));
        }
    }
    let meant: Vec<RevisionArn> = meant.into_iter().collect();
    match meant.as_slice() {
        [] if !unreadable.is_empty() => Err(unread(&unreadable)),
        [] => Err(none(name)),
        [source] => Ok(source.clone()),
        several => {
            let arns: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Failure::usage(format!("`{name}` matches several records"))
                .help(format!("use one of these ARNs: {}", arns.join(", "))))
        }
    }
}

/// Returns the revision that names the record with this head, if an operator named the revision `given`.
fn naming(head: &Head, given: RevisionArn) -> RevisionArn {
    match head.kind {
        RecordKind::Correction => head.source.clone(),
        RecordKind::Migration => given,
    }
}

/// Returns the error for a search in which this version of Logweir could not read some items of the journal.
pub(super) fn unread(unreadable: &[String]) -> Failure {
    let items = names(unreadable.iter().map(String::as_str));
    Failure::error(format!(
        "no readable record has this name, and this version of logweir cannot read these items of the journal: {items}"
    ))
    .help(UNREADABLE)
}

fn none(name: &str) -> Failure {
    Failure::error(format!("the journal has no record of {name}"))
        .help("list all records with `logweir records`, or select another journal with --journal")
}
