//! Questions to the person at the terminal.

use std::io::{self, BufRead, IsTerminal};

use super::failure::Failure;
use super::printer::Printer;

impl Printer {
    /// Returns an error if Logweir cannot prompt the operator. `in_json` says why JSON cannot prompt, and `help` names
    /// the alternative.
    pub(super) fn can_ask(&self, in_json: &str, help: &str) -> Result<(), Failure> {
        if self.is_json() {
            return Err(Failure::usage(in_json).help(help));
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage("there is no terminal to ask at").help(help));
        }
        Ok(())
    }

    /// Asks once. Whatever is no yes is a no.
    pub(super) fn asked(&self, question: &str) -> Result<bool, Failure> {
        self.ask(question);
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(|error| Failure::could_not(error.to_string()))?;
        Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}
