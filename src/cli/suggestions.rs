//! The names that other tools use for a verb or an option of Logweir. For a name from another tool, the error message
//! suggests Logweir's name.

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

const VERBS: [(&str, &str); 18] = [
    ("undo", "backout"),
    ("rollback", "backout"),
    ("revert", "backout"),
    ("restore", "backout"),
    ("history", "records"),
    ("log", "records"),
    ("list", "records"),
    ("plan", "apply --dry-run"),
    ("diff", "check --diff"),
    ("inventory", "audit"),
    ("scan", "check"),
    ("lint", "check"),
    ("redrive", "doctor --fix"),
    ("config", "baseline show"),
    ("validate", "baseline check"),
    ("pause", "hold"),
    ("freeze", "hold"),
    ("unhold", "hold --release"),
];

const OPTIONS: [(&str, &str); 11] = [
    ("--most", "--limit"),
    ("--max", "--limit"),
    ("--again", "--force"),
    ("--restore-stale", "--restore-over-newer"),
    ("--write", "--in-place"),
    ("--only", "--select"),
    ("--skip", "--ignore"),
    ("--disable", "--ignore"),
    ("--soft-fail", "--exit-zero"),
    ("--no-gitignore", "--no-ignore"),
    ("--config", "--baseline"),
];

/// Says where the help lists the formats that only some verbs have, if the error is about an unknown format.
fn with_formats(mut error: Error) -> Error {
    let of_format =
        |argument: &ContextValue| matches!(argument, ContextValue::String(name) if name.contains("--format"));
    if error.get(ContextKind::InvalidArg).is_some_and(of_format) {
        let tip = StyledStr::from("the option --output in the help of the verb lists further formats");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

/// Adds Logweir's name of the verb or option to the error, if the unknown name comes from another tool. Returns every
/// other error unchanged.
pub(super) fn add(mut error: Error) -> Error {
    let (names, kind): (&[_], _) = match error.kind() {
        ErrorKind::InvalidSubcommand => (&VERBS, ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => (&OPTIONS, ContextKind::InvalidArg),
        ErrorKind::InvalidValue => return with_formats(error),
        _ => return error,
    };
    let Some(ContextValue::String(unknown)) = error.get(kind) else { return error };
    let known = names.iter().find(|(other, _)| other == unknown).map(|(_, known)| *known);
    if let Some(known) = known {
        let named = if kind == ContextKind::InvalidSubcommand { format!("logweir {known}") } else { known.to_owned() };
        for nearest in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
            error.remove(nearest);
        }
        let tip = StyledStr::from(format!("use `{named}`"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}
