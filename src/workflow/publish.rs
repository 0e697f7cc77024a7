//! Copies the baseline from the function's package to the journal, where the command line can read it.

use jiff::Timestamp;

use crate::domain::baseline::published::{PackagedName, PublishedBaseline};
use crate::ports::{CommitError, Journal};

/// The size of the largest published baseline, in bytes. An item of DynamoDB has at most 400 KB, with its keys (source:
/// Amazon DynamoDB Developer Guide, Quotas).
const LARGEST: usize = 399 << 10;

/// The reason why a baseline was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("the baseline is larger than an item of the journal's table (400 KB); shorten the baseline")]
    TooLarge,
    #[error(transparent)]
    Journal(#[from] CommitError),
}

/// Publishes the text of a baseline, unless the journal already has this text. Two functions that start at the same
/// time may both try, and one of them then finds that the other has published the text.
pub async fn publish_baseline(
    journal: &impl Journal,
    place: &PackagedName,
    text: &str,
    now: Timestamp,
) -> Result<(), PublishError> {
    let standing = journal.read_state::<PublishedBaseline>(place).await.map_err(CommitError::from)?;
    let Some(published) = PublishedBaseline::after(standing, place, text, now) else { return Ok(()) };
    // The journal stores the state as JSON.
    if serde_json::to_string(&published).is_ok_and(|json| json.len() > LARGEST) {
        return Err(PublishError::TooLarge);
    }
    Ok(journal.put_state(&published).await?)
}
