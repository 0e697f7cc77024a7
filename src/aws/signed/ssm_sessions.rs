//! The sessions of Systems Manager in containers of ECS.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::unreadable;
use crate::domain::exec::{SsmSession, Target};
use crate::domain::text::plain::plain;
use crate::ports::Answer;

const SSM: Service = Service::json("ssm", JSON_1_1, "AmazonSSM");
const DESCRIBE_SESSIONS: Operation = SSM.read("DescribeSessions");

/// The largest number of sessions on a page (source: Systems Manager API reference, DescribeSessions).
const PAGE: u32 = 200;

/// The largest number of pages of one list.
const MOST_PAGES: u32 = 2000;

/// The longest text that Logweir keeps of a session, in characters.
const LONGEST: usize = 512;

impl SignedClient {
    /// Returns the open sessions, and the ended ones that started after `since`.
    pub(in crate::aws) async fn ecs_sessions(&self, since: Timestamp) -> Answer<Vec<SsmSession>> {
        // The clocks of the services differ a little.
        let since = since.checked_sub(SignedDuration::from_mins(5)).unwrap_or(since);
        let mut sessions = self.listed(&json!({"State": "Active", "MaxResults": PAGE})).await?;
        let after = json!([{"key": "InvokedAfter", "value": format!("{since:.0}")}]);
        let ended = self.listed(&json!({"State": "History", "MaxResults": PAGE, "Filters": after})).await?;
        // A session may end between the two calls.
        sessions.retain(|open| !ended.iter().any(|session| session.id == open.id));
        sessions.extend(ended);
        Ok(sessions)
    }

    /// Returns the session with this ID. Returns `None` if Systems Manager does not list it, or if its target is not a
    /// container of ECS.
    pub(in crate::aws) async fn ecs_session(&self, id: &str) -> Answer<Option<SsmSession>> {
        let filter = json!([{"key": "SessionId", "value": id}]);
        for state in ["Active", "History"] {
            let found = self.listed(&json!({"State": state, "MaxResults": PAGE, "Filters": filter})).await?;
            if let Some(session) = found.into_iter().find(|session| session.id == id) {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    async fn listed(&self, request: &Value) -> Answer<Vec<SsmSession>> {
        let (mut request, is_active) = (request.clone(), request["State"] == "Active");
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.ask(&DESCRIBE_SESSIONS, &request).await?;
            let sessions = reply["Sessions"].as_array();
            let sessions = sessions.ok_or_else(|| unreadable(DESCRIBE_SESSIONS.name, "Sessions is missing"))?;
            found.extend(sessions.iter().filter_map(|session| read(session, is_active)));
            match reply["NextToken"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => request["NextToken"] = token.into(),
                None => return Ok(found),
            }
        }
        Err(unreadable(DESCRIBE_SESSIONS.name, "the list has no end"))
    }
}

/// Reads a session. Returns `None` for a session outside of ECS, and for one that did not start.
fn read(session: &Value, is_active: bool) -> Option<SsmSession> {
    let text = |name: &str| session[name].as_str().map(|text| plain(text, LONGEST));
    let time = |name: &str| {
        let seconds = session[name].as_f64().and_then(|time| Timestamp::from_millisecond((time * 1000.0) as i64).ok());
        seconds.or_else(|| session[name].as_str()?.parse().ok())
    };
    Some(SsmSession {
        id: text("SessionId")?,
        target: Target::parse(session["Target"].as_str()?)?,
        start: time("StartDate")?,
        end: time("EndDate"),
        has_failed: session["Status"] == "Failed",
        is_active,
        owner: text("Owner"),
    })
}
