//! Makes text from other principals safe for notifications, because chat and e-mail programs interpret links, mentions
//! and formats.

use crate::domain::text::plain::plain;

/// The maximum length of a name in a sentence of a notification, in characters.
pub(super) const NAME: usize = 100;

/// The maximum length of any other text in a sentence, such as an ARN or a note, in characters.
pub(super) const TEXT: usize = 300;

/// A function that makes a text from another principal safe for a sentence, and cuts the text to a maximum number of
/// characters.
pub(super) type Foreign = fn(&str, usize) -> String;

/// Returns the text as a code span, between backticks, where neither Slack nor Teams applies formats. Look-alike
/// characters replace the characters that could end the code span or that have a meaning inside a code span. For
/// example, another principal may choose the session name `<!here>`, which would alert a whole Slack channel.
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
    if text.is_empty() { "(empty)".into() } else { format!("`{text}`") }
}

/// Returns the text in quotes, for a line of an e-mail.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let text = bounded(text, most).replace('"', "'");
    if text.is_empty() { "(empty)".into() } else { format!("\"{text}\"") }
}

/// Returns at most `most` characters of the text on one line, with brackets in all addresses that a program would turn
/// into links.
fn bounded(text: &str, most: usize) -> String {
    // Combining marks on a letter can cover the lines above and below the letter.
    let stacks = |c: &char| matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}');
    // A line end separates words, so the line end becomes a space.
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

/// Returns `text` with brackets around the last character of each occurrence of `start`, such as `www[.]`. The search
/// for `start` ignores the case of letters.
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
        assert_eq!(code("\n\u{202e}\u{200b}", 100), "(empty)");
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
