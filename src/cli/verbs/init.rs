//! `logweir init`: writes a commented baseline file, and fits it to the task definitions that exist.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::baseline::FILE;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::families::family_targets;
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::placed_baseline::ChosenBaselines;
use crate::cli::targets::{self, Targets, WalkArgs};
use crate::cli::whole_file;
use crate::domain::baseline::{Baseline, BaselineError, Survey, fitted};
use crate::domain::rules::facts::LogGroup;
use crate::domain::rules::packs::LOGGING;
use crate::domain::text::count;
use crate::domain::text::plain::without_number;
use crate::render::human::init::{InitOutput, Learnt};
use crate::settings::SHIPPED_BASELINE;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir init                              write logweir.toml with every setting at its default",
    "logweir init --learn                      fit it to the task definitions of this folder",
    "logweir init --learn infra/ ecs:web       fit it to these targets",
    "logweir init --learn --all                fit it to each family of the account and Region",
];

/// The baseline with which Logweir reads the targets. It requires no retention, so that Logweir does not ask AWS which
/// log groups are empty.
const READING: &str = "version = 1\n[log-group]\nretention-days = \"any\"\n";

#[derive(Args)]
pub(in crate::cli) struct InitArgs {
    /// What to learn from: files, folders, `-` (standard input), ecs:FAMILY[:REVISION] or ARNs [default: this folder]
    #[arg(value_name = "TARGET", requires = "learn")]
    targets: Vec<String>,
    /// Learn from the targets: the pattern of the log groups' names, their retention, and the log drivers in use
    #[arg(long)]
    learn: bool,
    /// Learn from the newest revision of each family in the account and Region, and from their log groups
    #[arg(long, requires = "learn", conflicts_with = "targets")]
    all: bool,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = FILE)]
    path: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    walk: WalkArgs,
}

impl InitArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        if !self.force && self.path.symlink_metadata().is_ok() {
            return Err(self.unwritten(&io::ErrorKind::AlreadyExists.into()));
        }
        let learnt = if self.learn { Some(self.learn(context)?) } else { None };
        let text = learnt.as_ref().map_or_else(|| SHIPPED_BASELINE.to_owned(), text);
        let digest = Baseline::parse(&text).map_err(invalid)?.digest().to_owned();
        let written = if self.force { whole_file::replace } else { whole_file::create };
        written(&self.path, &text).map_err(|error| self.unwritten(&error))?;
        let is_found = self.path == Path::new(FILE);
        let output = InitOutput { path: self.path.display().to_string(), digest, is_found, learnt };
        context.printer.show(&output);
        Ok(if output.learnt.is_some_and(|learnt| learnt.errors > 0) { Exit::Error } else { Exit::Fine })
    }

    /// Reads the targets, and learns from them. Returns an error if Logweir could read none of them.
    fn learn(&self, context: &Context) -> Result<Learnt, Failure> {
        let here = [".".to_owned()];
        let named = if self.targets.is_empty() { &here[..] } else { &self.targets };
        let targets = match self.all {
            true => Targets { list: family_targets(context)?, ..Targets::default() },
            false => targets::read(named, &self.walk)?,
        };
        let reading = Baseline::parse(READING).map_err(invalid)?;
        let baselines = ChosenBaselines { rules: LOGGING.to_vec(), files: reading.clone(), live: reading };
        let (mut survey, mut definitions, mut errors) = (Survey::default(), 0, 0);
        let passed_over = load_all(context, &baselines, &targets, &mut |target, loaded| match loaded {
            Ok(all) => {
                definitions += all.len();
                all.iter().for_each(|loaded| add(&mut survey, loaded));
                for (loaded, failure) in all.iter().filter_map(|loaded| Some((loaded, unread_groups(loaded)?))) {
                    context.printer.target_failure(&loaded.origin, &failure);
                    errors += 1;
                }
            }
            Err(failure) => {
                context.printer.target_failure(&target.origin(), &failure);
                errors += 1;
            }
        })?;
        if definitions == 0 && errors > 0 {
            let message = format!("wrote no {}, because no task definition could be read", self.path.display());
            return Err(Failure::error(message).help("name other targets, or leave out --learn"));
        }
        let (settings, regions) = (survey.learn(), survey.regions());
        let (containers, left_out) = (survey.containers(), survey.left_out());
        Ok(Learnt { definitions, containers, left_out, errors, settings, regions, passed_over })
    }

    fn unwritten(&self, error: &io::Error) -> Failure {
        let path = self.path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Failure::error(format!("{path} exists, and `logweir init` keeps it"))
                .help("name another file with --path, or replace the file with --force"),
            _ => Failure::error(format!("cannot write {path}: {}", without_number(&error.to_string())))
                .help("name another file: --path FILE"),
        }
    }
}

/// Adds the containers of a task definition, and the log groups that Logweir read.
fn add(survey: &mut Survey, loaded: &Loaded) {
    loaded.definition.container_logs(loaded.revision.is_some()).for_each(|container| survey.add(container));
    for (name, group) in &loaded.log_groups {
        if let LogGroup::Exists { retention, .. } = group {
            survey.add_group(name.clone(), *retention);
        }
    }
}

/// Returns the error that prevented Logweir from reading the retention of the container's log groups.
fn unread_groups(loaded: &Loaded) -> Option<Failure> {
    let error = loaded.unread.as_ref().filter(|error| error.call == "DescribeLogGroups")?;
    let failure = Failure::from(error.clone());
    let help = match failure.denied {
        Some(call) => format!("allow the caller {call}; until then, Logweir learns no retention"),
        None => "try again; Logweir learns no retention from these log groups".to_owned(),
    };
    Some(failure.help(help))
}

/// Returns the text of the baseline file.
fn text(learnt: &Learnt) -> String {
    let definitions = count(learnt.definitions as u64, "task definition");
    let containers = count(learnt.containers as u64, "container");
    let heading = format!(
        "The baseline. Every key is optional. The values are the defaults, except below a comment that says `Learnt`.\n\
         # `logweir init --learn` read {definitions} with {containers}."
    );
    fitted(SHIPPED_BASELINE, &heading, &learnt.settings)
}

/// Returns the failure about a baseline that Logweir itself has made.
fn invalid(error: BaselineError) -> Failure {
    Failure::error(format!("the baseline of `logweir init` is not valid: {error}"))
}
