//! The commands in a script of a shell, as far as the script shows their words.

/// A script that a container runs with a shell. Returns `None` if the command line runs no shell with `-c`.
pub(super) fn script<'a>(line: &[&'a str]) -> Option<&'a str> {
    let (shell, rest) = line.split_first()?;
    let is_shell = matches!(shell.rsplit('/').next(), Some("sh" | "ash" | "bash" | "dash"));
    let at = rest.iter().position(|word| !word.starts_with('-'))?;
    let has_script = rest[..at].iter().any(|option| !option.starts_with("--") && option.contains('c'));
    (is_shell && has_script).then(|| rest[at])
}

/// Returns the words of each command. Leaves out a command of which the shell replaces a part, such as a variable, and
/// a command that redirects its output.
pub(super) fn commands(script: &str) -> Vec<Vec<String>> {
    let mut commands = Commands::default();
    let mut characters = script.chars().peekable();
    let mut quote: Option<char> = None;
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('\''), c) => commands.push(c),
            (_, '$' | '`') => commands.is_hidden = true,
            (Some(_), '\\') if !matches!(characters.peek(), Some('"' | '\\' | '$' | '`')) => commands.push('\\'),
            (_, '\\') => match characters.next() {
                Some('\n') | None => {}
                Some(c) => commands.push(c),
            },
            (Some(_), c) => commands.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                commands.word.get_or_insert_default();
            }
            (None, '#') if commands.word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            (None, '<' | '>') => commands.is_hidden = true,
            (None, ';' | '&' | '|' | '(' | ')' | '\n') => commands.end(),
            (None, c) if c.is_whitespace() => commands.end_word(),
            (None, c) => commands.push(c),
        }
    }
    commands.end();
    commands.read
}

/// The commands that were read, and the command that is being read.
#[derive(Default)]
struct Commands {
    read: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    is_hidden: bool,
}

impl Commands {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end(&mut self) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        if !std::mem::take(&mut self.is_hidden) && !words.is_empty() {
            self.read.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_the_first_word_behind_the_options_of_a_shell() {
        for (line, found) in [
            (&["/bin/sh", "-c", "a b", "c"][..], Some("a b")),
            (&["bash", "-e", "-c", "a"], Some("a")),
            (&["bash", "--norc", "-lc", "a"], Some("a")),
            (&["sh", "--norc", "a"], None),
            (&["sh", "a.sh", "-c"], None),
            (&["sh", "-c"], None),
            (&["/entrypoint.sh", "-c", "a"], None),
            (&[], None),
        ] {
            assert_eq!(script(line), found, "{line:?}");
        }
    }

    #[test]
    fn words_are_read_without_their_quotation_marks() {
        for (script, found) in [
            ("a -m * ; b 'x y' && c \"\" | d", &[&["a", "-m", "*"][..], &["b", "x y"], &["c", ""], &["d"]][..]),
            ("a \\\n  b\nc # d", &[&["a", "b"], &["c"]]),
            ("a x#y \\; \"q\\\"\\n\"", &[&["a", "x#y", ";", "q\"\\n"]]),
            ("a '$X' ; b $X ; c \"$X\" ; d `e` ; f >g ; h", &[&["a", "$X"], &["h"]]),
            ("'a", &[&["a"]]),
            ("a\\", &[&["a"]]),
            (";;\n", &[]),
        ] {
            assert_eq!(commands(script), found, "{script}");
        }
    }
}
