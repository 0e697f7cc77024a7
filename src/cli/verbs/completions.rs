//! `logweir completions`: prints a completion script for a shell.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::cli::context::Context;
use crate::cli::failure::{Exit, VerbResult};
use crate::cli::help::examples;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir completions bash > ~/.local/share/bash-completion/completions/logweir",
    "logweir completions zsh > ~/.zfunc/_logweir",
    "logweir completions fish > ~/.config/fish/completions/logweir.fish",
];

#[derive(Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell for which to print the script
    shell: Shell,
}

impl CompletionsArgs {
    pub(in crate::cli) fn run(&self, context: &Context, mut command: Command) -> VerbResult {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "logweir", &mut script);
        context.printer.document(&String::from_utf8_lossy(&script));
        Ok(Exit::Fine)
    }
}
