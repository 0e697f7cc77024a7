//! What RECORD means: `FAMILY:REVISION` or an ARN, of the source or of one of our revisions.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::failure::Failure;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::record::Head;
use crate::ports::{Filter, Journal};

/// What a name says before any journal is asked.
pub(super) enum RecordName {
    Arn(RevisionArn),
    Short { family: String, revision: u32 },
}

pub(super) fn parse(name: &str) -> Result<RecordName, Failure> {
    if name.starts_with("arn:") {
        return name.parse().map(RecordName::Arn).map_err(|error| Failure::usage(format!("{name}: {error}")));
    }
    let short = name.rsplit_once(':').filter(|(family, _)| is_family(family));
    let short = short.and_then(|(family, revision)| Some((family.to_owned(), revision.parse().ok()?)));
    let (family, revision) =
        short.ok_or_else(|| Failure::usage(format!("`{name}` is not a record")).help("FAMILY:REVISION or an ARN"))?;
    Ok(RecordName::Short { family, revision })
}

/// The source that a name means. A short name that fits several accounts or Regions is refused with their ARNs.
pub(super) async fn source(journal: &impl Journal, name: &str) -> Result<RevisionArn, Failure> {
    let (family, revision) = match parse(name)? {
        RecordName::Short { family, revision } => (family, revision),
        RecordName::Arn(arn) => {
            return match journal.read(&arn).await? {
                Some(_) => Ok(arn),
                None => journal.source_of(&arn).await?.ok_or_else(|| none(name)),
            };
        }
    };
    let filter = Filter { family: Some(family), ..Filter::all(Timestamp::now()) };
    let heads = journal.list(&filter, usize::MAX).await?;
    let mut meant: BTreeSet<RevisionArn> =
        heads.iter().filter(|head| head.source.revision == revision).map(|head| head.source.clone()).collect();
    if meant.is_empty() {
        // It may be one that we registered, now or before: the journal knows those by key.
        let beside = |head: &Head| RevisionArn { revision, ..head.source.clone() };
        for ours in heads.iter().map(beside).collect::<BTreeSet<_>>() {
            meant.extend(journal.source_of(&ours).await?);
        }
    }
    let meant: Vec<RevisionArn> = meant.into_iter().collect();
    match meant.as_slice() {
        [] => Err(none(name)),
        [source] => Ok(source.clone()),
        several => {
            let arns: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(Failure::usage(format!("`{name}` fits several records")).help(format!("name one: {}", arns.join(", "))))
        }
    }
}

fn none(name: &str) -> Failure {
    Failure::could_not(format!("no record of {name}"))
        .help("`logweir records` lists them; --journal says where to look")
}
