//! Runs queries in Amazon Athena.

use serde_json::{Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::unreadable;
use crate::domain::text::plain::plain;
use crate::ports::{Answer, QueryEngine, QueryState, RowPage};

const ATHENA: Service = Service::json("athena", JSON_1_1, "AmazonAthena");
/// A query of the report selects rows. Athena writes the result to the output location.
const START: Operation = ATHENA.read("StartQueryExecution");
const STATE: Operation = ATHENA.read("GetQueryExecution");
const RESULTS: Operation = ATHENA.read("GetQueryResults");

/// The largest number of rows in a page (source: the botocore model of Athena, MaxQueryResults).
const PAGE: u32 = 1000;

/// The longest reason of a failed query, in characters.
const LONGEST: usize = 400;

/// A database of Athena, and the place for the results of queries.
#[derive(Clone, Debug)]
pub struct Athena {
    signed: SignedClient,
    place: AthenaPlace,
}

/// Where queries run and where Athena stores their results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AthenaPlace {
    pub database: String,
    /// The folder for results, such as `s3://BUCKET/PREFIX/`. `None` if the workgroup has a folder.
    pub output: Option<String>,
    /// The workgroup. `None` selects Athena's workgroup `primary`.
    pub workgroup: Option<String>,
}

impl Athena {
    pub(in crate::aws) fn new(signed: SignedClient, place: AthenaPlace) -> Self {
        Self { signed, place }
    }
}

impl QueryEngine for Athena {
    async fn start(&self, sql: &str, token: &str) -> Answer<String> {
        let AthenaPlace { database, output, workgroup } = &self.place;
        let mut body = json!({
            "QueryString": sql,
            "ClientRequestToken": token,
            "QueryExecutionContext": {"Database": database},
        });
        if let Some(output) = output {
            body["ResultConfiguration"] = json!({"OutputLocation": output});
        }
        if let Some(workgroup) = workgroup {
            body["WorkGroup"] = workgroup.as_str().into();
        }
        let reply = self.signed.ask(&START, &body).await?;
        let id = reply["QueryExecutionId"].as_str();
        Ok(id.ok_or_else(|| unreadable(START.name, "QueryExecutionId is missing"))?.to_owned())
    }

    async fn state(&self, id: &str) -> Answer<QueryState> {
        let reply = self.signed.ask(&STATE, &json!({"QueryExecutionId": id})).await?;
        let execution = &reply["QueryExecution"];
        let status = &execution["Status"];
        match status["State"].as_str() {
            Some("QUEUED" | "RUNNING") => Ok(QueryState::Running),
            Some("SUCCEEDED") => {
                let scanned = execution["Statistics"]["DataScannedInBytes"].as_u64().unwrap_or(0);
                Ok(QueryState::Succeeded { scanned })
            }
            Some(ended @ ("FAILED" | "CANCELLED")) => {
                let why = status["AthenaError"]["ErrorMessage"].as_str().or(status["StateChangeReason"].as_str());
                Ok(QueryState::Failed(plain(why.unwrap_or(ended), LONGEST)))
            }
            _ => Err(unreadable(STATE.name, "the state of the query is missing")),
        }
    }

    async fn rows(&self, id: &str, token: Option<&str>) -> Answer<RowPage> {
        let mut body = json!({"QueryExecutionId": id, "MaxResults": PAGE});
        if let Some(token) = token {
            body["NextToken"] = token.into();
        }
        let reply = self.signed.ask(&RESULTS, &body).await?;
        let rows = reply["ResultSet"]["Rows"].as_array();
        let rows = rows.ok_or_else(|| unreadable(RESULTS.name, "ResultSet.Rows is missing"))?;
        let next = reply["NextToken"].as_str().filter(|token| !token.is_empty()).map(String::from);
        Ok(RowPage { rows: rows.iter().map(row).collect(), next })
    }
}

fn row(row: &Value) -> Vec<Option<String>> {
    let values = row["Data"].as_array().into_iter().flatten();
    values.map(|value| value["VarCharValue"].as_str().map(String::from)).collect()
}
