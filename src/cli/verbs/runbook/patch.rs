//! `logweir runbook patch`: prints what to change in files for the results of the runbook, as a patch and as advice. It
//! writes no file and registers nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::connect::wait;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::cli::load::load_all;
use crate::cli::loaded::Loaded;
use crate::cli::patch_path::patch_path;
use crate::cli::rule_choice::RuleChoiceArgs;
use crate::cli::targets::{self, Target, WalkArgs};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::proposal::{Choices, OPT_IN, Proposal, propose};
use crate::domain::report::schema;
use crate::domain::runbook::{RunbookExemptions, RunbookResult, Subject, is_root_user, judge};
use crate::render::unified_diff;
use crate::sources::{Correction, Document};
use crate::workflow::ResourceWish;

pub(in crate::cli) const EXAMPLES: &str = examples![
    "logweir runbook patch infra/ | git apply            apply the changes that no process notices",
    "logweir runbook patch web.json --tag team=pay       also add a tag",
    "logweir runbook patch web.json --rule writable-root --user 1000:1000",
];

#[derive(Args)]
pub(in crate::cli) struct RunbookPatchArgs {
    /// Files, folders or `-` (standard input)
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// Also propose the change of this rule, which the processes in the container may notice; repeatable
    #[arg(long = "rule", value_name = "RULE", value_parser = rule)]
    rules: Vec<String>,
    /// Propose this user for containers that run as root
    #[arg(long, value_name = "USER", value_parser = user)]
    user: Option<String>,
    /// Add this tag to each task definition that lacks a required tag or has none; repeatable
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = super::apply::tag)]
    tags: Vec<(String, String)>,
    #[command(flatten)]
    walk: WalkArgs,
}

fn rule(text: &str) -> Result<String, String> {
    match OPT_IN.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("use one of {}", OPT_IN.join(", "))),
    }
}

fn user(text: &str) -> Result<String, String> {
    match is_root_user(text) {
        true => Err("use a user without administrator rights, such as 1000:1000".to_owned()),
        false => Ok(text.to_owned()),
    }
}

