//! `logweir man`: prints the man page, or writes the pages of all verbs to a folder.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::{Man, generate_to};

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::domain::text::plain::without_number;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir man > logweir.1                       the page of the program",
    "logweir man --output ~/.local/share/man/man1  also a page for each verb",
];

#[derive(Args)]
pub(in crate::cli) struct ManArgs {
    /// Write the man pages to this folder
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl ManArgs {
    pub(in crate::cli) fn run(&self, context: &Context, command: Command) -> VerbResult {
        let Some(folder) = &self.output else {
            let mut page = Vec::new();
            Man::new(command).render(&mut page).map_err(|error| Failure::error(error.to_string()))?;
            context.printer.document(&String::from_utf8_lossy(&page));
            return Ok(Exit::Fine);
        };
        fs::create_dir_all(folder).and_then(|()| generate_to(command, folder)).map_err(|error| {
            let why = error.to_string();
            Failure::error(format!("cannot write man pages to {}: {}", folder.display(), without_number(&why)))
                .help("name another folder: --output DIR")
        })?;
        Ok(Exit::Fine)
    }
}
