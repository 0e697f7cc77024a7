//! What a stack says of itself, in one parameter.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::event::Home;

/// The SSM parameter in which it stands.
pub const PARAMETER: &str = "/logweir/deployment";

const SCHEMA: &str = "logweir.deployment/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
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

impl Deployment {
    pub fn parse(text: &str) -> Result<Self, String> {
        let deployment: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match deployment.schema == SCHEMA {
            true => Ok(deployment),
            false => Err(format!("its schema is {}, and this program knows {SCHEMA}", deployment.schema)),
        }
    }

    /// Its place in the world, and its own roles.
    pub fn home(&self, account: &str, region: &str) -> Home {
        let partition = self.remediator_role.split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws");
        Home {
            partition: partition.into(),
            account: account.into(),
            region: region.into(),
            own_roles: vec![self.remediator_role.clone(), self.backout_role.clone()],
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
