//! The functions, and what feeds the one that corrects.

use serde_json::Value;

use super::{LONGEST, optional, text};
use crate::aws::Aws;
use crate::aws::signed::Call;
use crate::aws::signed::invoke::escaped;
use crate::domain::doctor::function::FunctionFacts;
use crate::domain::doctor::queue::Mapping;
use crate::ports::Answer;

impl Aws {
    pub async fn function(&self, name: &str) -> Answer<FunctionFacts> {
        const CALL: &str = "GetFunctionConfiguration";
        let answer = self.gets(CALL, &format!("functions/{}/configuration", escaped(name))).await?;
        let variables = answer["Environment"]["Variables"].as_object().into_iter().flatten();
        Ok(FunctionFacts {
            role: text(CALL, &answer, "Role")?,
            state: optional(&answer, "State"),
            last_update: optional(&answer, "LastUpdateStatus"),
            last_modified: optional(&answer, "LastModified"),
            // Whatever else stands there is nobody's business here.
            variables: variables
                .filter(|(name, _)| name.starts_with("LOGWEIR_"))
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            log_group: optional(&answer["LoggingConfig"], "LogGroup"),
        })
    }

    pub async fn event_source_mapping(&self, id: &str) -> Answer<Mapping> {
        const CALL: &str = "GetEventSourceMapping";
        let answer = self.gets(CALL, &format!("event-source-mappings/{}", escaped(id))).await?;
        let responses = answer["FunctionResponseTypes"].as_array().into_iter().flatten();
        Ok(Mapping {
            state: text(CALL, &answer, "State")?,
            queue: optional(&answer, "EventSourceArn").unwrap_or_default(),
            function: optional(&answer, "FunctionArn").unwrap_or_default(),
            answers_for_each_message: responses.into_iter().any(|kind| *kind == "ReportBatchItemFailures"),
        })
    }

    async fn gets(&self, name: &'static str, path: &str) -> Answer<Value> {
        let endpoint = self.signed.endpoint("lambda", &self.region);
        let call = Call {
            name,
            service: "lambda",
            region: &self.region,
            url: format!("{endpoint}/2015-03-31/{path}"),
            headers: &[],
            body: String::new(),
            longest: LONGEST,
        };
        let reply = self.signed.exchange("GET", &call).await?.json(name)?;
        match reply.status {
            200 => Ok(reply.body),
            // The path is what was asked for, and no text to be hidden.
            _ => Err(reply.refusal(name, path)),
        }
    }
}
