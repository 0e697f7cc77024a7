//! Reads the configuration of Logweir's Lambda functions and of the remediator's event source mapping.

use serde_json::Value;

use super::LONGEST;
use super::members::{optional, text};
use crate::aws::client::Aws;
use crate::aws::signed::{Operation, Request, Service, escaped};
use crate::domain::doctor::function::FunctionFacts;
use crate::domain::doctor::queue::Mapping;
use crate::ports::Answer;

const LAMBDA: Service = Service::rest("lambda").within(LONGEST);
const GET_FUNCTION_CONFIGURATION: Operation = LAMBDA.read("GetFunctionConfiguration").by_get();
const GET_EVENT_SOURCE_MAPPING: Operation = LAMBDA.read("GetEventSourceMapping").by_get();

impl Aws {
    pub async fn function(&self, name: &str) -> Answer<FunctionFacts> {
        let answer =
            self.gets(&GET_FUNCTION_CONFIGURATION, &format!("functions/{}/configuration", escaped(name))).await?;
        let variables = answer["Environment"]["Variables"].as_object().into_iter().flatten();
        Ok(FunctionFacts {
            role: text(&GET_FUNCTION_CONFIGURATION, &answer, "Role")?,
            state: optional(&answer, "State"),
            last_update: optional(&answer, "LastUpdateStatus"),
            last_modified: optional(&answer, "LastModified"),
            // Logweir keeps only the variables with the prefix `LOGWEIR_`, because the output of `logweir doctor` must
            // not show other variables.
            variables: variables
                .filter(|(name, _)| name.starts_with("LOGWEIR_"))
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            log_group: optional(&answer["LoggingConfig"], "LogGroup"),
        })
    }

    pub async fn event_source_mapping(&self, id: &str) -> Answer<Mapping> {
        let answer = self.gets(&GET_EVENT_SOURCE_MAPPING, &format!("event-source-mappings/{}", escaped(id))).await?;
        let responses = answer["FunctionResponseTypes"].as_array().into_iter().flatten();
        Ok(Mapping {
            state: text(&GET_EVENT_SOURCE_MAPPING, &answer, "State")?,
            queue: optional(&answer, "EventSourceArn").unwrap_or_default(),
            function: optional(&answer, "FunctionArn").unwrap_or_default(),
            answers_for_each_message: responses.into_iter().any(|kind| *kind == "ReportBatchItemFailures"),
        })
    }

    async fn gets(&self, operation: &'static Operation, path: &str) -> Answer<Value> {
        self.signed.call(operation, Request::of(format!("2015-03-31/{path}"))).await?.json()
    }
}
