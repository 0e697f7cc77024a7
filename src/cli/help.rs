//! The help texts. `-h` shows only the options of the verb, and `--help` also shows the global options.

use std::ffi::OsString;

use clap::Command;

/// The line with the meanings of the exit codes, at the end of each help text.
macro_rules! exit_codes {
    () => {
        "Exit codes: 0 nothing to fix · 1 findings · 2 error · 64 usage"
    };
}
pub(super) use exit_codes;

/// The examples of a verb and the line about the exit codes, at the end of a verb's help text.
macro_rules! examples {
    ($($line:literal),+ $(,)?) => {
        concat!(
            "Examples:\n",
            $("  ", $line, "\n",)+
            "\n",
            $crate::cli::help::exit_codes!()
        )
    };
}
pub(super) use examples;

/// Returns the command. If the arguments contain `-h`, the help of the command omits the global options. Otherwise it
/// also shows the options that `-h` leaves out.
pub(super) fn for_arguments(command: Command, arguments: &[OsString]) -> Command {
    let is_short = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "-h");
    if !is_short {
        return with_all_options(command);
    }
    command.mut_args(|argument| {
        let is_hidden = argument.is_global_set() && argument.get_id() != "help";
        argument.hide(is_hidden)
    })
}

/// Returns the command with a help that leaves no option out.
fn with_all_options(command: Command) -> Command {
    command.mut_args(|argument| argument.hide_short_help(false)).mut_subcommands(with_all_options)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use clap::{CommandFactory, Parser};

    use crate::cli::Cli;

    /// Panics if the command is not valid. Ignores comments and shell syntax, which start with two spaces, `#`, `>` or
    /// `|`.
    fn assert_valid(place: &str, command: &str) {
        let ends = ["  ", " #", " > ", " 2> ", " |", " \\"];
        let end = ends.iter().filter_map(|end| command.find(end)).min().unwrap_or(command.len());
        let words = shlex::split(&command[..end]).unwrap();
        match Cli::try_parse_from(words) {
            Err(error) if error.use_stderr() => panic!("{place}: {command}: {error}"),
            _ => {}
        }
    }

    fn pages() -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let docs = walkdir::WalkDir::new(root.join("docs")).into_iter().map(|entry| entry.unwrap().into_path());
        let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
        pages.chain([root.join("README.md"), root.join("CONTRIBUTING.md")]).collect()
    }

    #[test]
    fn every_example_is_a_valid_command() {
        for verb in Cli::command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            let commands: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")).collect();
            assert!(!commands.is_empty(), "{} has no example", verb.get_name());
            commands.iter().for_each(|command| assert_valid(verb.get_name(), command));
        }
    }

    #[test]
    fn every_command_on_a_page_is_valid() {
        let mut count = 0;
        for page in pages() {
            let text = fs::read_to_string(&page).unwrap();
            let lines = text.lines().map(|line| line.trim_start().trim_start_matches("$ "));
            for command in lines.filter(|line| line.starts_with("logweir ") && !line.contains("[OPTIONS]")) {
                assert_valid(&page.display().to_string(), command);
                count += 1;
            }
        }
        assert!(count > 30, "{count} commands");
    }

    #[test]
    fn the_reference_page_lists_each_verb_with_its_help() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/command-line.md");
        let page = fs::read_to_string(page).unwrap();
        for verb in Cli::command().get_subcommands() {
            let row = format!("| `{}` | {}. |", verb.get_name(), verb.get_about().unwrap());
            assert!(page.lines().any(|line| line == row), "docs/reference/command-line.md needs the row\n{row}");
        }
    }
}
