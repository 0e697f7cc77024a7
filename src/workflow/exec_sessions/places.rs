//! Looks for transcripts.

use std::collections::BTreeMap;

use super::reads::Reads;
use crate::domain::exec::{Destination, Look, Place, Seen};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Clusters, ExecSessions, LogGroups, Stored, TaskDefinitions, Timer};

/// The looks of one run.
#[derive(Default)]
pub(super) struct Places {
    /// The log groups and buckets that could not be read. Logweir does not try them again for the next session.
    unread: BTreeMap<String, String>,
}

impl Places {
    /// Returns what is found at each place of a destination.
    pub(super) async fn look<E, L, S, T>(
        &mut self,
        reads: &mut Reads<'_, E, L, S, T>,
        destination: &Destination,
    ) -> Vec<Look>
    where
        E: Clusters + TaskDefinitions,
        L: LogGroups,
        S: ExecSessions,
        T: Timer,
    {
        let Destination::Places(places, _) = destination else { return Vec::new() };
        let mut looks = Vec::new();
        for place in places {
            let container = match place {
                Place::Stream { group, .. } => group.clone(),
                Place::Object { bucket, .. } => format!("s3://{bucket}"),
            };
            let seen = match self.unread.get(&container) {
                Some(why) => Err(why.clone()),
                None => match place {
                    Place::Stream { group, stream } => of_stream(reads, group, stream).await,
                    Place::Object { bucket, keys } => of_object(reads, bucket, keys).await,
                },
            };
            let seen = seen.unwrap_or_else(|why| {
                self.unread.entry(container).or_insert_with(|| why.clone());
                Seen::Unread(why)
            });
            looks.push(Look { place: place.clone(), seen });
        }
        looks
    }
}

async fn of_stream<E, L, S, T>(reads: &mut Reads<'_, E, L, S, T>, group: &str, stream: &str) -> Result<Seen, String>
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let found = reads.stream(group, stream).await?;
    if let Some(seen) = found.as_ref().and_then(seen) {
        return Ok(seen);
    }
    let (what, retention_days) = match reads.group(group).await {
        // The log streams of other sessions can still be read.
        Err(why) => return Ok(Seen::Unread(why)),
        Ok(LogGroup::Missing) => (format!("the log group {group} does not exist"), None),
        Ok(LogGroup::Exists { retention, .. }) if found.is_some() => {
            (format!("the log stream of the session in {group} has no events"), retention)
        }
        Ok(LogGroup::Exists { retention, .. }) => {
            (format!("the log group {group} has no log stream of the session"), retention)
        }
    };
    Ok(Seen::Absent { what, retention_days })
}

async fn of_object<E, L, S, T>(reads: &mut Reads<'_, E, L, S, T>, bucket: &str, keys: &[String]) -> Result<Seen, String>
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    let mut what = format!("the bucket {bucket} has no object of the session");
    for key in keys {
        if let Some(stored) = reads.object(bucket, key).await? {
            match seen(&stored) {
                Some(seen) => return Ok(seen),
                None => what = format!("the object of the session in the bucket {bucket} is empty"),
            }
        }
    }
    Ok(Seen::Absent { what, retention_days: None })
}

/// Returns `None` if nothing is stored at the place.
fn seen(Stored { bytes, is_empty, first, last }: &Stored) -> Option<Seen> {
    (!is_empty).then_some(Seen::Found { bytes: *bytes, first: *first, last: *last })
}
