//! Sessions of ECS Exec as Systems Manager lists them, with their tasks and the log streams of their transcripts.

use std::collections::BTreeMap;

use logweir::domain::exec::TaskFacts;
use logweir::domain::exec::watch::ListedSession;
use logweir::ports::{Answer, WatchedSessions};

use super::World;

impl WatchedSessions for World {
    async fn session(&self, id: &str) -> Answer<Option<ListedSession>> {
        self.call("DescribeSessions", id, |account| Ok(account.sessions.get(id).cloned())).await
    }

    async fn task(&self, cluster: &str, id: &str) -> Answer<Option<TaskFacts>> {
        let task = format!("{}/{id}", cluster.rsplit('/').next().unwrap());
        let facts = |definition: String| TaskFacts { definition, service: None, containers: BTreeMap::new() };
        let find = |account: &mut super::Account| Ok(account.tasks.get(&task).map(|arn| facts(arn.to_string())));
        self.call("DescribeTasks", &task, find).await
    }

    async fn has_transcript(&self, group: &str, session: &str) -> Answer<bool> {
        let transcript = (group.to_owned(), session.to_owned());
        self.call("DescribeLogStreams", group, |account| Ok(account.transcripts.contains(&transcript))).await
    }
}
