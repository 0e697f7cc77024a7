//! The ID of a record.

use std::fmt;

/// The ID of a record. CloudTrail's IDs are UUIDs, which need little memory in this form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventId {
    Uuid([u8; 16]),
    Other(Box<str>),
}

/// The places of the hyphens of a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The longest ID that Logweir keeps, in characters. Longer IDs are cut.
const LONGEST: usize = 128;

impl EventId {
    pub fn new(text: &str) -> Self {
        uuid(text.as_bytes()).map_or_else(|| Self::Other(text.chars().take(LONGEST).collect()), Self::Uuid)
    }
}

/// Reads a UUID in lower case. Any other text stays a text, so that the report shows it as it is.
fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 || HYPHENS.iter().any(|place| text[*place] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut place = 0;
    for byte in &mut bytes {
        if HYPHENS.contains(&place) {
            place += 1;
        }
        *byte = digit(text[place])? << 4 | digit(text[place + 1])?;
        place += 2;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(text) => f.write_str(&crate::domain::text::plain::plain(text, LONGEST)),
            Self::Uuid(bytes) => bytes.iter().enumerate().try_for_each(|(at, byte)| {
                let hyphen = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
                write!(f, "{hyphen}{byte:02x}")
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_it_was_written() {
        let uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
        assert!(matches!(EventId::new(uuid), EventId::Uuid(_)));
        for text in
            [uuid, "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0", "", "event 1", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fé"]
        {
            assert_eq!(EventId::new(text).to_string(), text);
        }
        assert_eq!(EventId::new("a\u{202e}\u{1b}[31m").to_string(), "a[31m");
        assert_eq!(EventId::new(&"x".repeat(500)).to_string().len(), LONGEST);
    }
}
