//! Reads a log group with transcripts.

use serde_json::json;

use super::{items, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::fleet::facts::TranscriptGroup;
use crate::ports::Answer;

const LOGS: Service = Service::json("logs", JSON_1_1, "Logs_20140328");
const DESCRIBE: Operation = LOGS.read("DescribeLogGroups");

impl Aws {
    /// Returns the log group with exactly this name. Returns `None` if it does not exist. CloudWatch Logs sorts the
    /// groups of a prefix by name, so a group with exactly this name is the first (source: CloudWatch Logs API
    /// reference, DescribeLogGroups).
    pub async fn transcript_group(&self, name: &str) -> Answer<Option<TranscriptGroup>> {
        let mut body = json!({"logGroupNamePrefix": name, "limit": 1});
        loop {
            let reply = self.ask(&DESCRIBE, &body).await?;
            let page = items(&DESCRIBE, &reply, "logGroups")?;
            let found = page.iter().find(|group| group["logGroupName"] == name);
            let token = reply["nextToken"].as_str().filter(|token| !token.is_empty() && page.is_empty());
            match (found, token) {
                (Some(group), _) => {
                    return Ok(Some(TranscriptGroup {
                        retention: group["retentionInDays"].as_u64().and_then(|days| days.try_into().ok()),
                        policy: text(&group["retentionPolicyName"]),
                        kms_key: text(&group["kmsKeyId"]),
                    }));
                }
                // CloudWatch Logs may return an empty page with a token.
                (None, Some(token)) if body["nextToken"] != token => body["nextToken"] = token.into(),
                (None, _) => return Ok(None),
            }
        }
    }
}
