//! Reads the types of parameters and the rotation of secrets. No call reads a value.

use serde_json::{Value, json};

use super::{items, required, text};
use crate::aws::client::Aws;
use crate::aws::errors::{unless_missing, unreadable};
use crate::aws::fleet::patiently;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::runbook::account::identity::{Parameter, Secret};
use crate::ports::{Answer, PortError};

const SSM: Service = Service::json("ssm", JSON_1_1, "AmazonSSM");
const PARAMETERS: Operation = SSM.read("DescribeParameters");
const SECRETS_MANAGER: Service = Service::json("secretsmanager", JSON_1_1, "secretsmanager");
const SECRET: Operation = SECRETS_MANAGER.read("DescribeSecret");

/// The largest number of names in a filter, and of parameters in a page (source: Systems Manager API reference,
/// ParameterStringFilter and DescribeParameters).
const MOST: usize = 50;

impl Aws {
    /// Returns the parameters with these names in a Region, and the names that Systems Manager refuses. A refusal is
    /// about the whole call, so Logweir halves the names of the call until it knows the refused ones.
    pub(super) async fn parameters(&self, region: &str, names: &[String]) -> Answer<(Vec<Parameter>, Vec<Refused>)> {
        let (mut found, mut refused) = (Vec::new(), Vec::new());
        let mut open: Vec<&[String]> = names.chunks(MOST).collect();
        while let Some(names) = open.pop() {
            match (self.some_parameters(region, names).await, names) {
                (Err(error), [name]) if is_refusal(&error) => {
                    // The message repeats the name, which may be a secret that a person wrote in its place.
                    let code = error.message.split(':').next().unwrap_or_default().to_owned();
                    refused.push(Refused { name: name.clone(), code });
                }
                (Err(error), names) if is_refusal(&error) => {
                    let (one, other) = names.split_at(names.len() / 2);
                    open.extend([one, other]);
                }
                (answer, _) => found.extend(answer?),
            }
        }
        Ok((found, refused))
    }

    async fn some_parameters(&self, region: &str, names: &[String]) -> Answer<Vec<Parameter>> {
        let filter = json!([{"Key": "Name", "Option": "Equals", "Values": names}]);
        let mut body = json!({"ParameterFilters": filter, "MaxResults": MOST});
        let mut found = Vec::new();
        for _ in 0..super::MOST_PAGES {
            let request = || Request::json(&body).in_region(region);
            let reply = patiently(|| self.signed.call(&PARAMETERS, request())).await?.json()?;
            found.extend(items(&reply["Parameters"]).iter().map(parameter).collect::<Answer<Vec<_>>>()?);
            let Some(token) = text(&reply["NextToken"]) else { return Ok(found) };
            body["NextToken"] = token.into();
        }
        Err(unreadable(PARAMETERS.name, "the list does not end"))
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

/// A name that Systems Manager refuses.
pub(super) struct Refused {
    pub(super) name: String,
    /// The code of the error, such as `ValidationException`.
    pub(super) code: String,
}

/// Whether the error is about a name of the call (source: Systems Manager API reference, DescribeParameters and Common
/// Error Types).
fn is_refusal(error: &PortError) -> bool {
    ["ValidationException", "InvalidFilterValue"].iter().any(|code| error.message.starts_with(code))
}

fn parameter(parameter: &Value) -> Answer<Parameter> {
    Ok(Parameter {
        name: required(&PARAMETERS, parameter, "Name")?,
        arn: text(&parameter["ARN"]),
        kind: required(&PARAMETERS, parameter, "Type")?,
    })
}
