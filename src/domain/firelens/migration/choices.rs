//! The choices of a plan: the style, the plugin, the image, the health check and the destinations.

use super::destination::Destination;
use super::output::CloudWatchPlugin;
use super::secret;

/// The style of a migration, or the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The log streams get the names of FireLens.
    Simple,
    /// The log streams keep their names.
    SameNames,
    /// The log lines also go to an agent of Alert Logic.
    AlertLogic,
    /// The way back to awslogs.
    Awslogs,
}

impl Style {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::SameNames => "same-names",
            Self::AlertLogic => "alertlogic",
            Self::Awslogs => "awslogs",
        }
    }
}

/// The health check of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// The router is healthy if it answers.
    Uptime,
    None,
}

/// The registration key of Alert Logic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationKey {
    /// The ARN of the secret or the parameter that holds the key.
    Secret(String),
    /// The agent registers without a key.
    None,
}

impl RegistrationKey {
    /// Reads the ARN of the secret or the parameter, or `none`. The error does not contain the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            text if secret::is_arn(text) => Ok(Self::Secret(text.to_owned())),
            _ => Err(format!("{}; or none", secret::NO_ARN)),
        }
    }
}

/// The choices of a plan.
#[derive(Clone, Debug)]
pub struct Choices {
    pub style: Style,
    pub plugin: CloudWatchPlugin,
    /// The image of the router. `None` for the default image of the style.
    pub image: Option<String>,
    pub health: Health,
    /// The destinations beside CloudWatch Logs.
    pub also: Vec<Destination>,
    /// The ARN of the S3 folder from which the router reads its files, such as `arn:aws:s3:::bucket/folder`. `None` if
    /// the operator has not chosen a folder.
    pub config_folder: Option<String>,
    /// `None` if the operator has not said whether the agent of Alert Logic needs a key.
    pub registration_key: Option<RegistrationKey>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            style: Style::Simple,
            plugin: CloudWatchPlugin::Core,
            image: None,
            health: Health::Uptime,
            also: Vec::new(),
            config_folder: None,
            registration_key: None,
        }
    }
}
