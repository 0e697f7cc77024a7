//! Reads the lines that the Lambda function wrote to its log group.

use aws_sdk_cloudwatchlogs::Client;
use jiff::Timestamp;

use crate::aws::errors::{port_error, refused};
use crate::domain::outcome::Outcome;
use crate::ports::{Answer, OwnLog};

const CALL: &str = "FilterLogEvents";

/// The largest number of pages that one search of the log reads. A page may be empty, because each call of
/// FilterLogEvents searches only a part of the log.
const MOST: usize = 40;

#[derive(Clone, Debug)]
pub struct LogGroupLines {
    client: Client,
    /// The name of the log group. `None` if no log group is configured.
    group: Option<String>,
}

impl LogGroupLines {
    pub(in crate::aws) fn new(client: Client, group: Option<String>) -> Self {
        Self { client, group }
    }
}

impl OwnLog for LogGroupLines {
    async fn lines(&self, outcome: Outcome, since: Timestamp, line: &mut (dyn FnMut(&str) + Send)) -> Answer<bool> {
        let group = self
            .group
            .as_ref()
            .ok_or_else(|| refused(CALL, "the environment variable AWS_LAMBDA_LOG_GROUP_NAME is not set"))?;
        let mut token = None;
        for _ in 0..MOST {
            let call = self
                .client
                .filter_log_events()
                .log_group_name(group)
                .filter_pattern(format!("{{ $.outcome = \"{}\" }}", outcome.name()))
                .start_time(since.as_millisecond())
                .set_next_token(token);
            let page = Box::pin(call.send()).await.map_err(|error| port_error(CALL, &error))?;
            page.events().iter().filter_map(|event| event.message()).for_each(&mut *line);
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
