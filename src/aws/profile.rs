//! The AWS profiles of the caller, from the configuration files of AWS. Makes no network call.

use std::env;
use std::fmt;

#[expect(deprecated, reason = "the new path of these types is in a crate that only the SDK needs")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::profile::{Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use super::errors::cause;

/// The settings of a profile that say where its credentials come from (source: the profile provider of the AWS SDK for
/// Rust, `aws-config/src/profile/credentials/repr.rs`).
const CREDENTIALS: [&str; 13] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "sso_region",
    "sso_account_id",
    "sso_role_name",
    "login_session",
    "credential_process",
    "aws_access_key_id",
    "aws_secret_access_key",
];

/// The profile that the caller named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedProfile {
    pub name: String,
    pub by: NamedBy,
}

/// How the caller named the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// With Logweir's own option or variable. The credentials then come from this profile alone.
    Option,
    /// With the variable `AWS_PROFILE`. Access keys in the environment then take precedence, as in the AWS CLI.
    Environment,
}

/// The profiles in the configuration files, and the profile that the caller named.
#[derive(Debug)]
pub(super) struct Profiles {
    all: ProfileSet,
    pub(super) named: Option<NamedProfile>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("there is no AWS profile `{}`{}", profile.name, profile.by)]
    Unknown { profile: NamedProfile, known: Vec<String> },
    #[error("the AWS configuration files cannot be read: {0}")]
    Unreadable(String),
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "",
            Self::Environment => ", which the environment variable AWS_PROFILE names",
        })
    }
}

impl Profiles {
    /// Reads the configuration files. Returns an error if the files cannot be read, or if the caller named a profile
    /// that does not exist. Without this error, a misspelt profile would select the credentials of the machine.
    pub(super) async fn read(option: Option<&str>) -> Result<Self, ProfileError> {
        let named = named(option);
        let name = named.as_ref().map_or("default", |named| named.name.as_str()).to_owned();
        let read = aws_config::profile::load(&Fs::real(), &Env::real(), &files(), Some(name.into())).await;
        let all = read.map_err(|error| ProfileError::Unreadable(cause(&error)))?;
        match named {
            Some(profile) if all.get_profile(&profile.name).is_none() => {
                let mut known: Vec<String> = all.profiles().map(String::from).collect();
                known.sort();
                Err(ProfileError::Unknown { profile, known })
            }
            named => Ok(Self { all, named }),
        }
    }

    /// Returns whether the selected profile says where its credentials come from. Otherwise, the SDK ignores the profile,
    /// and looks for credentials elsewhere.
    pub(super) fn has_credentials(&self) -> bool {
        let Some(profile) = self.all.get_profile(self.all.selected_profile()) else { return false };
        CREDENTIALS.iter().any(|key| profile.get(key).is_some())
    }

    /// Returns the name of the profile that the credentials of the selected profile start from, and the profile. A
    /// profile that assumes a role starts from its `source_profile`. The profile is `None` if it does not exist.
    pub(super) fn source(&self) -> (&str, Option<&Profile>) {
        let mut name = self.all.selected_profile();
        let mut profile = self.all.get_profile(name);
        for _ in 0..self.all.profiles().count() {
            let source = profile.and_then(|profile| profile.get("source_profile"));
            let Some(source) = source.filter(|source| *source != name) else { break };
            (name, profile) = (source, self.all.get_profile(source));
        }
        (name, profile)
    }
}

/// Returns the configuration files. If the variable with the path of a file is empty, the SDK reads no file, so this
/// function adds the file at the standard path.
#[expect(deprecated, reason = "as above")]
pub(super) fn files() -> ProfileFiles {
    let mut files = ProfileFiles::builder().include_default_config_file(true).include_default_credentials_file(true);
    let places = [
        ("AWS_CONFIG_FILE", ProfileFileKind::Config, ".aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", ProfileFileKind::Credentials, ".aws/credentials"),
    ];
    for (variable, kind, name) in places {
        let is_empty = env::var_os(variable).is_some_and(|value| value.is_empty());
        let path = dirs::home_dir().filter(|_| is_empty).map(|home| home.join(name));
        if let Some(path) = path.filter(|path| path.is_file()) {
            files = files.with_file(kind, path);
        }
    }
    files.build()
}

/// Returns the profile that the caller named. An empty name counts as no name.
fn named(option: Option<&str>) -> Option<NamedProfile> {
    let by_option = option.map(|name| NamedProfile { name: name.to_owned(), by: NamedBy::Option });
    by_option.or_else(|| Some(NamedProfile { name: set("AWS_PROFILE")?, by: NamedBy::Environment }))
}

/// Returns the value of an environment variable. An empty variable counts as not set.
pub(super) fn set(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.trim().is_empty())
}
