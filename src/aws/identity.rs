//! The principal that calls AWS.

use super::client::Aws;
use super::errors::{port_error, unreadable};
use crate::ports::{Answer, ErrorKind, PortError};

/// The account and the ARN of the principal that calls AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
}

impl Aws {
    /// Returns the principal to which the credentials belong.
    pub async fn identity(&self) -> Answer<Identity> {
        const CALL: &str = "GetCallerIdentity";
        let identity = self.sts.get_caller_identity().send().await.map_err(|error| port_error(CALL, &error))?;
        match (identity.account, identity.arn) {
            (Some(account), Some(arn)) => Ok(Identity { account, arn }),
            _ => Err(PortError { kind: ErrorKind::Refused, ..unreadable(CALL, "the account or the ARN is missing") }),
        }
    }
}
