//! The baseline in the package of the function, as the function publishes it in the journal. The command line, which
//! cannot read the package, then applies the same baseline as the function.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of a baseline file in the package, such as `baseline.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackagedName(pub String);

impl fmt::Display for PackagedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The stored state of a published baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedBaseline {
    pub schema: u32,
    pub place: PackagedName,
    /// The number of times that this state was written.
    pub version: u32,
    /// The text of the baseline file.
    pub text: String,
    /// The time at which a function first started with this text.
    pub at: Timestamp,
}

impl PublishedBaseline {
    pub const SCHEMA: u32 = 1;

    /// Returns the state that follows the stored state `standing`. Returns `None` if `standing` already has this text.
    pub fn after(standing: Option<Self>, place: &PackagedName, text: &str, now: Timestamp) -> Option<Self> {
        let version = standing.as_ref().map_or(0, |standing| standing.version) + 1;
        if standing.is_some_and(|standing| standing.text == text) {
            return None;
        }
        Some(Self { schema: Self::SCHEMA, place: place.clone(), version, text: text.to_owned(), at: now })
    }
}
