//! The order in which the schedule checks more work than one call can handle, on ministack.

use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::outcome::{Outcome, Reason};

use super::{Story, ended, services};
use crate::emulated::Place;
use crate::emulated::events::{completed, created};
use crate::emulated::others::Logs;

async fn story(name: &str) -> Story {
    Story::on(Place::ministack("222233334444"), name).await
}

/// The number of records, and of services in each, that one call checks.
const MOST: usize = 20;

/// The number of calls in which the schedule must have checked everything.
const CALLS: usize = 10;

impl Story {
    /// Calls the schedule until it reports that Logweir's deployment of this service has completed.
    async fn is_seen_to_complete(&self, service: &ServiceArn) -> bool {
        for _ in 0..CALLS {
            let reports = self.logweir.resumes().await;
            let lines = reports.iter().flat_map(|report| &report.services);
            if lines.into_iter().any(|line| line.service == service.short() && line.action.name() == "rolled-out") {
                return true;
            }
        }
        false
    }
}

#[tokio::test]
async fn a_deployment_under_way_is_checked_despite_many_waiting_services() {
    let story = story("many-wait").await;
    let (others, logweir) = (&story.others, &story.logweir);
    let (first, source) = story.service_that_blocks(1).await;
    others.holds_up(&first).await;
    logweir.gets(&created(&first, &source)).await;
    let event = completed(&first, &others.newest_deployment(&first).await);
    for number in 0..MOST {
        let waits = others.creates(&format!("waits-{number}"), &source, 0).await;
        let report = logweir.gets(&created(&waits, &source)).await;
        assert_eq!(services(&report), [("waits", Some(Reason::InFlight))], "{report:?}");
    }
    // Another principal updates the first service, and the service with the next event follows.
    story.moves_on(&first).await;
    logweir.gets(&event).await;
    let last = others.creates("last", &source, 1).await;
    others.holds_up(&last).await;
    let report = logweir.gets(&created(&last, &source)).await;
    assert_eq!(services(&report), [("updated", None)], "{report:?}");

    // Its event is lost.
    others.lets_go_on(&last).await;
    assert!(story.is_seen_to_complete(&last).await, "the others would wait for it forever");
}

#[tokio::test]
async fn a_deployment_under_way_is_checked_despite_many_families_waiting_for_a_window() {
    let mut story = story("many-frozen").await;
    let always = "freeze = [\"mon 00:00 - thu 00:00 UTC\", \"wed 00:00 - mon 00:00 UTC\"]";
    let profile = format!("[[profile]]\nmatch = {{ cluster = \"frozen\" }}\nrollout.{always}\n");
    story.logweir = story.logweir.with(&format!("version = 1\n[rollout]\nsettle-minutes = 0\n{profile}")).by_hand();
    let (others, logweir) = (&story.others, &story.logweir);
    for number in 0..MOST {
        let source = others.registers(&format!("frozen-{number}"), Logs::Blocking).await;
        let frozen = others.elsewhere("frozen").creates(&format!("frozen-{number}"), &source, 0).await;
        let report = logweir.gets(&created(&frozen, &source)).await;
        assert_eq!(ended(&report), (Outcome::Remediated, None), "{report:?}");
        assert_eq!(services(&report), [("waits", Some(Reason::Frozen))], "{report:?}");
    }
    let (service, source) = story.service_that_blocks(1).await;
    others.holds_up(&service).await;
    let report = logweir.gets(&created(&service, &source)).await;
    assert_eq!(services(&report), [("updated", None)], "{report:?}");

    others.lets_go_on(&service).await;
    assert!(story.is_seen_to_complete(&service).await, "it would be checked only when the window opens");
}
