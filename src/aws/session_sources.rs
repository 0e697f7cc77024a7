//! The adapter to the sources that describe the sessions of ECS Exec.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sdk::ecs::Ecs;
use super::signed::SignedClient;
use crate::domain::exec::{Place, SsmSession, TaskFacts};
use crate::ports::{Answer, ExecSessions, Stored};

/// The sources that describe the sessions of ECS Exec in one account and Region.
#[derive(Clone, Debug)]
pub struct SessionSources {
    signed: SignedClient,
    ecs: Ecs,
}

/// The text of a transcript.
pub struct TranscriptText {
    pub bytes: Vec<u8>,
    /// The size of the whole transcript. `None` if the service tells no size.
    pub size: Option<u64>,
    /// Whether `bytes` is the whole transcript.
    pub is_whole: bool,
}

impl SessionSources {
    pub(in crate::aws) fn new(signed: SignedClient, ecs: Ecs) -> Self {
        Self { signed, ecs }
    }

    /// Returns the session with this ID. Returns `None` if Systems Manager does not list it.
    pub async fn session(&self, id: &str) -> Answer<Option<SsmSession>> {
        self.signed.ecs_session(id).await
    }

    /// Returns the first `most` bytes of the transcript at a place. Returns `None` if there is none.
    pub async fn transcript(&self, place: &Place, most: usize) -> Answer<Option<TranscriptText>> {
        match place {
            Place::Stream { group, stream } => {
                let text = self.signed.log_text(group, stream, most).await?;
                Ok(text.map(|(text, is_whole)| TranscriptText { bytes: text.into_bytes(), size: None, is_whole }))
            }
            Place::Object { bucket, keys } => {
                for key in keys {
                    if let Some(stored) = self.signed.object(bucket, key).await?
                        && let Some(bytes) = self.signed.object_text(bucket, key, most).await?
                    {
                        let is_whole = stored.bytes.is_none_or(|size| size <= bytes.len() as u64);
                        return Ok(Some(TranscriptText { bytes, size: stored.bytes, is_whole }));
                    }
                }
                Ok(None)
            }
        }
    }
}

impl ExecSessions for SessionSources {
    async fn sessions(&self, since: Timestamp) -> Answer<Vec<SsmSession>> {
        self.signed.ecs_sessions(since).await
    }

    async fn tasks(&self, cluster: &str, ids: &[String]) -> Answer<BTreeMap<String, TaskFacts>> {
        self.ecs.task_facts(cluster, ids).await
    }

    async fn stream(&self, group: &str, stream: &str) -> Answer<Option<Stored>> {
        self.signed.log_stream(group, stream).await
    }

    async fn object(&self, bucket: &str, key: &str) -> Answer<Option<Stored>> {
        self.signed.object(bucket, key).await
    }
}
