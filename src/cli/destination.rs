//! Says where a run acts: the account, the Region, the endpoint, the baseline and the journal. A person can then notice
//! another account before Logweir changes anything in it.

use super::connect::Intent;
use super::context::Context;
use super::failure::{Exit, Failure, VerbResult};
use crate::aws::Aws;
use crate::domain::event::Home;
use crate::domain::text::plain::plain;

/// The longest alias in the output, which IAM limits to 63 characters.
const LONGEST: usize = 63;

impl Context {
    /// Writes the account, the Region, the endpoint if it is not that of AWS, and the given lines to standard error.
    pub(super) async fn show_destination(&self, aws: &Aws, home: &Home, lines: &[String]) -> Result<(), Failure> {
        let connection = self.connection().await?;
        let alias = aws.account_alias().await.map(|alias| format!(" ({})", plain(&alias, LONGEST)));
        let account = format!("account: {}{}, {}", home.account, alias.unwrap_or_default(), connection.credentials);
        let endpoints = connection.endpoints();
        self.printer.note(&account);
        self.printer.note(&format!("region: {}", home.region));
        if !endpoints.is_empty() {
            self.printer.note(&format!("endpoint: {}", endpoints.join(", ")));
        }
        lines.iter().for_each(|line| self.printer.note(line));
        Ok(())
    }

    /// Asks the person at the terminal whether to act, and runs `act` if the answer is yes. Without a terminal, or with
    /// `--yes`, runs `act` at once: a backout in a script must not wait for an answer.
    pub(super) async fn if_agreed(
        &self,
        intent: Intent,
        yes: bool,
        question: &str,
        act: impl AsyncFnOnce() -> VerbResult,
    ) -> VerbResult {
        if intent == Intent::Act && !yes && self.printer.is_attended() && !self.printer.asked(question)? {
            self.printer.note("nothing was changed");
            return Ok(Exit::Findings);
        }
        act().await
    }
}
