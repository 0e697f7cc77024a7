//! Events that arrive at the same moment, on ministack.

use logweir::domain::report::Decision;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Story, services};
use crate::emulated::Place;
use crate::emulated::events::{completed, created};

/// How often Lambda delivers an event that the function could not finish: the first time, and `MaximumRetryAttempts` of
/// `template.yaml` more.
const TRIES: usize = 3;

const SERVICES: usize = 12;

impl Story {
    /// Delivers events concurrently, and retries the failed ones like Lambda. The remaining events would become dead
    /// letters.
    async fn get_at_once(&self, mut events: Vec<Value>) -> Vec<Decision> {
        for _ in 0..TRIES {
            let mut at_work = JoinSet::new();
            for event in events.drain(..) {
                let logweir = self.logweir.clone();
                at_work.spawn(async move { (logweir.gets(&event).await, event) });
            }
            let handled = at_work.join_all().await;
            events.extend(handled.iter().filter(|(report, _)| report.is_retried()).map(|(_, event)| event.clone()));
            if events.is_empty() {
                return handled.into_iter().map(|(report, _)| report).collect();
            }
        }
        panic!("{} events would become dead letters", events.len());
    }
}

#[tokio::test]
async fn services_that_are_deployed_at_the_same_time_all_follow_one_after_the_other() {
    let story = Story::on(Place::ministack("222233334444"), "at-once").await;
    let others = &story.others;
    let (first, source) = story.service_that_blocks(0).await;
    let mut all = vec![first];
    for number in 1..SERVICES {
        all.push(others.creates(&format!("web-{number}"), &source, 0).await);
    }
    story.get_at_once(all.iter().map(|service| created(service, &source)).collect()).await;

    // Each completed deployment starts the next one.
    let mut rolled_out = 0;
    for _ in 0..SERVICES {
        for service in &all {
            let event = completed(service, &others.newest_deployment(service).await);
            let reports = story.get_at_once(vec![event]).await;
            rolled_out += services(&reports[0]).iter().filter(|(action, _)| *action == "rolled-out").count();
        }
        if rolled_out == SERVICES {
            break;
        }
    }
    assert_eq!((rolled_out, story.count("UpdateService")), (SERVICES, SERVICES));
    for service in &all {
        assert_ne!(others.runs(service).await, source);
    }
}
