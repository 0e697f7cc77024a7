//! Copies the baseline from the function's package to the journal, where the command line can read it.

use jiff::Timestamp;

use crate::domain::baseline::published::{PackagedName, PublishedBaseline};
use crate::ports::{CommitError, Journal};

/// Publishes the text of a baseline, unless the journal already has this text. Two functions that start at the same
/// time may both try, and one of them then finds that the other has published the text.
pub async fn publish_baseline(
    journal: &impl Journal,
    place: &PackagedName,
    text: &str,
    now: Timestamp,
) -> Result<(), CommitError> {
    let standing = journal.read_state::<PublishedBaseline>(place).await?;
    match PublishedBaseline::after(standing, place, text, now) {
        Some(published) => journal.put_state(&published).await,
        None => Ok(()),
    }
}
