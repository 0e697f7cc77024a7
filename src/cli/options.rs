//! The options that every verb has.

use clap::{Args, ValueEnum};

use crate::settings::{BaselinePlace, JournalPlace};

/// Options that stand anywhere.
#[derive(Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// A file, or ssm:NAME for a parameter [default: the one that ships with logweir]
    #[arg(long, global = true, env = "LOGWEIR_BASELINE", hide_env_values = true, value_name = "BASELINE")]
    pub(super) baseline: Option<BaselinePlace>,
    #[arg(long, global = true, env = "LOGWEIR_FORMAT", hide_env_values = true, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// file:FOLDER or dynamodb:TABLE [default: the deployed stack's, else a folder of the user's]
    #[arg(long, global = true, env = "LOGWEIR_JOURNAL", hide_env_values = true, value_name = "WHERE")]
    pub(super) journal: Option<JournalPlace>,
    /// [default: the AWS environment's or profile's]
    #[arg(long, global = true, env = "LOGWEIR_REGION", hide_env_values = true)]
    pub(super) region: Option<String>,
    /// An AWS profile
    #[arg(long, global = true, env = "LOGWEIR_PROFILE", hide_env_values = true)]
    pub(super) profile: Option<String>,
    /// An endpoint to talk to instead of AWS
    #[arg(long, global = true, env = "LOGWEIR_ENDPOINT_URL", hide_env_values = true, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
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
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}
