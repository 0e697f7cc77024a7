//! Finds the record in an element: the element itself, or the record that a result of LookupEvents or an event of
//! EventBridge contains.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Sink;
use super::broken::Broken;
use crate::domain::trail::{Record, Stub, Text};

/// The members of an element that may contain a record, and the mark of a digest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    /// A result of LookupEvents has the record as a text.
    #[serde(borrow, rename = "CloudTrailEvent")]
    looked_up: Text<'a>,
    /// So does an event of CloudWatch Logs.
    #[serde(borrow)]
    message: Text<'a>,
    /// An event of EventBridge has the record as an object.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, rename = "digestS3Object")]
    digest: Text<'a>,
}

/// Gives the record of an element to the sink. Returns an error if the element shows that the file is a digest.
pub(super) fn give(text: &[u8], sink: &mut impl Sink) -> Result<(), Broken> {
    if take(text, sink) {
        return Ok(());
    }
    let envelope: Envelope<'_> = serde_json::from_slice(text).unwrap_or_default();
    if !envelope.digest.is_empty() {
        return Err(Broken::Digest);
    }
    let inner = envelope.looked_up.some().or(envelope.message.some()).or(envelope.detail.map(RawValue::get));
    if !inner.is_some_and(|inner| take(inner.as_bytes(), sink)) {
        sink.unreadable();
    }
    Ok(())
}

/// Gives a record to the sink. Returns false and gives nothing if the text is no record.
pub(super) fn take(text: &[u8], sink: &mut impl Sink) -> bool {
    if sink.needs(text) {
        if let Ok(record) = serde_json::from_slice::<Record<'_>>(text) {
            return take_record(&record, text, sink);
        }
        let text = with_replacements(text);
        let Ok(record) = serde_json::from_str::<Record<'_>>(&text) else { return false };
        return take_record(&record, text.as_bytes(), sink);
    }
    let Ok(stub) = serde_json::from_slice::<Stub<'_>>(text) else { return false };
    let id = stub.id.some();
    if id.is_some() {
        sink.passed_over(id, &stub.time);
    }
    id.is_some()
}

fn take_record(record: &Record<'_>, text: &[u8], sink: &mut impl Sink) -> bool {
    let has_id = record.id.some().is_some();
    if has_id {
        sink.record(record, text);
    }
    has_id
}

/// Replaces bytes that are no UTF-8, and escapes of one half of a surrogate pair. A caller can choose such a text, such
/// as a user agent, and it must not make a record unreadable.
fn with_replacements(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut replaced = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        replaced.push_str(before);
        let (kept, length) = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&escape[..12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            (Some(_), _) => (&escape[..6], 6),
            (None, _) => {
                let length = escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at);
                (&escape[..length], length)
            }
        };
        replaced.push_str(kept);
        rest = &escape[length..];
    }
    replaced.push_str(rest);
    replaced
}

/// Returns the code unit of UTF-16 that the text escapes at its start.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_half_surrogate_pairs_and_other_bytes_are_replaced() {
        for (text, expected) in [
            (br#"{"a":"\ud83d\ude00 \\ud800 \u0041\n"}"#.as_slice(), r#"{"a":"\ud83d\ude00 \\ud800 \u0041\n"}"#),
            (br#"{"a":"\ud800x\udc00\ud83d\ud83d\ude00\"}"#.as_slice(), r#"{"a":"\ufffdx\ufffd\ufffd\ud83d\ude00\"}"#),
            (b"\xff\\".as_slice(), "\u{fffd}\\"),
            (b"\\u12".as_slice(), "\\u12"),
        ] {
            assert_eq!(with_replacements(text), expected);
        }
    }
}
