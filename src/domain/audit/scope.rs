//! The scopes of audited revisions: whether a revision runs, would run next, or is an older ACTIVE revision.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// Why a revision matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// A deployment or a task set of a service, or a running task uses the revision.
    Running,
    /// The revision is the newest ACTIVE revision of its family, which a caller gets who names only the family.
    Next,
    /// The revision is ACTIVE, older than the newest one, and nothing uses it.
    Stale,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Running, Self::Next, Self::Stale];

    /// Returns the name in the spelling of options and reports, such as `running`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Next => "next",
            Self::Stale => "stale",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Running => 1,
            Self::Next => 2,
            Self::Stale => 4,
        }
    }
}

/// A set of scopes. A revision can run and be the newest revision of its family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scopes(u8);

impl Scopes {
    pub const ALL: Self = Self(7);

    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        scopes.into_iter().fold(Self::default(), Self::with)
    }

    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Returns the scopes of both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both sets have a scope in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the scopes, `running` first.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// Returns the names of the scopes, such as `running, next`.
    pub fn names(self) -> String {
        self.iter().map(Scope::name).collect::<Vec<_>>().join(", ")
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for scope in self.iter() {
            list.serialize_element(&scope)?;
        }
        list.end()
    }
}
