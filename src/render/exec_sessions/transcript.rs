//! The transcript of one session. A transcript contains everything that the container printed, so its control sequences
//! could change the terminal of its reader.

use anstream::adapter::strip_str;
use serde_json::{Value, json};

use crate::domain::report::schema;
use crate::domain::text::plain::plain;

/// The result of `logweir exec transcript`.
pub struct TranscriptOutput {
    pub session_id: String,
    /// `cloudwatch` or `s3`.
    pub kind: &'static str,
    pub place: String,
    /// The size of the whole transcript in bytes. `None` if the service tells no size.
    pub size: Option<u64>,
    /// Whether the text is the whole transcript.
    pub is_whole: bool,
    /// The text without control sequences.
    pub text: String,
}

impl TranscriptOutput {
    pub fn text(&self) -> String {
        self.text.clone()
    }

    pub fn json(&self) -> Value {
        let Self { session_id, kind, place, size, is_whole, text } = self;
        json!({
            "schema": schema::EXEC_TRANSCRIPT, "session_id": session_id, "kind": kind, "place": place, "bytes": size,
            "complete": is_whole, "text": text
        })
    }
}

/// Returns a transcript without control sequences, control characters, invisible characters and characters that change
/// the writing direction. Line breaks and tabs stay. A carriage return becomes a line break, so that no line hides what
/// was printed before.
pub fn harmless(transcript: &[u8]) -> String {
    let text = strip_str(&String::from_utf8_lossy(transcript)).to_string();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let line = |line: &str| line.split('\t').map(|part| plain(part, usize::MAX)).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_cannot_change_the_terminal_of_its_reader() {
        for (raw, expected) in [
            ("\u{1b}]0;title\u{7}\u{1b}[31mred\u{1b}[0m\r\nnext\n", "red\nnext\n"),
            ("secret\rhidden", "secret\nhidden"),
            ("a\u{8}b\tc\u{202e}d\u{9b}31m", "ab\tcd31m"),
            ("\u{1b}P$q\u{1b}\\x", "x"),
            ("\u{1b}[2J\u{1b}[H# ls", "# ls"),
        ] {
            assert_eq!(harmless(raw.as_bytes()), expected, "{raw:?}");
        }
        assert_eq!(harmless(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }

    proptest::proptest! {
        #[test]
        fn no_control_character_stays_except_line_breaks_and_tabs(raw in proptest::collection::vec(0..=255_u8, 0..200)) {
            let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
            proptest::prop_assert!(!harmless(&raw).contains(is_control));
        }
    }
}
