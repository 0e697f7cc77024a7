//! Arguments on the wrong side of the `--` of Alert Logic's launcher.

use super::output::shown;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct MisplacedLauncherArguments;

const NAME: RuleName = RuleName::MisplacedLauncherArguments;

impl Rule for MisplacedLauncherArguments {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "arguments on the wrong side of the `--` of Alert Logic's launcher"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.fluent_bit() else { return Vec::new() };
        let Some(launch) = router.launch() else { return Vec::new() };
        let called = router.called();
        let before = launch.unknown.map(|argument| {
            let argument = shown(&argument);
            match launch.has_separator {
                true => (
                    format!("the launcher of {called} does not know the argument `{argument}` before `--`: {EFFECT}"),
                    format!("move `{argument}` behind `--`, where the arguments of Fluent Bit begin"),
                ),
                false => (
                    format!("the command of {called} has no `--` before Fluent Bit's argument `{argument}`: {EFFECT}"),
                    "write `--` between the arguments of the launcher and those of Fluent Bit".into(),
                ),
            }
        });
        let behind = launch.misplaced.map(|argument| {
            let argument = shown(&argument);
            (
                format!("the command of {called} passes the launcher's argument `{argument}` to Fluent Bit: {EFFECT}"),
                format!("move `{argument}` with its key and its value before `--`"),
            )
        });
        before
            .into_iter()
            .chain(behind)
            .map(|(message, advice)| router.advice(NAME, "/command", message, advice))
            .collect()
    }
}

const EFFECT: &str = "the router does not start";
