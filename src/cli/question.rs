//! Questions to the person at the terminal.

use std::io::{self, BufRead, IsTerminal};

use super::failure::Failure;
use super::printer::Printer;

impl Printer {
    /// Returns an error if Logweir cannot prompt the operator. `in_json` is the error message with `--format json`, and
    /// `help` names the options that avoid the question.
    pub(super) fn can_ask(&self, in_json: &str, help: &str) -> Result<(), Failure> {
        if self.is_json() {
            return Err(Failure::usage(in_json).help(help));
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage("cannot prompt: standard input is not a terminal").help(help));
        }
        Ok(())
    }

    /// Returns whether a person can read a question and answer it.
    pub(super) fn is_attended(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks the question once. Returns `true` only for the answers `y` and `yes`.
    pub(super) fn asked(&self, question: &str) -> Result<bool, Failure> {
        Ok(matches!(self.typed(question)?.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks the question once, and returns the line that the person types, without the spaces around it.
    pub(super) fn typed(&self, question: &str) -> Result<String, Failure> {
        self.ask(question);
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(|error| Failure::error(error.to_string()))?;
        Ok(line.trim().to_owned())
    }
}
