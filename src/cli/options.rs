//! The options that every verb accepts.

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, ValueEnum};

use crate::render::formats::FormatName;
use crate::settings::{BaselinePlace, JournalPlace};

/// The options that the caller may give before or after the verb.
#[derive(Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// The baseline: a file, or ssm:NAME [default: logweir.toml for files, the stack's for revisions]
    #[arg(long, global = true, env = "LOGWEIR_BASELINE", hide_env_values = true, value_name = "BASELINE")]
    pub(super) baseline: Option<BaselinePlace>,
    /// The format of the output
    #[arg(long, global = true, env = "LOGWEIR_FORMAT", hide_env_values = true, value_enum, default_value = "text")]
    pub(super) format: FormatName,
    /// The journal: file:FOLDER or dynamodb:TABLE [default: the deployed stack's journal, else a folder in the home
    /// directory]
    #[arg(long, global = true, env = "LOGWEIR_JOURNAL", hide_env_values = true, value_name = "WHERE")]
    pub(super) journal: Option<JournalPlace>,
    /// The AWS Region [default: from the environment or the profile]
    #[arg(long, global = true, env = "LOGWEIR_REGION", hide_env_values = true)]
    pub(super) region: Option<String>,
    /// The AWS profile; overrides access keys
    #[arg(long, global = true, env = "LOGWEIR_PROFILE", hide_env_values = true)]
    pub(super) profile: Option<String>,
    /// An endpoint to call instead of AWS
    #[arg(long, global = true, env = "LOGWEIR_ENDPOINT_URL", hide_env_values = true, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// When to colour the output
    #[arg(
        long,
        global = true,
        env = "LOGWEIR_COLOR",
        hide_env_values = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub(super) color: Color,
    /// Print help; --help also shows the global options
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    help: Option<bool>,
}

/// The help lists only the formats of every verb. The option `--output` of `check` lists all formats.
impl ValueEnum for FormatName {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).hide(!is_of_every_verb(*self)))
    }
}

/// Whether every verb can show its results in the format.
pub(super) fn is_of_every_verb(format: FormatName) -> bool {
    matches!(format, FormatName::Text | FormatName::Json)
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}
