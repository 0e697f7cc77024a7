//! The registration key of Alert Logic's agent as a plain environment variable, which everyone can read who can
//! describe the task definition.

use serde_json::Value;

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct ExposedRegistrationKey;

const NAME: RuleName = RuleName::ExposedRegistrationKey;

impl Rule for ExposedRegistrationKey {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "the registration key of Alert Logic's agent in plain text"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects().filter(Subject::is_alert_logic_agent).filter_map(|agent| plain_key(&agent)).collect()
    }
}

fn plain_key(agent: &Subject<'_, '_>) -> Option<Finding> {
    let variables = agent.container.member("environment")?.as_array()?;
    let is_set =
        |variable: &Value| variable["name"] == "KEY" && !variable["value"].is_null() && variable["value"] != "";
    let at = variables.iter().position(is_set)?;
    let message = format!(
        "{} has its registration key in `environment`, so that each reader of the task definition can read the key",
        agent.called()
    );
    let advice = "store the key in Secrets Manager or Systems Manager, and name it in `secrets` as `KEY`";
    Some(agent.advice(NAME, &format!("/environment/{at}"), message, advice))
}
