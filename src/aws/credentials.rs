//! The credentials of the command line: where the credentials come from, and why they cannot be loaded.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::sync::Mutex;

use super::errors::cause;
use super::profile::{NamedBy, NamedProfile, Profiles, set};
use crate::domain::text::plain::shortened;

/// The time before the expiry of credentials at which Logweir loads new credentials.
const MARGIN: Duration = Duration::from_secs(300);

/// The longest reason of an error, in characters. A process that provides credentials may write a text of any length.
const LONGEST: usize = 400;

/// The place from which the credentials come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsOrigin {
    Profile(String),
    /// The access key in the environment. The name is that of the profile in `AWS_PROFILE`, which is not used.
    Environment {
        ignored: Option<String>,
    },
    /// The rest of the SDK's chain: the profile `default`, a web identity, the container or the instance. Also if the
    /// profile in `AWS_PROFILE` has no credentials, because the SDK then continues its chain.
    Default,
}

/// The reason why there are no credentials, and the next step for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsFailure {
    pub message: String,
    pub help: String,
    /// Whether no credentials are configured at all.
    pub is_missing: bool,
}

impl CredentialsOrigin {
    pub(super) fn of(profiles: &Profiles) -> Self {
        let named = profiles.named.as_ref();
        let has_key = set("AWS_ACCESS_KEY_ID").is_some() && set("AWS_SECRET_ACCESS_KEY").is_some();
        match named {
            Some(NamedProfile { name, by: NamedBy::Option }) => Self::Profile(name.clone()),
            _ if has_key => Self::Environment { ignored: named.map(|named| named.name.clone()) },
            Some(NamedProfile { name, .. }) if profiles.has_credentials() => Self::Profile(name.clone()),
            Some(_) | None => Self::Default,
        }
    }

    /// Returns the profile that provides the credentials. `None` if the caller named no profile, or if access keys in
    /// the environment take precedence.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Profile(name) => Some(name),
            Self::Environment { .. } | Self::Default => None,
        }
    }
}

impl fmt::Display for CredentialsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(name) => write!(f, "credentials from profile {name}"),
            Self::Environment { ignored: None } => f.write_str("credentials from AWS_ACCESS_KEY_ID"),
            Self::Environment { ignored: Some(profile) } => {
                write!(f, "credentials from AWS_ACCESS_KEY_ID, not from AWS_PROFILE={profile}")
            }
            Self::Default => f.write_str("default credentials"),
        }
    }
}

/// A provider that loads credentials once for all clients of a run. A process or a person may have to act each time
/// that credentials are loaded.
#[derive(Debug)]
pub(super) struct Remembered {
    inner: SharedCredentialsProvider,
    last: Mutex<Option<Credentials>>,
}

impl Remembered {
    pub(super) fn new(inner: SharedCredentialsProvider) -> Self {
        Self { inner, last: Mutex::default() }
    }

    /// Returns a provider that has loaded these credentials already.
    pub(super) fn after(inner: SharedCredentialsProvider, first: Credentials) -> Self {
        Self { inner, last: Mutex::new(Some(first)) }
    }

    async fn credentials(&self) -> provider::Result {
        let mut last = self.last.lock().await;
        let soon = SystemTime::now() + MARGIN;
        match &*last {
            Some(credentials) if credentials.expiry().is_none_or(|expiry| expiry > soon) => Ok(credentials.clone()),
            _ => Ok(last.insert(self.inner.provide_credentials().await?).clone()),
        }
    }
}

impl ProvideCredentials for Remembered {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// Returns the explanation of a failed load. The sentence names no type and no internal of the SDK.
pub(super) fn explain(error: &CredentialsError, origin: &CredentialsOrigin, profiles: &Profiles) -> CredentialsFailure {
    let is_missing = matches!(error, CredentialsError::CredentialsNotLoaded(_));
    let failure = |message: String, help: String| CredentialsFailure { message, help, is_missing };
    let why = shortened(&cause(error), LONGEST);
    let name = match origin {
        CredentialsOrigin::Profile(name) => name.as_str(),
        CredentialsOrigin::Default if is_missing && let Some(named) = &profiles.named => named.name.as_str(),
        CredentialsOrigin::Default if !is_missing && profiles.named.is_none() && profiles.source().1.is_some() => {
            "default"
        }
        CredentialsOrigin::Default | CredentialsOrigin::Environment { .. } => {
            let help = "select a profile (--profile NAME), log in (aws sso login --profile NAME), or set \
                        AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            let message = if is_missing {
                "there are no AWS credentials".to_owned()
            } else {
                format!("the AWS credentials cannot be loaded: {why}")
            };
            return failure(message, help.into());
        }
    };
    let (source, settings) = profiles.source();
    let has = |key: &str| settings.is_some_and(|settings| settings.get(key).is_some());
    if settings.is_none() {
        let message = format!("AWS profile `{name}` needs the profile `{source}`, which does not exist");
        return failure(
            message,
            format!("correct source_profile: aws configure list-profiles, ~/.aws/config, profile {name}"),
        );
    }
    if is_missing {
        let help = format!("add credentials to the profile (aws configure --profile {name}), or use another --profile");
        return failure(format!("AWS profile `{name}` has no credentials"), help);
    }
    if has("login_session") && why.contains("feature") {
        let help = format!(
            "export the credentials: eval \"$(aws configure export-credentials --profile {name} --format env)\", and leave --profile out"
        );
        return failure(format!("Logweir cannot use the login session of AWS profile `{name}`"), help);
    }
    let cannot = format!("the credentials of AWS profile `{name}` cannot be loaded: {why}");
    if is_unreachable(error) {
        return failure(cannot, "check the network and the Region of the profile, then try again".into());
    }
    if has("sso_session") || has("sso_start_url") {
        let is_denied = ["ForbiddenException", "ResourceNotFoundException"].iter().any(|code| why.contains(code));
        let is_ended = matches!(error, CredentialsError::ProviderError(_)) && !is_denied && !is_throttled(&why);
        let login = format!("log in: aws sso login --profile {source}");
        return match (is_ended, source == name) {
            (true, true) => {
                failure(format!("the SSO session of AWS profile `{name}` has expired or was not started"), login)
            }
            (true, false) => {
                let message = format!(
                    "AWS profile `{name}` needs the SSO session of profile `{source}`, which has expired or was not started"
                );
                failure(message, login)
            }
            (false, _) => failure(cannot, format!("check sso_account_id and sso_role_name of profile {source}")),
        };
    }
    failure(cannot, format!("check the profile: aws sts get-caller-identity --profile {name}"))
}

fn is_throttled(why: &str) -> bool {
    why.contains("TooManyRequests") || why.contains("Throttl")
}

/// Returns whether the call for the credentials did not reach its service.
fn is_unreachable(error: &CredentialsError) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<ConnectorError>() {
            return true;
        }
        next = error.source();
    }
    false
}
