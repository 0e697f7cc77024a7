//! Text that anybody may have written, for messages that programs make links, mentions and formats of.

use crate::domain::text::plain::plain;

/// A text between backticks, where neither Slack nor Teams formats anything. What could end the span or mean something in
/// spite of it gives way to what only looks like it: a session may be called `<!here>`.
pub(super) fn code(text: &str, most: usize) -> String {
    let text: String = bounded(text, most)
        .chars()
        .map(|c| match c {
            '`' => '\'',
            '<' => '\u{2039}',
            '>' => '\u{203a}',
            '&' => '\u{ff06}',
            '@' => '\u{ff20}',
            '|' => '\u{a6}',
            other => other,
        })
        .collect();
    if text.is_empty() { "(nothing)".into() } else { format!("`{text}`") }
}

/// A text within a line of mail.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let text = bounded(text, most).replace('"', "'");
    if text.is_empty() { "(nothing)".into() } else { format!("\"{text}\"") }
}

/// On one line, with no address in it that a program would make a link of.
fn bounded(text: &str, most: usize) -> String {
    // Marks that stack upon letters reach into the lines around them.
    let stacks = |c: &char| matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}');
    // Ends of lines part words.
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !stacks(c)).collect();
    let whole = plain(&spaced, usize::MAX);
    let words = whole.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut text: String = words.chars().take(most).collect();
    if text.len() < words.len() {
        text.push('…');
    }
    let text = text.replace("://", "[:]//");
    ["www.", "mailto:"].iter().fold(text, |text, start| unlinked(&text, start))
}

/// `text` with the last character of each `start`, in whatever case, between brackets.
fn unlinked(text: &str, start: &str) -> String {
    let (head, last) = start.split_at(start.len() - 1);
    let lower = text.to_ascii_lowercase();
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(start) {
        out.push_str(&text[from..at + head.len()]);
        out.push('[');
        out.push_str(last);
        out.push(']');
        from = at + start.len();
    }
    out + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_span_or_calls_anybody() {
        assert_eq!(code("a`<!here>&<@U1|x>`", 100), "`a'‹!here›＆‹＠U1¦x›'`");
        assert_eq!(code("\n\u{202e}\u{200b}", 100), "(nothing)");
        assert_eq!(code("a\n\n* b\u{2028}c", 100), "`a * b c`");
    }

    #[test]
    fn no_address_stays_one() {
        assert_eq!(
            quoted("https://evil.example WwW.evil.example MAILTO:x", 100),
            "\"https[:]//evil.example WwW[.]evil.example MAILTO[:]x\""
        );
    }

    #[test]
    fn what_is_cut_off_is_shown_to_be() {
        assert_eq!(quoted("äöü", 2), "\"äö…\"");
        assert_eq!(quoted("äöü", 3), "\"äöü\"");
    }
}
