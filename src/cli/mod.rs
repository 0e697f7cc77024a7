//! The command line: one file for each verb.

mod acting;
mod live;
mod moment;
mod printer;
mod record_name;
mod targets;
mod verbs;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fmt;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::baseline::Baseline;
use crate::render::json::BaselineLine;
use crate::settings::{BaselinePlace, JournalPlace, SHIPPED_BASELINE};

pub use printer::Printer;

/// Keeps Amazon ECS tasks from blocking on their logs.
#[derive(Parser)]
#[command(
    name = "logweir",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 nothing to mend · 1 findings · 2 could not · 64 wrong usage"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// Options that stand anywhere.
#[derive(Clone, Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// A file, or ssm:NAME for a parameter [default: the one that ships with logweir]
    #[arg(long, global = true, env = "LOGWEIR_BASELINE", hide_env_values = true, value_name = "BASELINE")]
    baseline: Option<BaselinePlace>,
    #[arg(long, global = true, env = "LOGWEIR_FORMAT", hide_env_values = true, value_enum, default_value = "text")]
    format: Format,
    /// file:FOLDER or dynamodb:TABLE [default: the deployed stack's, else a folder of the user's]
    #[arg(long, global = true, env = "LOGWEIR_JOURNAL", hide_env_values = true, value_name = "WHERE")]
    journal: Option<JournalPlace>,
    /// [default: the AWS environment's or profile's]
    #[arg(long, global = true, env = "LOGWEIR_REGION", hide_env_values = true)]
    region: Option<String>,
    /// An AWS profile
    #[arg(long, global = true, env = "LOGWEIR_PROFILE", hide_env_values = true)]
    profile: Option<String>,
    /// An endpoint to talk to instead of AWS
    #[arg(long, global = true, env = "LOGWEIR_ENDPOINT_URL", hide_env_values = true, value_name = "URL")]
    endpoint_url: Option<String>,
    #[arg(
        long,
        global = true,
        env = "LOGWEIR_COLOR",
        hide_env_values = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what departs from the baseline; files need no AWS
    Check(verbs::check::Check),
    /// Print the corrected document, or write it in place
    Fix(verbs::fix::Fix),
    /// Correct live revisions, and lead services to them: shows the plan, asks, acts
    Apply(verbs::apply::Apply),
    /// Handle an event as the deployed function does, or take back what was done for it
    Replay(verbs::replay::Replay),
    /// Show what was done, and how to take it back
    Records(verbs::records::Records),
    /// Say what is wrong with the deployment, and what to do; put dead letters back
    Doctor(verbs::doctor::Doctor),
    /// List the rules, or explain one
    Rules(verbs::rules::Rules),
}

/// How a verb ended. The highest of several wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Fine = 0,
    Findings = 1,
    CouldNot = 2,
    Usage = 64,
}

/// An error that ends the verb: what, where, what to do.
#[derive(Clone)]
struct Failure {
    exit: Exit,
    message: String,
    help: Option<String>,
}

impl Failure {
    fn could_not(message: impl Into<String>) -> Self {
        Self { exit: Exit::CouldNot, message: message.into(), help: None }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{}: {help}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

type Ended = Result<Exit, Failure>;

/// What every verb has at hand.
struct Context {
    global: Global,
    baseline: Baseline,
    /// The baseline's file, or what stands for it.
    baseline_path: String,
    /// The journal that the deployed stack published; none: there is none. Asked for once.
    published: OnceCell<Option<JournalPlace>>,
    printer: Printer,
}

/// Runs the command line and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            let _ = error.print();
            return if asked_for { 0 } else { Exit::Usage as u8 };
        }
    };
    let printer = Printer::new(cli.global.color);
    let ended = context(cli.global, printer.clone()).and_then(|context| match cli.verb {
        Verb::Check(check) => check.run(&context),
        Verb::Fix(fix) => fix.run(&context),
        Verb::Apply(apply) => apply.run(&context),
        Verb::Replay(replay) => replay.run(&context),
        Verb::Records(records) => records.run(&context),
        Verb::Doctor(doctor) => doctor.run(&context),
        Verb::Rules(rules) => rules.run(&context),
    });
    match ended {
        Ok(exit) => exit as u8,
        Err(failure) => {
            printer.error(&failure.message, failure.help.as_deref());
            failure.exit as u8
        }
    }
}

fn context(global: Global, printer: Printer) -> Result<Context, Failure> {
    let (baseline_path, text) = match &global.baseline {
        None => ("(shipped)".to_owned(), SHIPPED_BASELINE.to_owned()),
        Some(place) => {
            let parameter = async |name: &str| {
                let aws = global.aws(acting::Intent::Look).await?;
                aws.parameter(name).await.map_err(|error| live::failure(&error))
            };
            let text = live::wait(place.text(parameter))?;
            (place.to_string(), text.map_err(|error| Failure::could_not(format!("{place}: {error}")))?)
        }
    };
    let baseline = Baseline::parse(&text).map_err(|error| {
        let failure = Failure::could_not(format!("{baseline_path}:{}:{}: {}", error.line, error.column, error.message));
        match error.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    Ok(Context { global, baseline, baseline_path, published: OnceCell::new(), printer })
}

impl Context {
    /// The same with another baseline.
    fn with(&self, baseline: BaselinePlace) -> Result<Self, Failure> {
        context(Global { baseline: Some(baseline), ..self.global.clone() }, self.printer.clone())
    }

    /// The baseline by its place and digest.
    fn baseline_line(&self) -> BaselineLine {
        BaselineLine { path: self.baseline_path.clone(), digest: self.baseline.digest().to_owned() }
    }

    fn is_json(&self) -> bool {
        self.global.format == Format::Json
    }
}
