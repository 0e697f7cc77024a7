//! The reads that the watch over a session of ECS Exec needs.

use super::ecs::Ecs;
use crate::domain::exec::TaskFacts;
use crate::domain::exec::watch::ListedSession;
use crate::ports::{Answer, WatchedSessions};

impl WatchedSessions for Ecs {
    async fn session(&self, id: &str) -> Answer<Option<ListedSession>> {
        let found = self.signed.ecs_session(id).await?;
        Ok(found.map(|session| match session.has_failed {
            true => ListedSession::Failed,
            false if session.is_active => ListedSession::Open,
            false => ListedSession::Ended(session.end),
        }))
    }

    async fn task(&self, cluster: &str, id: &str) -> Answer<Option<TaskFacts>> {
        Ok(self.task_facts(cluster, &[id.to_owned()]).await?.remove(id))
    }

    async fn has_transcript(&self, group: &str, session: &str) -> Answer<bool> {
        Ok(self.signed.log_stream(group, session).await?.is_some_and(|stream| !stream.is_empty))
    }
}
