//! The digest that identifies a baseline in each report and record, and that an operator confirms.

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::domain::text::hex;

/// Two digests of the baseline that versions before 0.1.0 shipped: the digest of its text, which these versions used, and
/// the digest of its settings.
pub(in crate::domain) const FORMER: (&str, &str) = (
    "sha256:a190293cf0ca3f36e77408822128393eeb1690f27f146e1a3935a0a2d5d165fd",
    "sha256:66fd3187e6599da071e871feb458e18efe785198051650acf5e2b632a25c0702",
);

/// Returns the digest of the settings in the document, `sha256:…`. Comments, blank lines and the order of keys do not
/// change the digest.
pub(super) fn of(document: &Table) -> String {
    let mut canonical = Vec::new();
    write_table(document, &mut canonical);
    format!("sha256:{}", hex(&Sha256::digest(&canonical)))
}

/// Whether `name` equals `digest`, or is the former digest of the same settings.
pub(in crate::domain) fn is_same(digest: &str, name: &str) -> bool {
    name == digest || FORMER == (name, digest)
}

fn write_table(table: &Table, to: &mut Vec<u8>) {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| *key);
    to.push(b'{');
    for (key, value) in members {
        write_text(key, to);
        write_value(value, to);
    }
    to.push(b'}');
}

/// Writes a byte for the type and then the value, so that values of different types have different forms.
fn write_value(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Table(table) => write_table(table, to),
        Value::Array(values) => {
            to.push(b'[');
            values.iter().for_each(|value| write_value(value, to));
            to.push(b']');
        }
        Value::String(text) => {
            to.push(b's');
            write_text(text, to);
        }
        Value::Integer(number) => to.extend(format!("i{number},").bytes()),
        Value::Float(number) => to.extend(format!("f{number:?},").bytes()),
        Value::Boolean(is_on) => to.extend(format!("b{is_on},").bytes()),
        Value::Datetime(moment) => to.extend(format!("d{moment},").bytes()),
    }
}

/// Writes the length of the text and then the text, so that the boundary between two texts is unambiguous.
fn write_text(text: &str, to: &mut Vec<u8>) {
    to.extend(format!("{}:{text}", text.len()).bytes());
}
