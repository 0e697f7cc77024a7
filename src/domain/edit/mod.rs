//! Changes as data: what an edit holds, how it is written into a document, and what differs between two documents.

pub mod difference;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod edit;
pub mod patch;

pub use edit::{Change, Edit, Ground, Holder, LogGroupChange, NewLogGroup, OptionChange};
