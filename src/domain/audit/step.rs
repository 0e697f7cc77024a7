//! The steps of an audit that a resume file keeps, so that an interrupted audit continues without doing work twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::foreseen::Foreseen;
use super::judge::Judgement;
use super::running::FleetService;
use super::texts::{Text, Texts};

/// A finished step of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// The audit read the services and the tasks of a cluster.
    Cluster(ClusterStep),
    /// The audit read a page of the list of families.
    Families {
        families: Vec<Text>,
        /// The token of the next page. `None` if this page was the last one.
        next: Option<String>,
    },
    /// The audit listed the newest ACTIVE revisions of all families.
    Revisions { newest: Vec<(Text, u32)>, is_last: bool },
    /// ECS described a revision whose log groups the audit does not know yet.
    Described(Box<ForeseenStep>),
    /// ECS described the newest revision of a family, which the audit judged already because it runs.
    Runs { family: Text, revision: u32 },
    /// The audit judged a revision, or found that a family has no ACTIVE revision any more.
    Judged(JudgedStep),
}

/// The services and tasks of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterStep {
    pub cluster: Text,
    pub services: Vec<FleetService>,
    pub tasks: Vec<TaskCount>,
}

/// The running tasks of one group that run one task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskCount {
    pub definition: Text,
    pub group: Text,
    pub tasks: u32,
}

/// The answer to a question, whose log groups are not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeseenStep {
    /// The question, as in [`JudgedStep::asked`].
    pub asked: Text,
    pub found: Foreseen,
}

/// The result of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedStep {
    /// The question: `FAMILY:REVISION`, or `FAMILY` for the newest revision.
    pub asked: Text,
    /// The revision. `None` if the family has no ACTIVE revision any more.
    pub found: Option<JudgedRevision>,
}

/// A judged revision, without its users and scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedRevision {
    pub family: Text,
    pub revision: u32,
    pub judgement: Judgement,
    pub unread: Option<Text>,
    pub tags: Vec<(Text, Text)>,
    pub registered_by: Option<Text>,
    pub registered_at: Option<Timestamp>,
}

impl JudgedRevision {
    /// Replaces each text that other revisions have too by its shared copy.
    pub fn share(self, texts: &mut Texts) -> Self {
        let mut share = |text: Text| texts.share(&text);
        let tags = self.tags.into_iter().map(|(key, value)| (share(key), share(value))).collect::<Box<[_]>>();
        let (unread, registered_by) = (self.unread.map(&mut share), self.registered_by.map(&mut share));
        Self { judgement: self.judgement.share(texts), tags: tags.into(), unread, registered_by, ..self }
    }
}
