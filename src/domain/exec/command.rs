//! The command of a session, which may contain secrets.

use super::LONGEST;
use crate::domain::text::plain::plain;

/// The command of a session, as CloudTrail recorded it. `Debug` shows the program alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the command with its arguments, without unsafe characters. Only for a caller that asks for it.
    pub fn whole(&self) -> String {
        plain(&self.0, LONGEST)
    }

    /// Returns the program, without the arguments.
    pub fn program(&self) -> String {
        program(&self.0)
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Command").field(&program(&self.0)).finish()
    }
}

/// Returns the name of the program that a command starts. An assignment before the program, such as `PGPASSWORD=x psql`,
/// is left out, because its value may be a secret. Returns `?` if the command names no program.
pub fn program(command: &str) -> String {
    let is_program =
        |word: &String| !word.is_empty() && !word.contains(['"', '\'', '$', '`', ';', '|', '&', '<', '>', '@', ' ']);
    // The words of a shell, so that a part of a value in quotes is no word of its own.
    let words = shlex::split(command).unwrap_or_default();
    let word = words.into_iter().find(|word| !word.contains('=')).filter(is_program);
    word.map_or_else(|| "?".to_owned(), |word| plain(&word, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_without_its_arguments_and_assignments() {
        for (command, expected) in [
            ("/bin/sh", "/bin/sh"),
            ("sh -c \"PGPASSWORD=x psql\"", "sh"),
            ("PGPASSWORD=secret psql", "psql"),
            ("PGPASSWORD=secret", "?"),
            ("PGPASSWORD='my secret word' psql", "psql"),
            ("PGPASSWORD='my secret", "?"),
            ("\"secret word\" x", "?"),
            ("", "?"),
            ("b\u{1b}[31mash\u{202e}", "b[31mash"),
        ] {
            assert_eq!(program(command), expected, "{command}");
        }
    }

    #[test]
    fn a_command_shows_no_argument_unless_it_is_asked_for() {
        let command = Command::new("sh -c \"PGPASSWORD=secret psql\"");
        assert!(!format!("{command:?}{}", command.program()).contains("secret"));
        assert!(command.whole().contains("secret"));
    }
}
