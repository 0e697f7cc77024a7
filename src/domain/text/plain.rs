//! Functions that make untrusted text safe to print.

/// Returns the first `most` characters of `text`, without control characters, invisible characters and characters that
/// change the writing direction. Logweir writes untrusted text to logs, terminals and messages only in this form.
pub fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|c| !is_hostile(*c)).take(most).collect()
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
}
