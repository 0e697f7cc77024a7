//! The questions of an audit.

use crate::domain::audit::Text;

/// The subject of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// This revision.
    Revision(Text, u32),
    /// This revision, which is the newest of its family.
    Newest(Text, u32),
    /// The newest ACTIVE revision of this family.
    Family(Text),
}

impl Question {
    /// Returns the argument of DescribeTaskDefinition.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Revision(family, revision) | Self::Newest(family, revision) => format!("{family}:{revision}"),
            Self::Family(family) => family.to_string(),
        }
    }

    pub(super) fn revision(&self) -> Option<(&Text, u32)> {
        match self {
            Self::Revision(family, revision) | Self::Newest(family, revision) => Some((family, *revision)),
            Self::Family(_) => None,
        }
    }

    pub(super) fn family(&self) -> &Text {
        match self {
            Self::Revision(family, _) | Self::Newest(family, _) | Self::Family(family) => family,
        }
    }
}
