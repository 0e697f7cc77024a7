//! The environment variables of the options. An empty variable counts as not set, because a shell or a pipeline cannot
//! always remove a variable.

use std::env;

use clap::{Arg, Command};

/// Returns the command without the environment variables that are empty.
pub(super) fn without_empty(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = command.mut_args(without);
    names.into_iter().fold(command, |command, verb| command.mut_subcommand(verb, without_empty))
}

fn without(argument: Arg) -> Arg {
    let is_empty = argument.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { argument.env(None::<&str>) } else { argument }
}
