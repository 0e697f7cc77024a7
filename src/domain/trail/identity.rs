//! The member `userIdentity` of a record (source: AWS CloudTrail User Guide, CloudTrail userIdentity element).

use super::projection::projection;
use super::value::Text;

projection! {
    /// The identity that made a call.
    pub struct Identity<'a> {
        /// `Root`, `IAMUser`, `AssumedRole`, `FederatedUser`, `AWSAccount`, `AWSService`, `IdentityCenterUser` and
        /// others.
        "type" => kind: Text<'a>,
        "arn" => arn: Text<'a>,
        "accountId" => account: Text<'a>,
        "userName" => user_name: Text<'a>,
        "principalId" => principal: Text<'a>,
        "accessKeyId" => access_key: Text<'a>,
        /// The AWS service that made the call for the identity, such as `cloudformation.amazonaws.com`.
        "invokedBy" => invoked_by: Text<'a>,
        "onBehalfOf" => on_behalf_of: OnBehalfOf<'a>,
        "sessionContext" => session: SessionContext<'a>,
    }
}

projection! {
    /// The user of IAM Identity Center for whom a call was made.
    pub struct OnBehalfOf<'a> {
        "userId" => user: Text<'a>,
        "identityStoreArn" => store: Text<'a>,
    }
}

projection! {
    /// The session of a call with temporary credentials.
    pub struct SessionContext<'a> {
        "sessionIssuer" => issuer: Issuer<'a>,
        /// The name that AssumeRole set. It cannot change, and role chaining keeps it.
        "sourceIdentity" => source_identity: Text<'a>,
        "attributes" => attributes: Attributes<'a>,
    }
}

projection! {
    /// The role or user that issued the credentials of a session.
    pub struct Issuer<'a> {
        "type" => kind: Text<'a>,
        "arn" => arn: Text<'a>,
        "userName" => user_name: Text<'a>,
        "accountId" => account: Text<'a>,
    }
}

projection! {
    /// How a session was authenticated.
    pub struct Attributes<'a> {
        /// `true` or `false`.
        "mfaAuthenticated" => mfa: Text<'a>,
    }
}

impl Identity<'_> {
    /// Returns the name of the session, which is the last part of the ARN of an assumed role or of a federated user.
    pub fn session_name(&self) -> Option<&str> {
        let (_, name) = self.arn.rsplit_once('/')?;
        Some(name).filter(|name| !name.is_empty())
    }

    /// Returns the name of the role of an assumed role.
    pub fn role_name(&self) -> Option<&str> {
        let of_arn = || self.arn.split_once(":assumed-role/")?.1.split('/').next();
        self.session.issuer.user_name.some().or_else(of_arn).filter(|name| !name.is_empty())
    }
}
