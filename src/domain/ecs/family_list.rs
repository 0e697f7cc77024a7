//! The place of a walk in the list of task-definition families that ECS returns page by page.

use serde::{Deserialize, Serialize};

/// The progress of the list of families.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// Logweir has not called ListTaskDefinitionFamilies yet.
    #[default]
    First,
    /// The token for the next call of ListTaskDefinitionFamilies.
    Next(String),
    /// ECS has listed all families.
    End,
}

impl Listing {
    /// Returns the place after a page. `next` is the token that ECS returned with the page.
    pub fn after(next: Option<String>) -> Self {
        next.map_or(Self::End, Self::Next)
    }

    /// Returns the token for the next call. Returns `None` for the first page.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Next(token) => Some(token),
            Self::First | Self::End => None,
        }
    }
}
