//! The history of a dead letter: why the message became a dead letter, and after how many redrives it failed again for
//! the same reason. Two message attributes contain this history. A redrive by Logweir or by SQS keeps both attributes,
//! so that the function can compare the reasons.

/// The history of a message that became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterHistory {
    /// The reason in words, such as `refused pass-role-denied`.
    pub why: String,
    /// The number of redrives after which the message failed again for the same reason.
    pub redrives: u32,
}

impl DeadLetterHistory {
    /// The message attribute with the reason.
    pub const WHY: &str = "logweir-why";

    /// The message attribute with the number of redrives.
    pub const REDRIVES: &str = "logweir-redrives";

    /// The reason of a message that failed too often.
    pub const TOO_OFTEN: &str = "failed too often";

    /// Reads the history from the attributes of a message. Returns `None` if the message never became a dead letter.
    pub fn read<'m>(attribute: impl Fn(&str) -> Option<&'m str>) -> Option<Self> {
        let redrives = attribute(Self::REDRIVES).and_then(|text| text.parse().ok()).unwrap_or_default();
        attribute(Self::WHY).map(|why| Self { why: why.to_owned(), redrives })
    }

    /// Returns the history of a message that becomes a dead letter for the reason `why`. `before` is the history in the
    /// attributes of the message. A message with a history was a dead letter before, and was redriven since.
    pub fn after(before: Option<Self>, why: impl Into<String>) -> Self {
        let why = why.into();
        let redrives = before.filter(|before| before.why == why).map_or(0, |before| before.redrives.saturating_add(1));
        Self { why, redrives }
    }

    /// Returns the attributes that contain the history.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let redrives = (self.redrives > 0).then(|| (Self::REDRIVES, self.redrives.to_string()));
        [(Self::WHY, self.why.clone())].into_iter().chain(redrives).collect()
    }
}
