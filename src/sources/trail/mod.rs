//! Reads records of CloudTrail from files: trail files, lists of records, JSON lines, results of LookupEvents, events of
//! EventBridge and exports of CloudWatch Logs, compressed or not.
//!
//! A file is read in pieces, so a file of any size needs the same memory. The [`Sink`] receives each record.

mod broken;
mod elements;
mod files;
mod opened;
mod read;
mod record;
mod scan;

pub use broken::Broken;
pub use files::{Listing, TrailFile, list};
pub use read::{FilesRead, Limits, read_files, read_one};

use crate::domain::trail::Record;

/// What becomes of the records of a file.
pub trait Sink {
    /// Whether the text of a record may contain a record that the sink needs. Otherwise Logweir reads only the ID and
    /// the time of the record.
    fn needs(&self, text: &[u8]) -> bool;

    /// Receives a record that the sink needs, with its text. The record may have no ID and no time.
    fn record(&mut self, record: &Record<'_>, text: &[u8]);

    /// Receives the ID and the time of a record that the sink does not need.
    fn passed_over(&mut self, id: Option<&str>, time: &str);

    /// Receives the fact that an element is no record.
    fn unreadable(&mut self);
}
