//! Functions that make untrusted text safe to print.

/// Returns the first `most` characters of `text`, without control characters, invisible characters and characters that
/// change the writing direction. Logweir writes untrusted text to logs, terminals and messages only in this form.
pub fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|c| !is_hostile(*c)).take(most).collect()
}

/// Returns `text` as [`plain`] does, but at most `most` characters that end with a whole word and with `…`.
pub fn shortened(text: &str, most: usize) -> String {
    let whole = plain(text, most + 1);
    if whole.chars().count() <= most {
        return whole;
    }
    // A word that is longer than half of the limit is cut, because little would be left otherwise.
    let words = plain(&whole, most.saturating_sub(1));
    let words =
        words.rfind(char::is_whitespace).filter(|end| *end > words.len() / 2).map(|end| words[..end].to_owned());
    format!("{} …", words.unwrap_or_else(|| plain(&whole, most.saturating_sub(2))).trim_end())
}

/// Returns the text of an error of the operating system without its number, which only programs can use.
pub fn without_number(text: &str) -> &str {
    match text.rsplit_once(" (os error ") {
        Some((text, number)) if number.ends_with(')') => text,
        _ => text,
    }
}

fn is_hostile(c: char) -> bool {
    let turns_or_ends_a_line = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}');
    let is_unseen = matches!(c, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || turns_or_ends_a_line || is_unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_ends_a_line_is_taken_out_of_foreign_text() {
        assert_eq!(plain("a\n{\"level\":\"INFO\"}\u{202e}\u{1b}[31mb", 100), "a{\"level\":\"INFO\"}[31mb");
        assert_eq!(plain("a\u{61c}\u{200e}\u{200f}\u{2066}\u{2069}\u{feff}b", 100), "ab");
        assert_eq!(plain("a\u{ad}\u{180e}\u{e0041}\u{fffa}b", 100), "ab");
        assert_eq!(plain("äöü", 2), "äö");
    }

    #[test]
    fn a_long_text_ends_with_a_whole_word() {
        assert_eq!(shortened("one two three", 13), "one two three");
        assert_eq!(shortened("one two three four", 13), "one two …");
        assert_eq!(shortened("one two three four", 15), "one two three …");
        assert_eq!(shortened(&"x".repeat(20), 10), format!("{} …", "x".repeat(8)));
        assert_eq!(shortened("a\u{202e}\u{1b}\u{1b}bc", 3), "abc");
        for most in 0..4 {
            assert!(shortened("äöü äöü äöü", most).chars().count() <= most.max(2), "{most}");
        }
    }

    #[test]
    fn the_number_of_an_error_is_left_out() {
        assert_eq!(without_number("No such file or directory (os error 2)"), "No such file or directory");
        assert_eq!(without_number("no (os error in it"), "no (os error in it");
    }
}
