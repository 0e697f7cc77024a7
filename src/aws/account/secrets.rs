//! Reads the types of parameters and the rotation of secrets. No call reads a value.

use serde_json::{Value, json};

use super::{items, required, text};
use crate::aws::client::Aws;
use crate::aws::errors::{unless_missing, unreadable};
use crate::aws::fleet::patiently;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::runbook::account::identity::{Parameter, Secret};
use crate::ports::Answer;

const SSM: Service = Service::json("ssm", JSON_1_1, "AmazonSSM");
const PARAMETERS: Operation = SSM.read("DescribeParameters");
const SECRETS_MANAGER: Service = Service::json("secretsmanager", JSON_1_1, "secretsmanager");
const SECRET: Operation = SECRETS_MANAGER.read("DescribeSecret");

/// The largest number of names in a filter, and of parameters in a page (source: Systems Manager API reference,
/// ParameterStringFilter and DescribeParameters).
const MOST: usize = 50;

impl Aws {
    /// Returns the parameters with these names in a Region.
    pub(super) async fn parameters(&self, region: &str, names: &[String]) -> Answer<Vec<Parameter>> {
        let mut found = Vec::new();
        for names in names.chunks(MOST) {
            let filter = json!([{"Key": "Name", "Option": "Equals", "Values": names}]);
            let mut body = json!({"ParameterFilters": filter, "MaxResults": MOST});
            for page in 0.. {
                if page == super::MOST_PAGES {
                    return Err(unreadable(PARAMETERS.name, "the list does not end"));
                }
                let request = || Request::json(&body).in_region(region);
                let reply = patiently(|| self.signed.call(&PARAMETERS, request())).await?.json()?;
                found.extend(items(&reply["Parameters"]).iter().map(parameter).collect::<Answer<Vec<_>>>()?);
                let Some(token) = text(&reply["NextToken"]) else { break };
                body["NextToken"] = token.into();
            }
        }
        Ok(found)
    }

    /// Returns the secret with this ARN or name in a Region. Returns `None` if the secret does not exist.
    pub(super) async fn secret(&self, region: &str, id: &str) -> Answer<Option<Secret>> {
        let body = json!({"SecretId": id});
        let request = || Request::json(&body).in_region(region);
        let reply = patiently(|| self.signed.call(&SECRET, request())).await;
        let Some(reply) = unless_missing(reply)? else { return Ok(None) };
        let reply = reply.json()?;
        Ok(Some(Secret {
            name: required(&SECRET, &reply, "Name")?,
            arn: required(&SECRET, &reply, "ARN")?,
            is_rotated: reply["RotationEnabled"] == true,
            is_deleted: !reply["DeletedDate"].is_null(),
            owner: text(&reply["OwningService"]),
        }))
    }
}

fn parameter(parameter: &Value) -> Answer<Parameter> {
    Ok(Parameter {
        name: required(&PARAMETERS, parameter, "Name")?,
        arn: text(&parameter["ARN"]),
        kind: required(&PARAMETERS, parameter, "Type")?,
    })
}
