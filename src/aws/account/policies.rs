//! Reads roles of IAM with their policies.

use serde_json::Value;

use super::query::{Dialect, Parameters};
use super::{fact, required, text, texts};
use crate::aws::client::Aws;
use crate::aws::errors::{unless_missing, unreadable};
use crate::aws::signed::{Operation, Service};
use crate::domain::runbook::account::Fact;
use crate::domain::runbook::account::identity::Role;
use crate::ports::Answer;

const IAM: Service = Service::query("iam");
const ROLE: Operation = IAM.read("GetRole");
const ATTACHED: Operation = IAM.read("ListAttachedRolePolicies");
const INLINE_NAMES: Operation = IAM.read("ListRolePolicies");
const INLINE: Operation = IAM.read("GetRolePolicy");
const POLICY: Operation = IAM.read("GetPolicy");
const VERSION: Operation = IAM.read("GetPolicyVersion");

const fn dialect(next: &'static str) -> Dialect {
    Dialect { version: "2010-05-08", ask: "Marker", next, is_global: true }
}

const OF_ATTACHED: Dialect = dialect("/ListAttachedRolePoliciesResult/Marker");
const OF_INLINE: Dialect = dialect("/ListRolePoliciesResult/Marker");
/// The dialect of an operation without pages.
const OF_ONE: Dialect = dialect("/");

impl Aws {
    /// Returns the role with this name and its policies. Returns `None` if the role does not exist.
    pub(super) async fn role(&self, name: &str) -> Answer<Option<Role>> {
        let parameters = named("RoleName", name);
        let Some(reply) = unless_missing(self.query(&ROLE, &OF_ONE, &parameters).await)? else { return Ok(None) };
        let role = &reply["GetRoleResult"]["Role"];
        let arn = required(&ROLE, role, "Arn")?;
        let (attached, inline) = tokio::join!(self.attached_policies(&parameters), self.inline_policies(&parameters));
        Ok(Some(Role {
            name: required(&ROLE, role, "RoleName")?,
            arn,
            trust: role["AssumeRolePolicyDocument"].as_str().and_then(document),
            boundary: text(&role["PermissionsBoundary"]["PermissionsBoundaryArn"]),
            attached: fact(attached, "iam:ListAttachedRolePolicies"),
            inline,
        }))
    }

    async fn attached_policies(&self, role: &Parameters) -> Answer<Vec<String>> {
        let member = "/ListAttachedRolePoliciesResult/AttachedPolicies";
        let policies = self.query_all(&ATTACHED, &OF_ATTACHED, role, member).await?;
        policies.iter().map(|policy| required(&ATTACHED, policy, "PolicyArn")).collect()
    }

    async fn inline_policies(&self, role: &Parameters) -> Fact<Vec<(String, Option<Value>)>> {
        let member = "/ListRolePoliciesResult/PolicyNames";
        let names = match self.query_all(&INLINE_NAMES, &OF_INLINE, role, member).await {
            Ok(names) => texts(&Value::Array(names)),
            Err(error) => return fact(Err(error), "iam:ListRolePolicies"),
        };
        let mut found = Vec::new();
        for name in names {
            let mut parameters = role.clone();
            parameters.extend(named("PolicyName", &name));
            match unless_missing(self.query(&INLINE, &OF_ONE, &parameters).await) {
                Ok(Some(reply)) => {
                    let text = reply["GetRolePolicyResult"]["PolicyDocument"].as_str();
                    found.push((name, text.and_then(document)));
                }
                // Another principal has deleted the policy since the list.
                Ok(None) => {}
                Err(error) => return fact(Err(error), "iam:GetRolePolicy"),
            }
        }
        fact(Ok(found), "iam:GetRolePolicy")
    }

    /// Returns the document of the default version of a policy. Returns `None` if the policy does not exist.
    pub(super) async fn policy(&self, arn: &str) -> Fact<Option<Value>> {
        let mut parameters = named("PolicyArn", arn);
        let version = match unless_missing(self.query(&POLICY, &OF_ONE, &parameters).await) {
            Ok(Some(reply)) => required(&POLICY, &reply["GetPolicyResult"]["Policy"], "DefaultVersionId"),
            Ok(None) => return fact(Ok(None), "iam:GetPolicy"),
            Err(error) => Err(error),
        };
        let version = match version {
            Ok(version) => version,
            Err(error) => return fact(Err(error), "iam:GetPolicy"),
        };
        parameters.extend(named("VersionId", &version));
        let reply = self.query(&VERSION, &OF_ONE, &parameters).await;
        let read = reply.and_then(|reply| {
            let text = reply["GetPolicyVersionResult"]["PolicyVersion"]["Document"].as_str().and_then(document);
            text.map(Some).ok_or_else(|| unreadable(VERSION.name, "the document is not JSON"))
        });
        fact(read, "iam:GetPolicyVersion")
    }
}

fn named(name: &str, value: &str) -> Parameters {
    vec![(name.to_owned(), value.to_owned())]
}

/// Returns the JSON of a policy. IAM encodes the documents as parts of a URL (RFC 3986). Returns `None` if the text is
/// not JSON.
fn document(text: &str) -> Option<Value> {
    let text = if text.starts_with('{') { text.to_owned() } else { decoded(text)? };
    serde_json::from_str(&text).ok()
}

/// Returns the text without its percent-encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_read_with_and_without_its_encoding() {
        let expected = json!({"Version": "2012-10-17", "Statement": []});
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
        assert_eq!(document(encoded), Some(expected.clone()));
        assert_eq!(document(&expected.to_string()), Some(expected));
        for text in ["", "%7", "%zz", "%ff", "x", "%7B"] {
            assert_eq!(document(text), None, "{text}");
        }
    }
}
