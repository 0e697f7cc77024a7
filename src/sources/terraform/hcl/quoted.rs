//! Texts in quotation marks: their escapes and their variables.

use super::scanner::Scanner;
use super::{ExpressionKind, Fault};

/// Returns the text between the quotation marks of the whole text `quoted`, without its escapes.
pub(super) fn decode(quoted: &str) -> Result<ExpressionKind, Fault> {
    let end = quoted.len() - 1;
    let mut scanner = Scanner::new(quoted, 1..end);
    let (mut text, mut is_template) = (String::new(), false);
    while scanner.at < end {
        let from = scanner.at;
        match (scanner.peek(0), scanner.peek(1), scanner.peek(2)) {
            (Some(b'\\'), Some(_), _) => scanner.at += escape(&quoted[from..end], &mut text),
            (Some(b'$'), Some(b'$'), Some(b'{')) | (Some(b'%'), Some(b'%'), Some(b'{')) => {
                text.push_str(&quoted[from + 1..from + 3]);
                scanner.at += 3;
            }
            (Some(b'$' | b'%'), Some(b'{'), _) => {
                scanner.skip_enclosure()?;
                text.push_str(&quoted[from..scanner.at]);
                is_template = true;
            }
            _ => {
                let c = quoted[from..].chars().next().unwrap_or_default();
                text.push(c);
                scanner.at += c.len_utf8();
            }
        }
    }
    Ok(if is_template { ExpressionKind::Template(text) } else { ExpressionKind::Text(text) })
}

/// Adds the character of the escape at the start of `rest` to `text`. Returns the length of the escape. An unknown
/// escape stays as it is.
fn escape(rest: &str, text: &mut String) -> usize {
    let hex = |digits: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 2 + digits))
    };
    let (c, length) = match rest.as_bytes()[1] {
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'"' => ('"', 2),
        b'\\' => ('\\', 2),
        b'u' => hex(4).unwrap_or(('\\', 1)),
        b'U' => hex(8).unwrap_or(('\\', 1)),
        _ => ('\\', 1),
    };
    text.push(c);
    length
}

/// Returns the text as a text of HCL in quotation marks. A variable in the text stays a variable.
pub(in crate::sources::terraform) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
