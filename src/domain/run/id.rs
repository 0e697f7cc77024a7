//! The ID of a run.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The ID of a run, such as `run-20261201T143833Z-0f3a9c41d2e7`: the time at which Logweir made the plan (UTC), and the
/// first twelve digits of the plan's digest. The same plan always has the same ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// The error for a text that is not the ID of a run. The message does not repeat the text, which is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ID of a run (run-20261201T143833Z-0f3a9c41d2e7)")]
pub struct NotARunId;

impl RunId {
    /// Returns the ID for the digest `sha256:…` of a plan.
    pub fn of(made: Timestamp, digest: &str) -> Self {
        let digits: String = digest.trim_start_matches("sha256:").chars().take(12).collect();
        Self(format!("run-{}-{digits}", made.strftime("%Y%m%dT%H%M%SZ")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('-').collect();
        let &["run", time, digits] = parts.as_slice() else { return Err(NotARunId) };
        let has_form = |text: &str, form: &str| {
            text.len() == form.len()
                && text.bytes().zip(form.bytes()).all(|(byte, wanted)| match wanted {
                    b'0' => byte.is_ascii_digit(),
                    b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                    wanted => byte == wanted,
                })
        };
        let is_id = has_form(time, "00000000T000000Z") && has_form(digits, "xxxxxxxxxxxx");
        if is_id { Ok(Self(text.to_owned())) } else { Err(NotARunId) }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = NotARunId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_and_written_back() {
        let made = "2026-12-01T14:38:33.123Z".parse().unwrap();
        let id = RunId::of(made, "sha256:0f3a9c41d2e7ffffffff");
        assert_eq!(id.as_str(), "run-20261201T143833Z-0f3a9c41d2e7");
        assert_eq!(id.as_str().parse(), Ok(id));
        for other in ["", "run", "run-20261201T143833Z-0F3A9C41D2E7", "run-2026-0f3a9c41d2e7", "web:1"] {
            assert_eq!(other.parse::<RunId>(), Err(NotARunId), "{other}");
        }
    }
}