impl RunbookPatchArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        let targets = targets::read(&self.targets, &self.walk)?.without_other_files();
        if targets.list.iter().any(|target| matches!(target, Target::Live(_))) {
            return Err(Failure::usage("a patch is about files, but one target is a registered revision")
                .help("name the file, template or HCL file in which the task definition is written"));
        }
        let baselines = wait(context.baselines(&targets.list))?;
        baselines.files.has_known_exemptions()?;
        let chosen = baselines.choose(&RuleChoiceArgs::default(), &[]);
        for (key, value) in &self.tags {
            if let Some(why) = ResourceWish::obstacle(&chosen.files, key, value) {
                return Err(Failure::usage(format!("Logweir proposes no tag `{key}`: {why}"))
                    .help("write the tag with your own tool, if its owner agrees"));
            }
        }
        let (mut exit, mut files) = (Exit::Fine, Vec::new());
        load_all(context, &chosen, &targets, &mut |target, loaded| match loaded {
            Err(failure) => {
                context.printer.target_failure(&target.origin(), &failure);
                exit = exit.max(failure.exit);
            }
            Ok(all) => {
                let proposed = self.proposed(target, &all, &chosen.files);
                context.printer.text(|| proposed.diff.clone());
                self.advise(context, &proposed);
                if !proposed.proposals.is_empty() || !proposed.refused.is_empty() {
                    exit = exit.max(Exit::Findings);
                    files.push(proposed);
                }
            }
        })?;
        context.printer.json(|| {
            let file = |file: &ProposedFile| {
                json!({"file": file.origin, "diff": file.diff, "proposals": file.proposals, "refused": file.refused})
            };
            json!({"schema": schema::RUNBOOK_PATCH, "files": files.iter().map(file).collect::<Vec<_>>()})
        });
        Ok(exit)
    }

    /// Returns the patch of a target, and what to do about every other result.
    fn proposed(&self, target: &Target, all: &[Loaded], baseline: &Baseline) -> ProposedFile {
        let mut file = ProposedFile { origin: target.origin(), ..ProposedFile::default() };
        let mut corrections = Vec::new();
        for loaded in all {
            let Some(document) = &loaded.document else { continue };
            let tags = tags_of(document);
            let mut correction = Correction::default();
            for reading in &document.readings {
                let mut results = judge([subject(loaded, &reading.definition, &tags, baseline)]);
                RunbookExemptions::new(baseline, Timestamp::now()).apply(&mut results, None);
                let results: Vec<&RunbookResult> = results.iter().map(|(_, result)| result).collect();
                let proposed = propose(&reading.definition, &results, &self.choices(document));
                file.proposals.extend(proposed.proposals);
                correction.definitions.push(proposed.definition);
            }
            let mut pairs = document.readings.iter().zip(&correction.definitions);
            if pairs.all(|(reading, definition)| reading.definition == *definition) {
                continue;
            }
            match document.splices(&correction) {
                Ok(_) if !document.is_read_only() => corrections.push((document, correction)),
                Ok(_) => file.refused.push("Logweir changes no file of a plan or a state".into()),
                Err(refused) => {
                    let text = refused.text_to_write.map(|text| format!("; write there:\n{text}")).unwrap_or_default();
                    file.refused.push(format!("{}{text}", refused.why));
                }
            }
        }
        let corrections: Vec<(&Document, &Correction)> =
            corrections.iter().map(|(document, correction)| (*document, correction)).collect();
        let Some((first, _)) = corrections.first() else { return file };
        match Document::corrected(&corrections) {
            Ok(text) => file.diff = unified_diff(path(target), first.text(), &text),
            Err(refused) => file.refused.push(refused.why),
        }
        file
    }

    fn choices(&self, document: &Document) -> Choices {
        let rules: BTreeSet<String> = self.rules.iter().cloned().collect();
        let tags: BTreeMap<String, String> = self.tags.iter().cloned().collect();
        Choices { rules, user: self.user.clone(), tags, pascal_tags: document.pascal_tags() }
    }

    /// Writes the proposals to standard error, because standard output is the patch.
    fn advise(&self, context: &Context, file: &ProposedFile) {
        for refused in &file.refused {
            refused
                .lines()
                .for_each(|line| context.printer.hint(&format!("{}: not in the patch: {line}", file.origin)));
        }
        for Proposal { rule, container, in_patch, message } in &file.proposals {
            let container = container.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
            let place = if *in_patch && !file.diff.is_empty() { "in the patch" } else { "not in the patch" };
            context.printer.hint(&format!("{}: {rule}{container}: {place}: {message}", file.origin));
        }
    }
}

/// The patch of one target.
#[derive(Default)]
struct ProposedFile {
    origin: String,
    diff: String,
    proposals: BTreeSet<Proposal>,
    /// Why Logweir cannot write a change into the file.
    refused: Vec<String>,
}

/// Returns the tags beside or in the task definition of a document.
fn tags_of(document: &Document) -> Vec<(String, String)> {
    let beside = document.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    let within = document.definition.view()["tags"].as_array().into_iter().flatten();
    let text = |tag: &Value, keys: [&str; 2]| keys.iter().find_map(|key| tag[*key].as_str().map(String::from));
    let within = within.filter_map(|tag| Some((text(tag, ["key", "Key"])?, text(tag, ["value", "Value"])?)));
    beside.chain(within).collect()
}

fn subject<'s>(
    loaded: &'s Loaded,
    definition: &'s TaskDefinition,
    tags: &'s [(String, String)],
    baseline: &'s Baseline,
) -> Subject<'s> {
    Subject {
        definition,
        baseline,
        source: &loaded.origin,
        arn: None,
        tags: Some(tags),
        scope: None,
        time: None,
        is_with_account: true,
    }
}

/// Returns the path of a target in the patch.
fn path(target: &Target) -> OsString {
    match target {
        Target::File(file) => patch_path(&std::env::current_dir().unwrap_or_default(), &file.path),
        Target::Stdin | Target::Live(_) | Target::Unreadable(_) => "task-definition.json".into(),
    }
}
