//! The texts of requests, which callers choose, as the journal stores them.

use crate::domain::text::plain::plain;

/// The maximum length, in characters, of each text of a request that the journal stores.
const LONGEST: usize = 256;

/// Returns the text without unsafe characters, and at most as long as the journal stores it.
pub(super) fn bounded(text: Option<&String>) -> Option<String> {
    text.map(|text| plain(text, LONGEST))
}
