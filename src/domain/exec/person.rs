//! The person of a session.

use serde::Serialize;

use crate::domain::trail::{Person, Strength};

/// A person, the evidence for the name, and how certain the name is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedPerson {
    pub name: String,
    /// The member of the event that names the person, such as `source-identity`.
    pub how: String,
    /// `proven`, `claimed` or `unknown`.
    pub strength: &'static str,
}

impl NamedPerson {
    /// Returns the person of a session without an event.
    pub(super) fn unknown() -> Self {
        Self { name: "unknown".into(), how: "none".into(), strength: Strength::Unknown.name() }
    }

    /// Returns the person that assumed the role of the caller.
    pub(super) fn by_role(person: &Person) -> Self {
        let named = Self::from(person);
        Self { how: format!("{} by assume-role", named.how), ..named }
    }
}

impl From<&Person> for NamedPerson {
    fn from(Person { name, how, strength }: &Person) -> Self {
        Self { name: name.clone(), how: how.name().into(), strength: strength.name() }
    }
}
