//! The description of a deployed stack, which the stack publishes in one Systems Manager parameter.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::event::Home;
use crate::domain::event::scope::Scope;

/// The name of the Systems Manager parameter that contains the description of the stack.
pub const PARAMETER: &str = "/logweir/deployment";

const SCHEMA: &str = "logweir.deployment/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackDeployment {
    pub schema: String,
    pub stack: String,
    /// The name of the function that corrects revisions.
    pub remediator: String,
    /// The name of the function that backs records out.
    pub backout: String,
    /// The ARN of the role of the function `remediator`.
    pub remediator_role: String,
    /// The ARN of the role of the function `backout`.
    pub backout_role: String,
    /// The URL of the work queue.
    pub queue: String,
    /// The URL of the dead-letter queue.
    pub dead_letters: String,
    /// The names of the stack's rules on the default event bus, including schedules.
    #[serde(deserialize_with = "one_or_many")]
    pub rules: Vec<String>,
    /// The UUID of the event source mapping from the work queue to the function.
    pub mapping: String,
    /// The journal, as `dynamodb:TABLE`.
    pub journal: String,
    /// The place of the baseline: a file in the function's package, or `ssm:NAME`.
    pub baseline: String,
    pub mode: String,
    /// The families in the stack's scope, as patterns with the wildcards `*` and `?`.
    #[serde(deserialize_with = "one_or_many")]
    pub families: Vec<String>,
    /// The clusters in the stack's scope, as patterns with the wildcards `*` and `?`.
    #[serde(deserialize_with = "one_or_many")]
    pub clusters: Vec<String>,
    /// The roles that Logweir may pass to ECS, as patterns with the wildcards `*` and `?`. A pattern is an ARN, or the
    /// path and the name of a role of this account.
    #[serde(deserialize_with = "one_or_many")]
    pub task_roles: Vec<String>,
    /// The log groups that Logweir may create, or whose retention Logweir may set, as patterns with the wildcards `*`
    /// and `?`.
    #[serde(deserialize_with = "one_or_many")]
    pub log_groups: Vec<String>,
    /// `true` if the stack watches the sessions of ECS Exec. Older stacks do not have the member.
    #[serde(default)]
    pub sessions: String,
    /// The name of the rule that matches sessions. The rule is disabled unless the stack watches sessions.
    #[serde(default)]
    pub session_rule: String,
}

/// Deserializes a list, or a comma-separated text.
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
        let mut deployment: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if deployment.schema != SCHEMA {
            return Err(format!("its text has the schema {}, but this program requires {SCHEMA}", deployment.schema));
        }
        if deployment.watches_sessions() && !deployment.session_rule.is_empty() {
            deployment.rules.push(std::mem::take(&mut deployment.session_rule));
        }
        Ok(deployment)
    }

    /// Returns the account and Region of the stack, with the roles of the stack's functions and the stack's scope.
    pub fn home(&self, account: &str, region: &str) -> Home {
        let partition = self.remediator_role.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws");
        Home {
            partition: partition.into(),
            account: account.into(),
            region: region.into(),
            own_roles: vec![self.remediator_role.clone(), self.backout_role.clone()],
            scope: Scope::of(&self.families, &self.clusters).watching_sessions(self.watches_sessions()),
        }
    }

    /// Returns the ARNs of the roles that Logweir may pass to ECS, as patterns.
    pub fn passable_roles(&self, home: &Home) -> Vec<String> {
        let arn = |pattern: &String| match pattern.starts_with("arn:") {
            true => pattern.clone(),
            false => format!("arn:{}:iam::{}:role/{pattern}", home.partition, home.account),
        };
        self.task_roles.iter().map(arn).collect()
    }

    /// Returns whether the stack watches the sessions of ECS Exec.
    pub fn watches_sessions(&self) -> bool {
        self.sessions == "true"
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

/// Returns the ARN of a queue. The URL of a queue ends with the account and the name of the queue.
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
        let arns = ["arn:aws:iam::111122223333:role/e", "arn:aws:iam::111122223333:role/ecs/*"];
        assert_eq!(deployment.passable_roles(&home), arns);
        let list = TEXT
            .replace(r#"["arn:aws:iam::111122223333:role/e","arn:aws:iam::111122223333:role/ecs/*"]"#, r#""e,ecs/*""#);
        let listed = StackDeployment::parse(&list).unwrap().passable_roles(&home);
        assert_eq!(listed, arns.map(|arn| arn.replace("arn:aws:", "arn:aws-cn:")));
    }

    #[test]
    fn the_rule_of_sessions_counts_only_in_a_stack_that_watches_sessions() {
        for (sessions, rules) in [("false", 2), ("true", 3)] {
            let watching = format!(r#","sessions":"{sessions}","session_rule":"logweir-Sessions-1"}}"#);
            let text = TEXT.strip_suffix('}').unwrap().to_owned() + &watching;
            let deployment = StackDeployment::parse(&text).unwrap();
            assert_eq!((deployment.rules.len(), deployment.watches_sessions()), (rules, rules == 3));
        }
        assert!(!deployment().watches_sessions(), "an older stack does not have the member");
    }

    #[test]
    fn another_schema_and_half_a_text_are_no_deployment() {
        assert!(
            StackDeployment::parse(&TEXT.replace("deployment/1", "deployment/9")).unwrap_err().contains("deployment/9")
        );
        assert!(StackDeployment::parse(&TEXT.replace("\"mapping\"", "\"other\"")).unwrap_err().contains("mapping"));
    }
}
