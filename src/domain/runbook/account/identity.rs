//! The facts of identity: the roles of the tasks with their policies, and the parameters and secrets of the tasks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fact::Fact;
use crate::domain::fleet::facts::Unread;

/// The facts about the roles, parameters and secrets that the task definitions in scope name.
#[derive(Clone, Debug, Default)]
pub struct IdentityFacts {
    /// The task roles, by the ARN as the task definition implies it. `None` for a role that does not exist.
    pub roles: BTreeMap<String, Fact<Option<Role>>>,
    /// The documents of the attached policies, by the ARN of the policy. `None` for a policy that does not exist.
    pub policies: BTreeMap<String, Fact<Option<Value>>>,
    /// The parameters, as the task definitions refer to them. `None` for a parameter that does not exist.
    pub parameters: BTreeMap<String, Fact<Option<Parameter>>>,
    /// The secrets, as the task definitions refer to them. `None` for a secret that does not exist.
    pub secrets: BTreeMap<String, Fact<Option<Secret>>>,
}

impl IdentityFacts {
    /// Returns the reads that failed.
    pub(super) fn unread(&self) -> Vec<&Unread> {
        let roles = self.roles.values().map(Fact::unread);
        let known = self.roles.values().filter_map(Fact::value).flatten();
        let of_roles = known.flat_map(|role| [role.attached.unread(), role.inline.unread()]);
        let policies = self.policies.values().map(Fact::unread);
        let stored = self.parameters.values().map(Fact::unread).chain(self.secrets.values().map(Fact::unread));
        roles.chain(of_roles).chain(policies).chain(stored).flatten().collect()
    }
}

/// A role of IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub arn: String,
    /// The trust policy. `None` if the document is not JSON.
    pub trust: Option<Value>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// The ARNs of the attached policies.
    pub attached: Fact<Vec<String>>,
    /// The policies in the role itself: names and documents. `None` for a document that is not JSON.
    pub inline: Fact<Vec<(String, Option<Value>)>>,
}

/// A parameter of Parameter Store. Logweir never reads its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub arn: Option<String>,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
}

/// A secret of Secrets Manager. Logweir never reads its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub arn: String,
    pub is_rotated: bool,
    pub is_deleted: bool,
    /// The service that owns the secret and rotates it, such as `rds`.
    pub owner: Option<String>,
}
