//! Reads the KMS key of a cluster's sessions.

use serde_json::json;

use super::{patiently, text};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::fleet::facts::SessionKey;
use crate::ports::{Answer, ErrorKind};

const KMS: Service = Service::json("kms", JSON_1_1, "TrentService");
const DESCRIBE: Operation = KMS.read("DescribeKey");

impl Aws {
    /// Returns the key with this ARN, id or alias, in the Region of its ARN.
    pub async fn session_key(&self, name: &str) -> Answer<SessionKey> {
        let body = json!({"KeyId": name});
        let region =
            name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)).filter(|region| !region.is_empty());
        let region = region.unwrap_or(self.region());
        let described = patiently(|| self.signed.call(&DESCRIBE, Request::json(&body).in_region(region))).await;
        let reply = match described {
            Err(error) if error.kind == ErrorKind::Missing || error.message.starts_with("NotFoundException") => {
                return Ok(SessionKey::Missing);
            }
            answer => answer?.json()?,
        };
        let metadata = &reply["KeyMetadata"];
        match (text(&metadata["Arn"]), text(&metadata["KeyState"])) {
            (Some(arn), Some(state)) => Ok(SessionKey::Exists { arn, state }),
            _ => Err(unreadable(DESCRIBE.name, "the ARN or the state of the key is missing")),
        }
    }
}
