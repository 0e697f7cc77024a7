//! An output plugin that the router's image does not contain or does not load.
//!
//! The images of AWS contain the plugins `cloudwatch`, `firehose` and `kinesis`, which are written in Go. Their entry
//! point loads these plugins with the argument `-e`; another entry point has to repeat it (source:
//! aws/aws-for-fluent-bit, entrypoint.sh).

use std::collections::BTreeSet;

use super::output::{Output, shown};
use crate::domain::firelens::image::{RouterImage, Vendor};
use crate::domain::firelens::plugin::{Plugin, similar};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnavailableOutputPlugin;

const NAME: RuleName = RuleName::UnavailableOutputPlugin;

impl Rule for UnavailableOutputPlugin {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an output plugin that the router does not have, or a Go plugin that the router does not load"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.fluent_bit() else { return Vec::new() };
        let router = Start::of(&router);
        let fault = |output: &Output<'_, '_>| {
            let (message, advice) = fault(&router, output)?;
            Some(output.finding(NAME, "Name", message, advice))
        };
        case.outputs().iter().filter_map(fault).collect()
    }
}

/// How the router starts.
struct Start {
    image: Option<RouterImage>,
    /// Whether the task definition sets an entry point or a command.
    is_custom: bool,
    /// Whether the command line runs Fluent Bit itself or the launcher of Alert Logic, and no script that might load
    /// libraries.
    runs_fluent_bit: bool,
    /// The names of libraries in the command line.
    libraries: BTreeSet<String>,
}

impl Start {
    fn of(router: &Subject<'_, '_>) -> Self {
        let sets = |member| router.container.member(member).is_some_and(|value| !value.is_null());
        let line = router.command_line().unwrap_or_default();
        let words: Vec<&str> = line.iter().flat_map(|word| word.split([' ', '\n', '\t', '='])).collect();
        let files = words.iter().filter_map(|word| word.rsplit('/').next());
        Self {
            image: router.image().map(|(_, image)| image),
            is_custom: sets("entryPoint") || sets("command"),
            runs_fluent_bit: files.clone().any(|file| matches!(file, "fluent-bit" | "fluent-launch")),
            libraries: files.map(|file| file.trim_start_matches("-e")).filter(is_library).map(String::from).collect(),
        }
    }

    /// Whether the router runs an image of AWS or of the Fluent Bit project, and loads no library of its own.
    fn is_stock(&self) -> bool {
        let is_known = self.image.as_ref().is_some_and(|image| image.vendor != Vendor::Other);
        is_known && (!self.is_custom || self.runs_fluent_bit && self.libraries.is_empty())
    }

    /// Whether the router starts Fluent Bit with a command line of its own, which does not load the library.
    fn skips(&self, library: &str) -> bool {
        self.runs_fluent_bit && !self.libraries.contains(library)
    }
}

fn is_library(file: &&str) -> bool {
    file.ends_with(".so")
}

/// Returns the message and the advice about an output whose plugin the router does not have.
fn fault(router: &Start, output: &Output<'_, '_>) -> Option<(String, String)> {
    let called = output.subject.called();
    match output.plugin {
        None if router.is_stock() => {
            let name = shown(output.name);
            let message = format!(
                "{called} logs to the output plugin `{name}`, which Fluent Bit does not have: the router does not start"
            );
            let advice = match similar(output.name) {
                Some(similar) => format!("set `Name` to `{similar}`, or use an image that loads the plugin with `-e`"),
                None => "name a plugin of Fluent Bit, or use an image that loads the plugin with `-e`".into(),
            };
            Some((message, advice))
        }
        None => None,
        Some(plugin) => of_go(router, plugin, &called),
    }
}

fn of_go(router: &Start, plugin: &Plugin, called: &str) -> Option<(String, String)> {
    let (name, library) = (plugin.name, plugin.library?);
    let core = match name {
        "firehose" => "kinesis_firehose",
        "kinesis" => "kinesis_streams",
        _ => "cloudwatch_logs",
    };
    let (why, other) = if router.image.as_ref().and_then(RouterImage::has_go_plugins) == Some(false) {
        ("which the image of the router does not contain", "use the image aws-for-fluent-bit".to_owned())
    } else if router.skips(library) {
        let arguments = format!("add `-e` and `/fluent-bit/{library}` to the arguments of Fluent Bit");
        ("which the command line of the router does not load", arguments)
    } else {
        return None;
    };
    let message = format!("{called} logs to the Go plugin `{name}`, {why}: the router does not start");
    Some((message, format!("{other}, or set `Name` to `{core}`")))
}
