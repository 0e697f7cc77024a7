//! What a stack says of itself, in one parameter.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::event::Home;
use crate::domain::event::scope::Scope;

/// The SSM parameter in which it stands.
pub const PARAMETER: &str = "/logweir/deployment";

const SCHEMA: &str = "logweir.deployment/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackDeployment {
    pub schema: String,
    pub stack: String,
    /// Names of the functions.
    pub remediator: String,
    pub backout: String,
    /// ARNs.
    pub remediator_role: String,
    pub backout_role: String,
    /// URLs.
    pub queue: String,
    pub dead_letters: String,
    /// Names of rules on the default bus, schedules among them.
    #[serde(deserialize_with = "one_or_many")]
    pub rules: Vec<String>,
    /// What hands the queue's messages to the function, by its UUID.
    pub mapping: String,
    /// `dynamodb:TABLE`.
    pub journal: String,
    /// A file in the package, or `ssm:NAME`.
    pub baseline: String,
    pub mode: String,
    /// Patterns with the wildcards `*` and `?`: of families, clusters, ARNs of roles that may be passed, log groups.
    #[serde(deserialize_with = "one_or_many")]
    pub families: Vec<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub clusters: Vec<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub task_roles: Vec<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub log_groups: Vec<String>,
}

/// A list, or a text with commas in it.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    let texts = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        OneOrMany::Many(texts) => texts,
    };
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

impl StackDeployment {
    pub fn parse(text: &str) -> Result<Self, String> {
        let deployment: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if deployment.schema != SCHEMA {
            return Err(format!("its schema is {}, and this program knows {SCHEMA}", deployment.schema));
        }
        Ok(deployment)
    }

    /// Its place in the world, and its own roles.
    pub fn home(&self, account: &str, region: &str) -> Home {
        let partition = self.remediator_role.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws");
        Home {
            partition: partition.into(),
            account: account.into(),
            region: region.into(),
            own_roles: vec![self.remediator_role.clone(), self.backout_role.clone()],
            scope: Scope::of(&self.families, &self.clusters),
        }
    }

    pub fn table(&self) -> &str {
        self.journal.strip_prefix("dynamodb:").unwrap_or(&self.journal)
    }

    pub fn queue_arn(&self, home: &Home) -> String {
        queue_arn(&self.queue, home)
    }

    pub fn dead_letters_arn(&self, home: &Home) -> String {
        queue_arn(&self.dead_letters, home)
    }

    pub fn function_arn(&self, name: &str, home: &Home) -> String {
        format!("arn:{}:lambda:{}:{}:function:{name}", home.partition, home.region, home.account)
    }
}

/// A queue's URL ends in its account and its name.
fn queue_arn(url: &str, home: &Home) -> String {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or_default();
    let account = parts.next().filter(|part| part.len() == 12).unwrap_or(&home.account);
    format!("arn:{}:sqs:{}:{account}:{name}", home.partition, home.region)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const TEXT: &str = r#"{"schema":"logweir.deployment/1","stack":"logweir",
        "remediator":"logweir-remediator","backout":"logweir-backout",
        "remediator_role":"arn:aws-cn:iam::111122223333:role/r","backout_role":"arn:aws-cn:iam::111122223333:role/b",
        "queue":"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/logweir-Work-1",
        "dead_letters":"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/logweir-DeadLetters-1",
        "rules":["logweir-Registered-1","logweir-Services-1"],"mapping":"1b6d5a1e-6f0c-4b57-9c3a-000000000009",
        "journal":"dynamodb:logweir-Journal-1","baseline":"baseline.toml","mode":"observe",
        "families":"shop-*, web","clusters":"*","log_groups":"/ecs/*",
        "task_roles":["arn:aws:iam::111122223333:role/e","arn:aws:iam::111122223333:role/ecs/*"]}"#;

    pub(in super::super) fn deployment() -> StackDeployment {
        StackDeployment::parse(TEXT).unwrap()
    }

    #[test]
    fn what_a_stack_says_of_itself_is_read_and_its_partition_with_it() {
        let deployment = deployment();
        assert_eq!((deployment.families.len(), deployment.table()), (2, "logweir-Journal-1"));
        let home = deployment.home("111122223333", "cn-north-1");
        assert_eq!(deployment.queue_arn(&home), "arn:aws-cn:sqs:cn-north-1:111122223333:logweir-Work-1");
        assert_eq!(home.own_roles.len(), 2);
    }

    #[test]
    fn another_schema_and_half_a_text_are_no_deployment() {
        assert!(
            StackDeployment::parse(&TEXT.replace("deployment/1", "deployment/9")).unwrap_err().contains("deployment/9")
        );
        assert!(StackDeployment::parse(&TEXT.replace("\"mapping\"", "\"other\"")).unwrap_err().contains("mapping"));
    }
}
