//! The connection to AWS, for the verbs that call AWS.

use std::future::Future;

use super::failure::Failure;
use super::options::Global;
use crate::aws::{Aws, ConnectOptions, Identity};
use crate::domain::event::Home;
use crate::settings;

/// Whether a verb only reads, or may also change resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Look,
    Act,
}

/// Runs a future to completion on this thread.
pub(super) fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::error(format!("cannot start the async runtime: {error}")))?.block_on(future)
}

impl Global {
    /// Creates AWS clients for the account and Region that the options and the environment variables select. Makes no
    /// AWS call. With [`Intent::Look`], the clients cannot write.
    pub(super) async fn aws(&self, intent: Intent) -> Result<Aws, Failure> {
        let place = ConnectOptions {
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            read_only: intent == Intent::Look,
        };
        let connected = Aws::connect(&place).await;
        connected.map_err(|error| Failure::error(error.to_string()).help("add --region, or set AWS_REGION"))
    }
}

/// Returns a [`Home`] with the account, the Region and the roles in `LOGWEIR_OWN_ROLES`, and the ARN of the caller.
pub(super) async fn home(aws: &Aws) -> Result<(Home, String), Failure> {
    let Identity { account, arn } = aws.identity().await?;
    let own_roles = match std::env::var("LOGWEIR_OWN_ROLES") {
        Ok(list) => settings::own_roles(&list).map_err(|error| Failure::usage(error.to_string()))?,
        Err(_) => Vec::new(),
    };
    let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
    Ok((Home { partition, account, region: aws.region().to_owned(), own_roles, ..Home::default() }, arn))
}
