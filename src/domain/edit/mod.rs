//! Changes as data: the content of an edit, its application to a document, and the difference between two documents.

pub mod containers;
pub mod difference;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod edit;
pub mod json_patch;
pub mod patch;

pub use edit::{Change, Edit, Ground, Holder, LogGroupChange, NewLogGroup, OptionChange};
