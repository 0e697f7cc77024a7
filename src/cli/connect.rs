//! The connection to AWS, for the verbs that call AWS.

use std::future::Future;

use super::context::Context;
use super::failure::Failure;
use super::options::Global;
use crate::aws::{
    Aws, ConnectError, ConnectOptions, Connection, CredentialsFailure, Identity, ProfileError, patiently,
};
use crate::domain::event::Home;
use crate::domain::text::names;
use crate::ports::{Answer, ErrorKind};
use crate::settings;

/// Whether a verb only reads, or may also change resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Look,
    Act,
}

/// Reads the value of a Systems Manager parameter. Repeats the call if it fails for a moment, and once if the service
/// closed the connection.
pub(super) async fn parameter(aws: &Aws, name: &str) -> Answer<Option<String>> {
    match patiently(|| aws.parameter(name)).await {
        Err(error) if error.kind == ErrorKind::Retry => aws.parameter(name).await,
        answer => answer,
    }
}

/// Runs a future to completion on this thread.
pub(super) fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::error(format!("cannot start the async runtime: {error}")))?.block_on(future)
}

impl Context {
    /// Creates AWS clients for the account and Region that the options and the environment variables select, and loads
    /// the credentials once for the whole run. With [`Intent::Look`], the clients cannot write.
    pub(super) async fn aws(&self, intent: Intent) -> Result<Aws, Failure> {
        let connection = self.connection().await?;
        connection.load_credentials().await?;
        Ok(connection.clients(intent == Intent::Look).map_err(ConnectError::from)?)
    }

    /// Returns the connection that the options and the environment variables select. Makes no AWS call.
    pub(super) async fn connection(&self) -> Result<&Connection, ConnectError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let Global { region, profile, endpoint_url, .. } = self.global.clone();
        let connection = Connection::open(&ConnectOptions { region, profile, endpoint_url, read_only: false }).await?;
        Ok(self.connection.get_or_init(|| connection))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let help = match &error {
            ConnectError::NoRegion(_) => "add --region, or set AWS_REGION or the Region of the profile".to_owned(),
            ConnectError::NotARegion(_) => {
                "use a name such as eu-west-1: --region, AWS_REGION or the profile".to_owned()
            }
            ConnectError::Profile(ProfileError::Unknown { known, .. }) if known.is_empty() => {
                "create the profile: aws configure sso, or aws configure --profile NAME".to_owned()
            }
            ConnectError::Profile(ProfileError::Unknown { known, .. }) => {
                format!("use one of these profiles: {}", names(known.iter().map(String::as_str)))
            }
            ConnectError::Profile(ProfileError::Unreadable(_)) => {
                "correct ~/.aws/config and ~/.aws/credentials".to_owned()
            }
        };
        Self::error(error.to_string()).help(help)
    }
}

impl From<CredentialsFailure> for Failure {
    fn from(failure: CredentialsFailure) -> Self {
        Self::error(failure.message).help(failure.help)
    }
}

/// Returns a [`Home`] with the account, the Region and the roles in `LOGWEIR_OWN_ROLES`, and the ARN of the caller.
pub(super) async fn home(aws: &Aws) -> Result<(Home, String), Failure> {
    let Identity { account, arn } = aws.identity().await?;
    let own_roles = match std::env::var("LOGWEIR_OWN_ROLES") {
        Ok(list) if !list.is_empty() => {
            settings::own_roles(&list).map_err(|error| Failure::usage(error.to_string()))?
        }
        _ => Vec::new(),
    };
    let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok((Home { partition, account, region: aws.region().to_owned(), own_roles, ..Home::default() }, arn))
}
