//! The place of the transcript of a session, as the journal stores it while Logweir watches the session.

use serde::{Deserialize, Serialize};

use super::destination::Destination;
use super::evidence::Place;
use crate::domain::text::plain::plain;

/// The maximum length of a name or of a reason, in characters. The name of a log group has at most 512 characters.
const LONGEST: usize = 512;

/// The place where the transcript of one session is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TranscriptPlace {
    /// The name of a log group. The log stream has the name of the session.
    Group(String),
    /// The bucket and the key, such as `audit/exec/ID.log`. The function has no permission to read buckets.
    Object(String),
    Both {
        group: String,
        object: String,
    },
    /// Nothing writes a transcript, for this reason.
    Nowhere(String),
    /// Logweir cannot tell the place, for this reason.
    Unknown(String),
}

impl From<Destination> for TranscriptPlace {
    fn from(destination: Destination) -> Self {
        let places = match destination {
            Destination::Places(places, _) => places,
            Destination::Nowhere(why, _) => return Self::Nowhere(plain(&why, LONGEST)),
            Destination::Unknown(why) => return Self::unknown(&why),
        };
        let (mut groups, mut objects) = (None, None);
        for place in places {
            match place {
                Place::Stream { group, .. } => groups = Some(plain(&group, LONGEST)),
                Place::Object { bucket, keys } => {
                    let key = keys.into_iter().next().unwrap_or_default();
                    objects = Some(plain(&format!("{bucket}/{key}"), LONGEST));
                }
            }
        }
        match (groups, objects) {
            (Some(group), None) => Self::Group(group),
            (None, Some(object)) => Self::Object(object),
            (Some(group), Some(object)) => Self::Both { group, object },
            (None, None) => Self::unknown("the cluster names no place"),
        }
    }
}

impl TranscriptPlace {
    /// Returns a place that Logweir could not find out, for this reason.
    pub fn unknown(why: &str) -> Self {
        Self::Unknown(plain(why, LONGEST))
    }

    /// Returns the kind of the place in reports: `cloudwatch`, `s3`, `both`, `none` or `unknown`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Group(_) => "cloudwatch",
            Self::Object(_) => "s3",
            Self::Both { .. } => "both",
            Self::Nowhere(_) => "none",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Returns the log group and the object for people. `None` if there is no known place.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::Group(group) => Some(group.clone()),
            Self::Object(object) => Some(format!("s3://{object}")),
            Self::Both { group, object } => Some(format!("{group} and s3://{object}")),
            Self::Nowhere(_) | Self::Unknown(_) => None,
        }
    }

    /// Returns why there is no known place.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Nowhere(why) | Self::Unknown(why) => Some(why),
            Self::Group(_) | Self::Object(_) | Self::Both { .. } => None,
        }
    }
}
